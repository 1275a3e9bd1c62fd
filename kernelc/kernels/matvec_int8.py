"""Matrix times one row of activations that are rounded to signed bytes first: four products at a time.

With f32 activations 16 bytes of q4 weights ask for 128 bytes of activations, and reading those is what limits
a fast device. Here each workgroup rounds the row once, into shared memory, and 16 bytes of weights ask for
32. How the codes come about is `kernelc.kernels.activations`; the rest is exact but for one rounding a group
and the sums: both scales are common to a group's products, and q4's offset of 8 goes in with the sum of the
codes.

The results differ from those of `matvec` by the rounding of the activations, so this is a family of its own:
its reference rounds too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.ir.formats import groups_of
from kernelc.kernels.activations import GROUP, coded, rounded
from kernelc.kernels.deal import deal
from kernelc.kernels.dot4 import dot4
from kernelc.kernels.linear import (
    LinearBuffers,
    LinearProblem,
    linear_bindings,
    linear_epilogue_reference,
    linear_halves,
    linear_inputs,
    linear_name,
    linear_pieces,
    linear_rows,
    linear_tile,
    linear_tolerance,
)
from kernelc.kernels.reduce import team_lane, team_number
from kernelc.kernels.spec import Arrays, Binding, Grid, KernelSpec, Params, Tolerance
from kernelc.kernels.weights import VECTORS_PER_GROUP, byte_words, unpacked
from kernelc.kir.functions import dot, minimum, rsqrt, subgroup_sum, to_f32, vector
from kernelc.kir.nodes import Value, Variable
from kernelc.kir.operators import Operators
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32, u32x4
from kernelc.target import Capabilities

FORMATS_WITH_CODES = ("q4", "q8")
_MOST_LOADS = 16  # of an invocation at once
_SMALLEST_SUBGROUP = 4  # of any WebGPU device


@dataclass(frozen=True)
class MatvecInt8Schedule:
    """`threads` a workgroup, `team` of them on the same rows, `rows` a team (even where rows are paired).

    `unroll`: groups of each row that an invocation loads at once. `early`: it loads the first of them before
    the activations are staged. `staged`: groups of activations in shared memory at a time.
    """

    threads: int
    team: int
    rows: int
    unroll: int
    early: bool
    staged: int
    subgroups: bool = False
    subgroup_size: int | None = None
    f16: bool = False
    dot4: bool = False

    @property
    def rows_per_workgroup(self) -> int:
        return self.threads // self.team * self.rows

    @property
    def in_subgroup(self) -> bool:
        """Whether a team is exactly a subgroup."""
        return self.subgroups and self.subgroup_size == self.team

    @property
    def over_subgroups(self) -> bool:
        """Whether a team is a workgroup, made of subgroups of any size."""
        return self.subgroups and not self.in_subgroup and self.team == self.threads

    @property
    def parts(self) -> int:
        """Partial sums of a row that are added up in shared memory, at most."""
        if self.in_subgroup:
            return 1
        return max(1, self.team // _SMALLEST_SUBGROUP) if self.over_subgroups else self.team

    def best_unroll(self) -> int:
        """As many groups at once as leave less than a round of a team over, and enough registers."""
        fitting = (u for u in (4, 2) if 2 * u * self.rows <= _MOST_LOADS and u * self.team <= self.staged)
        return next((u for u in fitting if self.staged % (u * self.team) < self.team), 1)

    def shared_bytes(self, problem: LinearProblem) -> int:
        """Workgroup memory of the kernel."""
        return self.staged * _group_bytes(problem) + self._cells_bytes(problem)

    def most_staged(self, problem: LinearProblem, shared_bytes: int) -> int:
        """Groups that fit into so much memory; below 1 where the partial sums alone do not."""
        return (shared_bytes - self._cells_bytes(problem)) // _group_bytes(problem)

    def _cells_bytes(self, problem: LinearProblem) -> int:
        return 4 * self.parts * (self.stride + (problem.norm_eps is not None))

    @property
    def stride(self) -> int:
        """Cells from a part of the sums to the next: odd, so that shared memory has no bank conflicts."""
        return self.rows_per_workgroup | 1


class MatvecInt8(KernelSpec[LinearProblem, MatvecInt8Schedule]):
    """x [1, cols] (or the last row of x [seq, cols]) -> out [1, out_width] or q and the KV cache."""

    name = "matvec_int8"
    problem_type = LinearProblem

    def bindings(self, problem: LinearProblem) -> tuple[Binding, ...]:
        return linear_bindings(problem, 1)

    def reference(self, problem: LinearProblem, arrays: Arrays, params: Params) -> None:
        """As `linear_reference`, with the activations (times the norm's weight) rounded."""
        x = linear_rows(problem, arrays, params)
        factor = np.float32(1)
        if problem.norm_eps is not None:
            mean = np.mean(np.square(x.astype(np.float64)), axis=-1, keepdims=True)
            factor = (1 / np.sqrt(mean + problem.norm_eps)).astype(np.float32)
            x = x * arrays["norm_weight"].reshape(-1)
        y = rounded(x) @ unpacked(problem.format, arrays, problem.rows, problem.cols).T * factor
        linear_epilogue_reference(problem, y, arrays, params)

    def space(self, capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatvecInt8Schedule]:
        groups = groups_of(problem.cols)
        for threads in (32, 64, 128, 256):
            for team in (1, 2, 4, 8, 16, 32, 64, 128, 256):
                for rows in (1, 2, 4, 8, 16):
                    if threads > capabilities.max_threads or team > min(threads, _power_of_two_up_to(groups)):
                        continue
                    if problem.paired and rows % 2:
                        continue
                    yield from self._variations(capabilities, problem, threads, team, rows)

    def _variations(
        self, capabilities: Capabilities, problem: LinearProblem, threads: int, team: int, rows: int
    ) -> Iterable[MatvecInt8Schedule]:
        groups = groups_of(problem.cols)
        for unroll in (1, 2, 4, 8):
            if rows * unroll > _MOST_LOADS:
                continue
            schedule = _schedule(capabilities, problem, threads, team, rows, unroll, False)
            if schedule is None or unroll * team > schedule.staged:
                continue
            yield schedule
            if schedule.staged == groups:
                yield replace(schedule, early=True)
            if groups > 1 and unroll * team <= _ceildiv(groups, 2):
                yield replace(schedule, staged=_ceildiv(groups, 2))

    def default(self, capabilities: Capabilities, problem: LinearProblem) -> MatvecInt8Schedule:
        """Teams of a subgroup where its size is known; else a workgroup shares its rows."""
        groups = groups_of(problem.cols)
        most = _power_of_two_up_to(groups)
        if capabilities.subgroup_size is not None:
            threads, team, rows = 256, capabilities.subgroup_size, 4 if problem.rows >= 16384 else 2
        elif capabilities.subgroups:
            threads = 128 if most >= 128 else 64
            team, rows = threads, 8
        else:
            threads, team, rows = 64, 8, 4
        team = min(team, most)
        schedule = _schedule(capabilities, problem, threads, team, rows, 1, False)
        assert schedule is not None, f"{problem}: nothing fits into {capabilities.shared_bytes} bytes"
        unroll = schedule.best_unroll() if capabilities.subgroups else 1
        return replace(schedule, unroll=unroll, early=schedule.staged == groups)

    def workgroup(self, problem: LinearProblem, schedule: MatvecInt8Schedule) -> int:
        return schedule.threads

    def grid(self, problem: LinearProblem, schedule: MatvecInt8Schedule) -> Grid:
        return (ceildiv(problem.rows, schedule.rows_per_workgroup), 1, 1)

    def trace(self, k: Tracer, problem: LinearProblem, schedule: MatvecInt8Schedule) -> None:
        linear = LinearBuffers.bind(k, problem, self.bindings(problem), schedule.f16)
        _Kernel(k, linear, schedule).trace()

    def inputs(
        self, problem: LinearProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        return linear_inputs(problem, self.bindings(problem), rng, env)

    def tile(self, problem: LinearProblem) -> LinearProblem:
        return linear_tile(problem)

    def pieces(self, problem: LinearProblem) -> tuple[LinearProblem, ...]:
        return linear_pieces(problem)

    def tolerance(self, problem: LinearProblem) -> Tolerance:
        return linear_tolerance(problem)

    def describe(self, problem: LinearProblem) -> str:
        return linear_name(problem)

    def packed_halves(self, problem: LinearProblem) -> frozenset[str]:
        return linear_halves(problem)


class _Kernel:
    """One kernel being traced: its shared memory, and the sums of its invocation."""

    def __init__(self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule) -> None:
        self.k, self.linear, self.schedule = k, linear, schedule
        self.problem = problem = linear.problem
        self.normed = problem.norm_eps is not None
        self.codes = k.shared("codes", u32x4, 2 * schedule.staged)
        self.scales = k.shared("code_scales", f32, schedule.staged)
        self.offsets = k.shared("offsets", i32, schedule.staged) if problem.format == "q4" else None
        self.squares = k.shared("squares", f32, schedule.staged) if self.normed else None
        self.cells = k.shared("partial_sums", f32, schedule.parts * schedule.stride)
        self.square_cells = k.shared("partial_squares", f32, schedule.parts) if self.normed else None
        self.lane = team_lane(k, schedule.team)
        self.team = team_number(k, schedule.team)
        self.first_row = k.workgroup_id(0) * schedule.rows_per_workgroup
        self.sums = [k.var(0.0, f32, name=f"sum_{r}") for r in range(schedule.rows)]
        self.square_sum = k.var(0.0, f32, name="square_sum") if self.normed else None

    def trace(self) -> None:
        k, groups, staged = self.k, self.linear.weights.groups, self.schedule.staged
        if staged == groups:
            loaded = self._load(self.lane) if self.schedule.early else None
            self._stage(0, groups)
            k.barrier()
            self._multiply(0, groups, loaded)
        else:
            with k.loop(0, groups, staged) as first:
                count = minimum(groups - first, staged)
                self._stage(first, count)
                k.barrier()
                self._multiply(first, count, None)
                k.barrier()
        self._finish()

    # The activations

    def _stage(self, first: Value | int, count: Value | int) -> None:
        """Round groups first .. first + count - 1 of the row into shared memory."""
        k, linear = self.k, self.linear
        token = k.param("seq") - 1 if self.problem.last_row else 0
        with self._dealt(count) as group:
            values: list[Value] = []
            square = k.constant(0.0, f32)
            for i in range(VECTORS_PER_GROUP):
                x = linear.four("x", token, (group + first) * VECTORS_PER_GROUP + i)
                if self.normed:
                    square = square + dot(x, x)
                    x = x * linear.four("norm_weight", 0, (group + first) * VECTORS_PER_GROUP + i)
                values.append(x)
            made = coded(values, self.schedule.dot4)
            self.codes[group] = vector(*made.words[:4])
            self.codes[group + self.schedule.staged] = vector(*made.words[4:])
            self.scales[group] = made.scale
            if self.offsets is not None:
                self.offsets[group] = made.times(-8)
            if self.squares is not None:
                self.squares[group] = square

    def _dealt(self, count: Value | int) -> Any:
        k = self.k
        return deal(k, count, "group") if isinstance(count, int) else k.loop(k.local_id, count, k.workgroup)

    # The products

    def _multiply(
        self, first: Value | int, count: Value | int, loaded: list[list[tuple[list[Value], Value]]] | None
    ) -> None:
        """Add to the sums what the staged groups give; `loaded`: weights of the first step."""
        k, schedule = self.k, self.schedule
        step = schedule.team * schedule.unroll
        whole = count if schedule.unroll == 1 else count // step * step
        start = self.lane
        if loaded is not None:
            self._step(self.lane, loaded)
            start = self.lane + step
        if isinstance(whole, Value) or whole > (step if loaded else 0):
            with k.loop(start, whole, step) as group:
                self._step(group, self._load(group + first))
        if schedule.unroll > 1 and (isinstance(whole, Value) or whole < count):
            with k.loop(self.lane + whole, count, schedule.team) as group:
                self._step(group, [self._rows(group + first)])

    def _load(self, group: Operators) -> list[list[tuple[list[Value], Value]]]:
        """The weights of `unroll` groups, a team apart, of each row."""
        return [self._rows(group + u * self.schedule.team) for u in range(self.schedule.unroll)]

    def _rows(self, group: Operators) -> list[tuple[list[Value], Value]]:
        found: list[tuple[list[Value], Value]] = []
        for r in range(self.schedule.rows):
            row = self.first_row + self.team * self.schedule.rows + r
            if self.problem.rows % self.schedule.rows_per_workgroup:
                row = minimum(row, self.problem.rows - 1)
            found.append(self.linear.weights.words(row, group))
        return found

    def _step(self, group: Operators, loaded: list[list[tuple[list[Value], Value]]]) -> None:
        for u, rows in enumerate(loaded):
            self._group(group + u * self.schedule.team, rows)

    def _group(self, group: Operators, rows: list[tuple[list[Value], Value]]) -> None:
        """The products of a staged group with that group of each row."""
        first, second = self.codes[group], self.codes[group + self.schedule.staged]
        codes = [half.lane(i) for half in (first, second) for i in range(4)]
        code_scale = self.scales[group]
        offset = 0 if self.offsets is None else self.offsets[group]
        if self.square_sum is not None and self.squares is not None:
            self.square_sum += self.squares[group]
        for total, (loads, scale) in zip(self.sums, rows, strict=True):
            products: Value | int = offset
            for word, code in zip(byte_words(self.problem.format, loads), codes, strict=True):
                products = dot4(word, code, products, self.schedule.dot4)
            assert isinstance(products, Value)
            total += to_f32(products) * (scale * code_scale)

    # The results

    def _finish(self) -> None:
        """Add up the parts of each row, an invocation a result, and do the epilogue there."""
        parts = self._write_parts()
        self.k.barrier()
        step = 2 if self.problem.paired else 1
        with deal(self.k, self.schedule.rows_per_workgroup // step, "result") as result:
            row = self.first_row + result * step
            with self.k.when(row < self.problem.rows):
                self._result(row, result, step, parts)

    def _result(self, row: Value, result: Value, step: int, parts: Value | int) -> None:
        values = [self._sum_of_parts(self.cells, result * step + i, parts) for i in range(step)]
        if self.square_cells is not None and self.problem.norm_eps is not None:
            squares = self._sum_of_parts(self.square_cells, None, parts)
            factor = rsqrt(squares * (1.0 / self.problem.cols) + self.problem.norm_eps)
            values = [value * factor for value in values]
        if step == 2:
            self.linear.finish_pair(0, row // 2, *values)
        else:
            self.linear.finish_row(0, row, *values)

    def _write_parts(self) -> Value | int:
        """Each team's partial sums to shared memory; how many of a row there are."""
        k, schedule = self.k, self.schedule
        sums: list[Variable | Value] = list(self.sums)
        if self.square_sum is not None:
            sums.append(self.square_sum)
        if schedule.in_subgroup or schedule.over_subgroups:
            sums = [subgroup_sum(total) for total in sums]
            with k.when(k.subgroup_lane.equals(0)):
                part = 0 if schedule.in_subgroup else k.local_id // k.subgroup_size
                self._write(sums, part)
            if schedule.in_subgroup:
                return 1
            return (k.subgroup_size + (schedule.threads - 1)) // k.subgroup_size
        self._write(sums, self.lane)
        return schedule.team

    def _write(self, sums: list[Variable | Value], part: Value | int) -> None:
        rows, stride = self.schedule.rows, self.schedule.stride
        for r in range(rows):
            self.cells[self.team * rows + (part * stride + r)] = sums[r]
        if self.square_cells is not None:
            with self.k.when(self.team.equals(0)):
                self.square_cells[part] = sums[rows]

    def _sum_of_parts(self, cells: Any, result: Value | None, parts: Value | int) -> Value:
        k, stride = self.k, 1 if result is None else self.schedule.stride
        at: Value | int = 0 if result is None else result
        total = k.var(cells[at], name="total")
        if parts != 1:
            with k.loop(1, parts) as part:
                total += cells[part * stride + at]
        return total.value()


def _schedule(
    capabilities: Capabilities,
    problem: LinearProblem,
    threads: int,
    team: int,
    rows: int,
    unroll: int,
    early: bool,
) -> MatvecInt8Schedule | None:
    """With as many groups staged at once as fit into shared memory; None where hardly any would."""
    groups = groups_of(problem.cols)
    made = MatvecInt8Schedule(
        threads, team, rows, unroll, early, groups, capabilities.subgroups, capabilities.subgroup_size,
        capabilities.f16, capabilities.dot4,
    )  # fmt: skip
    most = made.most_staged(problem, capabilities.shared_bytes)
    if most < min(groups, 32):
        return None
    rounds = _ceildiv(groups, most)
    return replace(made, staged=_ceildiv(groups, rounds))


def _group_bytes(problem: LinearProblem) -> int:
    """Shared memory of a staged group: its codes and scale, q4's offset, the norm's squares."""
    return GROUP + 4 + 4 * (problem.format == "q4") + 4 * (problem.norm_eps is not None)


def _ceildiv(a: int, b: int) -> int:
    return -(-a // b)


def _power_of_two_up_to(n: int) -> int:
    return 1 << (n.bit_length() - 1)


MATVEC_INT8 = MatvecInt8()
