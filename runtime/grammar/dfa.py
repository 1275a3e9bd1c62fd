"""Deterministic automata over characters: made of trees, intersected, subtracted, asked.

An automaton reads characters, not bytes, so that a bound on a length counts what JSON Schema counts, and so
that one automaton serves plain text and text inside a JSON string (`runtime.grammar.embed`). All work is
counted and bounded, since subset construction is exponential for some patterns: `.*a.{20}` is refused after a
moment instead of filling the memory. Source: Hopcroft, Motwani, Ullman, Introduction to Automata Theory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from kernelc.errors import UsageError
from runtime.grammar import chars
from runtime.grammar.syntax import Chars, Concat, Either, Repeat, Tree, size

MOST_STATES = 10_000
_MOST_WORK = 1_000_000
_MOST_NFA = 40_000

State = TypeVar("State", bound=tuple[int, ...])

Edges: TypeAlias = list[tuple[int, int, int]]
"""Edges of a state: first and last character, and the state after it; in order and disjoint."""


@dataclass(frozen=True)
class Dfa:
    """An automaton whose state 0 is the first. An end can be reached from every state but a lone first one.

    `edges` has a list per state, `accepting` whether a text may end there.
    """

    edges: Sequence[Edges]
    accepting: Sequence[bool]
    work: int = 0  # that it took to make, in states and edges; for whoever makes many

    @property
    def never(self) -> bool:
        """Whether no text is accepted."""
        return not any(self.accepting)

    def accepts(self, text: str) -> bool:
        """Whether a text is accepted."""
        state = 0
        for char in text:
            code = ord(char)
            state = next((to for low, high, to in self.edges[state] if low <= code <= high), -1)
            if state < 0:
                return False
        return self.accepting[state]


def from_tree(tree: Tree, where: str) -> Dfa:
    """Return the automaton of a regular expression. Raises: UsageError where it is too large."""
    if size(tree) > _MOST_NFA:
        raise _too_large(where)
    nfa = _Nfa()
    nfa.add(tree, 0, 1)
    return _determinised(nfa, where)


def from_texts(texts: Iterable[str], where: str) -> Dfa:
    """Return the automaton of a list of texts. Raises: UsageError where they are too many."""
    nexts: list[dict[int, int]] = [{}]
    accepting = [False]
    for text in texts:
        state = 0
        for char in text:
            code = ord(char)
            if code not in nexts[state]:
                nexts[state][code] = len(nexts)
                nexts.append({})
                accepting.append(False)
                if len(nexts) > _MOST_NFA:
                    raise _too_large(where)
            state = nexts[state][code]
        accepting[state] = True
    return Dfa([[(code, code, to) for code, to in sorted(each.items())] for each in nexts], accepting)


def intersection(a: Dfa, b: Dfa, where: str) -> Dfa:
    """Return the automaton of what both accept. Raises: UsageError where it is too large."""

    def edges(state: tuple[int, int]) -> list[tuple[int, int, tuple[int, int]]]:
        found: list[tuple[int, int, tuple[int, int]]] = []
        ours, others = a.edges[state[0]], b.edges[state[1]]
        i = j = 0
        while i < len(ours) and j < len(others):
            (low, high, to), (other_low, other_high, other_to) = ours[i], others[j]
            if max(low, other_low) <= min(high, other_high):
                found.append((max(low, other_low), min(high, other_high), (to, other_to)))
            if high < other_high:
                i += 1
            else:
                j += 1
        return found

    return _explored((0, 0), edges, lambda state: a.accepting[state[0]] and b.accepting[state[1]], where)


def difference(a: Dfa, b: Dfa, where: str) -> Dfa:
    """Return the automaton of what `a` accepts and `b` does not. Raises: UsageError where it is too large."""

    def edges(state: tuple[int, int]) -> list[tuple[int, int, tuple[int, int]]]:
        found: list[tuple[int, int, tuple[int, int]]] = []
        others = b.edges[state[1]] if state[1] >= 0 else []
        for low, high, to in a.edges[state[0]]:
            for other_low, other_high, other_to in others:
                if other_high < low or other_low > high:
                    continue
                if low < other_low:
                    found.append((low, other_low - 1, (to, -1)))
                found.append((max(low, other_low), min(high, other_high), (to, other_to)))
                low = other_high + 1
            if low <= high:
                found.append((low, high, (to, -1)))
        return found

    def accepting(state: tuple[int, int]) -> bool:
        return a.accepting[state[0]] and not (state[1] >= 0 and b.accepting[state[1]])

    return _explored((0, 0), edges, accepting, where)


class _Nfa:
    """Thompson's construction: state 0 is the first, 1 the last. A state has empty moves or moves by sets."""

    def __init__(self) -> None:
        self.empty: list[list[int]] = [[], []]
        self.moves: list[list[tuple[chars.Ranges, int]]] = [[], []]

    def add(self, tree: Tree, begin: int, end: int) -> None:
        """Add paths from one state to another that read what the tree accepts."""
        if isinstance(tree, Chars):
            self.moves[begin].append((tree.of, end))
        elif isinstance(tree, Either):
            for part in tree.parts:
                self.add(part, begin, end)
        elif isinstance(tree, Concat):
            self._chain(tree.parts, begin, end)
        else:
            self._repeat(tree, begin, end)

    def _chain(self, parts: Sequence[Tree], begin: int, end: int) -> None:
        for part in parts:
            after = self._state()
            self.add(part, begin, after)
            begin = after
        self.empty[begin].append(end)

    def _repeat(self, tree: Repeat, begin: int, end: int) -> None:
        for _ in range(tree.low):
            after = self._state()
            self.add(tree.part, begin, after)
            begin = after
        if tree.high is None:
            loop = self._state()
            self.empty[begin].append(loop)
            again = self._state()
            self.add(tree.part, loop, again)
            self.empty[again].append(loop)
            self.empty[loop].append(end)
            return
        for _ in range(tree.high - tree.low):
            self.empty[begin].append(end)
            inside, after = self._state(), self._state()
            self.empty[begin].append(inside)
            self.add(tree.part, inside, after)
            begin = after
        self.empty[begin].append(end)

    def _state(self) -> int:
        self.empty.append([])
        self.moves.append([])
        return len(self.empty) - 1


def _determinised(nfa: _Nfa, where: str) -> Dfa:
    work = 0

    def closure(states: Iterable[int]) -> tuple[int, ...]:
        nonlocal work
        pending = list(states)
        seen = set(pending)
        while pending:
            for state in nfa.empty[pending.pop()]:
                if state not in seen:
                    seen.add(state)
                    pending.append(state)
        work += len(seen)
        if work > _MOST_WORK:
            raise _too_large(where)
        return tuple(sorted(state for state in seen if nfa.moves[state] or state == 1))

    def edges(states: tuple[int, ...]) -> list[tuple[int, int, tuple[int, ...]]]:
        nonlocal work
        moves = [(low, high, to) for state in states for of, to in nfa.moves[state] for low, high in of]
        closures: dict[frozenset[int], tuple[int, ...]] = {}
        found: list[tuple[int, int, tuple[int, ...]]] = []
        for low, high, targets in partition(moves):
            work += len(targets)
            if targets not in closures:
                closures[targets] = closure(targets)
            found.append((low, high, closures[targets]))
        return found

    return _explored(closure((0,)), edges, lambda states: 1 in states, where)


def partition(moves: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, frozenset[int]]]:
    """Return disjoint ranges in order, each with the targets of all `moves` (low, high, target) there."""
    events: dict[int, list[tuple[int, int]]] = {}
    for low, high, to in moves:
        events.setdefault(low, []).append((to, 1))
        events.setdefault(high + 1, []).append((to, -1))
    active: dict[int, int] = {}
    found: list[tuple[int, int, frozenset[int]]] = []
    begin = 0
    for at in sorted(events):
        if active:
            targets = frozenset(active)
            if found and found[-1][1] == begin - 1 and found[-1][2] == targets:
                found[-1] = (found[-1][0], at - 1, targets)
            else:
                found.append((begin, at - 1, targets))
        for to, change in events[at]:
            active[to] = active.get(to, 0) + change
            if not active[to]:
                del active[to]
        begin = at
    return found


def _explored(
    first: State,
    edges: Callable[[State], Iterable[tuple[int, int, State]]],
    accepting: Callable[[State], bool],
    where: str,
) -> Dfa:
    """Number all states that are reached from the first, and leave out those that reach no end."""
    numbers = {first: 0}
    states = [first]
    found: list[Edges] = []
    work = 0
    for state in states:  # grows
        own: Edges = []
        for low, high, to in edges(state):
            if to not in numbers:
                numbers[to] = len(states)
                states.append(to)
            own.append((low, high, numbers[to]))
        work += len(own) + 1
        if len(states) > MOST_STATES or work > _MOST_WORK:
            raise _too_large(where)
        found.append(own)
    return _trimmed(found, [accepting(state) for state in states], work)


def _trimmed(edges: list[Edges], accepting: list[bool], work: int) -> Dfa:
    """Leave out the states that reach no end, and join neighbouring edges to the same state."""
    before: list[list[int]] = [[] for _ in edges]
    for state, own in enumerate(edges):
        for _, _, to in own:
            before[to].append(state)
    alive = list(accepting)
    pending = [state for state, accepted in enumerate(accepting) if accepted]
    while pending:
        for state in before[pending.pop()]:
            if not alive[state]:
                alive[state] = True
                pending.append(state)
    kept = [0, *(state for state in range(1, len(edges)) if alive[state])]
    numbers = {state: number for number, state in enumerate(kept)}
    trimmed: list[Edges] = []
    for state in kept:
        own: Edges = []
        for low, high, to in sorted(edges[state]):
            if not alive[to]:
                continue
            if own and own[-1][1] == low - 1 and own[-1][2] == numbers[to]:
                own[-1] = (own[-1][0], high, numbers[to])
            else:
                own.append((low, high, numbers[to]))
        trimmed.append(own)
    return Dfa(trimmed, [accepting[state] for state in kept], work)


def _too_large(where: str) -> UsageError:
    return UsageError(
        "the automaton of this expression is too large",
        where=where,
        help="shorten its repetitions, or say less about what follows .*",
    )
