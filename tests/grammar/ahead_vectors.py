"""Tokens that grammars force: vectors/ahead.json, which the page follows, too.

Each case has words beside the bytes of the tests' vocabulary, of which a tokenizer takes the longest that
fits; a regular expression; what was said; and the tokens that are taken after it.

    python -m tests.grammar.ahead_vectors

writes it anew where they are meant to be others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from runtime.grammar.ahead import ForcedTokens
from runtime.grammar.matcher import Constraint, Matcher
from runtime.grammar.regular import regex_grammar
from tests.grammar.vocabularies import vocabulary

PATH = Path(__file__).parent / "vectors" / "ahead.json"

CASES: tuple[tuple[str, list[str], bytes, int], ...] = (
    ("xabcabcd", ["abc"], b"x", 99),
    ("xabcabcdabc", ["abc"], b"x", 3),
    ("x日本語y", ["日本"], b"x", 99),
    ("xthe name: [0-9]", ["the", "name", ": 1"], b"x", 99),
    ("xthe ab: [0-9]", ["the", "ab: 7"], b"x", 99),
    ("xthe ab: [0-9]", ["the", "b: 7"], b"x", 99),
    ("xabcd", ["bcde", "ab"], b"x", 99),
    ("xabcd|xabxy|xcdef", [], b"x", 99),
    ("xab", [], b"x", 99),
    ("xabcdef", ["abc", "def"], b"x", 99),
    ("xabcdef", [], b"x", 2),
    ("xé日", [], b"x" + "é".encode()[:1], 99),
    ("xabc(def)?", [], b"x", 99),
    ("éabcd", ["abc"], "é".encode(), 99),
    ("xxxabcd", ["xa", "xx"], b"xxx", 99),
    ("x\ufeffabcd", [], b"x", 99),
)


def longest_first(words: Iterable[str]) -> Callable[[str], list[int]]:
    """A tokenizer that takes the longest token of the tests' vocabulary that fits."""
    pieces = list(vocabulary(words).pieces)
    by_length = sorted(range(2, len(pieces)), key=lambda token: -len(pieces[token]))

    def encode(text: str) -> list[int]:
        data, found = text.encode(), list[int]()
        while data:
            token = next(each for each in by_length if data.startswith(pieces[each]))
            found.append(token)
            data = data[len(pieces[token]) :]
        return found

    return encode


def document() -> dict[str, Any]:
    """What the file holds."""
    cases: list[dict[str, Any]] = []
    for pattern, words, said, most in CASES:
        held = Constraint(regex_grammar(pattern), vocabulary(words), [0])
        matcher = Matcher(held)
        assert matcher.advance_bytes(said)
        forced = matcher.forced_bytes()
        taken = ForcedTokens(longest_first(words), held.vocabulary).take(matcher, 2 + said[-1], most)
        cases.append(
            {"pattern": pattern, "words": words, "said": said.hex(), "most": most}
            | {"forced": forced.hex(), "taken": taken}
        )
    return {"note": "Written by tests/grammar/ahead_vectors.py.", "cases": cases}


def written(given: dict[str, Any]) -> str:
    """The file's text."""
    cases = ",\n  ".join(json.dumps(case, ensure_ascii=False) for case in given["cases"])
    return f'{{\n "note": {json.dumps(given["note"])},\n "cases": [\n  {cases}\n ]\n}}\n'


if __name__ == "__main__":
    PATH.write_text(written(document()), encoding="utf-8")
