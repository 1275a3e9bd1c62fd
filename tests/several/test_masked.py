"""Tokens that the device draws among those that a mask allows: those that the host would draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from runtime.engine.engine import Engine
from runtime.engine.host_sampling import F32, draw
from runtime.engine.masked import MaskedGeneration
from runtime.engine.rows import BegunStep
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import SeveralEngine
from tests.several.asked import Asked, Running, ids_of, lone

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
        self,
        vocab: int,
        sampling: SamplingParams,
        *,
        here: bool,
        knows: bool,
        strange: Sequence[int] = (),
        begins: int = len(PROMPT),
    ) -> None:
        self.only_masks = not here
        self.drawn_here = 0
        self._sampling, self._vocab, self._knows = sampling, vocab, knows
        self._strange = list(strange)
        self._position = begins

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
    chooser = Scripted(alone.vocab_size, SAMPLINGS["greedy"], here=False, knows=False, begins=len(long))
    generation = alone.generate(50, choose=chooser)
    assert len(list(generation)) == 5 and generation.finish_reason == "context"


NEW = 14
PROMPTS = [ids_of(31 + at, length) for at, length in enumerate((9, 30, 5))]


def _masked_answer(engine: Engine, at: int, sampling: SamplingParams, *, knows: bool) -> list[int]:
    """What the host draws for an answer that is alone."""
    prompt = PROMPTS[at]
    chooser = Scripted(engine.vocab_size, sampling, here=True, knows=knows, begins=len(prompt))
    engine.truncate(0)
    engine.feed(prompt)
    return [token.id for token in engine.generate(NEW, sampling, choose=chooser)]


def _beside(
    engine: SeveralEngine, names: Sequence[str], plain: Asked, *, knows: bool, strange: bool
) -> tuple[list[list[int]], list[int], list[Scripted]]:
    """What answers with masks give in steps that another without shares, and that one, and the choosers."""
    running = [Running(engine.lease(), Asked(prompt, NEW)) for prompt in PROMPTS[: len(names)]]
    choosers: list[Scripted] = []
    for at, (each, name) in enumerate(zip(running, names, strict=True)):
        each.begin()
        first = len(each.asked.prompt)
        where = [first + 2 + at, first + 7] if strange else []
        sampling = SAMPLINGS[name]
        choosers.append(
            Scripted(engine.vocab_size, sampling, here=False, knows=knows, strange=where, begins=first)
        )
        each.tokens = each.lease.generate(NEW, sampling, (), choose=choosers[-1])
    running.append(Running(engine.lease(), plain))
    running[-1].begin()
    while any(each.over is None for each in running):
        for each in running:
            if each.over is None:
                each.go_on()
        engine.step()
    return [each.ids for each in running[:-1]], running[-1].ids, choosers


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(("knows", "strange"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("names", [["greedy"], ["sampled", "greedy, penalised", "filtered"]])
def test_answers_with_masks_share_steps_with_others(
    engine: SeveralEngine,
    alone: Engine,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    knows: bool,
    strange: bool,
    ahead: bool,
) -> None:
    """All draw on the device what they would alone; `ahead`: with each step handed over ahead."""
    if ahead:
        monkeypatch.setattr(BegunStep, "over", False)
    masks: list[int] = []
    sample = BegunStep.sample

    def counted(step: BegunStep, given: Sequence[npt.NDArray[np.uint32]]) -> None:
        masks.append(len(given))
        sample(step, given)

    monkeypatch.setattr(BegunStep, "sample", counted)
    plain = Asked(ids_of(40, 6), 2 * NEW, SamplingParams(temperature=0.9, seed=4))
    wanted = [_masked_answer(alone, at, SAMPLINGS[name], knows=knows) for at, name in enumerate(names)]
    found, beside, choosers = _beside(engine, names, plain, knows=knows, strange=strange)
    assert found == wanted and beside == lone(alone, plain)
    assert [each.drawn_here for each in choosers] == [2 * strange] * len(names)
    assert max(masks) == len(names) and len(masks) >= (4 if knows else NEW - 2)


def test_a_mask_that_fails_is_its_own_answers_fault(engine: SeveralEngine, alone: Engine) -> None:
    class Fails(Scripted):
        def mask(self) -> npt.NDArray[np.uint32]:
            if self._position > len(PROMPT) + 2:
                raise ValueError("too ambiguous")
            return super().mask()

    good, bad = Running(engine.lease(), Asked(ids_of(41, 8), 12)), Running(engine.lease(), Asked(PROMPT, 12))
    good.begin()
    bad.begin()
    greedy = SAMPLINGS["greedy"]
    bad.tokens = bad.lease.generate(
        12, greedy, (), choose=Fails(engine.vocab_size, greedy, here=False, knows=False)
    )
    with pytest.raises(ValueError, match="too ambiguous"):
        while bad.over is None:
            good.go_on()
            bad.go_on()
            engine.step()
    bad.lease.back()
    while good.over is None:
        good.go_on()
        engine.step()
    assert good.ids == lone(alone, good.asked)


def test_an_answer_with_masks_that_is_alone_goes_on_ahead(
    engine: SeveralEngine, alone: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next step is handed over before the id is read, until another comes beside it."""
    made: list[MaskedGeneration] = []
    begin = MaskedGeneration.__init__

    def counted(self: MaskedGeneration, *args: object, **options: object) -> None:
        made.append(self)
        begin(self, *args, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(MaskedGeneration, "__init__", counted)
    for knows, most in ((False, 1), (True, 5)):
        wanted = _masked_answer(alone, 0, SAMPLINGS["sampled"], knows=knows)
        made.clear()
        lease = Running(engine.lease(), Asked(PROMPTS[0], NEW))
        lease.begin()
        chooser = Scripted(engine.vocab_size, SAMPLINGS["sampled"], here=False, knows=knows)
        lease.tokens = lease.lease.generate(NEW, SAMPLINGS["sampled"], (), choose=chooser)
        lease.go_on()
        assert lease.ids == wanted and lease.over == "length"
        assert 1 <= len(made) <= most  # a new one only behind tokens that were known
