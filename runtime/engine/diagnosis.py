"""Which kernel made the first number that is none: the steps behind bad scores, one kernel after the other.

When an answer's scores are no numbers, the steps that led to them are run again, each dispatch by itself on
copies of what it binds (`Executor.run_kernel`), and what it leaves is looked at. So it works alike on every
device, and nothing is looked at while all is well. What is slow about it is read once for each kernel of a
step: all weights come back from the device. Of coded rows, which are words, the scales are looked at: one
that is no number is always the same NaN (`kernelc.ir.coded_rows`), a word that codes hardly ever make.

Results that are not numbers may lie in the cache since an earlier step. So its rows are looked at first, and
the step that wrote the earliest of them is the one that is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact, KernelBinding
from kernelc.errors import DeviceError, KernelcError
from runtime.device.elements import as_elements, element_dtype
from runtime.device.executor import Executor
from runtime.device.program import Range, ResolvedDispatch, plan_load
from runtime.engine.sequence import GREEDY_FIELDS, CachedSequence
from runtime.prefixes.layout import CacheRows, layout_of

Array = npt.NDArray[Any]

_ROLES = ("prefill", "decode")
_CODED_NAN = 0x7FC00000  # the bits of a scale of coded rows that is no number
_MOST_READ = 16 << 20  # bytes of a cache that are looked at together


@dataclass(frozen=True)
class Culprit:
    """The first kernel that left something that is no number.

    `program` and `number` say which dispatch it was, `origin` which layer and operation it computes, `count`
    how many of the `size` numbers that it left in `buffer` are none (of the words, where it left coded rows:
    `coded`), and `damaged` which of the weights that it read have such numbers themselves.
    """

    kernel: str
    origin: str
    program: str
    number: int
    buffer: str
    count: int
    size: int
    damaged: tuple[str, ...]
    coded: bool = False

    def __str__(self) -> str:
        weights = f"; its weights {', '.join(self.damaged)} have such already" if self.damaged else ""
        return (
            f"the first kernel that leaves any is {self.kernel} of {self.origin} (dispatch {self.number} of"
            f" {self.program}), in {self.count} of {self.size} {'words' if self.coded else 'numbers'} of"
            f" {self.buffer}{weights}"
        )


class Diagnosis:
    """Looks for the culprit of an artifact on a device: once, since every later answer would wait for it."""

    def __init__(self, executor: Executor, artifact: Artifact, context: int) -> None:
        """`executor` has the artifact loaded for `context` when it is asked."""
        self._executor, self._artifact, self._context = executor, artifact, context
        self._told: str | None = None

    def error(self, sequence: CachedSequence, position: int, what: str) -> DeviceError:
        """Return the error for results (`what`: "scores") for the token at `position` that are no numbers.

        The sequence forgets its cache: rows of no numbers may have become zeros, and a prefix cache would
        keep them.
        """
        if self._told is None:
            try:
                culprit = self.culprit(sequence, position)
            except KernelcError as failed:  # a lost device, or no memory: the error stands without it
                self._told = f"which kernel made them could not be found out: {failed.message}"
            else:
                self._told = str(culprit or "no kernel makes any when it is run alone")
        sequence.truncate(0)
        return DeviceError(
            f"the model's {what} for token {position} are no numbers: {self._told}",
            help="the weights are damaged, or a value overflows: kernelc verify compares each kernel with its"
            " reference; build with `kv_dtype` f32, or with `quant` f32",
        )

    def culprit(self, sequence: CachedSequence, position: int) -> Culprit | None:
        """Return the first kernel whose result is no number, of the steps before `position`."""
        for role, past, seq in self._steps(sequence, position):
            found = self._of_step(sequence, role, past, seq)
            if found is not None:
                return found
        return None

    def _steps(self, sequence: CachedSequence, position: int) -> Iterator[tuple[str, int, int]]:
        """The steps to repeat, the likeliest first, as (role, past, seq): the one that wrote the first bad
        row, by either program, then the one before the scores."""
        last = position - 1
        first = min(self._first_bad_row(sequence, last), last)
        try:
            rows = min(sequence.table.most_rows("prefill", first), position - first)
        except KernelcError:  # of scores alone, without prefill
            rows = 1
        tried = set[tuple[str, int, int]]()
        for step in (
            ("prefill", first, rows),
            ("decode", first, 1),
            ("decode", last, 1),
            ("prefill", last, 1),
        ):
            if step not in tried:
                tried.add(step)
                yield step

    def _first_bad_row(self, sequence: CachedSequence, end: int) -> int:
        """Return the least position below `end` whose rows in the cache have no numbers; `end` for none."""
        manifest = self._artifact.manifest
        layout = layout_of(manifest, self._executor.buffers, sequence.context, sequence.number)
        for rows in (*layout.full, *layout.rings) if layout else ():
            end = self._bad_row_of(rows, end)
        return end

    def _bad_row_of(self, rows: CacheRows, end: int) -> int:
        at_once = max(1, _MOST_READ // rows.row_bytes)
        for first in range(max(0, end - rows.rows), end, at_once):
            count = min(at_once, end - first)
            parts = [
                self._executor.read_buffer(each.buffer, each.offset, each.bytes)
                for each in rows.ranges(first, count)
            ]
            words = np.frombuffer(b"".join(parts), "<u4")
            numbers = self._floats(rows.buffer, self._element_of(rows.buffer), words)
            if numbers is not None:
                bad = np.flatnonzero(~np.isfinite(numbers.reshape(count, -1)).all(axis=1))
                if len(bad):
                    return first + int(bad[0])
        return end

    def _element_of(self, buffer: str) -> str:
        """Return what the kernels bind a buffer as."""
        manifest = self._artifact.manifest
        for program in manifest.programs.values():
            for dispatch in program.dispatches:
                for index, item in enumerate(dispatch.bindings):
                    if item.buffer == buffer:
                        return manifest.kernels[dispatch.kernel].bindings[index].element
        return "u32"

    def _floats(self, buffer: str, element: str, array: Array) -> Array | None:
        """Return the numbers of an array of a buffer's bytes, None where those are whole numbers or codes.

        Kernels bind the halves of a cache, and those of scales, in words. A cache of codes has scales.
        """
        if element.startswith("f"):
            return array.reshape(-1).view(element_dtype(element)[0])
        manifest = self._artifact.manifest
        tensor = manifest.weights.tensors.get(buffer)
        if tensor is not None:
            halves = tensor.encoding.endswith((".scales", "f16.quants"))
        else:
            halves = buffer in self._caches and f"{buffer}.scales" not in manifest.buffers
        return array.reshape(-1).view("<f2") if halves else None

    @cached_property
    def _caches(self) -> frozenset[str]:
        buffers = self._executor.buffers
        layout = layout_of(self._artifact.manifest, buffers, self._context)
        return frozenset(each.buffer for each in (*layout.full, *layout.rings)) if layout else frozenset()

    # ---- one step

    def _of_step(self, sequence: CachedSequence, role: str, past: int, seq: int) -> Culprit | None:
        try:
            (program,) = sequence.programs([role], past, seq)
        except KernelcError:  # the artifact has no such step
            return None
        plan = plan_load(self._artifact.manifest, sequence.context, _ROLES)
        env = {"seq": seq, "past": past, "context": sequence.context}
        block = sequence.block.encode({**GREEDY_FIELDS, **env})
        sequence.forget_logits()
        for number, dispatch in enumerate(plan.programs.get(program, ())):
            found = self._of_dispatch(program, number, dispatch, env, block)
            if found is not None:
                return found
        return None

    def _of_dispatch(
        self, program: str, number: int, dispatch: ResolvedDispatch, env: Mapping[str, int], block: bytes
    ) -> Culprit | None:
        """Run a dispatch alone, and put what it left into the buffers, for those after it."""
        kernel = self._artifact.manifest.kernels[dispatch.kernel]
        bound = list(zip(kernel.bindings, dispatch.ranges, strict=True))
        before = [self._read(*each) for each in bound]
        for (binding, item), array in zip(bound, before, strict=True):
            numbers = self._floats(item.buffer, binding.element, array)
            if binding.access == "read":
                continue
            left = self._words(item.buffer, array) if numbers is None else numbers
            left[_none(left)] = 0  # what is there later is new
        after = self._executor.run_kernel(self._artifact, dispatch.kernel, before, env, block)
        found: Culprit | None = None
        for (binding, item), array in zip(bound, after, strict=True):
            if binding.access == "read":
                continue
            left = np.ascontiguousarray(array)
            self._executor.write_buffer(item.buffer, item.offset, left.tobytes())
            floats = self._floats(item.buffer, binding.element, left)
            numbers = self._words(item.buffer, left) if floats is None else floats
            if found is None and (bad := _bad(numbers)):
                weights = [(each, *what) for each, what in zip(before, bound, strict=True)]
                damaged = self._damaged(weights)
                where = (dispatch.kernel, dispatch.origin, program, number, item.buffer)
                found = Culprit(*where, bad, numbers.size, damaged, floats is None)
        return found

    def _words(self, buffer: str, array: Array) -> Array:
        """Return the words of an array that may have coded rows; none of a cache, whose scales lie apart."""
        words = array.reshape(-1).view("<u4")
        return words[:0] if buffer in self._caches else words

    def _read(self, binding: KernelBinding, item: Range) -> Array:
        data = self._executor.read_buffer(item.buffer, item.offset, item.bytes)
        return as_elements(data, binding.element).copy()

    def _damaged(self, read: Sequence[tuple[Array, KernelBinding, Range]]) -> tuple[str, ...]:
        """Return the weights among what a kernel read that have no numbers."""
        found: list[str] = []
        for array, binding, item in read:
            numbers = self._floats(item.buffer, binding.element, array)
            if (
                item.buffer in self._artifact.manifest.weights.tensors
                and numbers is not None
                and _bad(numbers)
            ):
                found.append(item.buffer)
        return tuple(found)


def _none(numbers: Array) -> npt.NDArray[np.bool_]:
    """Which numbers are none; of words, which are such scales."""
    return numbers == _CODED_NAN if numbers.dtype == np.uint32 else ~np.isfinite(numbers)


def _bad(numbers: Array) -> int:
    return int(np.count_nonzero(_none(numbers)))
