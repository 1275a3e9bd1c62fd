"""A model's tokens as a trie of their bytes, level by level in flat arrays, so that numpy can walk it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

I32: TypeAlias = npt.NDArray[np.int32]

_MOST_TOKEN_BYTES = 1024  # no text needs a longer one, and each length is a level
_SHORT, _MOST_LONG = (
    8,
    2048,
)  # bytes that no long token has, and what the prefixes of the long ones are at most


@dataclass(frozen=True)
class Level:
    """The prefixes of one length, in order.

    The children of node n are `child_begin[n]` to `child_begin[n + 1]` of the next level, and the tokens that
    end there `tokens[token_begin[n]:token_begin[n + 1]]`. `byte` is the last byte of each prefix, `parent`
    its node in the level before. `token_node` has the node of each of `tokens`.
    """

    byte: npt.NDArray[np.uint8]
    parent: I32
    child_begin: I32
    token_begin: I32
    tokens: I32
    token_node: I32


@dataclass(frozen=True)
class LongTokens:
    """The prefixes of the tokens that are longer than `length`, one by one: there are `_MOST_LONG` at most.

    Each comes after its `parent`, which is its place in these lists; the first is the empty one, and its own
    parent. `place` is its level and its node there, and `tokens` are those that end there.
    """

    length: int
    parent: list[int]
    byte: list[int]
    place: list[tuple[int, int]]
    tokens: list[list[int]]

    @staticmethod
    def of(levels: Sequence[Level], length: int | None = None) -> LongTokens:
        """Return those that are longer than `length`; without it, of as many lengths as are few enough."""
        longest = [np.zeros(0, np.int32)]  # by level and node, of the tokens that begin so
        for depth in range(len(levels) - 1, -1, -1):
            own = np.full(len(levels[depth].byte), depth, np.int32)
            if len(longest[0]):
                np.maximum.at(own, levels[depth + 1].parent, longest[0])
            longest.insert(0, own)
        if length is None:
            counts = np.cumsum(np.bincount(np.concatenate(longest))[::-1])[::-1]  # of at least that length
            length = max(_SHORT, int(np.count_nonzero(counts > _MOST_LONG)) - 1)
        found = LongTokens(length, [], [], [], [])
        places: dict[int, int] = {0: 0}  # of the nodes of the level before
        for depth, level in enumerate(levels):
            own_places: dict[int, int] = {}
            for node in np.flatnonzero(longest[depth] > length).tolist():
                own_places[node] = len(found.parent)
                found.parent.append(places[int(level.parent[node])])
                found.byte.append(int(level.byte[node]))
                found.place.append((depth, node))
                found.tokens.append(
                    level.tokens[level.token_begin[node] : level.token_begin[node + 1]].tolist()
                )
            places = own_places
        return found


class Vocabulary:
    """The bytes of all tokens of a model.

    `pieces` are the bytes of each id. Ids without bytes, those of `excluded`, and tokens longer than 1024
    bytes never stand for text. `droppable` are the ids whose first space disappears at the start of an answer
    (see `model.text.detokenize`), which is why a grammar's answer never begins with one.
    """

    def __init__(
        self, pieces: Sequence[bytes], *, excluded: Collection[int] = (), droppable: Collection[int] = ()
    ) -> None:
        self.size = len(pieces)
        self.pieces = pieces
        never = frozenset(excluded)
        usable = [
            token
            for token, piece in enumerate(pieces)
            if 0 < len(piece) <= _MOST_TOKEN_BYTES and token not in never
        ]
        self._order = sorted(usable, key=lambda token: pieces[token])
        self._in_order = [pieces[token] for token in self._order]
        self.levels = _levels(self._in_order, np.array(self._order, np.int32))
        self.single_bytes = frozenset(pieces[token][0] for token in usable if len(pieces[token]) == 1)
        self.droppable = frozenset(droppable)

    def has_longer(self, beginning: bytes) -> bool:
        """Whether some token begins with these bytes and goes on."""
        at = bisect_right(self._in_order, beginning)
        return at < len(self._in_order) and self._in_order[at].startswith(beginning)

    def longer(self, beginning: bytes) -> list[int]:
        """Return the tokens that begin with these bytes and go on."""
        at = end = bisect_right(self._in_order, beginning)
        while end < len(self._in_order) and self._in_order[end].startswith(beginning):
            end += 1
        return self._order[at:end]

    @property
    def words(self) -> int:
        """The number of 32-bit words of a mask."""
        return (self.size + 31) // 32

    @cached_property
    def long(self) -> LongTokens:
        """The few tokens that are longer than the others."""
        return LongTokens.of(self.levels)

    def up_to(self, length: int) -> npt.NDArray[np.uint32]:
        """Return a bit for each token of at most so many bytes, u32 [words]."""
        short = np.zeros(32 * self.words, np.bool_)
        for level in self.levels[: length + 1]:
            short[level.tokens] = True
        return np.packbits(short, bitorder="little").view("<u4")


def _levels(pieces: list[bytes], tokens: I32) -> list[Level]:
    """Return the levels of sorted pieces; the first is the empty prefix alone."""
    flat = np.frombuffer(b"".join(pieces), np.uint8)
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if pieces else lengths
    alive = np.arange(len(pieces))
    node = np.zeros(len(pieces), np.int32)  # of each piece, its node in the level at hand
    byte, parent, count, depth = np.zeros(1, np.uint8), np.zeros(1, np.int32), 1, 0
    levels: list[Level] = []
    while count:
        ending = alive[lengths[alive] == depth]
        token_begin = _begins(node[ending], count)
        alive = alive[lengths[alive] > depth]
        parents = node[alive]
        following = flat[offsets[alive] + depth]
        new = np.ones(len(alive), np.bool_)
        new[1:] = (parents[1:] != parents[:-1]) | (following[1:] != following[:-1])
        child_begin = _begins(parents[new], count)
        levels.append(Level(byte, parent, child_begin, token_begin, tokens[ending], node[ending]))
        node[alive] = np.cumsum(new) - 1
        byte, parent, count, depth = following[new], parents[new], int(new.sum()), depth + 1
    return levels


def _begins(sorted_nodes: npt.NDArray[np.integer], count: int) -> I32:
    """Return where the entries of each node begin in a list that is sorted by node, and the list's end."""
    return np.searchsorted(sorted_nodes, np.arange(count + 1)).astype(np.int32)
