"""What the host reads of a row after a step, in one place: the id that was sampled, and the score of id 0.

Ids lie where each sequence has its tokens, and scores a vocabulary apart: fetched one by one, those of eight
rows were sixteen copies of four bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels import step_block
from kernelc.kernels.sampling.argmax import tokens_binding
from kernelc.kernels.spec import Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32
from kernelc.target import Capabilities

WORDS = 2


@dataclass(frozen=True)
class RowResultProblem:
    """`vocab`: number of logits."""

    vocab: int

    def __post_init__(self) -> None:
        """Raise ShapeError where there are none."""
        require(self.vocab >= 1, self, "at least one logit")


@dataclass(frozen=True)
class RowResultSchedule:
    """`threads`: invocations of the workgroup, of which one works."""

    threads: int


class RowResult(KernelSpec[RowResultProblem, RowResultSchedule]):
    """tokens[past + seq], logits [vocab] -> result: the id, and the bits of the first logit."""

    name = "row_result"
    problem_type = RowResultProblem

    def bindings(self, problem: RowResultProblem) -> tuple[Binding, ...]:
        return (
            tokens_binding("read"),
            Binding("logits", u32, "read", problem.vocab),
            Binding("result", u32, "read_write", WORDS),
        )

    def reference(self, problem: RowResultProblem, arrays: Arrays, params: Params) -> None:
        token = arrays["tokens"][int(params["past"]) + int(params["seq"])]
        arrays["result"][...] = token, arrays["logits"].reshape(-1)[0]

    def space(self, capabilities: Capabilities, problem: RowResultProblem) -> Iterable[RowResultSchedule]:
        yield self.default(capabilities, problem)

    def default(self, capabilities: Capabilities, problem: RowResultProblem) -> RowResultSchedule:
        return RowResultSchedule(1 if capabilities.serial_workgroups else 32)

    def workgroup(self, problem: RowResultProblem, schedule: RowResultSchedule) -> int:
        return schedule.threads

    def grid(self, problem: RowResultProblem, schedule: RowResultSchedule) -> Grid:
        return (1, 1, 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: RowResultProblem, schedule: RowResultSchedule
    ) -> None:
        position = step_block.rows(k).next_position
        with k.when(k.local_id.equals(0)):
            arrays["result"][0] = arrays["tokens"][position]
            arrays["result"][1] = arrays["logits"][0]

    def inputs(
        self, problem: RowResultProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        for name in ("tokens", "logits"):
            arrays[name][...] = rng.integers(0, 2**32, arrays[name].shape, dtype=np.uint32)
        return arrays

    def describe(self, problem: RowResultProblem) -> str:
        return str(problem.vocab)

    def tolerance(self, problem: RowResultProblem) -> Tolerance:
        return Tolerance(relative=0, absolute=0)


ROW_RESULT = RowResult()
