"""Grammars that one automaton is enough for: a regular expression, a list of texts."""

from __future__ import annotations

from collections.abc import Sequence

from kernelc.errors import UsageError
from runtime.grammar.chars import check_text
from runtime.grammar.dfa import Dfa, from_texts, from_tree
from runtime.grammar.embed import Embedder, Encoding
from runtime.grammar.grammar import Grammar
from runtime.grammar.regex import parse_regex


def regex_grammar(pattern: str, where: str = "regex") -> Grammar:
    """Return the grammar of the texts that a regular expression matches as a whole.

    Raises: UsageError for what is wrong, not supported (see `runtime.grammar.regex`) or too large.
    """
    return _grammar(from_tree(parse_regex(pattern, where), where), where)


def choice_grammar(texts: Sequence[str], where: str = "choice") -> Grammar:
    """Return the grammar of a list of texts. Raises: UsageError where it is empty or too long."""
    if not texts:
        raise UsageError("the list of choices is empty", where=where)
    for text in texts:
        check_text(text, where)
    return _grammar(from_texts(texts, where), where)


def _grammar(dfa: Dfa, where: str) -> Grammar:
    grammar = Grammar()
    grammar.start = grammar.add_rule(where)
    rule = grammar.rules[grammar.start]
    Embedder(grammar, Encoding.PLAIN).add_dfa(rule.entry, dfa, rule.exit)
    return grammar
