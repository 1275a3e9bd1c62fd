"""Repetition penalty: lowers the logits of all tokens that have occurred, in place.

Source: Keskar et al., CTRL (2019), section 4.1, as Hugging Face's RepetitionPenaltyLogitsProcessor has it: a
positive logit is divided by the penalty, any other multiplied, once however often the token occurred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels import step_block
from kernelc.kernels.parts.reduce import team_lane, team_max, team_number
from kernelc.kernels.sampling.argmax import tokens_binding
from kernelc.kernels.spec import PAST, SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import logical_and, minimum, select
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32
from kernelc.target import Capabilities


@dataclass(frozen=True)
class PenaltyProblem:
    """`vocab`: number of logits."""

    vocab: int

    def __post_init__(self) -> None:
        """Raise ShapeError where there are none."""
        require(self.vocab >= 1, self, "at least one logit")


@dataclass(frozen=True)
class PenaltySchedule:
    """`threads`: invocations of a workgroup; `team`: those that search the tokens before one position."""

    threads: int
    team: int
    subgroups: bool

    @property
    def positions(self) -> int:
        return self.threads // self.team


class Penalty(KernelSpec[PenaltyProblem, PenaltySchedule]):
    """logits [vocab], changed for every id among tokens[0 .. past + seq).

    Each id must be penalised once, by one invocation: that of its first position. A team looks through the
    earlier positions for the same id.
    """

    name = "penalty"
    problem_type = PenaltyProblem

    def bindings(self, problem: PenaltyProblem) -> tuple[Binding, ...]:
        return (tokens_binding("read"), Binding("logits", f32, "read_write", problem.vocab))

    def reference(self, problem: PenaltyProblem, arrays: Arrays, params: Params) -> None:
        ids = np.unique(arrays["tokens"][: int(params["past"]) + int(params["seq"])])
        ids = ids[ids < problem.vocab]
        penalty = np.float32(params["repetition_penalty"])
        seen = arrays["logits"][ids]
        arrays["logits"][ids] = np.where(seen > 0, seen / penalty, seen * penalty)

    def space(self, capabilities: Capabilities, problem: PenaltyProblem) -> Iterable[PenaltySchedule]:
        for threads in (64, 256):
            for team in (1, 8, 32):
                yield PenaltySchedule(threads, team, capabilities.subgroups)

    def default(self, capabilities: Capabilities, problem: PenaltyProblem) -> PenaltySchedule:
        if capabilities.serial_workgroups:  # a team would look through the positions one after the other
            return PenaltySchedule(64, 1, False)
        return PenaltySchedule(256, 32, capabilities.subgroups)

    def workgroup(self, problem: PenaltyProblem, schedule: PenaltySchedule) -> int:
        return schedule.threads

    def grid(self, problem: PenaltyProblem, schedule: PenaltySchedule) -> Grid:
        return (ceildiv(PAST + SEQ, schedule.positions), 1, 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: PenaltyProblem, schedule: PenaltySchedule
    ) -> None:
        tokens, logits = arrays["tokens"], arrays["logits"]
        penalty = k.param("repetition_penalty")
        with k.when(penalty.differs(1.0)):
            positions = step_block.rows(k).next_position
            number = k.workgroup_id(0) * schedule.positions + team_number(k, schedule.team)
            position = minimum(number, positions - 1)
            token = tokens[position]
            before = k.var(0.0, f32)
            lane = team_lane(k, schedule.team)
            with k.loop(lane, position, schedule.team) as earlier, k.when(tokens[earlier].equals(token)):
                k.assign(before, 1.0)
            seen = team_max(k, [before], schedule.team, schedule.subgroups)[0]
            first = logical_and(number < positions, seen.equals(0.0))
            valid = token < problem.vocab
            with k.when(logical_and(lane.equals(0), logical_and(first, valid))):
                logit = logits[token]
                logits[token] = select(logit > 0.0, logit / penalty, logit * penalty)

    def inputs(
        self, problem: PenaltyProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        # Few different ids make many repetitions; one id may be beyond the logits.
        different = rng.integers(1, problem.vocab + 2)
        arrays["tokens"][...] = rng.integers(0, different, arrays["tokens"].size)
        arrays["logits"][...] = rng.normal(size=problem.vocab) * 4
        return arrays

    def params(
        self, problem: PenaltyProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, int | float]:
        penalty = float(np.float32(rng.choice([1.0, 1.1, 0.5, 2.0])))
        return {**super().params(problem, rng, env), "repetition_penalty": penalty}

    def describe(self, problem: PenaltyProblem) -> str:
        return str(problem.vocab)

    def tolerance(self, problem: PenaltyProblem) -> Tolerance:
        return Tolerance(relative=1e-6, absolute=1e-30)


PENALTY = Penalty()
