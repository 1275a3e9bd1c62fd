"""Masks against tokens tried one by one, and what a matcher says of an answer on its way."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.errors import UsageError
from runtime.grammar import machine, masks
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.json.text import json_grammar
from runtime.grammar.matcher import Constraint, Matcher, is_allowed
from runtime.grammar.regular import regex_grammar
from runtime.grammar.vocabulary import Vocabulary
from tests.grammar import mask_vectors
from tests.grammar.vocabularies import (
    END,
    EXAMPLES,
    accepts,
    allowed_one_by_one,
    allowed_tokens,
    constraint,
    vocabulary,
    walk,
)

NESTED = """
root ::= "a" root "b" | "a" root "c" | list
list ::= "[" (item (", " item)*)? "]"
item ::= "ab"? [0-9]* list?
"""
GRAMMARS: dict[str, Grammar] = {
    "any json": json_grammar(objects_only=False),
    "regex": regex_grammar(r"(?:ab|a|ba)*(?:é|日本|[0-9]{2,3})?c?"),
    "nested": gbnf_grammar(NESTED),
    "optional": json_schema_grammar(
        {
            "type": "object",
            "properties": {"name": {"type": "number"}, "na": {}, "n": {"enum": ["ab", "abc", 12]}},
        }
    ),
    "ambiguous": gbnf_grammar('root ::= x x x\nx ::= ("a" | "ab" | "b")*'),
    "right recursion": gbnf_grammar('root ::= "a" root | "b" root | "12"'),
    "keys": json_schema_grammar({"properties": {"name": {}}, "additionalProperties": {"type": "boolean"}}),
}


@pytest.mark.parametrize("name", GRAMMARS)
def test_masks_are_those_of_tokens_tried_one_by_one(name: str) -> None:
    grammar, chance = GRAMMARS[name], random.Random(name)
    held = constraint(grammar)
    for _ in range(4):
        matcher, said = Matcher(held), b""
        for _ in range(12):
            allowed = allowed_tokens(matcher, held.vocabulary)
            assert allowed == allowed_one_by_one(grammar, said, held.vocabulary), said
            token = chance.choice([token for token in allowed if token != END] or [END])
            refused = [token for token in range(held.vocabulary.size) if token not in allowed]
            assert not any(matcher.advance(token) for token in chance.sample(refused, 3))
            assert matcher.advance(token)
            said += held.vocabulary.pieces[token]
            if matcher.ended:
                assert allowed_tokens(matcher, held.vocabulary) == [END]
                break


# Inside of rules that several places call, one after the other, so that each place comes after another.
PREFIXES = {
    "any json": [
        '["a',
        '{"a":"b',
        '[["a',
        '{"a',
        "[1",
        "[[1",
        '{"k":[1',
        "1",
        '[{"a":"b',
        '{"a":{"b":1',
        "[",
    ],
    "nested": ["[", "a[", "aa[ab", "[[1", "[ab1[2", "[1", "a[[[", "a[]"],
    "keys": ['{"name":[1', '{"name":"a', '{"na', '{"a":t', '{"name":[{"a'],
    "optional": ['{"n', '{"na":"x', '{"na":{"a":[', '{"name":1', '{"name":1, "na'],
}


@pytest.mark.parametrize("name", PREFIXES)
def test_masks_are_those_of_the_place_that_called_a_rule(name: str) -> None:
    held = constraint(GRAMMARS[name])
    for before in [*PREFIXES[name], *PREFIXES[name]]:
        matcher = Matcher(held)
        assert matcher.advance_bytes(before.encode())
        wanted = allowed_one_by_one(GRAMMARS[name], before.encode(), held.vocabulary)
        assert allowed_tokens(matcher, held.vocabulary) == wanted, before


@settings(max_examples=4 * EXAMPLES)
@given(st.sampled_from(sorted(GRAMMARS)), st.integers(0, 2**32))
def test_every_beginning_of_an_accepted_text_is_accepted(name: str, seed: int) -> None:
    held = constraint(GRAMMARS[name])
    text = walk(held, random.Random(seed), 20)
    assert accepts(GRAMMARS[name], text)
    for end in range(len(text) + 1):
        matcher = Matcher(held)
        assert matcher.advance_bytes(text[:end])
        assert matcher.may_end == accepts(GRAMMARS[name], text[:end])
        assert matcher.advance_bytes(text[end:]) and matcher.may_end


def test_the_same_state_at_every_depth_has_one_mask() -> None:
    held = constraint(json_grammar(objects_only=False))
    matcher = Matcher(held)
    assert matcher.advance_bytes(b'[[["a')
    matcher.mask()
    walks = held.masks.walks
    assert matcher.advance_bytes(b'",[[[[[["a') and matcher.mask() is not None
    assert matcher.advance_bytes(b"b")
    matcher.mask()
    assert held.masks.walks == walks


def test_the_machine_may_forget_while_answers_run(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar = GRAMMARS["any json"]
    held = constraint(grammar)
    first, second = Matcher(held), Matcher(held)
    assert first.advance_bytes(b'{"a":[1,') and second.advance_bytes(b"[[")
    wanted = allowed_tokens(first, held.vocabulary)
    monkeypatch.setattr(machine, "_MOST_STATES", 3)
    monkeypatch.setattr(masks, "_MOST_BYTES", 100)
    assert allowed_tokens(second, held.vocabulary) and held.machine.epoch > 0
    assert allowed_tokens(first, held.vocabulary) == wanted
    assert first.advance_bytes(b"2]}") and first.may_end


def test_forced_bytes_and_the_shortest_end() -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "boolean"}}, "required": ["answer"]}
    matcher = Matcher(constraint(json_schema_grammar(schema)))
    assert matcher.forced_bytes() == b"{"
    assert matcher.advance_bytes(b'{"')
    assert matcher.forced_bytes() == b'answer":'
    assert matcher.forced_bytes(3) == b"ans"
    assert matcher.shortest_end() == b'answer":true}'
    assert matcher.advance_bytes(b'answer": f') and matcher.forced_bytes() == b"alse"
    assert matcher.advance_bytes(b"alse}") and matcher.may_end
    assert matcher.forced_bytes() == matcher.shortest_end() == b""


def test_markup_and_empty_tokens_are_never_allowed() -> None:
    pieces = [b"", b"<s>", b"a", b"", b"<", b"s", b">", *([b"b"] * 40)]
    held = Constraint(regex_grammar("<s>|b"), Vocabulary(pieces, excluded=[1, 30]), [0])
    assert allowed_tokens(Matcher(held), held.vocabulary) == [4, *range(7, 30), *range(31, 47)]
    matcher = Matcher(held)
    assert matcher.advance(4) and allowed_tokens(matcher, held.vocabulary) == [5]
    assert not any(map(matcher.advance, [0, 1, 3, -1, 1000]))


def test_the_end_is_allowed_exactly_where_the_text_may_end() -> None:
    matcher = Matcher(constraint(regex_grammar("a{2,3}")))
    ends: list[bool] = []
    for byte in b"aaa":
        ends.append(is_allowed(matcher.mask(), END))
        matcher.advance_bytes(bytes([byte]))
    assert [*ends, is_allowed(matcher.mask(), END)] == [False, False, True, True]
    assert matcher.advance(END) and matcher.ended
    assert not matcher.advance_bytes(b"a") and not matcher.advance(2 + ord("a"))


def test_an_answer_never_begins_with_a_space_that_would_be_dropped() -> None:
    pieces = [b"", b" a", b"a", b" "]
    held = Constraint(regex_grammar(" ?a a"), Vocabulary(pieces, droppable=[1, 3]), [0])
    assert allowed_tokens(Matcher(held), held.vocabulary) == [2]
    assert allowed_tokens(Matcher(held, drops_space=False), held.vocabulary) == [1, 2, 3]
    matcher = Matcher(held)
    assert not matcher.advance(1) and matcher.advance(2) and matcher.advance(1) and matcher.may_end
    held = Constraint(regex_grammar(" a"), Vocabulary(pieces, droppable=[1, 3]), [0])
    with pytest.raises(UsageError, match="begins with a space"):
        Matcher(held)


def test_texts_that_the_tokens_cannot_finish_are_left_out() -> None:
    pieces = [b"", b"a", b"b", "é".encode(), b"ac"]  # no single c, and none of the bytes of é
    held = Constraint(regex_grammar("(?:a|b|c|é)+"), Vocabulary(pieces), [0])
    assert allowed_tokens(Matcher(held), held.vocabulary) == [1, 2]
    with pytest.raises(UsageError, match="can be written"):
        Constraint(regex_grammar("a+c"), Vocabulary(pieces), [0])
    with pytest.raises(UsageError, match="no token that ends"):
        Constraint(regex_grammar("a"), Vocabulary(pieces), [99])


def test_the_trie_holds_every_token_once() -> None:
    held = vocabulary()
    reached: dict[int, bytes] = {}
    paths = [b""]
    for depth, level in enumerate(held.levels):
        for node, path in enumerate(paths):
            for token in level.tokens[level.token_begin[node] : level.token_begin[node + 1]]:
                assert token not in reached
                reached[int(token)] = path
        following = held.levels[depth + 1] if depth + 1 < len(held.levels) else None
        paths = (
            []
            if following is None
            else [paths[following.parent[n]] + bytes([following.byte[n]]) for n in range(len(following.byte))]
        )
        assert following is None or np.array_equal(
            np.repeat(np.arange(len(level.byte)), np.diff(level.child_begin)), following.parent
        )
    assert reached == {token: piece for token, piece in enumerate(held.pieces) if piece}


@pytest.mark.parametrize("pattern", ["[ab]{0,40}", "(?:ab|b)*a?", "[^x]*"])
def test_most_or_few_nodes_of_a_level_give_the_same(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two ways of a step over a level are each other's reference."""
    words = ["".join(random.Random(seed).choices("abx", k=1 + seed % 7)) for seed in range(300)]
    found: list[Any] = []
    for step in ("_step_few", "_step_all"):
        with monkeypatch.context() as patch:
            for name in ("_step_few", "_step_all"):
                patch.setattr(masks.Masks, name, getattr(masks.Masks, step))
            held = constraint(regex_grammar(pattern), words)
            matcher = Matcher(held)
            found.append(matcher.mask().tolist())
            assert matcher.advance_bytes(b"b")
            found.append(matcher.mask().tolist())
    assert found[:2] == found[2:]
    allowed = [word for at, word in enumerate(words) if is_allowed(np.array(found[0], np.uint32), 258 + at)]
    assert allowed == [word for word in words if re.fullmatch(pattern, word)]


def test_masks_are_those_that_the_page_is_held_to() -> None:
    """The file is written anew by `python -m tests.grammar.mask_vectors` where masks are meant to change."""
    assert json.loads(mask_vectors.PATH.read_text("utf-8")) == mask_vectors.document()
