"""Tracing: an ordinary Python function is run once, and its operations are recorded as a kernel.

    def scale(k, problem, schedule):
        x, out = k.input("x", f32), k.output("out", f32)
        i = k.workgroup_id(0) * schedule.threads + k.local_id
        with k.when(i < problem.length):
            out[i] = x[i] * 2.0

Python is the metalanguage: a Python `for` is unrolled, `k.loop` emits a loop; a Python `if` is decided while
tracing, `k.when` at run time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import FrameType

from kernelc.kir import naming
from kernelc.kir.memory import Buffer, Memory, Shared, SourceLine, Stages
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    For,
    If,
    InputsReady,
    Kernel,
    Let,
    Param,
    Statement,
    Store,
    TileStore,
    operands,
    values_of,
)
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.passes import dead
from kernelc.kir.probes import Probes
from kernelc.kir.types import Type, u32
from kernelc.kir.values import Number, Operators, Value, Variable, recording

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(frozen=True)
class Array:
    """A memory as the kernel's Python indexes it: `a[i]` loads element i, `a[i] = v` stores to it."""

    tracer: Tracer
    memory: Memory

    @property
    def type(self) -> Type:
        return self.memory.type

    def place(self, index: Number) -> Number:
        """The number in the memory of element `index`: the same, but for parts that begin elsewhere."""
        return index

    def __getitem__(self, index: Number) -> Value:
        return self.tracer.load(self.memory, self.place(index))

    def __setitem__(self, index: Number, value: Number) -> None:
        self.tracer.store(self.memory, self.place(index), value)


class Tracer(Probes):
    """Collects the nodes of one kernel. Kernels get it as `k`.

    `workgroup` is the number of invocations in a (one-dimensional) workgroup, `step` the fields of the step
    block, and `subgroup_size` the size of subgroups that the kernel is made for (None: any).
    """

    def __init__(
        self, name: str, workgroup: int, step: tuple[Param, ...] = (), subgroup_size: int | None = None
    ) -> None:
        self.name, self.workgroup, self.step, self.fixed_subgroup_size = name, workgroup, step, subgroup_size
        self.given: dict[str, Value] = {}
        self.loads_ahead = False  # see `Kernel`, as for the next
        self.asks_subgroup_size = False
        self._buffers: list[Buffer] = []
        self._shared: list[Shared] = []
        self._stages: list[Stages] = []
        self._root = Block()
        self._blocks: list[Block] = [self._root]
        self._known: dict[object, Value] = {}  # the pure values of all open blocks
        self._added: list[list[object]] = [[]]  # for each open block the keys that it added to `_known`
        self._open_ifs: dict[int, If] = {}  # by block: the `when` that an `otherwise` may still follow

    # Memory

    def buffer(self, name: str, type: Type, access: str, constant: bool = False) -> Array:
        """Bind a buffer. Bindings are numbered in the order of these calls."""
        self._buffers.append(Buffer(name, type, access, constant))
        return Array(self, self._buffers[-1])

    def input(self, name: str, type: Type, constant: bool = False) -> Array:
        return self.buffer(name, type, "read", constant)

    def output(self, name: str, type: Type) -> Array:
        return self.buffer(name, type, "read_write")

    def shared(self, name: str, type: Type, length: int, row: int = 0) -> Array:
        """Workgroup memory; its contents are undefined until they are stored. `row`: see `Shared`."""
        self._shared.append(Shared(name, type, length, row))
        return Array(self, self._shared[-1])

    def add_stages(self, stages: Stages) -> Stages:
        """Add stages whose parts are shared arrays of this kernel (see `kernelc.kir.bulk_stages`)."""
        self._stages.append(stages)
        return stages

    def load(self, memory: Memory, index: Number) -> Value:
        return self.emit("load", memory.type, (self.coerce(index, u32),), memory)

    def store(self, memory: Memory, index: Number, value: Number) -> None:
        place = self.where()
        self.append(Store(memory, self.coerce(index, u32), self.coerce(value, memory.type), place))

    def store_tile(
        self,
        memory: Memory,
        offset: Number,
        stride: Number,
        tile: Value,
        transposed: bool = False,
        columns: tuple[int, int] | None = None,
    ) -> None:
        places = self.coerce(offset, u32), self.coerce(stride, u32)
        self.append(TileStore(memory, *places, tile, self.where(), transposed, columns))

    # Registers

    def var(self, init: Number, type: Type | None = None, name: str = "") -> Variable:
        """A register that `+=` and `k.assign` change; it is called what Python first assigns it to."""
        if type is None:
            if not isinstance(init, Operators):
                raise TypeError(f"{self.where()}: k.var of a Python number needs a type")
            type = init.value().type
        place = self.where()
        variable = Variable(name or naming.target_of(place), type)
        self.append(Declare(variable, self.coerce(init, type), place))
        return variable

    def read(self, variable: Variable) -> Value:
        """What the register holds now."""
        naming.name_register(variable, self._frame)
        return self.emit("read", variable.type, (), variable)

    def assign(self, variable: Variable, value: Number) -> None:
        """Change what the register holds."""
        naming.name_register(variable, self._frame)
        self.append(Assign(variable, self.coerce(value, variable.type), self.where()))

    # Control

    @contextmanager
    def loop(self, start: Number, stop: Number, step: Number = 1) -> Generator[Value]:
        """`for i in range(start, stop, step)` at run time; all are u32, and `step` > 0."""
        place = self.where()
        index = Value("index", u32, (), None, place, naming.target_of(place) or "i")
        bounds = (self.coerce(start, u32), self.coerce(stop, u32), self.coerce(step, u32))
        body = Block()
        self.append(For(index, *bounds, body, place))
        with self._inside(body):
            yield index

    @contextmanager
    def when(self, condition: Operators) -> Generator[None]:
        """The statements inside run in the invocations for which the condition holds."""
        statement = If(self.condition(condition), Block(), Block(), self.where())
        self.append(statement)
        with self._inside(statement.then):
            yield
        self._open_ifs[id(self._blocks[-1])] = statement

    @contextmanager
    def otherwise(self) -> Generator[None]:
        """The other branch of the `when` just before. Raises SyntaxError if there is none."""
        last = self._blocks[-1].statements[-1] if self._blocks[-1].statements else None
        if not isinstance(last, If) or last is not self._open_ifs.pop(id(self._blocks[-1]), None):
            raise SyntaxError(f"{self.where()}: k.otherwise() must follow its k.when(...) directly")
        with self._inside(last.orelse):
            yield

    def barrier(self) -> None:
        """Wait for the whole workgroup: all of its invocations must reach the barrier, or none."""
        self.append(Barrier(self.where()))

    def inputs_ready(self, *earlier_steps: Array) -> None:
        """From here on, read what earlier dispatches of the step write; before, only constants of the step.

        Those are constant buffers (weights), the step block, and of `earlier_steps` what was there before the
        step began: positions of a KV cache that it does not write. Where a kernel may start while the one
        before it still runs, it loads its first weights meanwhile. Without this a kernel waits at its start.
        """
        self.append(InputsReady(tuple(array.memory for array in earlier_steps), self.where()))

    def emit(self, op: str, type: Type, args: tuple[Value, ...], attr: object = None) -> Value:
        """Add a value to the current block, or return an equal pure value that is known already."""
        if not OPERATIONS[op].pure:
            value = Value(op, type, args, attr, self.where())
            self.append(Let(value))
            return value
        key = (op, type, tuple(map(_identity, args)), attr)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Value(op, type, args, attr, self.where())
            self._added[-1].append(key)
            self.append(Let(known))
        return known

    # Book-keeping

    def where(self) -> SourceLine:
        """The innermost line of Python outside this package: the kernel's own line."""
        frame = self._frame()
        return SourceLine(frame.f_code.co_filename, frame.f_lineno)

    def _frame(self) -> FrameType:
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  (inspect.stack() is a thousand times slower)
        while frame.f_back is not None and (
            _is_machinery(frame.f_code.co_filename) or "TRACED_AS_ITS_CALLER" in frame.f_globals
        ):
            frame = frame.f_back
        return frame

    def finish(self) -> Kernel:
        """The kernel traced so far, with its values named and everything without effect removed."""
        naming.name_values(self._root)
        dead.remove(self._root)
        reads_step = any(value.op == "param" for value in values_of(self._root))
        return Kernel(
            self.name,
            tuple(self._buffers),
            tuple(self._shared),
            self.step if reads_step else (),
            self.workgroup,
            self._root,
            self.fixed_subgroup_size,
            tuple(self._stages),
            self.loads_ahead,
            self.asks_subgroup_size,
        )

    def append(self, statement: Statement) -> None:
        """Add one statement to the current block."""
        naming.hint(operands(statement), self._frame)
        self._blocks[-1].statements.append(statement)

    @contextmanager
    def _inside(self, block: Block) -> Generator[None]:
        self._blocks.append(block)
        self._added.append([])
        try:
            yield
        finally:
            self._blocks.pop()
            for key in self._added.pop():
                del self._known[key]


@cache
def _is_machinery(file: str) -> bool:
    """Whether a source file belongs to this package or to Python's context managers, and not to a kernel."""
    return file.startswith(_HERE) or file.endswith("contextlib.py")


def _identity(value: Value) -> object:
    if value.op == "const":
        return ("const", value.type, repr(value.attr))  # 0.0 == -0.0, but their texts differ
    return id(value)


def trace(
    name: str,
    body: Callable[[Tracer], None],
    *,
    workgroup: int,
    step: tuple[Param, ...] = (),
    subgroup_size: int | None = None,
) -> Kernel:
    """Run `body` once and return the kernel that it records; `kernelc.kir.passes.verify` checks it."""
    tracer = Tracer(name, workgroup, step, subgroup_size)
    with recording(tracer):
        body(tracer)
    return tracer.finish()
