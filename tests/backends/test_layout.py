from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kernelc.backends.layout import COMMENT_COLUMN, WIDTH, laid_out


def test_a_short_line_stays_and_its_comment_is_aligned() -> None:
    (line,) = laid_out(2, "let x = a + b;", "scale.py:7")
    assert line == "    let x = a + b;".ljust(COMMENT_COLUMN) + "  // scale.py:7"
    assert laid_out(0, "}") == ["}"]


def test_a_long_sum_breaks_before_an_operator() -> None:
    terms = " + ".join(f"dot(low_{i}, x_{i})" for i in range(8))
    first, second = laid_out(1, f"let product = {terms};", "matvec.py:9")
    assert first.endswith(")") and len(first) <= WIDTH
    assert second.startswith("      + dot(") and second.endswith("  // matvec.py:9")


def test_arguments_break_behind_a_comma() -> None:
    long = ", ".join(f"argument_number_{i}" for i in range(8))
    first, second = laid_out(0, f"let x = f({long});")
    assert first.endswith(",") and second.startswith("    argument_number_")


def test_an_outer_place_is_better_than_a_later_inner_one() -> None:
    first, second = laid_out(0, f"let x = {'a' * 50} + f({'b' * 30}, c[d - {'e' * 20}]);")
    assert first == f"let x = {'a' * 50}"
    assert second.startswith("    + f(")


def test_a_line_without_a_place_to_break_stays_long() -> None:
    assert laid_out(0, "x" * 200) == ["x" * 200]


words = st.sampled_from(
    ["a", "bb", "f(x, y)", "cells[i + 1u]", "(a - b)", "12345.0", "select(a, b, c < d)", "-x"]
)
operators = st.sampled_from([" + ", " * ", " & ", " << ", " && ", " == ", ", "])


@given(st.lists(st.tuples(words, operators), min_size=1, max_size=40), st.integers(0, 6))
def test_breaking_changes_nothing_but_space(parts: list[tuple[str, str]], depth: int) -> None:
    text = "let name = " + "".join(word + operator for word, operator in parts) + "z;"
    lines = laid_out(depth, text)
    assert " ".join(line.strip() for line in lines) == text
    assert all(line == line.rstrip() for line in lines)
    assert all(len(line) <= WIDTH for line in lines)
