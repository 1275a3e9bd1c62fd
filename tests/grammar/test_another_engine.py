"""Our masks against those of llguidance (Microsoft's engine in Rust), an implementation that shares nothing.

The two mean the same by regular expressions, so their masks must agree bit by bit. JSON schemas are another
matter, since each engine writes the JSON that it likes: there, what ours writes must be accepted by theirs.
"""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper  # type: ignore[import-untyped]

from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Matcher
from runtime.grammar.regular import regex_grammar
from tests.grammar.vocabularies import END, allowed_tokens, constraint, vectors, vocabulary, walk

PATTERNS = [
    r"(?:ab|ba)*c?",
    r"[a-c]{2,5}[0-9]+",
    r"[^b]*b[^b]*",
    r"(?:true|null|[0-9]{1,3}(?:\.[0-9]+)?)(?:, (?:true|null))*",
    r"[\u00e9\u65e5a-c]+(?:\u672c|\n  )",
    r"\{\"name\":\"[^\"\\\n]*\"\}",
    r"(?:a{2,3}|abc)*(?:b|cb){1,2}",
]


class _Tokens:
    """The vocabulary of the tests, as llguidance wants it: special tokens begin with 0xff."""

    eos_token_id = END
    bos_token_id = None
    special_token_ids = (END, 1)

    def __init__(self) -> None:
        pieces = list(vocabulary().pieces)
        self.tokens = [b"\xff<end>", b"\xff<markup>", *pieces[2:]]

    def __call__(self, text: str | bytes) -> list[int]:
        data = text.encode() if isinstance(text, str) else text
        return [2 + byte for byte in data]


@pytest.fixture(scope="module")
def theirs() -> Any:
    return LLTokenizer(TokenizerWrapper(_Tokens()))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_masks_of_regular_expressions_are_the_same(pattern: str, theirs: Any) -> None:
    held, chance = constraint(regex_grammar(pattern)), random.Random(pattern)
    for _ in range(6):
        ours, other = Matcher(held), LLMatcher(theirs, LLMatcher.grammar_from_regex(pattern))
        for _ in range(12):
            assert not other.is_error(), other.get_error()
            bits = np.unpackbits(np.frombuffer(other.compute_bitmask(), np.uint8), bitorder="little")
            allowed = allowed_tokens(ours, held.vocabulary)
            found = np.flatnonzero(bits[: held.vocabulary.size]).tolist()
            # Where bytes are forced, theirs are only the tokens that its tokenizer would write them with.
            assert set(found) <= set(allowed) if ours.forced_bytes() else found == allowed
            token = chance.choice(allowed)
            if token == END:
                break
            assert ours.advance(token) and other.consume_token(token)


# Fractions within bounds never end in 0 there.
CASES = [case for case in vectors("answers") if case["schema"].get("type") != "number"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["schema"])[:40])
def test_answers_to_schemas_are_answers_there_too(case: dict[str, Any], theirs: Any) -> None:
    schema = {**case["schema"], "x-guidance": {"whitespace_pattern": r"[ \n]*", "coerce_one_of": True}}
    grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema))
    held = constraint(json_schema_grammar(case["schema"]))
    for seed in range(5):
        other = LLMatcher(theirs, grammar)
        assert not other.is_error(), other.get_error()
        answer = walk(held, random.Random(seed))
        assert other.consume_tokens([2 + byte for byte in answer]), (answer, other.get_error())
        assert other.is_accepting(), answer
