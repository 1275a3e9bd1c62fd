"""Grammars by which a text can be read in very many ways: at any depth, and as another algorithm reads it."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from kernelc.errors import UsageError
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Matcher
from tests.grammar.vocabularies import (
    EXAMPLES,
    accepts,
    allowed_one_by_one,
    allowed_tokens,
    constraint,
    walk,
)

DEPTH = 200


def operators(count: int = 4) -> dict[str, Any]:
    """A schema whose alternatives begin alike, and nest in each other."""
    expression = {"$ref": "#/$defs/expression"}
    alternatives = [
        {
            "type": "object",
            "properties": {"left": expression, "right": expression, "operator": {"const": f"op{at}"}},
            "required": ["left", "right", "operator"],
            "additionalProperties": False,
        }
        for at in range(count)
    ]
    return {"$defs": {"expression": {"anyOf": [{"enum": [1, 12]}, *alternatives]}}, **expression}


BOTH_ENDS = 'root ::= "a" root "b" | "a" root "c" | "a" root | "a"'
LATE = 'root ::= x "1" | y "2"\nx ::= "[" x "]" | ""\ny ::= "[" y "]" | ""'
UNEVEN = 'root ::= ("a" | "aa") root "b" | ("a" | "aaa") root "c" | "x"'
EMPTY = 'root ::= e e "(" root ")" | e "(" root ")" e | e\ne ::= "" | "," e | ";"'
SOURCES = [BOTH_ENDS, LATE, UNEVEN, EMPTY]


def test_alternatives_that_begin_alike_nest_at_any_depth() -> None:
    held = constraint(json_schema_grammar(operators()))
    deep, shallow = Matcher(held), Matcher(held)
    assert shallow.advance_bytes(b'{"left":' * 5)
    wanted, states = shallow.mask(), len(held.machine.configurations)
    assert deep.advance_bytes(b'{"left":' * DEPTH)
    assert (deep.mask() == wanted).all() and len(held.machine.configurations) == states
    assert deep.advance_bytes(b"1")
    for level in range(DEPTH):
        assert not deep.may_end
        assert deep.advance_bytes(b',"right":12,"operator":"op%d"}' % (level % 4))
    assert deep.may_end and not deep.advance_bytes(b"}")


@pytest.mark.parametrize(
    ("source", "deep"),
    [
        (BOTH_ENDS, "a" * DEPTH + "bc" * (DEPTH // 2 - 1)),
        (LATE, "[" * DEPTH + "]" * DEPTH + "2"),
        (UNEVEN, "a" * 60 + "x" + "cb" * 20),
        (EMPTY, "," * 9 + "(" * DEPTH + ";" + ");" * DEPTH),
    ],
)
def test_ambiguous_recursion_at_any_depth(source: str, deep: str) -> None:
    grammar = gbnf_grammar(source)
    assert accepts(grammar, deep)
    assert not accepts(grammar, deep[:-1] + "x")


@pytest.mark.parametrize("source", SOURCES)
def test_masks_are_those_of_tokens_tried_one_by_one(source: str) -> None:
    grammar, chance = gbnf_grammar(source), random.Random(source)
    words = ["aa", "ab", "bc", "cb", "aax", "((", "))", "[[", "]]", "]1", ");", ",(", ",,"]
    held = constraint(grammar, words)
    matcher, said = Matcher(held), b""
    for _ in range(10):
        allowed = allowed_tokens(matcher, held.vocabulary)
        assert allowed == allowed_one_by_one(grammar, said, held.vocabulary), said
        token = chance.choice(allowed)
        assert matcher.advance(token)
        said += held.vocabulary.pieces[token]
        if matcher.ended:
            break


def test_answers_to_such_schemas_validate() -> None:
    schema = operators()
    held, validator = constraint(json_schema_grammar(schema)), Draft202012Validator(schema)
    for seed in range(10):
        assert validator.is_valid(json.loads(walk(held, random.Random(seed), 60)))


def read_by_descent(grammar: Grammar, text: bytes) -> bool:
    """Whether a text fits, by trying all ways down with a memory of what was tried: another algorithm."""

    @cache
    def ends(rule: int, begin: int) -> frozenset[int]:
        found: set[int] = set()
        seen = {(grammar.rules[rule].entry, begin)}
        pending = list(seen)
        while pending:
            node, at = pending.pop()
            if node == grammar.rules[rule].exit:
                found.add(at)
            following = [(to, at) for to in grammar.empty[node]]
            if at < len(text):
                following += [
                    (to, at + 1) for low, high, to in grammar.ranges[node] if low <= text[at] <= high
                ]
            for inner, to in grammar.calls[node]:
                following += [(to, after) for after in ends(inner, at)]
            pending += [each for each in following if each not in seen]
            seen.update(following)
        return frozenset(found)

    return len(text) in ends(grammar.start, 0)


def random_source(chance: random.Random) -> str:
    """Draw three rules that call each other and share what they begin with."""
    lines: list[str] = []
    for name in ("root", "p", "q"):
        alternatives: list[str] = []
        for _ in range(chance.randint(1, 3)):
            parts = [chance.choice(['"a"', '"b"', '("a" | "ab")', '""', '"a"?'])]
            for _ in range(chance.randint(0, 3)):
                parts.append(chance.choice(["root", "p", "q", '"a"', '"b"', 'p "b"', "q?"]))
            alternatives.append(" ".join(parts))
        alternatives.append(chance.choice(['""', '"a"', '"b"']))
        lines.append(f"{name} ::= {' | '.join(alternatives)}")
    return "\n".join(lines)


@settings(max_examples=60 * EXAMPLES)
@given(st.integers(0, 2**32))
def test_random_grammars_accept_what_another_algorithm_accepts(seed: int) -> None:
    chance = random.Random(seed)
    source = random_source(chance)
    grammar = gbnf_grammar(source)
    try:
        held = constraint(grammar, ["aa", "ab", "ba", "aba"])
    except UsageError as refused:
        assert "left recursion" in refused.message or "no text" in refused.message
        return
    said = walk(held, chance, 8)
    texts = [said, said[:-1], said + b"a", *(bytes(chance.choices(b"ab", k=7)) for _ in range(6))]
    for text in texts:
        assert accepts(grammar, text) == read_by_descent(grammar, text), (source, text)


def test_most_random_grammars_are_not_refused() -> None:
    made = 0
    for seed in range(100):
        try:
            constraint(gbnf_grammar(random_source(random.Random(seed))))
            made += 1
        except UsageError:
            continue
    assert made > 30
