"""Nodes that no token tells apart have one mask, and masks are still those of tokens tried one by one."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.grammar import vocabulary as vocabularies
from runtime.grammar.alike import alike
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.machine import DEAD, Machine
from runtime.grammar.matcher import Constraint, Matcher
from runtime.grammar.pushdown import prepare
from runtime.grammar.regular import regex_grammar
from tests.grammar.vocabularies import EXAMPLES, WORDS, allowed_one_by_one, allowed_tokens, constraint, walk

LONG = (
    *WORDS,
    "a" * 9,
    "a" * 10,
    "b" * 12,
    "ab" * 7,
    " " * 11,
    "éa" * 5,
    'aaaaaaaa"',
    'bbbbbbbbbbbb"}',
    '",' + "a" * 9,
)
COUNTED: dict[str, Grammar] = {
    "any characters": regex_grammar(r".{0,30}"),
    "at least": regex_grammar(r"[ab]{9,25}(?:é|b)"),
    "pairs": regex_grammar(r"(?:ab|aé){2,14}a{3,20}"),
    "a string": json_schema_grammar(
        {"type": "object", "properties": {"a": {"type": "string", "minLength": 3, "maxLength": 24}}}
    ),
    "strings in lists": json_schema_grammar(
        {"type": "array", "items": {"type": "string", "maxLength": 14}, "maxItems": 3}
    ),
    "gbnf": gbnf_grammar('root ::= "[" item{1,12} "]"\nitem ::= "a" | "ab" item? "b" | " "{0,9}'),
}


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize(("short", "most"), [(8, 2048), (1, 30), (3, 12), (8, 0)])
def test_masks_are_those_of_tokens_tried_one_by_one(
    name: str, short: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabularies, "_SHORT", short)
    monkeypatch.setattr(vocabularies, "_MOST_LONG", most)
    grammar, chance = COUNTED[name], random.Random(f"{name} {short}")
    held = constraint(grammar, LONG)
    for _ in range(3):
        text = walk(held, chance, 15)
        for end in sorted(chance.sample(range(len(text) + 1), min(8, len(text) + 1))):
            matcher = Matcher(held)
            assert matcher.advance_bytes(text[:end])
            wanted = allowed_one_by_one(grammar, text[:end], held.vocabulary)
            assert allowed_tokens(matcher, held.vocabulary) == wanted, text[:end]


@settings(max_examples=4 * EXAMPLES)
@given(
    st.sampled_from(["a{%d,%d}", "[ab]{%d,%d}b", "(?:a|ba){%d,%d}", "(?:a{2}|.){%d,%d}"]),
    st.integers(0, 9),
    st.integers(0, 12),
    st.integers(1, 9),
)
def test_nodes_that_are_alike_go_on_alike(pattern: str, least: int, more: int, length: int) -> None:
    pushdown = prepare(regex_grammar(pattern % (least, least + more)))
    [representatives] = alike(pushdown, [length])
    machine = Machine(pushdown)
    chance = random.Random(f"{pattern} {least} {more} {length}")
    texts = [bytes(chance.choices(b"ab", k=length)) for _ in range(20)]
    texts += [bytes(each) for each in product(b"ab", repeat=min(length, 4))]
    for node, other in enumerate(representatives):
        if not pushdown.ranges[node]:
            continue
        states = [machine.intern((each,)) for each in (node, other)]
        assert machine.replaced(states[0], representatives) == states[1]
        for text in texts:
            for byte in text:
                states = [machine.step(each, byte) for each in states]
                assert (states[0] == DEAD) == (states[1] == DEAD), (node, other, text)
                assert machine.ends[states[0]] == machine.ends[states[1]], (node, other, text)
            states = [machine.intern((each,)) for each in (node, other)]


def test_a_long_text_has_the_masks_of_its_last_characters_alone() -> None:
    held = Constraint(regex_grammar(r".{0,300}"), constraint(COUNTED["gbnf"], LONG).vocabulary, [0])
    matcher = Matcher(held)
    walks: list[int] = []
    for _ in range(300):
        matcher.mask()
        walks.append(held.masks.walks)
        assert matcher.advance_bytes(b"a")
    longest = max(len(word.encode()) for word in LONG)
    assert walks[300 - longest - 1] == 1  # while more may come than a token has
    assert walks[-1] <= 2 * longest


def test_the_longest_token_is_allowed_exactly_as_long_as_it_fits() -> None:
    words = ["a" * length for length in range(2, 17)]
    held = constraint(regex_grammar("a{0,40}"), words)
    matcher = Matcher(held)
    for left in range(40, -1, -1):
        allowed = [held.vocabulary.pieces[token] for token in allowed_tokens(matcher, held.vocabulary)]
        assert {len(piece) for piece in allowed} == {0, *range(1, min(left, 16) + 1)}, left
        assert matcher.advance_bytes(b"a") == (left > 0)
