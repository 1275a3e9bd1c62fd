"""Matrix times one row of activations, dequantised on the way: the kernel that decoding spends its time in.

Every byte of the weights is loaded once, 16 bytes per load, with neighbouring invocations on neighbouring
groups. A *team* of invocations shares `rows` output rows: each walks the groups of 32 with the team's stride
and keeps one running sum per row, and the team adds these up at the end. RMSNorm of the input needs no pass
of its own: its factor 1/rms is common to all elements, so the sum of squares is computed along the way and
the factor is applied to the finished sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kernelc.ir.dim import ceildiv
from kernelc.ir.formats import groups_of
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.matvec_wide import WideF32Product, wide_shared_bytes
from kernelc.kernels.linear.problem import LinearProblem, linear_bindings, linear_reference, require_rows
from kernelc.kernels.linear.spec import LinearSpec
from kernelc.kernels.parts.packed_rows import VECTORS_PER_GROUP, side_types
from kernelc.kernels.parts.reduce import power_of_two_up_to, team_lane, team_number, team_sum
from kernelc.kernels.parts.wide_rows import quants_type, works_wide
from kernelc.kernels.spec import Arrays, Binding, Grid, Params
from kernelc.kir.functions import dot, minimum, rsqrt
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32
from kernelc.kir.values import Operators, Value
from kernelc.target import Capabilities


@dataclass(frozen=True)
class MatvecSchedule:
    """`threads`: invocations per workgroup; `team`: how many of them share rows; `rows`: rows per team, a
    multiple of what the epilogue takes together. `f16`: read scales as 16-bit floats."""

    threads: int
    team: int
    rows: int
    subgroups: bool = False
    f16: bool = False
    blocks: int = 0  # not 0: one invocation with vectors of eight multiplies this many times `rows` rows

    @property
    def rows_per_workgroup(self) -> int:
        return self.threads // self.team * self.rows * max(1, self.blocks)


class Matvec(LinearSpec[MatvecSchedule]):
    """x [1, cols] (or the last row of x [seq, cols]) -> out [1, out_width] or q and the KV cache."""

    name = "matvec"

    def bindings(self, problem: LinearProblem) -> tuple[Binding, ...]:
        require_rows(problem, halves=False)
        return linear_bindings(problem, 1)

    def reference(self, problem: LinearProblem, arrays: Arrays, params: Params) -> None:
        linear_reference(problem, arrays, params)

    def space(self, capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatvecSchedule]:
        most = power_of_two_up_to(groups_of(problem.cols))
        for threads in (32, 64, 128, 256):
            for team in (1, 2, 4, 8, 16, 32, 64, 128):
                for rows in (1, 2, 4, 8):
                    fits = threads <= capabilities.max_threads and team <= min(threads, most)
                    shared = (rows + 1) * threads * 4 <= capabilities.shared_bytes
                    if fits and shared and not (rows % problem.rows_together):
                        yield MatvecSchedule(threads, team, rows, capabilities.subgroups, capabilities.f16)
        yield from _wide_schedules(capabilities, problem)

    def default(self, capabilities: Capabilities, problem: LinearProblem) -> MatvecSchedule:
        if fits_wide(capabilities, problem):
            return MatvecSchedule(1, 1, 4, blocks=8 if problem.rows >= 1024 else 4)
        team = min(power_of_two_up_to(groups_of(problem.cols)), 64)
        rows = 4 if problem.rows >= 2048 else 2
        return MatvecSchedule(64, team, rows, capabilities.subgroups, capabilities.f16)

    def workgroup(self, problem: LinearProblem, schedule: MatvecSchedule) -> int:
        return schedule.threads

    def grid(self, problem: LinearProblem, schedule: MatvecSchedule) -> Grid:
        return (ceildiv(problem.rows, schedule.rows_per_workgroup), 1, 1)

    def access_types(self, problem: LinearProblem, schedule: MatvecSchedule) -> Mapping[str, Type]:
        words = {"quants": quants_type(problem.format, ordered=False)} if schedule.blocks else {}
        return side_types(problem.format, schedule.f16) | words

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: LinearProblem, schedule: MatvecSchedule
    ) -> None:
        linear = LinearBuffers.of(k, problem, arrays)
        if schedule.blocks:
            WideF32Product(k, linear, schedule.rows, schedule.blocks).trace()
            return
        lane = team_lane(k, schedule.team)
        team = k.workgroup_id(0) * (schedule.threads // schedule.team) + team_number(k, schedule.team)
        first_row = team * schedule.rows
        token = step_block.rows(k).last if problem.last_row else 0
        sums = [k.var(0.0, f32, name=f"sum_{r}") for r in range(schedule.rows)]
        squares = k.var(0.0, f32)
        with k.loop(lane, linear.weights.groups, schedule.team) as group:
            activations = self._activations(linear, token, group, squares)
            activation_sum = _sum(activations) if linear.weights.form.has_offset else None
            for r, total in enumerate(sums):
                row = first_row + r
                if problem.rows % schedule.rows_per_workgroup:
                    row = minimum(row, problem.rows - 1)
                total += linear.weights.product(row, group, activations, activation_sum)
        partial = sums if problem.norm_eps is None else [*sums, squares]
        results = team_sum(k, partial, schedule.team, schedule.subgroups)
        with k.when(lane.equals(0)):
            self._finish(k, linear, schedule, first_row, results)

    def _activations(
        self, linear: LinearBuffers, token: Operators | int, group: Value, squares: Operators
    ) -> list[Value]:
        """The group's 32 activations, times the norm's weight where there is a norm."""
        found: list[Value] = []
        for i in range(VECTORS_PER_GROUP):
            x = linear.four("x", token, group * VECTORS_PER_GROUP + i)
            if linear.problem.norm_eps is not None:
                squares += dot(x, x)
                x = x * linear.four("norm_weight", 0, group * VECTORS_PER_GROUP + i)
            found.append(x)
        return found

    def _finish(
        self,
        k: Tracer,
        linear: LinearBuffers,
        schedule: MatvecSchedule,
        first_row: Value,
        results: list[Value],
    ) -> None:
        problem = linear.problem
        if problem.norm_eps is not None:
            scale = rsqrt(results[-1] * (1.0 / problem.cols) + problem.norm_eps)
            results = [result * scale for result in results[:-1]]
        step = problem.rows_together
        for r in range(0, schedule.rows, step):
            row = first_row + r
            with k.when(row < problem.rows):
                linear.finish(0, row if step == 1 else row // step, *results[r : r + step])


def fits_wide(capabilities: Capabilities, problem: LinearProblem) -> bool:
    """Whether one invocation with vectors of eight can have a whole row of activations in shared memory."""
    bytes_ = wide_shared_bytes(groups_of(problem.cols))
    return works_wide(capabilities) and bytes_ <= capabilities.shared_bytes


def _wide_schedules(capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatvecSchedule]:
    if fits_wide(capabilities, problem):
        for rows in (2, 4, 6, 8):
            for blocks in (1, 2, 4, 8, 16, 32, 64):
                yield MatvecSchedule(1, 1, rows, blocks=blocks)


def _sum(vectors: list[Value]) -> Value:
    """The sum of all lanes, which the offset of a group of weights multiplies."""
    total = vectors[0]
    for each in vectors[1:]:
        total = total + each
    return total.x + total.y + total.z + total.w


MATVEC = Matvec()
