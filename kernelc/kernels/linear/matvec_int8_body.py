"""The kernel of the int8 matrix times vector: activations staged as codes, products, sums and the epilogue.

Shared memory while groups first .. first + staged - 1 of the row are staged; g counts from `first`:

    codes        [2 * staged] u32x4   g: elements 0..15 of group g;  staged + g: elements 16..31
    code_scales  [staged] f32         the scale of group g
    offsets      [staged] i32         -byte_zero * sum of the codes: where stored bytes are codes + byte_zero
    code_sums    [staged] f32         the sum of the codes: where weights have an offset
    squares      [staged] f32         the sum of the squares of x: where x is normalised

Invocation `lane` of a team takes groups lane, lane + team, lane + 2 * team, ... Its sums of the team's rows
go to partial_sums, where part p of row r of the workgroup is cell p * stride + r.
"""

from __future__ import annotations

from typing import Any

from kernelc.ir.formats import Factors
from kernelc.kernels import step_block
from kernelc.kernels.linear.activations import coded
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.dot4 import dot4
from kernelc.kernels.linear.matvec_int8_schedule import MatvecInt8Schedule
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.packed_rows import VECTORS_PER_GROUP, LoadedGroup, byte_words
from kernelc.kernels.parts.reduce import team_lane, team_number
from kernelc.kir.functions import dot, minimum, rsqrt, subgroup_sum, to_f32, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32, u32x4
from kernelc.kir.values import Operators, Value, Variable


class Int8Product:
    """A kernel while it is traced: its shared memory, and the sums of an invocation."""

    def __init__(self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule) -> None:
        self.k, self.linear, self.schedule = k, linear, schedule
        self.problem = problem = linear.problem
        self.form = linear.weights.form
        self.normed = problem.norm_eps is not None
        self.codes = k.shared("codes", u32x4, 2 * schedule.staged)
        self.scales = k.shared("code_scales", f32, schedule.staged)
        self.offsets = k.shared("offsets", i32, schedule.staged) if self.form.byte_zero else None
        self.code_sums = k.shared("code_sums", f32, schedule.staged) if self.form.has_offset else None
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
            k.inputs_ready()
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
        token = step_block.rows(k).last if self.problem.last_row else 0
        with self._distributed(count) as group:
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
                self.offsets[group] = made.times(-(self.form.byte_zero or 0))
            if self.code_sums is not None:
                self.code_sums[group] = to_f32(made.times(1))
            if self.squares is not None:
                self.squares[group] = square

    def _distributed(self, count: Value | int) -> Any:
        k = self.k
        if isinstance(count, int):
            return distribute(k, count, "group")
        return k.loop(k.local_id, count, k.workgroup)

    # The products

    def _multiply(
        self, first: Value | int, count: Value | int, loaded: list[list[LoadedGroup]] | None
    ) -> None:
        """Add the products of the staged groups to the sums; `loaded` has the weights of the first step."""
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

    def _load(self, group: Operators) -> list[list[LoadedGroup]]:
        """Load the weights of `unroll` groups, `team` groups apart, of each row."""
        return [self._rows(group + u * self.schedule.team) for u in range(self.schedule.unroll)]

    def _rows(self, group: Operators) -> list[LoadedGroup]:
        found: list[LoadedGroup] = []
        for r in range(self.schedule.rows):
            row = self.first_row + self.team * self.schedule.rows + r
            if self.problem.rows % self.schedule.rows_per_workgroup:
                row = minimum(row, self.problem.rows - 1)
            found.append(self.linear.weights.loaded(row, group))
        return found

    def _step(self, group: Operators, loaded: list[list[LoadedGroup]]) -> None:
        for u, rows in enumerate(loaded):
            self._group(group + u * self.schedule.team, rows)

    def _group(self, group: Operators, rows: list[LoadedGroup]) -> None:
        """Add the products of a staged group and that group of each row to the sums."""
        first, second = self.codes[group], self.codes[group + self.schedule.staged]
        codes = [half.lane(i) for half in (first, second) for i in range(4)]
        code_scale = self.scales[group]
        offset = 0 if self.offsets is None else self.offsets[group]
        if self.square_sum is not None and self.squares is not None:
            self.square_sum += self.squares[group]
        code_sum = None if self.code_sums is None else self.code_sums[group]
        for total, loaded in zip(self.sums, rows, strict=True):
            products: Value | int = offset
            for word, code in zip(byte_words(self.form, loaded.loads), codes, strict=True):
                products = dot4(word, code, products, self.schedule.dot4)
            assert isinstance(products, Value)
            total += _weighed(to_f32(products), code_sum, code_scale, loaded.factors)

    # The results

    def _finish(self) -> None:
        """Add up the parts of each row in one invocation per result, which also runs the epilogue."""
        parts = self._write_parts()
        self.k.barrier()
        step = self.problem.rows_together
        with distribute(self.k, self.schedule.rows_per_workgroup // step, "result") as result:
            row = self.first_row + result * step
            with self.k.when(row < self.problem.rows):
                self._result(row, result, step, parts)

    def _result(self, row: Value, result: Value, step: int, parts: Value | int) -> None:
        values = [self._sum_of_parts(self.cells, result * step + i, parts) for i in range(step)]
        if self.square_cells is not None and self.problem.norm_eps is not None:
            squares = self._sum_of_parts(self.square_cells, None, parts)
            factor = rsqrt(squares * (1.0 / self.problem.cols) + self.problem.norm_eps)
            values = [value * factor for value in values]
        self.linear.finish(0, row if step == 1 else row // step, *values)

    def _write_parts(self) -> Value | int:
        """Write each team's partial sums to shared memory. Returns how many parts a row has."""
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


def _weighed(products: Value, code_sum: Value | None, code_scale: Value, factors: Factors[Value]) -> Value:
    """What a group adds to a row's sum, from the sum of its products of codes and bytes.

    Of weights w = byte * scale + offset and activations x = code * code_scale:
    sum of w * x = (sum of byte * code) * (scale * code_scale) + (sum of code) * (offset * code_scale).
    """
    scale, offset = factors
    if offset is None or code_sum is None:
        return products * _common(scale, code_scale)
    return products * _common(scale, code_scale) + code_sum * (offset * code_scale)


def _common(scale: Value | None, code_scale: Value) -> Value:
    """The factor that all products of a group have in common."""
    return code_scale if scale is None else scale * code_scale
