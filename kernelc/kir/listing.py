"""Writes a kernel down as Python that builds it again, node for node, with `kernelc.kir.builder`."""

from __future__ import annotations

import re

from kernelc.kir.memory import Buffer, Memory, Shared
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    Fence,
    For,
    If,
    InputsReady,
    Kernel,
    Let,
    Probe,
    Store,
)
from kernelc.kir.values import Value, Variable


class NotListed(ValueError):
    """A kernel with nodes that a listing cannot have: tiles of matrix units, and stages of bulk copies."""


def kernel_listing(kernel: Kernel) -> str:
    """Return the body of a function that builds the kernel as `b`, a `KernelBuilder`, and returns it.

    Lines are not indented. Raises: NotListed.
    """
    if kernel.stages or kernel.tile_kinds() or kernel.resident or kernel.asks_subgroup_size:
        raise NotListed(f"{kernel.name} has tiles or stages")
    writer = _Writer()
    size = "" if kernel.subgroup_size is None else f", subgroup_size={kernel.subgroup_size}"
    writer.line(f"b = KernelBuilder({kernel.name!r}, workgroup={kernel.workgroup}{size})")
    for buffer in kernel.buffers:
        constant = ", constant=True" if buffer.constant else ""
        name = writer.memory(buffer)
        writer.line(f'{name} = b.buffer({buffer.name!r}, "{buffer.type}", "{buffer.access}"{constant})')
    for shared in kernel.shared:
        row = f", row={shared.row}" if shared.row else ""
        name = writer.memory(shared)
        writer.line(f'{name} = b.shared({shared.name!r}, "{shared.type}", {shared.length}{row})')
    for param in kernel.params:
        writer.line(f'b.step("{param.name}", "{param.type}")')
    writer.block(kernel.body)
    writer.line("return b.kernel()")
    return "\n".join(writer.lines)


class _Writer:
    """Names are Python's own: a kernel's may be keywords, or there twice."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0
        self.names: dict[object, str] = {}
        self.taken: set[str] = {"b"}

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def memory(self, memory: Memory) -> str:
        return self.name(memory, memory.name)

    def name(self, of: object, wish: str) -> str:
        """The name of a node in the listing, given on first use."""
        if of not in self.names:
            stem = re.sub(r"\W", "_", wish) or "v"
            name, number = f"{stem}_", 0
            while name in self.taken:
                number += 1
                name = f"{stem}_{number}"
            self.taken.add(name)
            self.names[of] = name
        return self.names[of]

    def block(self, block: Block) -> None:
        for statement in block.statements:
            match statement:
                case Let(value=value):
                    self.line(f"{self.name(value, value.name or 'v')} = {self.computed(value)}")
                case Declare(variable=variable, init=init):
                    made = f'b.declare({variable.name!r}, "{variable.type}", {self.ref(init)})'
                    self.line(f"{self.name(variable, variable.name)} = {made}")
                case Assign(variable=variable, value=value):
                    self.line(f"b.assign({self.names[variable]}, {self.ref(value)})")
                case Store(memory=memory, index=index, value=value):
                    self.line(f"b.store({self.names[memory]}, {self.ref(index)}, {self.ref(value)})")
                case For():
                    bounds = ", ".join(map(self.ref, (statement.start, statement.stop, statement.step)))
                    index = self.name(statement.index, statement.index.name or "i")
                    self.line(f"with b.loop({bounds}{_names(statement.index)}) as {index}:")
                    self.nested(statement.body)
                case If():
                    self.line(f"with b.when({self.ref(statement.condition)}):")
                    self.nested(statement.then)
                    if statement.orelse.statements:
                        self.line("with b.otherwise():")
                        self.nested(statement.orelse)
                case Barrier():
                    self.line("b.barrier()")
                case Fence():
                    self.line("b.fence()")
                case Probe():
                    pass
                case InputsReady(earlier_steps=memories):
                    self.line(f"b.inputs_ready({', '.join(self.names[each] for each in memories)})")
                case _:
                    raise NotListed(f"{type(statement).__name__} is not listed")

    def nested(self, block: Block) -> None:
        self.depth += 1
        self.block(block)
        if not block.statements:
            self.line("pass")
        self.depth -= 1

    def ref(self, value: Value) -> str:
        if value.op == "const":
            return f'b.const({value.attr!r}, "{value.type}")'
        return self.names[value]

    def computed(self, value: Value) -> str:
        args = "".join(f", {self.ref(arg)}" for arg in value.args)
        attr = "" if value.attr is None else f", attr={self.attr(value.attr)}"
        return f'b.let("{value.op}", "{value.type}"{args}{attr}{_names(value)})'

    def attr(self, attr: object) -> str:
        if isinstance(attr, Buffer | Shared | Variable):
            return self.names[attr]
        if isinstance(attr, int | float | str):
            return repr(attr)
        raise NotListed(f"an operation with {attr!r} is not listed")


def _names(value: Value) -> str:
    name = f", name={value.name!r}" if value.name else ""
    return name + (f", hint={value.hint!r}" if value.hint else "")
