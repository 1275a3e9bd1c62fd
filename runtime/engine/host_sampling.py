"""Sampling on the host, for what the kernels do not know: biases, penalties by count, log probabilities.

It draws what the device would: `kernelc/kernels/sampling` and `web/src/engine/sampling/cpuSampler.ts` have
the same rules and the same random numbers, a hash of seed, position and token, so a seed gives the same text
here as there, but for scores closer than rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.engine.sampling import SamplingParams

F32: TypeAlias = npt.NDArray[np.float32]
F64: TypeAlias = npt.NDArray[np.float64]

_LIMIT = 1e30  # logits count as within this, so that no infinity enters the arithmetic
_COLDEST = 1e-5  # probabilities are those at this temperature or above
_MULTIPLIER, _INCREMENT = np.uint32(1664525), np.uint32(1013904223)
_GREATEST_BELOW_ONE = np.float32(1 - 2.0**-24)


@dataclass(frozen=True)
class Adjustments:
    """What changes the logits before a token is drawn.

    `bias` is added to a token's logit, by id. A token that was generated n times before loses
    n * `frequency_penalty` + `presence_penalty` (as in OpenAI's API).
    """

    bias: Mapping[int, float] = field(default_factory=dict[int, float])
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0

    @property
    def any(self) -> bool:
        """Whether anything changes."""
        return bool(self.bias) or self.frequency_penalty != 0 or self.presence_penalty != 0


@dataclass(frozen=True)
class TokenLogprob:
    """A token id and the natural logarithm of its probability."""

    id: int
    logprob: float


def adjust(
    logits: F32,
    sampling: SamplingParams,
    adjustments: Adjustments,
    before: Iterable[int],
    counts: Mapping[int, int],
) -> None:
    """Change logits [vocab] in place.

    First the biases, then the repetition penalty for every id in `before`, then the penalties by count:
    `counts` says how often each id was generated. Ids outside the vocabulary are left out.
    """
    for token, bias in adjustments.bias.items():
        if 0 <= token < len(logits):
            logits[token] += np.float32(bias)
    penalty = np.float32(sampling.repetition_penalty)
    if penalty != 1:
        ids = np.unique(np.fromiter(before, np.int64))
        ids = ids[ids < len(logits)]
        seen = logits[ids]
        logits[ids] = np.where(seen > 0, seen / penalty, seen * penalty)
    for token, count in counts.items():
        logits[token] -= np.float32(count * adjustments.frequency_penalty + adjustments.presence_penalty)


def draw(logits: F32, sampling: SamplingParams, position: int) -> int:
    """Return the id drawn for a position from logits [vocab]; NaN counts as never."""
    values = np.where(np.isnan(logits), -np.inf, logits).astype(np.float64)
    greatest = values.max()
    if sampling.temperature == 0 or greatest == -np.inf:
        return int(values.argmax())
    temperature = float(np.float32(sampling.temperature))
    tokens = np.arange(len(values), dtype=np.uint32)
    scores = _limited(values) + temperature * gumbel(hash_words(tokens, position, sampling.seed or 0))
    kept = (values >= _threshold(values, sampling, temperature)) | (values == greatest)
    return int(np.where(kept, scores, -np.inf).argmax())


def _threshold(values: F64, sampling: SamplingParams, temperature: float) -> float:
    """Tokens are kept where their logit is at least this: top-k, then top-p on what that left, then min-p."""
    peak, floor = _limited(values).max(), -np.inf
    if 0 < sampling.top_k < len(values):
        floor = np.partition(values, -sampling.top_k)[-sampling.top_k]
    if sampling.top_p < 1:
        floor = max(floor, _nucleus(values[values >= floor], peak, temperature, sampling.top_p))
    if sampling.min_p > 0:
        floor = max(floor, peak + temperature * np.log(float(np.float32(sampling.min_p))))
    return float(floor)


def _nucleus(values: F64, peak: float, temperature: float, top_p: float) -> float:
    """The least value such that the probability of all that are strictly greater is below `top_p`."""
    descending = -np.sort(-values)
    mass = np.exp(np.maximum((_limited(descending) - peak) / max(temperature, _COLDEST), -100))
    before = np.concatenate([[0.0], np.cumsum(mass)])
    above = before[np.searchsorted(-descending, -descending)]  # of equals all stay
    return float(descending[above < float(np.float32(top_p)) * before[-1]].min())


def _limited(values: F64) -> F64:
    return np.clip(values, -_LIMIT, _LIMIT)


def hash_words(x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """Return 32 random bits that depend on every bit of three 32-bit words; the arguments broadcast.

    Source: pcg3d of M. Jarzynski and M. Olano, Hash Functions for GPU Rendering, JCGT 2020.
    """
    words = (np.atleast_1d(np.asarray(word, np.uint32)) for word in (x, y, z))
    a, b, c = (word * _MULTIPLIER + _INCREMENT for word in words)
    a = a + b * c
    b = b + c * a
    c = c + a * b
    a, b, c = (word ^ (word >> np.uint32(16)) for word in (a, b, c))
    return a + b * c


def gumbel(bits: npt.NDArray[Any]) -> F64:
    """Return standard Gumbel variables from 32 random bits each: the greatest logit + noise is a draw from
    the softmax."""
    uniform = ((bits.astype(np.float64) + 0.5) * 2.0**-32).astype(np.float32)
    return -np.log(-np.log1p(-np.minimum(uniform, _GREATEST_BELOW_ONE).astype(np.float64)))


class LogprobTable:
    """Log probabilities of the tokens at one position: the log of the softmax of logits [vocab], in f64."""

    def __init__(self, logits: F32) -> None:
        values = _limited(np.where(np.isnan(logits), -np.inf, logits).astype(np.float64))
        peak = values.max()
        self._logprobs: F64 = values - peak - np.log(np.exp(values - peak).sum())

    def of(self, token: int) -> TokenLogprob:
        """Return that of one token."""
        return TokenLogprob(token, float(self._logprobs[token]))

    def top(self, count: int) -> tuple[TokenLogprob, ...]:
        """Return those of the `count` likeliest tokens, the likeliest first, lower ids first among equals."""
        order = np.argsort(-self._logprobs, kind="stable")[:count]
        return tuple(self.of(int(token)) for token in order)
