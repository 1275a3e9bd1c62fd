from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.chat.stop_strings import StopMatcher


def shown(pieces: list[str], stops: list[str]) -> tuple[str, str | None]:
    matcher = StopMatcher(stops)
    text = "".join([*map(matcher.feed, pieces), matcher.flush()])
    return text, matcher.found


@pytest.mark.parametrize(
    ("pieces", "stops", "text", "found"),
    [
        (["ab", "cd"], [], "abcd", None),
        (["ab", "cd"], ["bc"], "a", "bc"),
        (["a", "b", "c", "d"], ["bcd"], "a", "bcd"),
        (["ab"], ["bc"], "ab", None),  # held back to the end, then shown
        (["abab", "ac"], ["abac"], "ab", "abac"),
        (["xabcy"], ["abc", "b"], "xa", "b"),  # the one that is complete first
        (["xaby"], ["b", "ab"], "x", "ab"),  # of two that end together the longest
        (["ab"], [""], "ab", None),
        (["a", "", "b"], ["ab"], "", "ab"),
    ],
)
def test_text_ends_before_the_first_stop_string(
    pieces: list[str], stops: list[str], text: str, found: str | None
) -> None:
    assert shown(pieces, stops) == (text, found)


def test_what_may_become_a_stop_string_is_held_back() -> None:
    matcher = StopMatcher(["\n\nUser:"])
    assert [matcher.feed(piece) for piece in ("Hi\n", "\nU", "sual", "ly\n")] == ["Hi", "", "\n\nUsual", "ly"]
    assert matcher.flush() == "\n"
    assert matcher.feed("\n\nUser: and more") == ""
    assert matcher.feed("nothing comes after it") == "" == matcher.flush()


TEXTS = st.text("ab\n", max_size=14)


@given(TEXTS, st.lists(st.text("ab\n", max_size=4), max_size=3), st.data())
def test_the_pieces_make_no_difference(text: str, stops: list[str], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert shown(pieces, stops) == shown([text], stops) == shown(list(text), stops)
    got, found = shown(pieces, stops)
    assert text.startswith(got)
    assert (got == text) == (found is None)
    assert not any(stop in got for stop in stops if stop)
