"""Prefixes folded into one: walks come to the same states, and masks are those of tokens tried one by one."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.errors import UsageError
from runtime.grammar import folded as folding
from runtime.grammar.folded import folded
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.json.text import json_grammar
from runtime.grammar.matcher import Constraint, Matcher
from runtime.grammar.regular import regex_grammar
from runtime.grammar.vocabulary import Level
from tests.grammar.random_patterns import random_pattern
from tests.grammar.test_random_schemas import random_schema
from tests.grammar.vocabularies import EXAMPLES, WORDS, allowed_one_by_one, allowed_tokens, constraint, walk

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MORE = (*WORDS, *(f"{a}{b}" for a in LETTERS for b in "aeiou"), "zebra", "tree", "straße", '"}', "a\\", "\\b")
OBJECT = {
    "type": "object",
    "properties": {"street": {"type": "string", "maxLength": 9}},
    "required": ["street"],
}
CALLS = (
    'root ::= "(" item* ")"\nitem ::= [a-z]{1,3} | "\\"" [^"\\\\]* "\\"" | root | item2\nitem2 ::= "1" item?'
)
GRAMMARS: dict[str, Grammar] = {
    "counted": regex_grammar(".{0,20}"),
    "letters": regex_grammar("(?:[a-z]{1,9}é|[A-Z]b?)*"),
    "json": json_grammar(objects_only=False),
    "object": json_schema_grammar(OBJECT),
    "calls": gbnf_grammar(CALLS),
}


def prefixes(levels: list[Level]) -> int:
    return sum(len(level.byte) for level in levels)


def states(held: Constraint, levels: list[Level], state: int) -> dict[int, int]:
    """By token, the state after it, walked over levels; none for tokens that are left out."""
    found: dict[int, int] = {}
    here = [state]
    for depth, level in enumerate(levels):
        found.update(zip(level.tokens.tolist(), (here[at] for at in level.token_node.tolist()), strict=True))
        if depth + 1 < len(levels):
            below = levels[depth + 1]
            pairs = zip(below.parent.tolist(), below.byte.tolist(), strict=True)
            here = [held.machine.step(here[above], byte) for above, byte in pairs]
    return found


def check_states(held: Constraint, chance: random.Random) -> None:
    """From states here and there in an answer, tokens come to the same states over both tries."""
    levels = folded(held.vocabulary.levels, held.machine.pushdown)
    text = walk(held, chance, 8)
    for end in chance.sample(range(len(text) + 1), min(5, len(text) + 1)):
        state = held.machine.begin()
        for byte in text[:end]:
            state = held.machine.step(state, byte)
        whole = states(held, held.vocabulary.levels, state)
        few = states(held, levels, state)
        assert {token: at for token, at in whole.items() if at} == {t: at for t, at in few.items() if at}


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize(("kinds", "contexts"), [(256, 1024), (3, 1024), (256, 2), (1, 1)])
def test_tokens_come_to_the_same_states(
    name: str, kinds: int, contexts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "_MOST_KINDS", kinds)
    monkeypatch.setattr(folding, "_MOST_CONTEXTS", contexts)
    held = constraint(GRAMMARS[name], MORE)
    for seed in range(4):
        check_states(held, random.Random(seed))


def held_by(make: Any) -> Constraint | None:
    try:
        held = constraint(make(), MORE)
        Matcher(held)
    except UsageError:
        return None
    return held


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_random_grammars_tell_folded_prefixes_apart(seed: int, is_schema: bool) -> None:
    chance = random.Random(seed)

    def make() -> Grammar:
        if is_schema:
            return json_schema_grammar(random_schema(chance) | {"$defs": {"one": {}, "two": {}}})
        return regex_grammar(random_pattern(chance).text)

    held = held_by(make)
    if held is not None:
        check_states(held, chance)


@pytest.mark.parametrize("name", GRAMMARS)
def test_masks_are_those_of_tokens_tried_one_by_one_when_the_trie_is_folded(name: str) -> None:
    grammar, chance = GRAMMARS[name], random.Random(name)
    held = constraint(grammar, MORE)
    held.masks._unfolded = 0  # pyright: ignore[reportPrivateUsage]
    for _ in range(3):
        text = walk(held, chance, 12)
        for end in sorted(chance.sample(range(len(text) + 1), min(8, len(text) + 1))):
            matcher = Matcher(held)
            assert matcher.advance_bytes(text[:end])
            wanted = allowed_one_by_one(grammar, text[:end], held.vocabulary)
            assert allowed_tokens(matcher, held.vocabulary) == wanted, text[:end]
    assert held.masks._unfolded is None  # pyright: ignore[reportPrivateUsage]


def test_few_prefixes_are_left_where_little_is_told_apart() -> None:
    held = constraint(GRAMMARS["counted"], MORE)
    levels = folded(held.vocabulary.levels, held.machine.pushdown)
    assert prefixes(levels) < prefixes(list(held.vocabulary.levels)) / 4
    # In a JSON string `ka` and `ke` are no different, and a backslash in their place is.
    levels = folded(held.vocabulary.levels, constraint(GRAMMARS["object"], MORE).machine.pushdown)
    of = {
        held.vocabulary.pieces[token]: (depth, node)
        for depth, level in enumerate(levels)
        for token, node in zip(level.tokens.tolist(), level.token_node.tolist(), strict=True)
    }
    assert of[b"ka"] == of[b"ke"] != of[b"a\\"]


def test_tokens_that_nothing_begins_with_are_left_out() -> None:
    held = constraint(regex_grammar("[ab]*"), MORE)
    levels = folded(held.vocabulary.levels, held.machine.pushdown)
    found = np.concatenate([level.tokens for level in levels]).tolist()
    assert {held.vocabulary.pieces[token] for token in found} == {b"a", b"b", b"aa", b"ab", b"ba", b"aab"}


def test_the_trie_is_folded_when_enough_was_looked_at() -> None:
    held = constraint(GRAMMARS["counted"], MORE)
    matcher = Matcher(held)
    for _ in range(20):
        matcher.mask()
        assert matcher.advance_bytes(b"a")
    levels = held.masks._levels  # pyright: ignore[reportPrivateUsage]
    assert prefixes(list(levels)) < prefixes(list(held.vocabulary.levels)) / 4
