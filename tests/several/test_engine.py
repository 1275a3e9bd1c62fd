"""An engine of several sequences: each gets what it would get alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

import pytest

from kernelc.artifact import Artifact
from kernelc.errors import DeviceError, UsageError
from kernelc.kernels.registry import references
from kernelc.native import Library
from runtime.chat.answer import Stopped
from runtime.engine import seat_tokens
from runtime.engine.engine import Engine
from runtime.engine.host_sampling import F32
from runtime.engine.rows import BegunStep, Row, RowResult, RowSteps
from runtime.engine.several import SeveralEngine
from runtime.prefixes.settings import PrefixSettings
from runtime.prefixes.store import MemoryStore
from tests.several.asked import ASKED, GREEDY, SEQUENCES, Asked, KnowsSome, Running, ids_of, lone, together


def test_sequences_beside_each_other_get_the_ids_that_they_get_alone(
    engine: SeveralEngine, alone: Engine
) -> None:
    wanted = [lone(alone, each) for each in ASKED]
    assert together(engine, ASKED) == wanted
    assert all(len(ids) == each.new for ids, each in zip(wanted, ASKED, strict=True))
    for each, ids in zip(ASKED, wanted, strict=True):  # alone in the engine, too
        assert together(engine, [each]) == [ids]


def test_steps_that_are_handed_over_ahead_give_the_same_ids(
    engine: SeveralEngine, alone: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on devices that work while the host goes on: some answers are over before their last row."""
    begun: list[int] = []
    begin = RowSteps.begin

    def counted(steps: RowSteps, rows: Sequence[Row]) -> BegunStep:
        begun.append(len(rows))
        return begin(steps, rows)

    monkeypatch.setattr(RowSteps, "begin", counted)
    wanted = [lone(alone, each) for each in ASKED]
    assert together(engine, ASKED) == wanted
    in_turn = len(begun)
    monkeypatch.setattr(BegunStep, "over", False)
    assert together(engine, ASKED) == wanted
    assert len(begun) - in_turn > in_turn  # the last of some is made for nobody
    sampled = [each for each in ASKED if not each.chosen]
    assert together(engine, sampled * 2) == [lone(alone, each) for each in sampled] * 2


@pytest.mark.parametrize("taken", [0, 1, 2, 4, 5])
def test_tokens_that_a_chooser_knows_are_given_whoever_comes_meanwhile(
    engine: SeveralEngine, alone: Engine, taken: int
) -> None:
    asked = [Asked(ids_of(14, 6), 22, known=True), Asked(ids_of(15, 9), 7, known=True)]
    first, second = (Running(engine.lease(), each) for each in asked)
    first.begin()
    for token in islice(first.tokens, taken):
        assert token is not None  # it is alone
        first.ids.append(token.id)
    second.begin()
    while first.over is None or second.over is None:
        for each in (first, second):
            if each.over is None:
                each.go_on()
        engine.step()
    assert [first.ids, second.ids] == [lone(alone, each) for each in asked]
    assert (first.over, second.over) == ("length", "length")


def test_a_prompt_takes_the_sequence_that_shares_most_with_it(engine: SeveralEngine) -> None:
    for seat in engine.seats:
        seat.truncate(0)
    shared = ids_of(7, 30)
    together(engine, [Asked(ids_of(8, 5), 1), Asked(shared, 1), Asked(ids_of(9, 5), 1)])
    held = max(engine.seats, key=lambda seat: seat.common_prefix(shared))
    lease = engine.lease()
    assert lease.reuse([*shared, 3, 4]) == 30
    assert lease.seat is held
    other = engine.lease()
    assert other.reuse([*shared, 3, 4]) <= 1  # that one is taken
    lease.back()
    other.back()


def test_a_prompt_that_shares_little_takes_an_empty_sequence(engine: SeveralEngine) -> None:
    for seat in engine.seats:
        seat.truncate(0)
    bos = 1
    first, second = [bos, *ids_of(21, 40)], [bos, *ids_of(22, 40)]
    together(engine, [Asked(first, 1)])
    together(engine, [Asked(second, 1)])
    held = [max(seat.common_prefix(ids) for seat in engine.seats) for ids in (first, second)]
    assert held == [41, 41]  # neither made room for the other
    together(engine, [Asked([bos, *ids_of(23, 40)], 1) for _ in range(SEQUENCES - 2)])
    seat = min(engine.seats, key=lambda each: each.used)
    lease = engine.lease()
    assert lease.reuse([bos, *ids_of(24, 40)]) < 3  # all hold something: the one that was unused for longest
    assert lease.seat is seat
    lease.back()
    short = [bos, 5, 6, 7]
    together(engine, [Asked(short, 1)])
    lease = engine.lease()
    assert lease.reuse(short) == 4  # few, but all that its sequence holds
    lease.back()


def test_prompts_that_are_kept_are_restored_in_any_sequence(
    artifact: Artifact, device: str, alone: Engine
) -> None:
    every = [Asked(ids_of(20 + at, 200), 8) for at in range(SEQUENCES)]
    wanted = [lone(alone, each) for each in every]
    store = MemoryStore(1 << 30)

    def opened() -> SeveralEngine:
        settings = PrefixSettings(store=store)
        return SeveralEngine.open(
            artifact, device, references=references(), library=Library(), prefixes=settings
        )

    with opened() as first:
        assert together(first, every) == wanted
        first.settle()
    with opened() as second:
        for each in reversed(every):  # each in another sequence than before
            lease = second.lease()
            assert lease.reuse(each.prompt[:-1]) == 192
        for seat in second.seats:
            seat.taken = False
        assert together(second, every) == wanted


def test_a_long_prompt_is_fed_in_chunks_between_which_others_go_on(engine: SeveralEngine) -> None:
    first = Running(engine.lease(), Asked(ids_of(10, 4), 30))
    first.begin()
    second = Running(engine.lease(), Asked(ids_of(11, 300), 2))
    second.lease.reuse(second.asked.prompt[:-1])  # takes its place
    first.go_on()

    def others() -> None:
        first.go_on()
        engine.step()

    engine.when_feeding(others)
    second.begin()
    engine.when_feeding(lambda: None)
    first.go_on()
    assert len(first.ids) == 3  # its first, and one after each of two chunks
    for each in (first, second):
        each.tokens.close()
        each.lease.back()


def test_a_prompt_that_is_alone_can_be_stopped_on_its_way(engine: SeveralEngine) -> None:
    lease, prompt = engine.lease(), ids_of(13, 600)
    done: list[tuple[int, int]] = []

    def stop(what: str, at: int, total: int) -> None:
        done.append((at, total))
        raise Stopped

    lease.reuse(prompt[:-1])
    with pytest.raises(Stopped):
        lease.feed(prompt, progress=stop)
    assert done == [(512, 600)]  # and not after the whole of it
    lease.back()


class Prepares(KnowsSome):
    """Writes down what is asked of it, and may be unable to prepare its second choice."""

    def __init__(self, log: list[str], *, fails: bool = False) -> None:
        super().__init__()
        self._log, self._fails = log, fails

    def prepare(self) -> None:
        self._log.append("prepare")
        if self._fails and self.choices == 1:
            raise ValueError("no mask")

    def __call__(self, logits: F32, ids: Sequence[int]) -> int:
        self._log.append("choose")
        return super().__call__(logits, ids)

    def ahead(self, most: int) -> Sequence[int]:
        return ()


@pytest.mark.parametrize("fails", [False, True])
def test_choices_of_a_step_are_prepared_before_any_is_made(engine: SeveralEngine, fails: bool) -> None:
    log: list[str] = []
    choosers = [Prepares(log), Prepares(log, fails=fails), Prepares(log)]
    seats = [engine.take(ids_of(50 + at, 5)) for at in range(3)]
    tokens = []
    for at, (seat, chooser) in enumerate(zip(seats, choosers, strict=True)):
        prompt = ids_of(50 + at, 5)
        seat.truncate(0)
        seat.feed(prompt)
        tokens.append(seat.generate(6, GREEDY, (), choose=chooser))
    late = [each for each in tokens if next(each) is None]  # the last prompt alone has its logits still
    engine.step()
    assert None not in [next(each) for each in late]
    log.clear()
    assert [next(each) for each in tokens] == [None] * 3
    engine.step()
    assert log[:3] == ["prepare"] * 3 and log[3:] == ["choose"] * (2 if fails else 3)
    if fails:
        with pytest.raises(ValueError, match="no mask"):
            next(tokens[1])
    assert next(tokens[0]) is not None and next(tokens[2]) is not None
    for seat, each in zip(seats, tokens, strict=True):
        each.close()
        seat.taken = False


@pytest.mark.parametrize("token", [1 << 20, None])
def test_what_is_wrong_with_one_leaves_the_others_alone(
    engine: SeveralEngine, alone: Engine, token: int | None
) -> None:
    good = Running(engine.lease(), ASKED[0])
    bad = Running(engine.lease(), Asked(ids_of(12, 5), 9))
    good.begin()
    bad.begin()

    def choose(logits: F32, ids: Sequence[int]) -> int:
        if len(ids) == 5:
            return 3
        if token is None:
            raise ValueError("a bug")
        return token

    bad.tokens = bad.lease.generate(9, GREEDY, (), choose=choose)
    with pytest.raises((UsageError, ValueError), match=r"outside the vocabulary|a bug"):
        while True:
            good.go_on()
            bad.go_on()
            engine.step()
    bad.lease.back()
    while good.over is None:
        good.go_on()
        engine.step()
    assert good.ids == lone(alone, ASKED[0])


@pytest.mark.parametrize("score", [math.nan, 1.5])
def test_an_id_of_0_is_looked_at_again_where_its_score_did_not_come_back(
    engine: SeveralEngine, monkeypatch: pytest.MonkeyPatch, score: float
) -> None:
    """Scores come back in the beginning, and behind an id of 0."""
    watched: list[list[bool]] = []
    finish, begin = BegunStep.finish, RowSteps.begin
    asked = [Asked(ids_of(61, 6), 8), Asked(ids_of(62, 9), 8)]

    def begun(steps: RowSteps, rows: Sequence[Row]) -> BegunStep:
        watched.append([row.watched for row in rows])
        return begin(steps, rows)

    def finished(step: BegunStep) -> list[RowResult]:
        results = finish(step)
        if len(watched) == 3:
            assert [each.first_score for each in results] == [None, None]
            return [RowResult(0, None, None) for _ in results]
        return results

    monkeypatch.setattr(RowSteps, "begin", begun)
    monkeypatch.setattr(BegunStep, "finish", finished)
    monkeypatch.setattr(seat_tokens, "first_score", lambda *_: score)
    running = [Running(engine.lease(), each) for each in asked]
    for each in running:
        each.begin()
    failed = 0
    while any(each.over is None for each in running):
        for each in running:
            try:
                if each.over is None:
                    each.go_on()
            except DeviceError as error:
                assert "no numbers" in str(error)
                failed, each.over = failed + 1, "failed"
                each.lease.back()
        engine.step()
    assert failed == (2 if math.isnan(score) else 0)
    assert watched[:3] == [[True, True], [False, False], [False, False]]
    if not failed:
        assert watched[3] == [True, True] and watched[4] == [False, False]
