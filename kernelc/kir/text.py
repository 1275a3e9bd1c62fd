"""The text form of a kernel for people: KERNELC_DUMP writes it and InternalError attaches it."""

from __future__ import annotations

from kernelc.kir.memory import Buffer, Shared, SourceLine
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
    TileStore,
)
from kernelc.kir.stage_nodes import Copy, StageRelease, StageRequest, StageWait
from kernelc.kir.values import Value, Variable


def kernel_text(kernel: Kernel) -> str:
    """A deterministic text of a kernel: one statement per line, each with the Python line that made it."""
    lines = (f"{text}  # {place}" if place else text for text, place in kernel_lines(kernel))
    return "\n".join(lines) + "\n"


def kernel_lines(kernel: Kernel) -> list[tuple[str, SourceLine | None]]:
    """The lines of that text, and beside each the line of Python; None for what no statement made."""
    lines = [f"kernel {kernel.name} workgroup={kernel.workgroup}"]
    if kernel.subgroup_size is not None:
        lines[0] += f" subgroup_size={kernel.subgroup_size}"
    lines += [f"  {'constant' if b.constant else b.access} {b.name}: {b.type}[]" for b in kernel.buffers]
    lines += [f"  shared {s.name}: {s.type}[{s.length}]" for s in kernel.shared]
    lines += [f"  {s.count} stages {s.name}: {', '.join(p.name for p in s.parts)}" for s in kernel.stages]
    if kernel.params:
        lines.append("  step " + ", ".join(f"{p.name}: {p.type}" for p in kernel.params))
    writer = _Writer([(line, None) for line in lines])
    writer.block(kernel.body, 1)
    return writer.lines


class _Writer:
    def __init__(self, lines: list[tuple[str, SourceLine | None]]) -> None:
        self.lines = lines
        self.numbers: dict[Value, int] = {}

    def block(self, block: Block, depth: int) -> None:
        pad = "  " * depth
        for statement in block.statements:
            match statement:
                case Let(value=value):
                    self.numbers[value] = len(self.numbers)
                    text = f"{self.ref(value)}: {value.type} = {self.expression(value)}"
                case Declare(variable=variable):
                    text = f"var {variable.name}: {variable.type} = {self.ref(statement.init)}"
                case Assign():
                    text = f"{statement.variable.name} := {self.ref(statement.value)}"
                case Store():
                    text = (
                        f"{statement.memory.name}[{self.ref(statement.index)}] = {self.ref(statement.value)}"
                    )
                case TileStore():
                    place = f"{self.ref(statement.offset)}, {self.ref(statement.stride)}"
                    op = "tile_store_transposed" if statement.transposed else "tile_store"
                    text = f"{op}({statement.memory.name}, {place}) = {self.ref(statement.value)}"
                case For():
                    self.numbers[statement.index] = len(self.numbers)
                    bounds = ", ".join(map(self.ref, (statement.start, statement.stop, statement.step)))
                    text = f"for {self.ref(statement.index)} in ({bounds}):"
                case If():
                    text = f"if {self.ref(statement.condition)}:"
                case Barrier():
                    text = "barrier"
                case StageRequest(stages=stages, copies=copies):
                    sources = ", ".join(map(self._copied, copies))
                    text = f"stage_request({stages.name}, {self.ref(statement.number)}) = {sources}"
                case StageWait(stages=stages):
                    text = f"stage_wait({stages.name}, {self.ref(statement.number)})"
                case StageRelease(stages=stages):
                    text = f"stage_release({stages.name}, {self.ref(statement.number)})"
                case InputsReady(earlier_steps=buffers):
                    text = " ".join(["inputs_ready", *(buffer.name for buffer in buffers)])
                case Fence():
                    text = "fence"
                case Probe():
                    text = f"{'break' if statement.stops else 'print'} {', '.join(statement.labels)}"
            self.lines.append((f"{pad}{text}", statement.where))
            if isinstance(statement, For):
                self.block(statement.body, depth + 1)
            elif isinstance(statement, If):
                self.block(statement.then, depth + 1)
                if statement.orelse.statements:
                    self.lines.append((f"{pad}else:", None))
                    self.block(statement.orelse, depth + 1)

    def _copied(self, copy: Copy) -> str:
        text = f"{copy.source.name}[{self.ref(copy.first)}]"
        text += f" + {copy.offset}" if copy.offset else ""
        return text + (f": {copy.rows} x {copy.elements} by {copy.stride}" if copy.rows > 1 else "")

    def ref(self, value: Value) -> str:
        if value.op == "const":
            return repr(value.attr)
        number = self.numbers.get(value, -1)
        return f"%{value.name or 'v'}.{number}"

    def expression(self, value: Value) -> str:
        parts = [self.ref(arg) for arg in value.args]
        if isinstance(value.attr, Buffer | Shared | Variable):
            parts.insert(0, value.attr.name)
        elif value.attr is not None:
            parts.append(str(value.attr))
        return f"{value.op}({', '.join(parts)})"
