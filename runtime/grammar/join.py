"""Grammars put together: one of several texts, each of which has a grammar of its own within it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from runtime.grammar.grammar import Grammar, Rule

Framed: TypeAlias = tuple[bytes, Grammar, bytes]
"""Bytes, what a grammar accepts, and bytes."""


def one_of(texts: Sequence[Framed], where: str) -> Grammar:
    """Return the grammar of the texts that are one of these. Raises: UsageError where it is too large."""
    joined = Grammar()
    joined.start = joined.add_rule(where)
    rule = joined.rules[joined.start]
    for before, grammar, after in texts:
        begin, end = joined.node(), joined.node()
        joined.add_bytes(rule.entry, before, begin)
        joined.add_call(begin, _copied(joined, grammar), end)
        joined.add_bytes(end, after, rule.exit)
    return joined


def _copied(into: Grammar, grammar: Grammar) -> int:
    """Return the number that the start of a grammar has after all of it was copied."""
    nodes = [into.node() for _ in grammar.ranges]
    rules: list[int] = []
    for rule in grammar.rules:
        rules.append(len(into.rules))
        into.rules.append(Rule(rule.where, nodes[rule.entry], nodes[rule.exit]))
    for at, node in enumerate(nodes):
        for low, high, to in grammar.ranges[at]:
            into.add_range(node, low, high, nodes[to])
        for to in grammar.empty[at]:
            into.add_empty(node, nodes[to])
        for rule, to in grammar.calls[at]:
            into.add_call(node, rules[rule], nodes[to])
    return rules[grammar.start]
