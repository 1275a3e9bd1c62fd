"""Builds a kernel node by node, as `kernelc.kir.listing` writes one down: nothing is folded, shared or named.

Tracing a function makes a kernel that means the same, but may make another of it: equal values become one,
names follow the function's. What reproduces a failure has to be the same kernel to the node.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from kernelc import debug
from kernelc.kir.memory import Buffer, Memory, Shared, SourceLine
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
    Param,
    Probe,
    Statement,
    Store,
)
from kernelc.kir.passes.verify import verify
from kernelc.kir.probes import labelled
from kernelc.kir.types import parse
from kernelc.kir.values import Value, Variable


class KernelBuilder:
    """Collects the nodes of one kernel; types are given by their names, such as "f32x4".

    Each node's line is that of the caller, so errors, prints and breakpoints name lines of the listing.
    """

    def __init__(self, name: str, workgroup: int, subgroup_size: int | None = None) -> None:
        self.name, self.workgroup, self.subgroup_size = name, workgroup, subgroup_size
        self._buffers: list[Buffer] = []
        self._shared: list[Shared] = []
        self._step: list[Param] = []
        self._root = Block()
        self._blocks = [self._root]

    def buffer(self, name: str, type: str, access: str, constant: bool = False) -> Buffer:
        """Bind a buffer."""
        self._buffers.append(Buffer(name, parse(type), access, constant))
        return self._buffers[-1]

    def shared(self, name: str, type: str, length: int, row: int = 0) -> Shared:
        """Declare workgroup memory."""
        self._shared.append(Shared(name, parse(type), length, row))
        return self._shared[-1]

    def step(self, name: str, type: str) -> None:
        """Add a field of the step block."""
        self._step.append(Param(name, parse(type)))

    def const(self, number: int | float | bool, type: str) -> Value:
        """A number, which stands where it is used."""
        return Value("const", parse(type), (), number, _line())

    def let(
        self, op: str, type: str, *args: Value, attr: object = None, name: str = "", hint: str = ""
    ) -> Value:
        """Compute a value here."""
        value = Value(op, parse(type), args, attr, _line(), name, hint)
        self._add(Let(value))
        return value

    def declare(self, name: str, type: str, init: Value) -> Variable:
        """Declare a register."""
        variable = Variable(name, parse(type))
        self._add(Declare(variable, init, _line()))
        return variable

    def assign(self, variable: Variable, value: Value) -> None:
        """Change a register."""
        self._add(Assign(variable, value, _line()))

    def store(self, memory: Memory, index: Value, value: Value) -> None:
        """Write an element."""
        self._add(Store(memory, index, value, _line()))

    def barrier(self) -> None:
        """Wait for the workgroup."""
        self._add(Barrier(_line()))

    def fence(self) -> None:
        """Order memory between workgroups."""
        self._add(Fence(_line()))

    def inputs_ready(self, *memories: Memory) -> None:
        """From here on the inputs are there."""
        self._add(InputsReady(memories, _line()))

    def print(self, *labels_and_values: Value | str) -> None:
        """Print values in the interpreter, as `Tracer.print`."""
        self._probe(labels_and_values, stops=False)

    def breakpoint(self, *labels_and_values: Value | str) -> None:
        """Stop in the interpreter, as `Tracer.breakpoint`."""
        self._probe(labels_and_values, stops=True)

    def _probe(self, given: tuple[Value | str, ...], *, stops: bool) -> None:
        if debug.interpret_enabled():
            self._add(Probe(*labelled(given), stops, _line()))

    @contextmanager
    def loop(
        self, start: Value, stop: Value, step: Value, name: str = "", hint: str = ""
    ) -> Generator[Value]:
        """A loop over an index."""
        place = _line()
        index = Value("index", parse("u32"), (), None, place, name, hint)
        body = Block()
        self._add(For(index, start, stop, step, body, place))
        with self._inside(body):
            yield index

    @contextmanager
    def when(self, condition: Value) -> Generator[None]:
        """A branch."""
        statement = If(condition, Block(), Block(), _line())
        self._add(statement)
        with self._inside(statement.then):
            yield

    @contextmanager
    def otherwise(self) -> Generator[None]:
        """The other branch of the `when` just before. Raises: SyntaxError where there is none."""
        last = self._blocks[-1].statements[-1] if self._blocks[-1].statements else None
        if not isinstance(last, If):
            raise SyntaxError(f"{_line()}: otherwise() must follow its when(...) directly")
        with self._inside(last.orelse):
            yield

    def kernel(self) -> Kernel:
        """The kernel, verified. Raises: InternalError where it is not valid."""
        return verify(self.unverified())

    def unverified(self) -> Kernel:
        """The kernel as it is."""
        return Kernel(
            self.name,
            tuple(self._buffers),
            tuple(self._shared),
            tuple(self._step),
            self.workgroup,
            self._root,
            self.subgroup_size,
        )

    def _add(self, statement: Statement) -> None:
        self._blocks[-1].statements.append(statement)

    @contextmanager
    def _inside(self, block: Block) -> Generator[None]:
        self._blocks.append(block)
        try:
            yield
        finally:
            self._blocks.pop()


def _line() -> SourceLine:
    """The line outside this file that asked for a node."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_code.co_filename in (__file__, _CONTEXTS):
        frame = frame.f_back
    return SourceLine(frame.f_code.co_filename, frame.f_lineno)


_CONTEXTS = contextmanager.__code__.co_filename
