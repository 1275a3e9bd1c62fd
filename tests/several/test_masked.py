"""Tokens that the device draws among those that a mask allows: those that the host would draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from runtime.engine.engine import Engine
from runtime.engine.host_sampling import F32, draw
from runtime.engine.masked import MaskedGeneration
from runtime.engine.sampling import SamplingParams
from tests.several.asked import ids_of

PROMPT = ids_of(31, 9)
SAMPLINGS = {
    "greedy": SamplingParams(),
    "sampled": SamplingParams(temperature=1.3, seed=5),
    "filtered": SamplingParams(temperature=0.9, top_p=0.7, top_k=30, min_p=0.02, seed=6),
    "penalised": SamplingParams(temperature=0.8, repetition_penalty=1.4, seed=7),
    "greedy, penalised": SamplingParams(repetition_penalty=1.4),
}


class Scripted:
    """Allows a few tokens at each position, which are drawn by the device, or with `here` by the host.

    After every fourth token it knows three that follow; at the positions of `strange` it refuses what the
    device drew.
    """

    def __init__(
        self, vocab: int, sampling: SamplingParams, *, here: bool, knows: bool, strange: Sequence[int] = ()
    ) -> None:
        self.only_masks = not here
        self.drawn_here = 0
        self._sampling, self._vocab, self._knows = sampling, vocab, knows
        self._strange = list(strange)
        self._position = len(PROMPT)

    def _allowed(self) -> npt.NDArray[np.bool_]:
        chance = np.random.default_rng([9, self._position])
        return chance.random(self._vocab) < chance.choice([0.002, 0.05, 0.5, 1])

    def mask(self) -> npt.NDArray[np.uint32]:
        bits = np.zeros(-(-self._vocab // 32) * 32, np.bool_)
        bits[: self._vocab] = self._allowed()
        return np.packbits(bits, bitorder="little").view("<u4")

    def took(self, token: int) -> bool:
        if self._position in self._strange:
            self._strange.remove(self._position)
            return False
        assert self._allowed()[token]
        self._position += 1
        return True

    def __call__(self, logits: F32, ids: Sequence[int]) -> int:
        assert len(ids) == self._position
        self.drawn_here += 1
        penalty, seen = np.float32(self._sampling.repetition_penalty), np.unique(ids)
        logits[seen] = np.where(logits[seen] > 0, logits[seen] / penalty, logits[seen] * penalty)
        logits[~self._allowed()] = -np.inf
        self._position += 1
        return draw(logits, self._sampling, len(ids))

    def prepare(self) -> None:
        pass

    def ahead(self, most: int) -> Sequence[int]:
        known = [7, 9, 11][:most] if self._knows and self._position % 4 == 1 else []
        self._position += len(known)
        return known


def answers(
    engine: Engine, count: int, name: str, *, knows: bool, strange: Sequence[int]
) -> Iterator[tuple[list[int], str | None, list[int]]]:
    """What the host's draws, and then the device's, give: the ids, and what follows them."""
    for here in (True, False):
        chooser = Scripted(engine.vocab_size, SAMPLINGS[name], here=here, knows=knows, strange=strange)
        kept = engine.reuse(PROMPT[:-1])
        engine.feed(PROMPT[kept:])
        generation = engine.generate(count, SAMPLINGS[name], choose=chooser)
        assert isinstance(generation, MaskedGeneration) is not here
        ids = [token.id for token in generation]
        assert here or chooser.drawn_here == len(strange)
        after = [token.id for token in engine.generate(3)]
        yield ids, generation.finish_reason, after


@pytest.mark.parametrize("strange", [(), (len(PROMPT), len(PROMPT) + 6)])
@pytest.mark.parametrize("knows", [False, True])
@pytest.mark.parametrize("name", SAMPLINGS)
def test_the_device_draws_what_the_host_would(
    alone: Engine, name: str, knows: bool, strange: Sequence[int]
) -> None:
    here, on_device = answers(alone, 14, name, knows=knows, strange=() if knows else strange)
    assert here == on_device


def test_an_answer_may_end_anywhere(alone: Engine) -> None:
    whole, _ = answers(alone, 12, "sampled", knows=False, strange=())
    ids, sampling = whole[0], SAMPLINGS["sampled"]
    for end in (0, 1, 5):
        alone.truncate(0)
        alone.feed(PROMPT)
        chooser = Scripted(alone.vocab_size, sampling, here=False, knows=False)
        generation = alone.generate(12, sampling, stop_ids=[ids[end]], choose=chooser)
        assert [token.id for token in generation] == ids[: ids.index(ids[end])]
        assert generation.finish_reason == "stop"
        chooser = Scripted(alone.vocab_size, sampling, here=False, knows=False)
        alone.truncate(0)
        alone.feed(PROMPT)
        with alone.generate(12, sampling, choose=chooser) as left:
            assert [next(left).id for _ in range(end)] == ids[:end]
        assert alone.ids == (*PROMPT, *ids[: max(0, end - 1)])


def test_the_context_may_be_full(alone: Engine) -> None:
    long = [*PROMPT, *ids_of(32, alone.context - len(PROMPT) - 4)]
    alone.feed(long[len(alone.ids) :] if alone.reuse(long[:-1]) else long)
    chooser = Scripted(alone.vocab_size, SAMPLINGS["greedy"], here=False, knows=False)
    chooser._position = len(long)  # pyright: ignore[reportPrivateUsage]
    generation = alone.generate(50, choose=chooser)
    assert len(list(generation)) == 5 and generation.finish_reason == "context"
