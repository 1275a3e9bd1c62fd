"""Runs a pushdown automaton over bytes, all of its ways at once, with every state and step remembered.

A *configuration* is a node and a set of stacks of nodes to return to (`runtime.grammar.stacks`). A *state* is
a set of configurations with different nodes, numbered when it is first met; 0 is the empty one, from which
nothing goes on. So a state's next state for each byte is one row of a table, and runs over many bytes are
look-ups.

Stacks have an unknown rest below them: its number is 0, and a configuration that returns below what is known
becomes END. Who knows the rest (`runtime.grammar.matcher` does) says where to go on (`resume`). That is why a
state inside the tenth nested list is the same state as inside the first, and why masks are shared between
them: the idea of Dong et al., XGrammar (2024), section 3.1, whose context-independent tokens are those that
never return below.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kernelc.errors import UsageError
from runtime.grammar.dfa import partition
from runtime.grammar.pushdown import Pushdown
from runtime.grammar.stacks import NOTHING, Stacks

DEAD = 0
_MOST_PLACES = 4_000
_MOST_STATES = 60_000


class Machine:
    """The states of one pushdown automaton. `epoch` counts how often all states were forgotten."""

    def __init__(self, pushdown: Pushdown) -> None:
        self.pushdown = pushdown
        self.epoch = 0
        self._stride = pushdown.nodes + 1
        self._end = pushdown.nodes  # the node of END
        self._costs = [*pushdown.cost, 0.0]  # by node, END's too
        self._stacks = Stacks(pushdown.cost)
        self._forget()

    @property
    def where(self) -> str:
        """What errors call the grammar."""
        return self.pushdown.rules[self.pushdown.start].where

    def _forget(self) -> None:
        self.configurations: list[tuple[int, ...]] = []
        self._states: dict[tuple[int, ...], int] = {}
        self._closures: dict[frozenset[int], int] = {}
        self._resumed: dict[tuple[int, int], int] = {}
        self._splits: dict[int, tuple[int, tuple[int, ...]]] = {}
        self.table = np.zeros((64, 256), np.int32)
        self.filled = np.zeros(64, np.bool_)
        self.ends = np.zeros(64, np.bool_)
        self.filled[self.intern(())] = True

    def tidy(self) -> None:
        """Forget all states where there are too many of them. Their numbers mean nothing any more then."""
        if len(self.configurations) > _MOST_STATES:
            self.epoch += 1
            self._forget()

    def intern(self, configurations: tuple[int, ...]) -> int:
        """Return the number of a state, given as its configurations in order."""
        state = self._states.get(configurations)
        if state is not None:
            return state
        state = len(self.configurations)
        if state == len(self.ends):
            self.table = np.concatenate([self.table, np.zeros_like(self.table)])
            self.filled = np.concatenate([self.filled, np.zeros_like(self.filled)])
            self.ends = np.concatenate([self.ends, np.zeros_like(self.ends)])
        self._states[configurations] = state
        self.configurations.append(configurations)
        self.ends[state] = self._end in configurations
        return state

    def begin(self) -> int:
        """Return the state before the first byte."""
        entry = self.pushdown.rules[self.pushdown.start].entry
        return self._closed(frozenset((entry,)))

    def returned(self, below: int) -> int:
        """Return the state of going on where a set of stacks returns to."""
        return self._closed(frozenset(self._popped(below)))

    def step(self, state: int, byte: int) -> int:
        """Return the state after a byte."""
        if not self.filled[state]:
            self.fill(state)
        return int(self.table[state, byte])

    def row(self, state: int) -> npt.NDArray[np.int32]:
        """Return the state after each byte, i32 [256]."""
        if not self.filled[state]:
            self.fill(state)
        return self.table[state]

    def fill(self, state: int) -> None:
        """Find out a state's next states. Raises: UsageError where the grammar is too ambiguous."""
        moves: list[tuple[int, int, int]] = []
        for configuration in self.configurations[state]:
            node = configuration % self._stride
            if node != self._end:
                stack = configuration - node
                moves += [(low, high, to + stack) for low, high, to in self.pushdown.ranges[node]]
        for low, high, configurations in partition(moves):
            following = self._closed(configurations)
            self.table[state, low : high + 1] = following
        self.filled[state] = True

    def resume(self, state: int, below: int) -> int:
        """Return a state whose unknown rest has turned out to be a set of stacks, with a rest of its own."""
        key = (state, below)
        if key not in self._resumed:
            stride, stacks = self._stride, self._stacks
            found: dict[int, int] = {}
            for configuration in self.configurations[state]:
                node = configuration % stride
                if node == self._end:
                    found = self._close(self._popped(below))
            for configuration in self.configurations[state]:
                node = configuration % stride
                if node != self._end:
                    stack = stacks.appended(configuration // stride, below)
                    found[node] = stacks.union(found.get(node, stack), stack)
            self._resumed[key] = self._interned(found)
        return self._resumed[key]

    def replaced(self, state: int, nodes: Sequence[int]) -> int:
        """Return a state with another node in the place of each: `nodes` tells which."""
        found: dict[int, int] = {}
        for configuration in self.configurations[state]:
            stack, node = divmod(configuration, self._stride)
            to = node if node == self._end else nodes[node]
            found[to] = self._stacks.union(found.get(to, stack), stack)
        return self._interned(found)

    def split(self, state: int) -> tuple[int, tuple[int, ...]]:
        """Return a state without what all of its stacks go through below, and that: sets, the lowest first.

        Each has the one before it, or the unknown rest, below it.
        """
        if state not in self._splits:
            stride, stacks = self._stride, self._stacks
            configurations = self.configurations[state]
            joints = stacks.joints({configuration // stride for configuration in configurations})
            if len(joints) < 2:
                self._splits[state] = (state, ())
            else:
                shorter = {
                    configuration % stride: stacks.above(configuration // stride, joints[0])
                    for configuration in configurations
                }
                below = [stacks.above(stack, rest) for stack, rest in pairwise(joints)]
                self._splits[state] = (self._interned(shorter), tuple(reversed(below)))
        return self._splits[state]

    def cost(self, state: int) -> float:
        """Return the fewest bytes to the end of what is known of the stacks."""
        costs, stride = self._costs, self._stride
        return min(
            (
                costs[configuration % stride] + self._stacks.costs[configuration // stride]
                for configuration in self.configurations[state]
            ),
            default=math.inf,
        )

    def _closed(self, configurations: frozenset[int]) -> int:
        state = self._closures.get(configurations)
        if state is None:
            state = self._closures[configurations] = self._interned(self._close(configurations))
        return state

    def _interned(self, stacks: dict[int, int]) -> int:
        return self.intern(tuple(sorted(node + stack * self._stride for node, stack in stacks.items())))

    def _popped(self, stack: int) -> list[int]:
        """Return the configurations after a return to where a set of stacks says."""
        return [
            self._end if node == NOTHING else node + rest * self._stride
            for node, rest in self._stacks.frames[stack]
        ]

    def _close(self, configurations: Iterable[int]) -> dict[int, int]:
        """Return what is reached without a byte: the nodes that read one, and END, with their stacks.

        Stacks that a node has in addition are followed from there once more. First in, first out: so no node
        comes up more often than a way to it has edges.
        """
        pushdown, stride, stacks = self.pushdown, self._stride, self._stacks
        pending: deque[int] = deque()
        seen: dict[int, int] = {}

        def add(node: int, stack: int) -> None:
            known = seen.get(node)
            if known is None:
                both = stack
            elif known == stack or (both := stacks.union(known, stack)) == known:
                return
            seen[node] = both
            pending.append(node)

        for configuration in configurations:
            add(configuration % stride, configuration // stride)
        steps = 0
        while pending:
            node = pending.popleft()
            steps += 1
            if node == self._end:
                continue
            stack = seen[node]
            for to in pushdown.empty[node]:
                add(to, stack)
            for rule, to in pushdown.calls[node]:
                add(pushdown.rules[rule].entry, stack if pushdown.returns[to] else stacks.push(to, stack))
            if pushdown.is_exit[node]:
                for back, rest in stacks.frames[stack]:
                    add(self._end if back == NOTHING else back, rest)
            if steps > 8 * _MOST_PLACES:
                raise self._too_ambiguous()
        found = {node: stack for node, stack in seen.items() if node == self._end or pushdown.ranges[node]}
        if len(found) > _MOST_PLACES:
            raise self._too_ambiguous()
        return found

    def _too_ambiguous(self) -> UsageError:
        return UsageError(
            f"the text so far may be at more than {_MOST_PLACES} places of the grammar at once",
            where=self.where,
            help="make alternatives begin differently",
        )
