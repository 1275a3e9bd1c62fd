"""Kernels that do nothing but compute: the other roof over every kernel, beside the bandwidth.

Each invocation keeps some numbers in registers and goes on computing with them, round after round. They are
independent of each other, so that as many instructions are under way as a device takes. Operands come from a
buffer, and each result is an operand of the next, or a compiler would know how it ends. What comes out is
known exactly all the same:

    f32     x = x * 1 + 1      counts
    bytes   x = x . 0 + 7      stays 7, where x . 0 is the scalar product of four bytes
    tiles   x = x + a * b      counts: all elements of a and b are 1/4, and a * b sums up 16 products
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels.parts.staged_rows import Panel, row_cells
from kernelc.kernels.spec import Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import bitcast, dot4_i8, fma, minimum, splat, to_f32
from kernelc.kir.tile import TileSum
from kernelc.kir.tile_types import F16, TileKind
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, i32, u32, u32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities

F32, BYTES, TILES = "f32", "bytes", "tiles"
KINDS: Mapping[str, str] = {
    F32: "f32",
    BYTES: "bytes",
    TILES: "matrix units",
}
"""Kinds of numbers, in words."""
MOST_RESULTS = 1 << 20
_UNROLL = 16  # steps of a number in a round
_SEVEN = 7


@dataclass(frozen=True)
class ArithmeticProblem:
    """`kind` of numbers, and how many `rounds` each goes through."""

    kind: str
    rounds: int

    def __post_init__(self) -> None:
        """Raise ShapeError for another kind, or more rounds than an f32 counts exactly."""
        require(self.kind in KINDS, self, f"one of {', '.join(KINDS)}")
        require(1 <= self.rounds < 1 << 16, self, "1 to 65535 rounds")

    @property
    def result(self) -> float:
        """What every invocation comes to."""
        return float(_SEVEN if self.kind == BYTES else self.rounds * _UNROLL)


@dataclass(frozen=True)
class ArithmeticSchedule:
    """`threads` of each of `workgroups` workgroups keep `numbers` of `lanes` each; with `tile` a subgroup
    keeps so many tiles in matrix units."""

    threads: int
    workgroups: int
    numbers: int
    lanes: int = 1
    tile: TileKind | None = None


_NONE = ArithmeticSchedule(32, 1, 1)  # where a device has no such instruction


class Arithmetic(KernelSpec[ArithmeticProblem, ArithmeticSchedule]):
    """factors [2] -> results, one for each invocation."""

    name = "arithmetic"
    problem_type = ArithmeticProblem

    def bindings(self, problem: ArithmeticProblem) -> tuple[Binding, ...]:
        return (Binding("factors", u32, "read", 2), Binding("results", f32, "read_write", MOST_RESULTS))

    def reference(self, problem: ArithmeticProblem, arrays: Arrays, params: Params) -> None:
        """Of as many invocations as there may be; how many there are is the schedule's."""
        arrays["results"][...] = problem.result

    def operations(self, problem: ArithmeticProblem, schedule: ArithmeticSchedule) -> int:
        """Of a launch: a product and a sum are two."""
        steps = problem.rounds * _UNROLL * schedule.numbers * schedule.workgroups
        if schedule.tile is not None:
            kind = schedule.tile
            return 2 * steps * kind.m * kind.n * kind.k * (schedule.threads // kind.lanes)
        return 2 * steps * schedule.lanes * schedule.threads * (4 if problem.kind == BYTES else 1)

    def space(self, capabilities: Capabilities, problem: ArithmeticProblem) -> Iterable[ArithmeticSchedule]:
        """Empty where a device has no such instruction."""
        if problem.kind == TILES:
            if F16 in capabilities.tiles:
                for threads in (128, 256):
                    for numbers in (2, 4, 8):
                        yield ArithmeticSchedule(threads, 2048, numbers, tile=F16)
        elif problem.kind == BYTES and not capabilities.dot4:
            return
        elif capabilities.serial_workgroups:
            for numbers in (4, 8, 10, 12):
                yield ArithmeticSchedule(1, 256, numbers, capabilities.vector_lanes)
        else:
            for numbers in (4, 8, 16):
                yield ArithmeticSchedule(min(256, capabilities.max_threads), 2048, numbers)

    def default(self, capabilities: Capabilities, problem: ArithmeticProblem) -> ArithmeticSchedule:
        """Where a device has no such instruction, a kernel of floats, so that there is one."""
        return next(iter(self.space(capabilities, problem)), _NONE)

    def workgroup(self, problem: ArithmeticProblem, schedule: ArithmeticSchedule) -> int:
        return schedule.threads

    def grid(self, problem: ArithmeticProblem, schedule: ArithmeticSchedule) -> Grid:
        return (schedule.workgroups, 1, 1)

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: ArithmeticProblem,
        schedule: ArithmeticSchedule,
    ) -> None:
        place = k.workgroup_id(0) * schedule.threads + k.local_id
        a, b = arrays["factors"][0], arrays["factors"][1]
        if schedule.tile is not None:
            found = _tiles(k, (a, b), problem, schedule)
        elif problem.kind == BYTES and schedule != _NONE:
            found = _bytes(k, a, b, problem, schedule)
        else:
            found = _floats(k, a, b, problem, schedule)
        arrays["results"][place] = found

    def inputs(
        self, problem: ArithmeticProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """The factors, of which there is one pair for each kind, and zeros."""
        arrays = {each.name: empty(each, env) for each in self.bindings(problem)}
        arrays["factors"][...] = factors_of(problem)
        return arrays

    def tolerance(self, problem: ArithmeticProblem) -> Tolerance:
        return Tolerance(relative=0, absolute=0)

    def describe(self, problem: ArithmeticProblem) -> str:
        return problem.kind


def factors_of(problem: ArithmeticProblem) -> npt.NDArray[np.uint32]:
    """The two operands as words: see the module."""
    if problem.kind == BYTES:
        return np.array([0, _SEVEN], np.uint32)
    if problem.kind == TILES:
        return np.full(4, 0.25, np.float16).view(np.uint32)
    return np.ones(2, np.float32).view(np.uint32)


def _floats(k: Tracer, a: Value, b: Value, problem: ArithmeticProblem, schedule: ArithmeticSchedule) -> Value:
    factor, term = _wide(bitcast(a, f32), schedule), _wide(bitcast(b, f32), schedule)
    zero = _wide(k.constant(0.0, f32), schedule)
    return _least(k, zero, problem, schedule, lambda x: fma(x, factor, term))


def _bytes(k: Tracer, a: Value, b: Value, problem: ArithmeticProblem, schedule: ArithmeticSchedule) -> Value:
    factor, term = _wide(a, schedule), _wide(bitcast(b, i32), schedule)
    zero = _wide(k.constant(0, i32), schedule)
    return to_f32(_least(k, zero, problem, schedule, lambda x: dot4_i8(bitcast(x, u32), factor, term)))


def _wide(x: Value, schedule: ArithmeticSchedule) -> Value:
    return splat(x, schedule.lanes) if schedule.lanes > 1 else x


def _least(
    k: Tracer,
    zero: Value,
    problem: ArithmeticProblem,
    schedule: ArithmeticSchedule,
    step: Callable[[Value], Value],
) -> Value:
    """Take the steps of all numbers, and return the least: all are equal, and so all are used."""
    numbers = [k.var(zero, name=f"x_{at}") for at in range(schedule.numbers)]
    with k.loop(0, problem.rounds):
        for _ in range(_UNROLL):
            for each in numbers:
                k.assign(each, step(each.value()))
    least = numbers[0].value()
    for each in numbers[1:]:
        least = minimum(least, each.value())
    if schedule.lanes == 1:
        return least
    lane = least.lane(0)
    for at in range(1, schedule.lanes):
        lane = minimum(lane, least.lane(at))
    return lane


def _tiles(
    k: Tracer, factors: tuple[Value, Value], problem: ArithmeticProblem, schedule: ArithmeticSchedule
) -> Value:
    """Sums of one tile times another. Shared memory has the operands first, then a sum of each subgroup."""
    kind = schedule.tile
    assert kind is not None
    subgroups, stride = schedule.threads // kind.lanes, kind.n // 4 + 1
    operand = kind.m * row_cells(kind, kind.k)
    shared = k.shared("tile", u32x4, max(2 * operand, subgroups * kind.m * stride))
    panels = [Panel(shared, kind, at * operand, kind.m, kind.k) for at in range(2)]
    with k.when(k.local_id < kind.m):
        for panel, factor in zip(panels, factors, strict=True):
            panel.put_cells(k.local_id, 0, [splat(factor, 4)] * (kind.k // 8))
    k.barrier()
    row = k.constant(0, u32)
    a, b = panels[0].tile("a", row, 0, "a"), panels[1].tile("b", row, 0, "b")
    sums = [TileSum(kind, f"sum_{at}") for at in range(schedule.numbers)]
    with k.loop(0, problem.rounds):
        for _ in range(_UNROLL):
            for each in sums:
                each.add(a, b)
    slab = k.subgroup_id * (kind.m * stride)
    least = k.var(float(1 << 24), f32, name="least")
    for each in sums:  # one after the other in the same place, so that all are used
        k.barrier()
        each.store(shared, slab, stride)
        k.barrier()
        cell = shared[slab + k.local_id % kind.m * stride]
        k.assign(least, minimum(least.value(), bitcast(cell.lane(0), f32)))
    return least.value()


ARITHMETIC = Arithmetic()
