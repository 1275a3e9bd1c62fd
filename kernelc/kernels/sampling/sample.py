"""Sampling of one token by temperature, top-k, top-p and min-p, in one workgroup and without a sort.

Which tokens are kept is decided as Hugging Face's logits processors decide it in their usual order
(temperature, top-k, top-p on what top-k left, min-p). Each is a threshold: a token is kept if its logit is at
least

- top-k: the k-th greatest logit (of equal logits all stay, as there);
- top-p: the greatest value at or above which the probabilities, renormalised after top-k, add up to p
  (Holtzman et al., The Curious Case of Neural Text Degeneration, 2020; of equal logits all stay);
- min-p: the greatest logit + temperature * log(min_p) (Nguyen et al., Turning Up the Heat, 2024).

The token of the greatest logit is always kept. The draw is the kept token with the greatest logit +
temperature * noise. The noise has Gumbel's distribution (E. J. Gumbel, Statistical Theory of Extreme Values,
1954) and is a hash of seed, position and token: a seed gives the same text on every device, unless two scores
are closer than rounding. At temperature 0 the draw is the greatest logit, and the lowest id among equals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels import step_block
from kernelc.kernels.sampling.argmax import (
    keep_best,
    logits_binding,
    random_logits,
    tokens_binding,
    write_token,
)
from kernelc.kernels.sampling.hash_random import gumbel, gumbel_reference, hash_words, hash_words_reference
from kernelc.kernels.sampling.order_keys import greatest_lane, order_keys
from kernelc.kernels.sampling.threshold import COLDEST, LIMIT, SampleSchedule, Threshold, limited_number
from kernelc.kernels.spec import Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import select, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.values import Value
from kernelc.target import Capabilities


@dataclass(frozen=True)
class SampleProblem:
    """`vocab`: number of logits."""

    vocab: int

    def __post_init__(self) -> None:
        """Raise ShapeError where there are none."""
        require(self.vocab >= 1, self, "at least one logit")


def limited(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The logits as probabilities and scores use them: finite."""
    return np.clip(np.nan_to_num(logits.astype(np.float64), nan=-LIMIT), -LIMIT, LIMIT)


def kept_reference(logits: npt.NDArray[Any], params: Params, slack: float = 0.0) -> npt.NDArray[np.bool_]:
    """Which tokens may be drawn. A positive `slack` lets top-p and min-p keep a little more, a negative
    one a little less."""
    values = np.where(np.isnan(logits), -np.inf, logits).astype(np.float64)
    greatest, peak = values.max(), limited(logits).max()
    kept = np.ones(values.size, np.bool_)
    if 0 < params["top_k"] < values.size:
        kept = values >= np.sort(values)[-int(params["top_k"])]
    if params["top_p"] < 1:
        sharpness = 1 / max(float(params["temperature"]), COLDEST)
        mass = np.where(kept, np.exp(np.maximum((limited(logits) - peak) * sharpness, -100)), 0)
        descending = np.argsort(-values, kind="stable")
        before = np.concatenate([[0], np.cumsum(mass[descending])])
        above = before[np.searchsorted(-values[descending], -values)]  # mass of what is strictly greater
        kept &= above < (float(np.float32(params["top_p"])) + slack) * before[-1]
    if params["min_p"] > 0:
        floor = peak + float(params["temperature"]) * np.log(float(params["min_p"]))
        kept &= values >= floor - slack * (1 + abs(floor))
    return kept | (values == greatest)


def scores_reference(
    logits: npt.NDArray[Any], temperature: float, seed: npt.ArrayLike, position: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Logit + temperature * noise. Shapes: [vocab], or [n, vocab] for seeds or positions [n, 1]."""
    tokens = np.arange(logits.size, dtype=np.uint32)
    noise = gumbel_reference(hash_words_reference(tokens, position, seed))
    return limited(logits) + temperature * noise


class Sample(KernelSpec[SampleProblem, SampleSchedule]):
    """logits [vocab] and the step's sampling parameters -> tokens[past + seq]."""

    name = "sample"
    problem_type = SampleProblem

    def bindings(self, problem: SampleProblem) -> tuple[Binding, ...]:
        return (logits_binding(problem.vocab), tokens_binding("read_write"))

    def reference(self, problem: SampleProblem, arrays: Arrays, params: Params) -> None:
        logits, position = arrays["logits"].reshape(-1), int(params["past"]) + int(params["seq"])
        scores = scores_reference(logits, float(params["temperature"]), int(params["seed"]), position)
        arrays["tokens"][position] = np.argmax(np.where(kept_reference(logits, params), scores, -np.inf))

    def near_tie(
        self, problem: SampleProblem, inputs: Arrays, params: Params, got: Arrays, wanted: Arrays
    ) -> bool:
        """The drawn token is kept and has the best score, but for rounding in f32."""
        logits, position = inputs["logits"].reshape(-1), int(params["past"]) + int(params["seq"])
        token, others = int(got["tokens"][position]), np.arange(got["tokens"].size) != position
        if token >= problem.vocab or np.any(got["tokens"][others] != wanted["tokens"][others]):
            return False
        scores = scores_reference(logits, float(params["temperature"]), int(params["seed"]), position)
        surely, perhaps = (kept_reference(logits, params, slack) for slack in (-2e-5, 2e-5))
        best = scores[surely].max()
        return bool(
            perhaps[token] and scores[token] >= best - 2e-6 * (1 + abs(best) + float(params["temperature"]))
        )

    def telling(self, problem: SampleProblem, inputs: Arrays, params: Params) -> bool:
        """Whether some but not all tokens are kept, whatever the slack, and one of them has by far the best
        score without having the greatest logit."""
        logits, position = inputs["logits"].reshape(-1), int(params["past"]) + int(params["seq"])
        surely, perhaps = (kept_reference(logits, params, slack) for slack in (-1e-3, 1e-3))
        kept = int(surely.sum())
        if (surely != perhaps).any() or not 2 <= kept < problem.vocab:
            return False
        scores = scores_reference(logits, float(params["temperature"]), int(params["seed"]), position)
        scores = np.where(surely, scores, -np.inf)
        second, best = np.sort(scores)[-2:]
        return bool(best - second > 1e-3 * (1 + abs(best)) and scores.argmax() != logits.argmax())

    def space(self, capabilities: Capabilities, problem: SampleProblem) -> Iterable[SampleSchedule]:
        for threads, bits, slots, unroll in product((64, 128, 256), (1, 2), (2, 10), (1, 2, 4)):
            schedule = SampleSchedule(threads, bits, slots, unroll, capabilities.subgroups)
            if threads <= capabilities.max_threads and schedule.shared_bytes <= capabilities.shared_bytes:
                yield schedule

    def default(self, capabilities: Capabilities, problem: SampleProblem) -> SampleSchedule:
        small = problem.vocab <= 4096
        threads = 64 if small else min(256, capabilities.max_threads)
        return SampleSchedule(threads, 2, 10, 1 if small else 4, capabilities.subgroups)

    def workgroup(self, problem: SampleProblem, schedule: SampleSchedule) -> int:
        return schedule.threads

    def grid(self, problem: SampleProblem, schedule: SampleSchedule) -> Grid:
        return (1, 1, 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: SampleProblem, schedule: SampleSchedule
    ) -> None:
        threshold = Threshold(k, arrays["logits"], problem.vocab, schedule)
        threshold.find()
        write_token(k, arrays["tokens"], _draw(k, threshold))

    def inputs(
        self, problem: SampleProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        scale = np.float32(rng.choice([0.02, 0.3, 1]))  # a flat distribution draws whatever is kept
        arrays["logits"].reshape(-1)[...] = random_logits(problem.vocab, rng) * scale
        return arrays

    def params(
        self, problem: SampleProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, int | float]:
        """A step block with one of top-k, top-p and min-p, with none, or with all three."""

        def one_of(*choices: float) -> float:
            return float(np.float32(rng.choice(choices)))

        ways: dict[str, int | float] = {
            "top_k": int(rng.choice([1, 2, 3, 5, 40, 250, problem.vocab, 2**32 - 1])),
            "top_p": one_of(0.95, 0.7, 0.5, 0.01, 0),
            "min_p": one_of(0.02, 0.3, 1, 2),
        }
        alone = rng.choice([*ways, "none", "together"])
        if alone != "together":
            ways = {way: value for way, value in ways.items() if way == alone}
        return {
            **super().params(problem, rng, env),
            "seed": int(rng.integers(0, 2**32)),
            "temperature": one_of(0, 0.2, 1, 5, 100),
            **ways,
        }

    def tolerance(self, problem: SampleProblem) -> Tolerance:
        return Tolerance(relative=0, absolute=0)

    def describe(self, problem: SampleProblem) -> str:
        return str(problem.vocab)


def _draw(k: Tracer, threshold: Threshold) -> Value:
    """The id of the token with the best score among those at or above the threshold."""
    position = step_block.rows(k).next_position
    best = keep_best(k)
    with threshold.every_candidate() as (at, keys), k.when(greatest_lane(keys) >= threshold.key):
        first = at * threshold.lanes
        tokens = first if threshold.lanes == 1 else vector(*(first + lane for lane in range(threshold.lanes)))
        noise = gumbel(hash_words(tokens, position, k.param("seed")))
        scores = limited_number(keys) + k.param("temperature") * noise
        best.meet_element(select(keys >= threshold.key, order_keys(scores), 0), at)
    return best.of_workgroup(threshold.workgroup)[1]


SAMPLE = Sample()
