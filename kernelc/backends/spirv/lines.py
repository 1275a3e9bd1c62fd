"""The lines of a SPIR-V function as it is printed: ids, memory access, and the Python line of each."""

from __future__ import annotations

from kernelc.backends.base import Places
from kernelc.backends.spirv.module import Module
from kernelc.kir.memory import Buffer, Memory, SourceLine
from kernelc.kir.nodes import Kernel
from kernelc.kir.types import Type, u32
from kernelc.kir.values import Value, Variable

_COMMENT_COLUMN = 80


class Lines:
    """The lines of one kernel. What they need of the module is declared when it is first used."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.module = kernel, Module(kernel)
        self.lines: list[str] = []
        self.ids: dict[Value | Variable | Memory, str] = {}
        self.depth = 1
        self._places: dict[SourceLine, Places] = {}
        self.place, self.last_place = SourceLine("", 0), SourceLine("", 0)
        self.places: list[Places] = []  # of each line; see `Rendered`

    def emit(self, *parts: str) -> None:
        line = "  " * self.depth + " ".join(parts)
        if self.place != self.last_place:
            line = f"{line:<{_COMMENT_COLUMN}}  ; {self.place}"
            self.last_place = self.place
        self.lines.append(line)
        self.places.append(self._places.setdefault(self.place, (self.place,)))

    def result(self, wish: str, instruction: str, type: str, *operands: str) -> str:
        """Emit an instruction with a result; returns the result's id."""
        id = self.module.fresh(wish)
        if not instruction.startswith("Op"):
            instruction, operands = "OpExtInst", ("%glsl", instruction, *operands)
        self.emit(id, "=", instruction, type, *operands)
        return id

    def label(self, id: str) -> None:
        self.depth -= 1
        self.emit(f"{id} = OpLabel")
        self.depth += 1

    def type(self, type: Type) -> str:
        return self.module.type(type)

    def constant(self, number: object, type: Type = u32) -> str:
        return self.module.constant(number, type)

    def ref(self, value: Value) -> str:
        return self.constant(value.attr, value.type) if value.op == "const" else self.ids[value]

    def cell(self, memory: Memory, index: Value) -> str:
        """A pointer to an element."""
        storage = "StorageBuffer" if isinstance(memory, Buffer) else "Workgroup"
        pointer = self.module.pointer(storage, self.type(memory.type))
        path = [self.constant(0)] if isinstance(memory, Buffer) else []
        return self.result(
            f"{memory.name}_cell", "OpAccessChain", pointer, self.ids[memory], *path, self.ref(index)
        )

    def access(self, memory: Memory) -> tuple[str, ...]:
        """The memory operands of loads and stores: in the Vulkan memory model, that other invocations see
        shared memory.

        Buffers count as private, since within a dispatch of such a kernel no invocation reads what another
        wrote to a buffer: it passes data through shared memory.
        """
        shared = self.module.vulkan_memory and not isinstance(memory, Buffer)
        return ("NonPrivatePointer",) if shared else ()
