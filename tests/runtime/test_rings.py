"""What rings still hold after steps and cuts: the bookkeeping against the rings themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.artifact import Ring
from runtime.engine.rings import HeldPositions

LONGEST_STEP = 4
RINGS = st.lists(
    st.builds(
        lambda window, more: Ring(window, window + LONGEST_STEP + more), st.integers(1, 6), st.integers(0, 5)
    ),
    min_size=1,
    max_size=3,
)


class Rows:
    """A ring row by row: which sequence and position each holds. A cut sequence goes on as another one."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.rows: list[tuple[int, int] | None] = [None] * ring.rows

    def write(self, position: int, token: int) -> None:
        self.rows[position % self.ring.rows] = (position, token)

    def holds(self, sequence: list[int], first: int, end: int) -> bool:
        positions = range(max(0, first), end)
        return all(self.rows[p % self.ring.rows] == (p, sequence[p]) for p in positions)


@given(rings=RINGS, data=st.data())
def test_every_step_finds_what_it_sees_and_nothing_is_refused_needlessly(
    rings: list[Ring], data: st.DataObject
) -> None:
    held, simulated = HeldPositions(rings), [Rows(ring) for ring in rings]
    assert held.spare >= LONGEST_STEP
    sequence: list[int] = []
    tokens = iter(range(10**6))

    def step(past: int, seq: int) -> None:
        """Rows `past` on are computed; what is beyond the sequence are new tokens."""
        sequence.extend(next(tokens) for _ in range(past + seq - len(sequence)))
        held.written(past, seq)
        for rows in simulated:
            for position in range(past, past + seq):
                rows.write(position, sequence[position])
            for position in range(past, past + seq):
                assert rows.holds(sequence, position - rows.ring.window + 1, position + 1)

    for _ in range(data.draw(st.integers(1, 30))):
        kind = data.draw(st.sampled_from(["feed", "feed", "decode", "ahead", "again", "cut", "cut a little"]))
        if kind == "feed":
            step(len(sequence), data.draw(st.integers(1, LONGEST_STEP)))
        elif kind == "decode":
            step(len(sequence), 1)
        elif kind == "ahead":  # what ran past a stop: the sequence is what it was, the rows are not
            kept = len(sequence)
            for _ in range(data.draw(st.integers(1, held.spare))):
                step(len(sequence), 1)
            del sequence[kept:]
        elif kind == "again" and sequence:  # the last position, for its logits
            if held.enough_for(len(sequence)):
                step(len(sequence) - 1, 1)
        elif kind.startswith("cut"):
            most = min(held.spare, len(sequence)) if kind == "cut a little" else len(sequence)
            length = len(sequence) - data.draw(st.integers(0, most))
            there = all(
                rows.holds(sequence, length - rows.ring.window, length) for rows in simulated if length
            )
            assert held.enough_for(length) == there
            del sequence[length if there else 0 :]


def test_a_cache_with_a_row_for_every_position_holds_all() -> None:
    held = HeldPositions(())
    held.written(0, 5000)
    assert all(held.enough_for(length) for length in (0, 1, 4999, 5000))
    assert held.spare > 1 << 40


@pytest.mark.parametrize(("end", "length", "enough"), [
    (20, 1, True), (21, 20, True), (21, 13, True), (21, 9, True), (21, 8, False), (100, 88, True),
    (100, 87, False), (100, 0, True),
])  # fmt: skip
def test_a_window_of_8_in_20_rows(end: int, length: int, enough: bool) -> None:
    held = HeldPositions([Ring(8, 20)])
    for past in range(0, end, 4):
        held.written(past, min(4, end - past))
    assert held.enough_for(length) == enough


def test_going_on_after_a_cut_does_not_bring_back_what_was_replaced() -> None:
    held = HeldPositions([Ring(8, 20)])
    for past in range(0, 40, 4):
        held.written(past, 4)
    assert held.enough_for(30)
    held.written(30, 1)
    assert held.enough_for(28) and not held.enough_for(27), "position 19 lay where 39 is now"
