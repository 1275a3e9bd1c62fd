"""Leaves only the tokens that a grammar allows: sets the logits of all others to -inf, in place.

A bit for each token, the lowest bit of the first word for token 0, is all that the host sends for a step:
4 KB for 32,000 tokens, where reading the logits back would be 128 KB. A token that is allowed stays above
-inf whatever the model thinks of it, so that sampling never takes another instead. Source: the token bitmasks
of XGrammar (Dong et al. 2024, arXiv 2411.15100).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels.spec import Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import select, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32, u32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities

_NEVER = 0xFF800000
"""The bits of -inf."""
_BARELY = 0xFF7FFFFF
"""The bits of the lowest finite number."""


@dataclass(frozen=True)
class MaskProblem:
    """`vocab`: number of logits."""

    vocab: int

    def __post_init__(self) -> None:
        """Raise ShapeError where there are none."""
        require(self.vocab >= 1, self, "at least one logit")

    @property
    def lanes(self) -> int:
        """Logits that an invocation looks at."""
        return 4 if self.vocab % 4 == 0 else 1

    @property
    def words(self) -> int:
        """u32 words of the mask."""
        return -(-self.vocab // 32)


@dataclass(frozen=True)
class MaskSchedule:
    """`threads`: invocations of a workgroup."""

    threads: int


class Mask(KernelSpec[MaskProblem, MaskSchedule]):
    """logits [vocab], of which those stay whose bit in mask [ceil(vocab / 32)] is set.

    Logits are bound as their bits: no target writes an infinity as a constant.
    """

    name = "mask"
    problem_type = MaskProblem

    def bindings(self, problem: MaskProblem) -> tuple[Binding, ...]:
        element = u32x4 if problem.lanes == 4 else u32
        return (
            Binding("mask", u32, "read", problem.words),
            Binding("logits", element, "read_write", problem.vocab // problem.lanes),
        )

    def reference(self, problem: MaskProblem, arrays: Arrays, params: Params) -> None:
        logits = arrays["logits"].reshape(-1)
        allowed = np.unpackbits(arrays["mask"].view(np.uint8), bitorder="little")[: problem.vocab] != 0
        logits[allowed & (logits == _NEVER)] = _BARELY
        logits[~allowed] = _NEVER

    def space(self, capabilities: Capabilities, problem: MaskProblem) -> Iterable[MaskSchedule]:
        for threads in (64, 128, 256):
            if threads <= capabilities.max_threads:
                yield MaskSchedule(threads)

    def default(self, capabilities: Capabilities, problem: MaskProblem) -> MaskSchedule:
        return MaskSchedule(min(256, capabilities.max_threads))

    def workgroup(self, problem: MaskProblem, schedule: MaskSchedule) -> int:
        return schedule.threads

    def grid(self, problem: MaskProblem, schedule: MaskSchedule) -> Grid:
        return (ceildiv(problem.vocab // problem.lanes, schedule.threads), 1, 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: MaskProblem, schedule: MaskSchedule
    ) -> None:
        logits, mask = arrays["logits"], arrays["mask"]
        at = k.workgroup_id(0) * schedule.threads + k.local_id
        with k.when(at < problem.vocab // problem.lanes):
            first = at * problem.lanes
            word = mask[first >> 5] >> (first & 31)
            bits = logits[at]
            if problem.lanes == 1:
                logits[at] = _masked(bits, word)
            else:
                lanes = (_masked(bits.lane(lane), word >> lane) for lane in range(problem.lanes))
                logits[at] = vector(*lanes)

    def inputs(
        self, problem: MaskProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        some = rng.normal(size=problem.vocab).astype(np.float32) * 4
        strange = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 3e38, -3e38], np.float32)
        places = rng.integers(0, problem.vocab, min(problem.vocab, 7))
        some[places] = strange[: places.size]
        arrays["logits"].reshape(-1)[...] = some.view(np.uint32)
        dense = rng.integers(0, 2**32, problem.words, dtype=np.uint32)
        sparse = dense & rng.integers(0, 2**32, problem.words, dtype=np.uint32)
        arrays["mask"][...] = dense if rng.random() < 0.5 else sparse
        return arrays

    def describe(self, problem: MaskProblem) -> str:
        return str(problem.vocab)

    def tolerance(self, problem: MaskProblem) -> Tolerance:
        return Tolerance(relative=0, absolute=0)


def _masked(bits: Value, word: Value) -> Value:
    """The bits of a logit whose token is allowed where `word` is odd."""
    kept = select(bits.equals(_NEVER), _BARELY, bits)
    return select((word & 1).equals(0), _NEVER, kept)


MASK = Mask()
