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
    """An answer that is `left` tokens short of its end; `whole`: chosen on the host. `prepared` has the
    positions for which something was prepared."""

    position: int
    left: int = 100
    whole: bool = False
    given: list[int] = field(default_factory=list[int])
    prepared: list[int] = field(default_factory=list[int])

    @property
    def row(self) -> Row:
        sequence: Any = None
        return Row(sequence, self.position, SamplingParams(), self.whole)

    def wants(self, count: int) -> bool:
        return count <= self.left

    def prepare(self) -> None:
        self.prepared.append(self.position)

    def deliver(self, made: Any) -> None:
        assert len(self.prepared) == len(self.given) + 1 or made == -1, "prepared once for each step"
        self.given.append(made)
        self.position, self.left = self.position + 1, self.left - 1

    def step_alone(self) -> None:
        self.deliver(-1)


def _made(ahead: bool = True, over: bool = False) -> tuple[Any, Steps]:
    steps: Any = Steps(over=over)
    return StepsAhead(steps, ahead=ahead), steps


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
