"""A grammar made ready to run: nothing in it is a dead end, and how far each node is from its rule's end.

`prepare` takes away every edge from which no end can be reached, so that whatever the machine (see
`runtime.grammar.machine`) lets through can be finished. The same search gives the fewest bytes to the end.
Source: D. E. Knuth, A Generalization of Dijkstra's Algorithm (1977): the cheapest text of each nonterminal.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection
from dataclasses import dataclass

from kernelc.errors import UsageError
from runtime.grammar.grammar import Grammar, Rule

MOST_BYTES = 1_000_000
"""What takes more bytes than this to end is left out of a grammar: no answer would."""


@dataclass(frozen=True)
class Pushdown:
    """A pushdown automaton over bytes. Lists are by node; `cost` is the fewest bytes to the end of its rule.

    `returns` says of a node whether it only returns: a call that comes back there need not remember it.
    """

    ranges: list[list[tuple[int, int, int]]]
    empty: list[list[int]]
    calls: list[list[tuple[int, int]]]
    is_exit: list[bool]
    returns: list[bool]
    cost: list[float]
    rules: list[Rule]
    start: int

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self.ranges)

    def used_bytes(self) -> set[int]:
        """Return all bytes that some text has."""
        return {
            byte
            for low, high in {(low, high) for own in self.ranges for low, high, _ in own}
            for byte in range(low, high + 1)
        }


def prepare(grammar: Grammar, only: Collection[int] | None = None) -> Pushdown:
    """Return a grammar, which is whole, ready to run; with `only`, of texts that have no other bytes.

    Raises: UsageError where no text is accepted, and where a rule calls itself before it has read anything
    (left recursion), which would never end.
    """
    if only is None and isinstance(grammar.prepared, Pushdown):
        return grammar.prepared
    ranges = grammar.ranges if only is None else [_restricted(own, set(only)) for own in grammar.ranges]
    cost = _costs(grammar, ranges)
    start = grammar.rules[grammar.start]
    if cost[start.entry] == math.inf:
        if only is None:
            help_ = f"its parts contradict each other, or ask for more than {MOST_BYTES} bytes"
            raise UsageError("no text at all fits", where=start.where, help=help_)
        raise UsageError(
            "no text that fits can be written with the model's tokens",
            where=start.where,
            help="the vocabulary has no tokens of single bytes for some of its characters",
        )
    alive = [each < math.inf for each in cost]
    entries = [rule.entry for rule in grammar.rules]
    pushdown = Pushdown(
        [[edge for edge in own if alive[edge[2]]] for own in ranges],
        [[to for to in own if alive[to]] for own in grammar.empty],
        [[(rule, to) for rule, to in own if alive[to] and alive[entries[rule]]] for own in grammar.calls],
        [False] * len(ranges),
        [False] * len(ranges),
        cost,
        grammar.rules,
        grammar.start,
    )
    for rule in grammar.rules:
        pushdown.is_exit[rule.exit] = True
    _mark_returns(pushdown)
    _check_left_recursion(pushdown)
    if only is None:
        grammar.prepared = pushdown
    return pushdown


def _restricted(edges: list[tuple[int, int, int]], only: set[int]) -> list[tuple[int, int, int]]:
    """Return edges without bytes that are not in `only`, in as few ranges as can be: all that follows walks
    these."""
    found: list[tuple[int, int, int]] = []
    for low, high, to in edges:
        begin = low
        for byte in range(low, high + 2):
            if byte > high or byte not in only:
                if begin < byte:
                    found.append((begin, byte - 1, to))
                begin = byte + 1
    return found


def _costs(grammar: Grammar, ranges: list[list[tuple[int, int, int]]]) -> list[float]:
    """Return the fewest bytes from each node to the end of its rule.

    Infinity where there is no way, or where it is longer than any answer.
    """
    steps: list[list[tuple[int, int]]] = [[] for _ in ranges]  # backwards: where from, and bytes
    calls_to: list[list[tuple[int, int]]] = [[] for _ in ranges]  # by target: where from, and the rule
    calls_of: list[list[tuple[int, int]]] = [[] for _ in grammar.rules]  # by rule: where from, and the target
    for node, own in enumerate(ranges):
        for to in {to for _, _, to in own}:
            steps[to].append((node, 1))
        for to in grammar.empty[node]:
            steps[to].append((node, 0))
        for rule, to in grammar.calls[node]:
            calls_to[to].append((node, rule))
            calls_of[rule].append((node, to))
    rules_at: dict[int, int] = {rule.entry: number for number, rule in enumerate(grammar.rules)}
    cost = [math.inf] * len(ranges)
    pending: list[tuple[int, int]] = [(0, rule.exit) for rule in grammar.rules]
    heapq.heapify(pending)
    while pending:
        own_cost, node = heapq.heappop(pending)
        if cost[node] < math.inf or own_cost > MOST_BYTES:
            continue
        cost[node] = own_cost
        for before, count in steps[node]:
            heapq.heappush(pending, (own_cost + count, before))
        for before, rule in calls_to[node]:
            inside = cost[grammar.rules[rule].entry]
            if inside < math.inf:
                heapq.heappush(pending, (own_cost + int(inside), before))
        if node in rules_at:
            for before, to in calls_of[rules_at[node]]:
                if cost[to] < math.inf:
                    heapq.heappush(pending, (own_cost + int(cost[to]), before))
    return cost


def _mark_returns(pushdown: Pushdown) -> None:
    """Find the nodes that do nothing but reach their rule's exit by empty edges."""
    for node in range(pushdown.nodes):
        path = [node]
        while not pushdown.is_exit[path[-1]] and not pushdown.returns[path[-1]]:
            at = path[-1]
            if pushdown.ranges[at] or pushdown.calls[at] or len(pushdown.empty[at]) != 1:
                break
            if pushdown.empty[at][0] in path[-2:]:  # an empty edge in a circle
                break
            path.append(pushdown.empty[at][0])
            if len(path) > 16:
                break
        else:
            for each in path:
                pushdown.returns[each] = True


def _check_left_recursion(pushdown: Pushdown) -> None:
    """Raises: UsageError where a rule comes to itself without reading a byte."""
    nullable = [pushdown.cost[rule.entry] == 0 for rule in pushdown.rules]
    called = [_called_at_once(pushdown, rule, nullable) for rule in pushdown.rules]
    done = [False] * len(called)
    for first in range(len(called)):
        path, on_path = [(first, iter(sorted(called[first])))], {first}
        while path:
            rule, rest = path[-1]
            following = None if done[rule] else next(rest, None)
            if following is None:
                done[rule] = True
                on_path.discard(rule)
                path.pop()
            elif following in on_path:
                raise UsageError(
                    "the rule calls itself before it has read anything (left recursion)",
                    where=pushdown.rules[following].where,
                    help="put what every text of the rule begins with before the call",
                )
            elif not done[following]:
                on_path.add(following)
                path.append((following, iter(sorted(called[following]))))


def _called_at_once(pushdown: Pushdown, rule: Rule, nullable: list[bool]) -> set[int]:
    called: set[int] = set()
    seen, pending = {rule.entry}, [rule.entry]
    while pending:
        node = pending.pop()
        targets = list(pushdown.empty[node])
        for inside, to in pushdown.calls[node]:
            called.add(inside)
            if nullable[inside]:
                targets.append(to)
        for to in targets:
            if to not in seen:
                seen.add(to)
                pending.append(to)
    return called
