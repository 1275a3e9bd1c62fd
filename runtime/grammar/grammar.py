"""The form that every grammar is compiled to: rules that are graphs over bytes and call each other.

A node has edges of three kinds: a range of bytes, nothing (an empty edge), or a whole rule (a call, which
comes back to the edge's target). A rule is an entry and an exit; nothing leaves an exit. This is the byte
pushdown automaton of Dong et al., XGrammar (2024), section 3, before anything is done for speed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from kernelc.errors import UsageError

MOST_NODES = 200_000


@dataclass(frozen=True)
class Rule:
    """A rule: `where` names it in errors."""

    where: str
    entry: int
    exit: int


@dataclass
class Grammar:
    """A grammar while it is being built. `start` is the number of the rule that the whole text follows."""

    ranges: list[list[tuple[int, int, int]]] = field(default_factory=list[list[tuple[int, int, int]]])
    """For each node its edges over bytes: first and last byte, target."""
    empty: list[list[int]] = field(default_factory=list[list[int]])
    """For each node the targets of its empty edges."""
    calls: list[list[tuple[int, int]]] = field(default_factory=list[list[tuple[int, int]]])
    """For each node its calls: the rule's number, and where to go on after it."""
    rules: list[Rule] = field(default_factory=list[Rule])
    start: int = 0
    prepared: object = field(default=None, repr=False, compare=False)
    """What `runtime.grammar.pushdown.prepare` made of it, once it is whole."""
    _by_key: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def node(self) -> int:
        """Return a new node. Raises: UsageError where there are too many."""
        if len(self.ranges) >= MOST_NODES:
            raise UsageError(
                f"the grammar has more than {MOST_NODES} nodes",
                help="shorten its lists, its repetitions, or what it expects of lengths",
            )
        self.ranges.append([])
        self.empty.append([])
        self.calls.append([])
        return len(self.ranges) - 1

    def add_range(self, begin: int, low: int, high: int, end: int) -> None:
        """Let one byte from `low` to `high` lead from one node to another."""
        self.ranges[begin].append((low, high, end))

    def add_empty(self, begin: int, end: int) -> None:
        """Let nothing at all lead from one node to another."""
        self.empty[begin].append(end)

    def add_call(self, begin: int, rule: int, end: int) -> None:
        """Let what a rule accepts lead from one node to another."""
        self.calls[begin].append((rule, end))

    def add_bytes(self, begin: int, data: bytes, end: int) -> None:
        """Let exactly these bytes lead from one node to another."""
        for at, byte in enumerate(data):
            after = end if at == len(data) - 1 else self.node()
            self.add_range(begin, byte, byte, after)
            begin = after
        if not data:
            self.add_empty(begin, end)

    def add_rule(self, where: str) -> int:
        """Return the number of a new rule, whose body is still to be added."""
        self.rules.append(Rule(where, self.node(), self.node()))
        return len(self.rules) - 1

    def rule_for(self, key: Hashable, where: str, add_body: Callable[[int, int], None]) -> int:
        """Return the rule for a key, made at its first use by `add_body(entry, exit)`.

        The rule is known before its body is added, so a body may call its own rule.
        """
        if key not in self._by_key:
            number = self.add_rule(where)
            self._by_key[key] = number
            add_body(self.rules[number].entry, self.rules[number].exit)
        return self._by_key[key]

    def sequence(self, begin: int, parts: Sequence[Callable[[int, int], None]], end: int) -> None:
        """Add parts one after the other; each is a function that adds itself between two nodes."""
        for at, part in enumerate(parts):
            after = end if at == len(parts) - 1 else self.node()
            part(begin, after)
            begin = after
        if not parts:
            self.add_empty(begin, end)
