"""Regular expressions against Python's own, and what is refused."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.errors import UsageError
from runtime.grammar.dfa import difference, from_texts, from_tree, intersection
from runtime.grammar.regex import parse_regex
from runtime.grammar.regular import choice_grammar, regex_grammar
from tests.grammar.vocabularies import EXAMPLES, accepts, constraint, vectors, walk

ALPHABET = "abc1é日\n-"

ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "1",
        "é",
        "日",
        "-",
        "\\n",
        ".",
        "[ab]",
        "[^a]",
        "[a-c1]",
        "[^é-日]",
        "\\d",
        "\\w",
        "\\W",
        "\\D",
        "",
    ]
)
QUANTIFIERS = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{1,}", "*?", "{0}"])


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, QUANTIFIERS).map(lambda both: f"(?:{both[0]}){both[1]}"),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
    )


PATTERNS = st.recursive(ATOMS, _nested, max_leaves=7)
TEXTS = st.text(ALPHABET, max_size=7)


@settings(max_examples=60 * EXAMPLES)
@given(PATTERNS, st.lists(TEXTS, min_size=12, max_size=12))
def test_the_same_texts_match_as_in_python(pattern: str, texts: list[str]) -> None:
    grammar = regex_grammar(pattern)
    for text in texts:
        assert accepts(grammar, text) == bool(re.fullmatch(pattern, text, re.ASCII)), (pattern, text)


@settings(max_examples=15 * EXAMPLES)
@given(PATTERNS, st.integers(0, 2**32))
def test_random_answers_match(pattern: str, seed: int) -> None:
    answer = walk(
        constraint(regex_grammar(pattern), ["ab", "aa", "1b", "é日", "bc"]), random.Random(seed), 12
    )
    assert re.fullmatch(pattern, answer.decode(), re.ASCII), (pattern, answer)


@settings(max_examples=30 * EXAMPLES)
@given(PATTERNS, PATTERNS, st.lists(TEXTS, min_size=12, max_size=12))
def test_intersections_and_differences(first: str, second: str, texts: list[str]) -> None:
    a, b = (from_tree(parse_regex(pattern), pattern) for pattern in (first, second))
    both, only = intersection(a, b, "both"), difference(a, b, "only")
    for text in texts:
        assert both.accepts(text) == (a.accepts(text) and b.accepts(text))
        assert only.accepts(text) == (a.accepts(text) and not b.accepts(text))


@pytest.mark.parametrize("case", vectors("regex"), ids=lambda case: case["pattern"])
def test_what_matches(case: dict[str, Any]) -> None:
    grammar = regex_grammar(case["pattern"])
    assert [text for text in case["yes"] if not accepts(grammar, text)] == []
    assert [text for text in case["no"] if accepts(grammar, text)] == []


@pytest.mark.parametrize("case", vectors("regex_refused"), ids=lambda case: case["pattern"][:20])
def test_what_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=re.escape(case["reason"])) as refused:
        regex_grammar(case["pattern"], "response_format: regex")
    assert (refused.value.where or "").startswith("response_format: regex")


def test_a_search_matches_anywhere() -> None:
    found = from_tree(parse_regex("^a|b$|c", search=True), "search")
    assert all(map(found.accepts, ["a", "axx", "b", "xxb", "c", "xxcxx", "\nc\n"]))
    assert not any(map(found.accepts, ["", "xa", "bx", "x"]))


def test_choices() -> None:
    grammar = choice_grammar(["yes", "no", "yesterday", ""])
    assert [
        text for text in ["yes", "no", "yesterday", "", "n", "yest", "noo"] if accepts(grammar, text)
    ] == [*["yes", "no", "yesterday", ""]]
    assert from_texts([], "none").never
    with pytest.raises(UsageError, match="empty"):
        choice_grammar([])


def test_a_regex_that_matches_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no text at all fits"):
        constraint(regex_grammar(r"a[^\s\S]"))
