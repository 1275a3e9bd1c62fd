"""Tokens that grammars force: those that a tokenizer would write, as far as any continuation shares them."""

from __future__ import annotations

import json
import random

import pytest
from jsonschema import Draft202012Validator

from kernelc.commands.shared.options import demo_model
from kernelc.session import Coder
from model.opening import open_model
from model.text.tokenizer import load_tokenizer
from runtime.grammar.ahead import ForcedTokens
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Constraint, Matcher
from runtime.grammar.regular import choice_grammar, regex_grammar
from tests.grammar.ahead_vectors import PATH, document, longest_first, written
from tests.grammar.vocabularies import allowed_tokens, vocabulary

NAMES = ["customer_name", "name_of_street", "nickname", "日本 é"]
SCHEMA = {
    "type": "object",
    "properties": {name: {"enum": ["card", "cash", 1, 12]} for name in NAMES},
    "required": NAMES,
}


def taken(grammar: Grammar, words: list[str], said: bytes, most: int = 99) -> list[bytes]:
    held = Constraint(grammar, vocabulary(words), [0])
    matcher = Matcher(held)
    assert matcher.advance_bytes(said)
    forced = ForcedTokens(longest_first(words), held.vocabulary)
    return [held.vocabulary.pieces[token] for token in forced.take(matcher, 2 + said[-1], most)]


def test_the_vectors_that_the_page_follows_are_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == written(document())


def test_forced_text_is_taken_as_its_tokens() -> None:
    assert taken(regex_grammar("xabcabcd"), ["abc"], b"x") == [b"abc", b"abc", b"d"]
    assert taken(regex_grammar("xabcabcdabc"), ["abc"], b"x", 3) == [b"abc", b"abc", b"d"]
    assert taken(regex_grammar("x日本語y"), ["日本"], b"x") == [
        "日本".encode(),
        *(b"\xe8\xaa\x9e"[at : at + 1] for at in range(3)),
        b"y",
    ]


def test_what_another_token_may_go_on_from_is_left_to_the_model() -> None:
    assert taken(regex_grammar("xthe name: [0-9]"), ["the", "name", ": 1"], b"x") == [b"the", b" ", b"name"]
    assert taken(regex_grammar("xthe ab: [0-9]"), ["the", "ab: 7"], b"x") == []
    assert taken(regex_grammar("xthe ab: [0-9]"), ["the", "b: 7"], b"x") == [b"the", b" ", b"a"]
    assert taken(regex_grammar("xabcd"), ["bcde", "ab"], b"x") == []


def test_nothing_is_taken_where_there_is_a_choice_or_little_to_gain() -> None:
    assert taken(choice_grammar(["xabcd", "xabxy", "xcdef"]), [], b"x") == []
    assert taken(regex_grammar("xab"), [], b"x") == []
    assert taken(regex_grammar("xabcdef"), ["abc", "def"], b"x") == []
    assert taken(regex_grammar("xabcdef"), [], b"x", 2) == []
    assert taken(regex_grammar("xé日"), [], b"x" + "é".encode()[:1]) == []


def test_a_tokenizer_that_puts_something_before_a_text_is_no_trouble() -> None:
    held = Constraint(regex_grammar("xabcabcd"), vocabulary(["abc"]), [0])
    encode = longest_first(["abc"])
    matcher = Matcher(held)
    assert matcher.advance_bytes(b"x")
    found = ForcedTokens(lambda text: encode(" " + text), held.vocabulary).take(matcher, 2 + ord("x"), 9)
    assert b"".join(held.vocabulary.pieces[token] for token in found) == b"abcabcd"
    matcher = Matcher(held)
    assert matcher.advance_bytes(b"x")
    assert ForcedTokens(lambda text: encode(text + "!"), held.vocabulary).take(matcher, 2 + ord("x"), 9) == []


@pytest.fixture(scope="module")
def demo() -> Coder:
    with open_model(demo_model()) as opened:
        return Coder(load_tokenizer(opened.text))


def test_every_continuation_shares_the_tokens_of_the_demo_model(demo: Coder) -> None:
    """What comes after them is drawn at random; tokenised as a whole, the answer has the same tokens."""
    tokens = demo.vocabulary(4096)
    held = Constraint(json_schema_grammar(SCHEMA), tokens, [2])
    forced = ForcedTokens(demo.encode, tokens)
    shared = 0
    for seed in range(20):
        chance, matcher, said = random.Random(seed), Matcher(held), list[int]()
        checks: list[tuple[bytes, list[int]]] = []
        while not matcher.ended:
            token = chance.choice(allowed_tokens(matcher, tokens))
            assert matcher.advance(token)
            if matcher.ended:
                break
            said.append(token)
            before = b"".join(tokens.pieces[each] for each in said)
            found = forced.take(matcher, token, 100)
            said += found
            if found and before.endswith(b'{"'):
                checks.append((before, found))
        text = b"".join(tokens.pieces[each] for each in said)
        assert Draft202012Validator(SCHEMA).is_valid(json.loads(text))
        for before, found in checks:
            rest = demo.encode("\n" + text[len(before) :].decode())
            begin = next(at for at in range(len(rest)) if rest[at : at + len(found)] == found)
            assert b"".join(tokens.pieces[each] for each in rest[:begin]).strip() == b""
            shared += len(found)
    assert shared > 5
