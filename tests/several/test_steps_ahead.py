"""Steps of several rows that are handed over ahead, without a device: what is begun, and given to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from runtime.engine.rows import Row
from runtime.engine.sampling import SamplingParams
from runtime.engine.steps_ahead import StepsAhead


@dataclass
class Step:
    """A step whose results name their positions."""

    rows: Sequence[Row]
    over: bool = False
    discarded: bool = False
    masks: Sequence[Any] | None = None

    @property
    def masked(self) -> int:
        return sum(row.masked for row in self.rows)

    def sample(self, masks: Sequence[Any]) -> None:
        assert self.masks is None and len(masks) == self.masked
        self.masks = masks

    def finish(self) -> list[int]:
        return [row.position for row in self.rows]

    def discard(self) -> None:
        self.discarded = True


@dataclass
class Steps:
    """Begins steps, and remembers them."""

    begun: list[Step] = field(default_factory=list[Step])
    over: bool = False

    def begin(self, rows: Sequence[Row]) -> Step:
        self.begun.append(Step(rows, self.over))
        return self.begun[-1]


@dataclass(eq=False)
class Tokens:
    """An answer that is `left` tokens short of its end; `whole`: chosen on the host; `masked`: among what its
    mask allows, which is its position, but where it is `refused`. `prepared` has the positions for which
    something was prepared."""

    position: int
    left: int = 100
    whole: bool = False
    masked: bool = False
    refused: Sequence[int] = ()
    given: list[int] = field(default_factory=list[int])
    prepared: list[int] = field(default_factory=list[int])

    @property
    def row(self) -> Row:
        sequence: Any = None
        return Row(sequence, self.position, SamplingParams(), self.whole, self.masked)

    @property
    def mask(self) -> Any:
        return [self.position] if self.masked else None

    def wants(self, count: int) -> bool:
        return count <= self.left

    def prepare(self) -> None:
        self.prepared.append(self.position)

    def deliver(self, made: Any) -> bool:
        assert len(self.prepared) == len(self.given) + 1 or made == -1, "prepared once for each step"
        self.given.append(made)
        self.position, self.left = self.position + 1, self.left - 1
        return made in self.refused

    def step_alone(self) -> None:
        self.deliver(-1)


def _made(ahead: bool = True, over: bool = False) -> tuple[Any, Steps]:
    steps: Any = Steps(over=over)
    return StepsAhead(steps, ahead=ahead, vocab=8), steps


def _positions(steps: Steps) -> list[list[int]]:
    return [[row.position for row in step.rows] for step in steps.begun]


def test_each_step_is_begun_before_the_one_before_is_read() -> None:
    ahead, steps = _made()
    a, b = Tokens(5), Tokens(9, left=2)
    ahead.step([a, b])
    assert _positions(steps) == [[5, 9], [6, 10]] and (a.given, b.given) == ([5], [9])
    ahead.step([a, b])  # b has all, so a would be alone
    assert _positions(steps) == [[5, 9], [6, 10]] and (a.given, b.given) == ([5, 6], [9, 10])
    ahead.step([a])
    assert len(steps.begun) == 2 and a.given == [5, 6, -1]
    assert (a.prepared, b.prepared) == ([5, 6], [9, 10])  # an answer that is alone prepares by itself


def test_whoever_joins_is_in_the_next_step() -> None:
    ahead, steps = _made()
    a, b, late = Tokens(5), Tokens(9), Tokens(3)
    ahead.step([a, b])
    ahead.step([a, b, late])
    assert _positions(steps)[2] == [7, 11, 3] and late.given == []
    ahead.step([a, b, late])
    assert (a.given, b.given, late.given) == ([5, 6, 7], [9, 10, 11], [3])
    assert (a.prepared, b.prepared, late.prepared) == (a.given, b.given, late.given)


def test_an_answer_whose_ids_the_host_chooses_joins_a_step_later() -> None:
    ahead, steps = _made()
    a, b, chosen = Tokens(5), Tokens(9), Tokens(3, whole=True)
    ahead.step([a, b])
    ahead.step([a, b, chosen])  # of the step that is under way
    assert _positions(steps) == [[5, 9], [6, 10]] and chosen.prepared == []
    ahead.step([a, b, chosen])
    ahead.step([a, b, chosen])
    assert _positions(steps)[2:] == [[7, 11, 3], [8, 12, 4]]
    assert (a.given, b.given, chosen.given) == ([5, 6, 7, 8], [9, 10, 11, 12], [3, 4])
    assert (a.prepared, chosen.prepared) == (a.given, chosen.given)  # once for each step


def test_nothing_is_prepared_for_an_answer_that_has_ended() -> None:
    ahead, steps = _made()
    a, b = Tokens(5), Tokens(9)
    ahead.step([a, b])
    ahead.step([a])  # b was stopped, with its row under way
    assert _positions(steps) == [[5, 9], [6, 10]]
    assert (a.prepared, b.prepared, b.given) == ([5, 6], [9], [9])


def test_a_step_that_fits_no_answer_any_more_is_discarded() -> None:
    ahead, steps = _made()
    a, b = Tokens(5), Tokens(9)
    ahead.step([a, b])
    a.position, other = 20, Tokens(9)  # a went on alone, and b's sequence has another answer
    ahead.step([a, other])
    assert steps.begun[1].discarded and _positions(steps)[2:] == [[20, 9], [21, 10]]
    assert (a.given, other.given) == ([5, 20], [9])


@pytest.mark.parametrize(
    ("ahead", "over", "whole"), [(False, False, False), (True, True, False), (True, False, True)]
)
def test_nothing_is_begun_ahead_where_that_is_no_use(ahead: bool, over: bool, whole: bool) -> None:
    """As asked; on devices that are done at once; where the host chooses an id."""
    made, steps = _made(ahead, over)
    made.step([Tokens(5), Tokens(9, whole=whole)])
    assert _positions(steps) == [[5, 9]]


def test_a_step_with_masks_is_sampled_before_the_next_is_begun() -> None:
    made, steps = _made()
    a, b, c = Tokens(5), Tokens(9, masked=True), Tokens(2, masked=True, left=2)
    made.step([a, b, c])
    assert _positions(steps) == [[9, 2, 5], [10, 3, 6]]  # those with masks first
    assert (steps.begun[0].masks, steps.begun[1].masks) == ([[9], [2]], None)
    made.step([a, b])  # c was stopped, with its row under way: any mask will do
    masks = steps.begun[1].masks
    assert masks is not None and masks[0] == [10] and (masks[1] == 0xFFFFFFFF).all()
    assert (a.given, b.given, c.given) == ([5, 6], [9, 10], [2])
    assert (a.prepared, b.prepared) == (a.given, b.given)


def test_a_step_after_a_token_that_the_device_did_not_draw_is_begun_again() -> None:
    made, steps = _made()
    a, b = Tokens(5), Tokens(9, masked=True, refused=[10])
    made.step([a, b])
    assert not steps.begun[1].discarded
    made.step([a, b])
    assert _positions(steps) == [[9, 5], [10, 6], [11, 7]] and steps.begun[2].discarded
    made.step([a, b])
    assert _positions(steps)[3:] == [[11, 7], [12, 8]] and not steps.begun[3].discarded
    assert (a.given, b.given) == ([5, 6, 7], [9, 10, 11])
