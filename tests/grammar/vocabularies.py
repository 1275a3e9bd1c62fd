"""Small vocabularies, random walks through masks, and what masks must be, found one token at a time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings

from runtime.grammar.grammar import Grammar
from runtime.grammar.machine import DEAD, Machine
from runtime.grammar.matcher import Constraint, Matcher, bits_of
from runtime.grammar.pushdown import prepare
from runtime.grammar.vocabulary import Vocabulary

EXAMPLES = min(settings().max_examples, 30)
"""A factor for the examples of property tests: of the profile, ten times as many at night."""

END = 0
WORDS = (
    *(
        "ab",
        "ba",
        "aab",
        "abc",
        "cb",
        '{"',
        '":',
        '","',
        '"]',
        "]}",
        "}}",
        "[[",
        "[]",
        "{}",
        ", ",
        '": "',
        "],[",
    ),
    *(
        "tr",
        "true",
        "alse",
        "null",
        "12",
        "0.",
        "-1",
        "e1",
        "\n  ",
        "  ",
        "é",
        "日本",
        '\\"',
        "\\n",
        "\\u00",
        "-0",
    ),
    *("name", '"name"', ':"', "0000", "99", "T0", "::", "@x.", "ÿ\U0001f600"),
)


def vocabulary(words: Iterable[str] = WORDS) -> Vocabulary:
    """Token 0 ends an answer, 1 is markup without bytes; then every byte, then words, one of them twice."""
    listed = [word.encode() for word in words]
    return Vocabulary([b"", b"", *(bytes([byte]) for byte in range(256)), *listed, *listed[:1]])


def constraint(grammar: Grammar, words: Iterable[str] = WORDS) -> Constraint:
    return Constraint(grammar, vocabulary(words), [END])


def vectors(name: str) -> list[dict[str, Any]]:
    """The cases of a file that every implementation of the engine is to be held to, in whatever language."""
    return json.loads((Path(__file__).parent / "vectors" / f"{name}.json").read_text("utf-8"))["cases"]


def accepts(grammar: Grammar, text: str | bytes) -> bool:
    """Whether a text fits, asked of the machine itself without any tokens."""
    machine = Machine(prepare(grammar))
    state = machine.begin()
    for byte in text.encode() if isinstance(text, str) else text:
        state = machine.step(state, byte)
    return bool(machine.ends[state])


def allowed_tokens(matcher: Matcher, of: Vocabulary) -> list[int]:
    return np.flatnonzero(bits_of(matcher.mask(), of.size)).tolist()


def allowed_one_by_one(grammar: Grammar, before: bytes, of: Vocabulary) -> list[int]:
    """The tokens that may follow a text, each tried alone, byte by byte, with whole stacks."""
    machine = Machine(prepare(grammar))
    state = machine.begin()
    for byte in before:
        state = machine.step(state, byte)
    found = [END] if machine.ends[state] else []
    for token, piece in enumerate(of.pieces):
        after = state
        for byte in piece:
            after = machine.step(after, byte)
        if piece and after != DEAD:
            found.append(token)
    return found


def walk(held: Constraint, chance: random.Random, tokens: int = 40) -> bytes:
    """Return a random answer: any allowed token with equal chances, and the shortest end after `tokens`.

    Every step checks that something may follow, and that what the mask allows can be taken.
    """
    matcher, said = Matcher(held), b""
    for _ in range(tokens):
        allowed = allowed_tokens(matcher, held.vocabulary)
        assert allowed, f"a dead end after {said!r}"
        token = chance.choice(allowed)
        assert matcher.advance(token), (said, token)
        if matcher.ended:
            return said
        said += held.vocabulary.pieces[token]
    rest = matcher.shortest_end()
    assert matcher.advance_bytes(rest) and matcher.may_end, (said, rest)
    return said + rest
