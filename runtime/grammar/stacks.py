"""Sets of stacks of nodes to return to, as graphs that share their parts; each distinct set is kept once.

A text that can be read in several ways has a stack for each, often as many as two to the power of its depth:
after `"a" root "b" | "a" root "c"` has read n times a, either end may follow at each of n levels. So what a
configuration has is a *set* of stacks: the nodes that they return to, each with the set of what may be below
it. The same set always has the same number, so a set is a minimal automaton that reads stacks from the top,
and its size is the number of its different parts, not of its stacks. Source: M. Tomita, An Efficient
Augmented Context-Free Parsing Algorithm (1987), whose graph-structured stacks are these, but for that equal
parts are one here whichever text they came from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from kernelc.errors import UsageError

UNKNOWN = 0
"""The set of the one stack of which nothing is known."""
NOTHING = -1
"""The node of a frame that stands for no frame: the stacks of a set may go on right where it begins."""
_MOST_STACKS = 200_000  # some 130 MB

Frames: TypeAlias = "tuple[tuple[int, int], ...]"
"""Nodes to return to, in order, each with the number of the set below it."""


class Stacks:
    """Sets of stacks by number. What a set has below it always has a lesser number."""

    def __init__(self, costs: list[float]) -> None:
        """`costs` are the fewest bytes from each node to the end of its rule."""
        self.frames: list[Frames] = [((NOTHING, UNKNOWN),)]
        self.costs: list[float] = [0.0]
        """For each set the fewest bytes to the end of what is known of some stack."""
        self._joints: list[int] = [UNKNOWN]
        """For each set the uppermost part, but for itself, that all of its stacks go through."""
        self._node_costs = costs
        self._single: dict[tuple[int, int], int] = {}
        self._sets: dict[Frames, int] = {self.frames[UNKNOWN]: UNKNOWN}
        self._unions: dict[tuple[int, int], int] = {}

    def push(self, node: int, rest: int) -> int:
        """Return a set with a node to return to on top of all of its stacks. Raises: UsageError."""
        stack = self._single.get((node, rest))
        if stack is None:
            stack = self._single[node, rest] = self._new(((node, rest),))
        return stack

    def union(self, a: int, b: int) -> int:
        """Return the set of the stacks of both. Raises: UsageError where there are too many sets."""
        if a == b:
            return a
        if len(self._unions) > _MOST_STACKS:
            self._unions.clear()
        wanted = _pair(a, b)
        pending = [wanted]
        while pending:
            pair = pending[-1]
            if pair in self._unions:
                pending.pop()
                continue
            joined = dict(self.frames[pair[0]])
            missing: list[tuple[int, int]] = []
            for node, rest in self.frames[pair[1]]:
                other = joined.get(node, rest)
                if other != rest:
                    inner = _pair(other, rest)
                    if inner not in self._unions:
                        missing.append(inner)
                        continue
                    joined[node] = self._unions[inner]
                else:
                    joined[node] = rest
            if missing:
                pending += missing
            else:
                self._unions[pair] = self._of(tuple(sorted(joined.items())))
                pending.pop()
        return self._unions[wanted]

    def appended(self, stack: int, below: int) -> int:
        """Return a set with another one for its unknown rest."""
        return self._replaced(stack, UNKNOWN, below)

    def above(self, stack: int, joint: int) -> int:
        """Return a set with an unknown rest for one of its parts, through which all of its stacks go."""
        return self._replaced(stack, joint, UNKNOWN)

    def joints(self, stacks: Iterable[int]) -> list[int]:
        """Return the parts that all stacks of all of these sets go through, the uppermost first.

        The last is the unknown rest.
        """
        joint = None
        for stack in stacks:
            joint = stack if joint is None else self._common(joint, stack)
        found: list[int] = []
        while joint:
            found.append(joint)
            joint = self._joints[joint]
        return [*found, UNKNOWN]

    def _common(self, a: int, b: int) -> int:
        """Return the uppermost part that all stacks of both sets go through."""
        while a != b:
            if a > b:
                a = self._joints[a]
            else:
                b = self._joints[b]
        return a

    def _replaced(self, stack: int, part: int, by: int) -> int:
        """Return a set with another one for a part; what is below the part does not occur beside it."""
        known = {part: by}
        pending = [stack]
        while pending:
            at = pending[-1]
            if at in known:
                pending.pop()
                continue
            frames = self.frames[at]
            missing = [rest for node, rest in frames if node != NOTHING and rest not in known]
            if missing:
                pending += missing
                continue
            found = self._of(tuple((node, known[rest]) for node, rest in frames if node != NOTHING))
            # A stack that ends here goes on with what the unknown rest is replaced by.
            known[at] = self.union(found, by) if frames[0][0] == NOTHING else found
        return known[stack]

    def _of(self, frames: Frames) -> int:
        if len(frames) == 1 and frames[0][0] != NOTHING:
            return self.push(*frames[0])
        stack = self._sets.get(frames)
        if stack is None:
            stack = self._sets[frames] = self._new(frames)
        return stack

    def _new(self, frames: Frames) -> int:
        if len(self.frames) > _MOST_STACKS:
            raise UsageError(
                "the text so far is nested too deeply, or may be read in too many ways",
                help="make alternatives of the grammar begin differently",
            )
        self.frames.append(frames)
        joint = frames[0][1]
        for _, rest in frames[1:]:
            joint = self._common(joint, rest)
        self._joints.append(joint)
        costs = self._node_costs
        self.costs.append(
            min(0.0 if node == NOTHING else costs[node] + self.costs[rest] for node, rest in frames)
        )
        return len(self.frames) - 1


def _pair(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
