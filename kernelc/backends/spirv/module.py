"""What precedes a SPIR-V function: types, constants, variables and decorations, each declared once."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np

from kernelc.kir.memory import Buffer, Shared
from kernelc.kir.nodes import Kernel
from kernelc.kir.tile_types import TileType
from kernelc.kir.types import Type, u32

_SCALARS = {
    "f32": "OpTypeFloat 32",
    "f16": "OpTypeFloat 16",
    "i32": "OpTypeInt 32 1",
    "u32": "OpTypeInt 32 0",
    "i8": "OpTypeInt 8 1",
    "bool": "OpTypeBool",
}
_SUBGROUP = 3  # a scope
_USES = {"a": 0, "b": 1, "sum": 2}  # of a matrix
# Operation: the built-in variable, and its type.
BUILT_IN = {
    "workgroup_id": "WorkgroupId",
    "local_id": "LocalInvocationIndex",
    "subgroup_lane": "SubgroupLocalInvocationId",
    "subgroup_size": "SubgroupSize",
}


class Module:
    """Declares things when they are first asked for; the lines are in an order that SPIR-V allows."""

    def __init__(self, kernel: Kernel) -> None:
        self.declarations: list[str] = []
        self.decorations: list[str] = []
        self.interface: list[str] = []  # input variables
        self._known: dict[str, str] = {}  # for each instruction the id of its result
        self._taken: set[str] = {"%main", "%entry", "%glsl"}
        self._numbers: defaultdict[str, int] = defaultdict(lambda: 1)  # for each wish the last number tried
        self._pending = kernel.params
        # Cooperative matrices are defined in this memory model only.
        self.vulkan_memory = bool(kernel.tile_kinds())
        # What workgroups tell each other may not lie in the caches of single multiprocessors.
        self.coherent = kernel.fences
        if self.coherent and self.vulkan_memory:
            raise NotImplementedError("SPIR-V is printed without fences in kernels with matrix units")

    def fresh(self, wish: str) -> str:
        """An unused id: the wished one, or the same with a number."""
        chosen = f"%{wish}"
        while chosen in self._taken:
            self._numbers[wish] += 1
            chosen = f"%{wish}_{self._numbers[wish]}"
        self._taken.add(chosen)
        return chosen

    def declare(self, wish: str, instruction: str) -> str:
        """The id of a type or constant."""
        if instruction not in self._known:
            self._known[instruction] = self.fresh(wish)
            self.declarations.append(f"{self._known[instruction]} = {instruction}")
        return self._known[instruction]

    def decorate(self, id: str, *decorations: str) -> None:
        self.decorations += [f"OpDecorate {id} {each}" for each in decorations]

    # Types and constants

    def type(self, type: Type) -> str:
        if isinstance(type, TileType):
            return self.tile(type)
        if type.lanes == 1:
            return self.declare(type.scalar, _SCALARS[type.scalar])
        return self.vector(type.element, type.lanes)

    def vector(self, element: Type, lanes: int) -> str:
        return self.declare(f"{element}x{lanes}", f"OpTypeVector {self.type(element)} {lanes}")

    def tile(self, type: TileType) -> str:
        element = self.declare(type.scalar, _SCALARS[type.scalar])
        numbers = [self.constant(number) for number in (_SUBGROUP, *type.shape, _USES[type.role])]
        return self.declare(str(type), " ".join(["OpTypeCooperativeMatrixKHR", element, *numbers]))

    def pointer(self, storage: str, type: str) -> str:
        return self.declare(f"{storage.lower()}_{type[1:]}", f"OpTypePointer {storage} {type}")

    def constant(self, number: object, type: Type = u32) -> str:
        """A scalar, or a vector with the number in every lane."""
        if type.lanes > 1:
            lanes = " ".join([self.constant(number, type.element)] * type.lanes)
            wish = f"{type}_{_word(number)}"
            return self.declare(wish, f"OpConstantComposite {self.type(type)} {lanes}")
        id = self.type(type)
        if type.scalar == "bool":
            return self.declare(str(bool(number)).lower(), f"OpConstant{bool(number)} {id}")
        assert isinstance(number, int | float)
        text = str(int(number)) if type.is_integer else _float_text(number, type)
        return self.declare(f"{type}_{_word(text)}", f"OpConstant {id} {text}")

    def lanes(self, *numbers: int) -> str:
        """A constant u32 vector."""
        ids = " ".join(self.constant(number) for number in numbers)
        wish = "_".join(["u32", *map(str, numbers)])
        return self.declare(wish, f"OpConstantComposite {self.vector(u32, len(numbers))} {ids}")

    # Variables

    def variable(self, wish: str, storage: str, type: str) -> str:
        id = self.fresh(wish)
        self.declarations.append(f"{id} = OpVariable {self.pointer(storage, type)} {storage}")
        return id

    def buffer(self, buffer: Buffer, binding: int) -> str:
        """A storage buffer: a block that holds one array without a fixed length."""
        id = self.variable(buffer.name, "StorageBuffer", self.block(buffer))
        self.decorate(id, "DescriptorSet 0", f"Binding {binding}", "Restrict")
        return id

    def block(self, buffer: Buffer) -> str:
        """The type of a buffer. Read-only buffers have a type of their own: NVIDIA's driver (580) applies the
        decorations of one buffer to all buffers of its type, and then moves loads before stores."""
        type, read_only = self.type(buffer.type), buffer.access == "read"
        array = f"OpTypeRuntimeArray {type}"
        if array not in self._known:
            self.decorate(self.declare(f"{buffer.type}_array", array), f"ArrayStride {buffer.type.bytes}")
        # Two structs with the same members are distinct types, so the instruction alone is not a key.
        key = f"{buffer.access} {array}"
        if key not in self._known:
            id = self._known[key] = self.fresh(f"{buffer.type}_{'input' if read_only else 'block'}")
            self.declarations.append(f"{id} = OpTypeStruct {self._known[array]}")
            self.decorate(id, "Block")
            self.decorations.append(f"OpMemberDecorate {id} 0 Offset 0")
            if self.coherent and not read_only:
                self.decorations.append(f"OpMemberDecorate {id} 0 Coherent")
            if read_only:
                self.decorations.append(f"OpMemberDecorate {id} 0 NonWritable")
        return self._known[key]

    def shared(self, shared: Shared) -> str:
        length = self.constant(shared.length)
        array = self.declare(
            f"{shared.type}_times_{shared.length}", f"OpTypeArray {self.type(shared.type)} {length}"
        )
        return self.variable(shared.name, "Workgroup", array)

    def step(self, kernel: Kernel) -> str:
        """The step block: 4-byte fields, one after the other."""
        fields = " ".join(self.type(field.type) for field in kernel.params)
        block = self.declare("Step", f"OpTypeStruct {fields}")
        self.decorate(block, "Block")
        self.decorations += [
            f"OpMemberDecorate {block} {at} Offset {4 * at}" for at in range(len(kernel.params))
        ]
        id = self.variable("step", "Uniform", block)
        self.decorate(id, "DescriptorSet 0", f"Binding {len(kernel.buffers)}")
        return id

    def built_in(self, op: str) -> str:
        type = self.vector(u32, 3) if op == "workgroup_id" else self.type(u32)
        id = self.variable(op, "Input", type)
        self.decorate(id, f"BuiltIn {BUILT_IN[op]}")
        self.interface.append(id)
        return id


def _word(number: object) -> str:
    return re.sub(r"\W", "_", str(number).replace("-", "n").replace("+", ""))


def _float_text(number: float, type: Type) -> str:
    """Shortest decimal text that reads back as the same number."""
    exact = np.float16(number) if type.scalar == "f16" else np.float32(number)
    if not np.isfinite(exact):
        raise ValueError(f"SPIR-V text cannot write {number}")
    if exact == 0 or 1e-4 <= abs(number) < 1e7:
        return np.format_float_positional(exact, trim="0")
    return np.format_float_scientific(exact, trim="0")
