"""Which tokens may come next: the trie of the vocabulary walked with the machine, all tokens at once.

A walk takes the state of a prefix along for all prefixes of one length together. Where the machine reaches
the end of what is known of the stacks, the prefix *escapes*: what may follow depends on where the stack goes
on. So a mask belongs to a state alone where nothing escapes, else to the state and the uppermost returns, as
many as there are escapes for. Each is computed once. When walks have looked at half as many prefixes as there
are, the trie is folded (`runtime.grammar.folded`), so that later ones look at few. Source: see
`runtime.grammar.machine`; Willard and Louf, Efficient Guided Generation for Large Language Models (2023), for
the idea of a mask per state.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, compress, groupby
from operator import itemgetter
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.grammar.alike import alike
from runtime.grammar.folded import folded
from runtime.grammar.machine import DEAD, Machine
from runtime.grammar.vocabulary import I32, LongTokens, Vocabulary

Mask: TypeAlias = npt.NDArray[np.uint32]
"""A bit per token, the lowest bit of the first word for token 0."""

Bits: TypeAlias = npt.NDArray[np.bool_]

_MOST_BYTES = 64 << 20

_Prefixes: TypeAlias = dict[int, I32]
"""Nodes of the trie, by level."""


class Walk:
    """The tokens that a state allows as far as its stacks are known, and the prefixes that escape.

    `escapes` is None where nobody asked for them, since there is nothing below the state.
    """

    def __init__(self, mask: Mask, escapes: _Prefixes | None) -> None:
        self.mask = mask
        self.escapes = escapes
        self.nexts: dict[int, Walk] = {}
        self.mask.flags.writeable = False


class Masks:
    """The masks of one machine and one vocabulary."""

    def __init__(self, machine: Machine, vocabulary: Vocabulary) -> None:
        self._machine = machine
        self._vocabulary = vocabulary
        self._walks: dict[int, Walk] = {}
        self._levels, self._long = vocabulary.levels, vocabulary.long
        self._unfolded: float | None = sum(len(level.byte) for level in vocabulary.levels) / 2
        """How many prefixes may still be looked at before the trie is folded; None where it is."""
        self._short = vocabulary.up_to(vocabulary.long.length)
        # What comes after the last byte of the longest token is nobody's concern.
        self._alike = alike(machine.pushdown, [vocabulary.long.length, len(vocabulary.levels) - 2])
        self._bytes = 0
        self._epoch = machine.epoch
        self.walks = 0
        """How often the trie was walked."""

    def mask(self, state: int, below: Sequence[int]) -> Mask:
        """Return the mask of a state, u32 [words], not to be changed.

        `below` are the sets of stacks under the state's own, the lowest first (`Machine.split`).
        """
        if self._epoch != self._machine.epoch or self._bytes > _MOST_BYTES:
            self._forget()
        walk = self._walks.get(state)
        if walk is None or (walk.escapes is None and below):
            walk = self._shared(state, watched=bool(below))
            self._walks[state] = walk
        at = len(below)
        while walk.escapes and at > 0:
            at -= 1
            following = walk.nexts.get(below[at])
            if following is None:
                state = self._machine.returned(below[at])
                following = self._walked(walk.escapes, state, walk.mask, watched=True)
                walk.nexts[below[at]] = following
            walk = following
        return walk.mask

    def _forget(self) -> None:
        self._walks.clear()
        self._bytes, self._epoch = 0, self._machine.epoch

    def _fold(self) -> None:
        """Fold the trie. What is known names prefixes that are gone then, and is soon found again."""
        self._forget()
        self._levels = folded(self._levels, self._machine.pushdown)
        self._long = LongTokens.of(self._levels, self._long.length)
        self._unfolded = None

    def _shared(self, state: int, *, watched: bool) -> Walk:
        """Return the walk of a state, which is that of any other that no token tells from it.

        Where only long tokens do, what the short ones do is taken over from another state, too.
        """
        nearly, wholly = (self._machine.replaced(state, each) for each in self._alike)
        walk = self._known(wholly, watched=watched)
        if walk is None and self._unfolded is not None and self._unfolded <= 0:
            self._fold()
        if walk is None and nearly != wholly:
            short = self._known(nearly, watched=watched) or self._from_start(nearly, watched=watched)
            walk = self._walks[wholly] = self._with_long(wholly, short)
        return walk or self._from_start(wholly, watched=watched)

    def _known(self, state: int, *, watched: bool) -> Walk | None:
        walk = self._walks.get(state)
        return None if walk is None or (walk.escapes is None and watched) else walk

    def _from_start(self, state: int, *, watched: bool) -> Walk:
        walk = self._walks[state] = self._walked({0: np.zeros(1, np.int32)}, state, None, watched=watched)
        return walk

    def _with_long(self, state: int, short: Walk) -> Walk:
        """Return what the long tokens do in a state, and the short ones in one that they do not tell from it.

        So few prefixes, in so many levels, are gone through one by one.
        """
        self.walks += 1
        long, machine = self._long, self._machine
        states = [state]
        for parent, byte in zip(long.parent[1:], long.byte[1:], strict=True):
            states.append(machine.step(states[parent], byte) if states[parent] else DEAD)
        allowed = np.zeros(32 * self._vocabulary.words, np.bool_)
        allowed[list(chain.from_iterable(compress(long.tokens, states)))] = True
        mask = (short.mask & self._short) | np.packbits(allowed, bitorder="little").view("<u4")
        escapes = None
        if short.escapes is not None:
            escapes = {depth: nodes for depth, nodes in short.escapes.items() if depth <= long.length}
            ended = [place for place, at in zip(long.place, states, strict=True) if machine.ends[at]]
            for depth, places in groupby(ended, key=itemgetter(0)):
                if depth > long.length:
                    escapes[depth] = np.array([node for _, node in places], np.int32)
        return self._counted(Walk(mask, escapes))

    def _walked(self, begin: _Prefixes, state: int, known: Mask | None, *, watched: bool) -> Walk:
        """Walk from prefixes that are all in one state, and add to a mask that is known already.

        Prefixes that escape are noted if they are `watched`.
        """
        self.walks += 1
        levels, machine = self._levels, self._machine
        allowed = np.zeros(32 * self._vocabulary.words, np.bool_)
        escapes: _Prefixes = {}
        nodes, states = np.zeros(0, np.int32), np.zeros(0, np.int32)
        last = max(begin, default=0)
        merged = False  # a node may be here twice then, in two states
        for depth, level in enumerate(levels):
            if depth in begin:
                merged = len(nodes) > 0
                nodes = np.concatenate([nodes, begin[depth]])
                states = np.concatenate([states, np.full(len(begin[depth]), state, np.int32)])
            if len(nodes):
                if watched and (ends := machine.ends[states]).any():
                    escapes[depth] = np.unique(nodes[ends]) if merged else nodes[ends]
                step = self._step_few if merged or 3 * len(nodes) < len(level.byte) else self._step_all
                if self._unfolded is not None:
                    self._unfolded -= len(nodes)
                nodes, states = step(depth, nodes, states, allowed)
            elif depth >= last:
                break
        mask = np.packbits(allowed, bitorder="little").view("<u4")
        return self._counted(Walk(mask if known is None else mask | known, escapes if watched else None))

    def _counted(self, walk: Walk) -> Walk:
        self._bytes += walk.mask.nbytes + sum(each.nbytes for each in (walk.escapes or {}).values())
        return walk

    def _step_few(self, depth: int, nodes: I32, states: I32, allowed: Bits) -> tuple[I32, I32]:
        """Allow the tokens of some nodes of a level; return those of their children that are alive."""
        level = self._levels[depth]
        allowed[level.tokens[_spread(level.token_begin, nodes)[1]]] = True
        self._fill(states)
        origin, children = _spread(level.child_begin, nodes)
        if not len(children):  # the last level has no next one
            return children, children
        bytes_ = self._levels[depth + 1].byte[children]
        following = self._machine.table[states[origin], bytes_]
        alive = following != DEAD
        return children[alive], following[alive]

    def _step_all(self, depth: int, nodes: I32, states: I32, allowed: Bits) -> tuple[I32, I32]:
        """Do the same by looking at all nodes of a level, which is faster where most are alive."""
        level = self._levels[depth]
        everywhere = np.zeros(len(level.byte), np.int32)
        everywhere[nodes] = states
        allowed[level.tokens[everywhere[level.token_node] != DEAD]] = True
        if depth + 1 == len(self._levels):
            return nodes[:0], states[:0]
        self._fill(states)
        below = self._levels[depth + 1]
        following = self._machine.table[everywhere[below.parent], below.byte]
        children = np.flatnonzero(following).astype(np.int32)
        return children, following[children]

    def _fill(self, states: I32) -> None:
        missing = ~self._machine.filled[states]
        if missing.any():
            for state in np.unique(states[missing]).tolist():
                self._machine.fill(state)


def _spread(begins: I32, nodes: I32) -> tuple[I32, I32]:
    """Return all entries of nodes, whose places `begins` tells: for each, which of `nodes`, and its place."""
    first = begins[nodes]
    counts = begins[nodes + 1] - first
    origin = np.repeat(np.arange(len(nodes), dtype=np.int32), counts)
    ends = np.cumsum(counts, dtype=np.int32)
    return origin, np.arange(len(origin), dtype=np.int32) + (first - ends + counts)[origin]
