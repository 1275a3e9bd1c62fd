"""The trie of a vocabulary with those prefixes folded into one that a grammar does not tell apart.

Under `.{0,200}` all words of five ASCII letters do the same, so it is enough to walk one of them: of
100,000 prefixes 210 are left. Two bytes are one *class* in a place where every edge that may be there has
both of them or neither. What may be there after a prefix is its *context*: nodes of the automaton, as the
kinds of edges that they have. It is more than a walk from any one state finds, since prefixes begin
everywhere; so folded prefixes come to the same states, whatever state a walk begins in. In the middle of a
JSON string `b` and `c` are one class, and behind its backslash they are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.grammar.pushdown import Pushdown
from runtime.grammar.vocabulary import I32, Level

_MOST_KINDS, _MOST_CONTEXTS = 256, 1024
"""Kinds beyond these count as one that tells all bytes apart, and contexts beyond these as the first."""

_ANYWHERE = 0
"""The first context, where any node may be."""

Classes: TypeAlias = npt.NDArray[np.int16]
"""Classes of bytes, by byte, from 0 on; -1 for bytes that nothing reads."""

Edges: TypeAlias = Sequence[tuple[int, int, int]]


def folded(levels: Sequence[Level], pushdown: Pushdown) -> list[Level]:
    """Return the levels of a trie folded for a grammar, without prefixes that nothing in it begins with."""
    contexts = _Contexts(_kinds(pushdown))
    found: list[Level] = []
    folds = np.zeros(1, np.int32)  # by node of the level, where it is folded to; -1 for those left out
    here = np.full(1, _ANYWHERE, np.int32)  # by folded node, its context
    byte, parent = np.zeros(1, np.uint8), np.zeros(1, np.int32)
    for depth, level in enumerate(levels):
        own = folds[level.token_node]
        order = np.argsort(own, kind="stable")[np.count_nonzero(own < 0) :]
        token_begin = _begins(own[order], len(here))
        # A slot for each class after each folded node: children in one slot are folded into one.
        slot_begin = np.zeros(len(here) + 1, np.int32)
        np.cumsum(contexts.counts[here], out=slot_begin[1:])
        byte_at = np.full(slot_begin[-1], -1, np.int16)
        slots = np.zeros(0, np.int32)
        if depth + 1 < len(levels):
            below = levels[depth + 1]
            above = folds[below.parent]
            classes = contexts.table[here[above], below.byte]
            slots = np.where((above < 0) | (classes < 0), -1, slot_begin[above] + classes)
            byte_at[slots[slots >= 0]] = below.byte[slots >= 0]
        taken = np.flatnonzero(byte_at >= 0)
        number = np.zeros(len(byte_at) + 1, np.int32)  # by slot, how many before it are taken
        np.cumsum(byte_at >= 0, out=number[1:])
        found.append(Level(byte, parent, number[slot_begin], token_begin, level.tokens[order], own[order]))
        if not len(taken):
            break
        parent = (np.searchsorted(slot_begin, taken, "right") - 1).astype(np.int32)
        before = zip(here[parent].tolist(), (taken - slot_begin[parent]).tolist(), strict=True)
        here = np.array([contexts.after(context, own_class) for context, own_class in before], np.int32)
        byte = byte_at[taken].astype(np.uint8)
        folds = np.where(slots < 0, -1, number[slots]).astype(np.int32)
    return found


def _begins(sorted_nodes: npt.NDArray[np.integer], count: int) -> I32:
    return np.searchsorted(sorted_nodes, np.arange(count + 1)).astype(np.int32)


@dataclass(frozen=True)
class _Kind:
    """Nodes with the same edges but for where they lead; `after` has by class the kinds that may be next."""

    classes: Classes
    after: list[set[int]]


class _Contexts:
    """Sets of kinds, as they come one after the other.

    `table` has the class of each byte, by context, and `counts` how many classes each has.
    """

    def __init__(self, kinds: Sequence[_Kind]) -> None:
        self._kinds = kinds
        self._known: dict[tuple[int, ...], int] = {}
        self._members: list[tuple[int, ...]] = []
        self._nexts: dict[tuple[int, int], int] = {}
        self.table = np.zeros((0, 256), np.int16)
        self.counts = np.zeros(0, np.int32)
        self._number(tuple(range(len(kinds))))

    def after(self, context: int, own: int) -> int:
        """Return the context after a byte of a class."""
        found = self._nexts.get((context, own))
        if found is None:
            byte = int(np.argmax(self.table[context] == own))
            following: set[int] = set()
            for member in self._members[context]:
                kind = self._kinds[member]
                if kind.classes[byte] >= 0:
                    following |= kind.after[int(kind.classes[byte])]
            found = self._nexts[context, own] = self._number(tuple(sorted(following)))
        return found

    def _number(self, members: tuple[int, ...]) -> int:
        known = self._known.get(members)
        if known is not None:
            return known
        if len(self._known) == _MOST_CONTEXTS:
            return _ANYWHERE
        number = self._known[members] = len(self._members)
        self._members.append(members)
        classes = _together([self._kinds[member].classes for member in members])
        self.table = np.concatenate([self.table, classes[np.newaxis]])
        self.counts = np.append(self.counts, classes.max() + 1).astype(np.int32)
        return number


def _together(all_: Sequence[Classes]) -> Classes:
    """Return the classes of bytes that none of several classifications tells apart; -1 where all have it."""
    joined = np.full(256, -1, np.int16)
    for own in all_:
        key = 257 * (joined.astype(np.int32) + 1) + own + 1
        values, numbers = np.unique(key, return_inverse=True)
        joined = (numbers - (values[0] == 0)).astype(np.int16)
    return joined


def _kinds(pushdown: Pushdown) -> list[_Kind]:
    """Return the kinds of a grammar's nodes, the most numerous first."""
    shapes: dict[tuple[tuple[int, int, int], ...], list[int]] = defaultdict(list)
    for node, edges in enumerate(pushdown.ranges):
        if edges:
            targets: dict[int, int] = {}
            shape = ((low, high, targets.setdefault(to, len(targets))) for low, high, to in edges)
            shapes[tuple(shape)].append(node)
    common = sorted(shapes.values(), key=len, reverse=True)
    kind_at = {node: min(number, _MOST_KINDS - 1) for number, nodes in enumerate(common) for node in nodes}
    # What follows without a byte is among the nodes that some edge without a byte, call or return leads to.
    loose = {rule.entry for rule in pushdown.rules}
    loose.update(to for own in pushdown.empty for to in own)
    loose.update(to for own in pushdown.calls for _, to in own)
    loose_kinds = {kind_at[node] for node in loose if node in kind_at}
    kinds: list[_Kind] = []
    for nodes in common[: _MOST_KINDS - 1]:
        edges = pushdown.ranges[nodes[0]]
        classes = _classes(edges)
        after = [set[int]() for _ in range(classes.max() + 1)]
        for at, (low, high, _) in enumerate(edges):  # all nodes of a kind have these bytes
            following = {pushdown.ranges[node][at][2] for node in nodes}
            found = {kind_at[to] for to in following if to in kind_at}
            if any(pushdown.is_exit[to] or pushdown.empty[to] or pushdown.calls[to] for to in following):
                found |= loose_kinds
            for own in np.unique(classes[low : high + 1]).tolist():
                after[own] |= found
        kinds.append(_Kind(classes, after))
    if len(common) >= _MOST_KINDS:
        kinds.append(_Kind(np.arange(256, dtype=np.int16), [set(range(_MOST_KINDS))] * 256))
    return kinds


def _classes(edges: Edges) -> Classes:
    """Return the classes of bytes that lead to the same nodes."""
    by_target: dict[int, Classes] = {}
    for low, high, to in edges:
        by_target.setdefault(to, np.full(256, -1, np.int16))[low : high + 1] = 0
    return _together(list(by_target.values()))
