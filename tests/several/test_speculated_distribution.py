"""Tokens that a draft guessed have the model's own distribution, by counts against exact probabilities.

Model and draft are tables of logits over six tokens, which depend on the token before; both are drawn from by
the device's rules. Seeds are fixed, so nothing here is left to chance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import numpy as np
import pytest

from runtime.engine.drafts.speculation import Speculation, Speculator
from runtime.engine.generation import Request
from runtime.engine.host_sampling import draw
from runtime.engine.rows import Row, RowResult, RowSteps
from runtime.engine.sampling import SamplingParams
from runtime.engine.sequence import CachedSequence
from tests.several.test_speculation import Scripted

VOCAB, SEEDS, TOKENS = 6, 2500, 3
RNG = np.random.default_rng(8)
MODEL = RNG.normal(size=(VOCAB, VOCAB)).astype(np.float32) * 1.5
DRAFT = (MODEL + RNG.normal(size=(VOCAB, VOCAB)) * 0.9).astype(np.float32)
ASKED = [
    SamplingParams(temperature=0.8),
    SamplingParams(temperature=1.1, top_k=4),
    SamplingParams(temperature=0.9, min_p=0.2),
]


class TableDraft(Scripted):
    """Guesses by the table DRAFT."""

    def propose(self, count: int, sampling: SamplingParams) -> Sequence[int]:
        guesses: list[int] = []
        for at in range(count):
            ids = [*self.known, *guesses]
            guesses.append(draw(DRAFT[ids[-1]].copy(), sampling, len(self.known) + at))
        return guesses


@dataclass
class TableSteps:
    """Steps of the table MODEL."""

    def check(self, rows: Sequence[Row], guesses: Sequence[int]) -> list[RowResult]:
        known = rows[0].sequence.known_ids
        read = [known[-1], *guesses]
        return [
            RowResult(draw(MODEL[token].copy(), row.sampling, row.position), 0.0, None)
            for row, token in zip(rows, read, strict=True)
        ]


def speculated(sampling: SamplingParams, seed: int) -> tuple[tuple[int, ...], int, int]:
    """The first tokens after token 0, with how many were guessed and how many of these were right."""
    nothing = cast("Any", None)
    sequence = CachedSequence(nothing, nothing, nothing, 64, explain=nothing)
    sequence.ids, sequence.next_id = [1], 0
    scripted = TableDraft(script=((3, 3),))
    speculator = Speculator(scripted, scripted, cast("RowSteps", TableSteps()), 4)
    own = SamplingParams(sampling.temperature, sampling.top_k, min_p=sampling.min_p, seed=seed)
    tokens = Speculation(speculator, sequence, Request(60, own, frozenset(), 1, VOCAB))
    found = tuple(token.id for token in islice(tokens, TOKENS))
    tokens.close()
    return found, sequence.timings.drafted_tokens, sequence.timings.accepted_tokens


def probabilities(logits: np.ndarray[Any, Any], sampling: SamplingParams) -> np.ndarray[Any, Any]:
    """What the sampling parameters make of logits."""
    weights = np.exp(logits.astype(np.float64) / sampling.temperature)
    if sampling.top_k:
        weights[np.argsort(-logits)[sampling.top_k :]] = 0
    weights[weights < sampling.min_p * weights.max()] = 0
    return weights / weights.sum()


def exact(table: np.ndarray[Any, Any], sampling: SamplingParams) -> dict[tuple[int, ...], float]:
    """The probability of every sequence of tokens after token 0."""
    found: dict[tuple[int, ...], float] = {(): 1.0}
    for _ in range(TOKENS):
        found = {
            (*ids, token): before * after
            for ids, before in found.items()
            for token, after in enumerate(probabilities(table[ids[-1] if ids else 0], sampling))
        }
    return found


def deviation(counts: Counter[tuple[int, ...]], wanted: dict[tuple[int, ...], float]) -> float:
    """Pearson's chi-squared of counts, in standard deviations from its mean; outcomes that are expected fewer
    than five times are taken together."""
    rare = {ids for ids, share in wanted.items() if share * SEEDS < 5}
    groups = [[ids] for ids in wanted if ids not in rare]
    if sum(wanted[ids] for ids in rare) * SEEDS >= 5:
        groups.append(list(rare))
    total = 0.0
    for group in groups:
        expected = SEEDS * sum(wanted[ids] for ids in group)
        total += (sum(counts[ids] for ids in group) - expected) ** 2 / expected
    degrees = len(groups) - 1
    return (total - degrees) / math.sqrt(2 * degrees)


@pytest.mark.parametrize(
    "sampling", [ASKED[0], *(pytest.param(each, marks=pytest.mark.nightly) for each in ASKED[1:])]
)
def test_counts_are_those_of_the_model_and_not_of_the_draft(sampling: SamplingParams) -> None:
    answers = [speculated(sampling, seed) for seed in range(SEEDS)]
    counts = Counter(ids for ids, _, _ in answers)
    wanted = exact(MODEL, sampling)
    assert not [ids for ids in counts if not wanted[ids]]
    assert abs(deviation(counts, wanted)) < 3
    assert deviation(counts, {ids: share + 1e-9 for ids, share in exact(DRAFT, sampling).items()}) > 20


@pytest.mark.parametrize("sampling", ASKED, ids=lambda each: each.describe())
def test_a_first_guess_is_right_as_often_as_the_same_numbers_promise(sampling: SamplingParams) -> None:
    """(1 - d) / (1 + d), where d is the total variation distance."""
    ours, others = (probabilities(table[0], sampling) for table in (MODEL, DRAFT))
    distance = np.abs(ours - others).sum() / 2
    right = sum(
        draw(MODEL[0].copy(), own, 2) == draw(DRAFT[0].copy(), own, 2)
        for seed in range(SEEDS)
        for own in [SamplingParams(sampling.temperature, sampling.top_k, min_p=sampling.min_p, seed=seed)]
    )
    spread = 3 * math.sqrt(0.25 / SEEDS)
    assert right / SEEDS >= (1 - distance) / (1 + distance) - spread
    assert right / SEEDS <= 1 - distance + spread
