"""The int8 matrix times vector whose weights are streamed through shared memory by bulk copies.

A workgroup stays for several *tiles* of rows, as many tiles apart as there are workgroups. A tile is
multiplied in `batches` batches, and the rows of a batch are a stage: `stages` of them are under way at a
time, the first before the row of activations is there, others while a tile's results are finished. An
invocation keeps its groups of the row in registers for all tiles. A stage is asked for again one batch after
it was read, when slower subgroups have most likely released it too.
"""

from __future__ import annotations

from kernelc.ir.formats import QUANTS
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.parts import CodedProduct, Numbers
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.parts.packed_rows import PackedRows
from kernelc.kir.bulk_stages import BulkStages
from kernelc.kir.functions import logical_and, minimum, rsqrt, subgroup_sum
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.values import Operators, Value


class StreamedInt8Product(CodedProduct):
    """A kernel while it is traced."""

    adds_squares = False

    def __init__(self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule) -> None:
        super().__init__(k, linear, schedule)
        problem, count = self.problem, schedule.stages
        self.tiles = problem.rows // schedule.rows_per_workgroup
        self.workgroups = min(self.tiles, schedule.workgroups)
        self.stage_rows = self.teams * schedule.rows
        names = (QUANTS, *(side.name for side in self.form.sides))
        self.sources: dict[str, Array] = {name: linear.buffers[name] for name in names}
        bytes_ = schedule.stored_row_bytes(problem)
        self.lengths = {
            name: self.stage_rows * bytes_[name] // array.type.bytes for name, array in self.sources.items()
        }
        parts = {name: (array.type, self.lengths[name]) for name, array in self.sources.items()}
        self.stages = BulkStages(k, "weights", count, **parts)
        sides = tuple(self.stages.parts[side.name] for side in self.form.sides)
        self.staged = PackedRows(self.form, problem.cols, self.stages.parts[QUANTS], sides)
        self.factor: Value | None = None

    def trace(self) -> None:
        k, batches, count = self.k, self.schedule.batches, self.schedule.stages
        own = k.workgroup_id(0)
        turns = (self.tiles - 1 - own) // self.workgroups + 1
        total = turns * batches
        for ahead in range(count):
            if ahead < batches:  # every workgroup has a tile
                self._request(own, ahead)
                continue
            with k.when(total > ahead):
                self._request(own, ahead)
        k.inputs_ready()
        numbers = [self._numbers_of(u) for u in range(self.schedule.steps(self.groups))]
        self.factor = self._factor()
        with k.loop(0, turns) as turn:
            self.tile = own + turn * self.workgroups
            self.first_row = self.tile * self.schedule.rows_per_workgroup
            self.load_constants()
            self.load_rows()
            with k.loop(0, batches) as batch:
                step = turn * batches + batch
                self.stages.wait(step)
                later = step + (count - 1)
                with k.when(logical_and(step > 0, later < total)):
                    self._request(own, later)
                self._batch(step, batch, numbers)
            self.finish()
            k.barrier()  # the sums have been read

    def _request(self, own: Value, step: Operators | int) -> None:
        """Ask for the rows of a batch, counted over all tiles of the workgroup."""
        batches = self.schedule.batches
        tile = own + step // batches * self.workgroups
        stage = tile * batches + step % batches  # its number in the whole matrix
        places = {name: (array, stage * self.lengths[name]) for name, array in self.sources.items()}
        self.stages.request(step, **places)

    def _numbers_of(self, u: int) -> Numbers:
        """The lane's group number `u` of the row."""
        team = self.schedule.team
        group = self.lane + u * team if u else self.lane
        if (u + 1) * team <= self.groups:
            return self.numbers(group, None)
        return self.numbers(minimum(group, self.groups - 1), group < self.groups)

    def _factor(self) -> Value | None:
        """What RMSNorm multiplies all results with: each subgroup finds it by itself."""
        k, eps = self.k, self.problem.norm_eps
        if eps is None:
            return None
        square = subgroup_sum(self.squares(k.subgroup_lane, k.subgroup_size))
        return rsqrt(square * (1.0 / self.problem.cols) + eps)

    def norm(self) -> Value | None:
        return self.factor

    def _batch(self, step: Value, batch: Value, numbers: list[Numbers]) -> None:
        """Multiply the rows of a stage and write their sums."""
        schedule, sums = self.schedule, self.new_sums()
        first = step % schedule.stages * self.stage_rows + self.team * schedule.rows
        for u, group in enumerate(numbers):
            at = self.lane + u * schedule.team if u else self.lane
            if (u + 1) * schedule.team > self.groups:
                at = minimum(at, self.groups - 1)
            self.add(group, [self.staged.loaded(first + r, at) for r in range(schedule.rows)], sums)
        self.stages.release(step)
        self.write_parts(sums, batch, None)
