"""GBNF: what it means, in the manner of the grammars that llama.cpp ships, and what is refused."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kernelc.errors import UsageError
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.matcher import Matcher
from runtime.grammar.pushdown import prepare
from tests.grammar.vocabularies import accepts, allowed_tokens, constraint, vectors, walk

CASES = vectors("gbnf")
REFUSED = vectors("gbnf_refused")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_accepted(case: dict[str, Any]) -> None:
    grammar = gbnf_grammar(case["grammar"])
    assert [text for text in case["yes"] if not accepts(grammar, text)] == []
    assert [text for text in case["no"] if accepts(grammar, text)] == []


@pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case["name"])
def test_random_answers_are_accepted(case: dict[str, Any]) -> None:
    grammar = gbnf_grammar(case["grammar"])
    held = constraint(grammar)
    for seed in range(5):
        assert accepts(grammar, walk(held, random.Random(seed)))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["grammar"][:40])
def test_what_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        grammar = gbnf_grammar(case["grammar"])
        assert "line" not in case
        prepare(grammar)
    assert case["reason"] in refused.value.message
    if line := case.get("line", ""):
        assert refused.value.where == f"grammar: line {line}"
    else:
        assert (refused.value.where or "").startswith("grammar")


def test_rules_that_never_end_are_left_out() -> None:
    grammar = gbnf_grammar('root ::= "a" | "b" never | "c"\nnever ::= "x" never')
    assert [text for text in "abc" if accepts(grammar, text)] == ["a", "c"]
    held = constraint(grammar)
    assert [held.vocabulary.pieces[token] for token in allowed_tokens(Matcher(held), held.vocabulary)] == [
        b"a",
        b"c",
    ]
