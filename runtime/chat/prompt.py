"""From messages to token ids, such that what was said before keeps its ids and nobody forges the model's
markup.

Text that the model generated, cut into tokens anew, may give other ids than those it generated, and every
cached key and value behind the first difference would be lost. So the encoder remembers the ids of the texts
that it has seen, and cuts only what follows them.

A template writes markup such as `</s>` into the prompt, which becomes special tokens. What looks like markup
in a message is only text: it goes through the template as a character of its own (a guard, from a private
plane of Unicode) and is spelt out again behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

Messages = Sequence[Mapping[str, str]]

_ANCHORS = ("\n", "x", "\n\nx")
_MAX_KNOWN = 1024  # texts remembered: at most two a turn
_FIRST_GUARD = 0xF0000


class StreamDecoder(Protocol):
    """Turns ids into text one by one, holding back bytes until they are whole characters."""

    def feed(self, token_id: int) -> str: ...

    def flush(self) -> str: ...


class TextCoder(Protocol):
    """What a conversation needs of a tokenizer. With `parse_special`, markup in the text becomes special
    tokens.
    """

    @property
    def special_tokens(self) -> Mapping[str, int]: ...

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]: ...

    def stream_decoder(self, *, continued: bool) -> StreamDecoder:
        """Return a decoder of an answer; `continued` keeps the space that it may begin with."""
        ...


class Template(Protocol):
    """Writes messages as the text that the model was trained on, up to where the next answer begins."""

    @property
    def is_plain(self) -> bool:
        """Whether it only joins the messages, so that an answer goes on from the user's own text."""
        ...

    def render(self, messages: Messages) -> str: ...


class PromptEncoder:
    """Renders and tokenises prompts, through the tokenizer and the template of one model."""

    def __init__(self, coder: TextCoder, template: Template) -> None:
        self._coder = coder
        self._template = template
        self._special = _Markup(coder.special_tokens)
        self._known: dict[str, tuple[int, ...]] = {}

    def encode(self, messages: Messages) -> tuple[str, list[int]]:
        """Return the prompt of `messages` as text (for `remember`) and as ids.

        Raises: TemplateError where it cannot be rendered.
        """
        guarded = [{**message, "content": self._special.guard(message["content"])} for message in messages]
        text = self._template.render(guarded)
        ids = self._encode_behind_known(text)
        return text, self._cut(text) if ids is None else ids

    def remember(self, prompt: str, prompt_ids: Iterable[int], answer_ids: Sequence[int]) -> None:
        """Note that these ids stand for `prompt` and the answer to it."""
        for continued in (False, True):  # templates differ in what they do to a space at its start
            decoder = self._coder.stream_decoder(continued=continued)
            answer = "".join([*map(decoder.feed, answer_ids), decoder.flush()])
            self._remember(prompt + self._special.guard(answer), [*prompt_ids, *answer_ids])

    def forget(self) -> None:
        """Forget all texts, as for a new conversation."""
        self._known.clear()

    def _remember(self, text: str, ids: Iterable[int]) -> None:
        self._known.pop(text, None)
        self._known[text] = tuple(ids)
        while len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]

    def _encode_behind_known(self, text: str) -> list[int] | None:
        """Return ids that begin with those of the longest remembered beginning of `text`; None where none
        fits.
        """
        beginning = max((known for known in self._known if text.startswith(known)), key=len, default="")
        rest = self._cut_inner(text[len(beginning) :]) if beginning else None
        return None if rest is None else [*self._known[beginning], *rest]

    def _cut_inner(self, text: str) -> list[int] | None:
        """Return the ids of `text` in the middle of a longer one; None where they cannot be told.

        A tokenizer treats a text's start in its own way (sentencepiece puts a space there), so `text` is cut
        behind an anchor that stays a token of its own.
        """
        if not text:
            return []
        for anchor in _ANCHORS:
            lead, ids = self._cut(anchor), self._cut(anchor + text)
            if ids[: len(lead)] == lead and len(ids) > len(lead):
                return ids[len(lead) :]
        return None

    def _cut(self, text: str) -> list[int]:
        """Return the ids of a rendered text, its markup as special tokens, its guards as what they guard."""
        if not self._special.guards(text):
            return self._coder.encode(text, parse_special=True)
        ids: list[int] = []
        for part in self._special.split(text):
            ids += [part] if isinstance(part, int) else self._coder.encode(part)
        return ids


class _Markup:
    """The special tokens of a model, their guards, and how to find both in a text."""

    def __init__(self, special_tokens: Mapping[str, int]) -> None:
        longest_first = sorted(special_tokens, key=len, reverse=True)
        self._ids = special_tokens
        self._guard_of = {token: chr(_FIRST_GUARD + at) for at, token in enumerate(longest_first)}
        self._token_of = {guard: token for token, guard in self._guard_of.items()}
        self._tokens = _any_of(longest_first)
        self._guards = _any_of(self._token_of)

    def guard(self, content: str) -> str:
        """Return a message's text with a guard in place of everything that looks like markup."""
        return self._tokens.sub(lambda found: self._guard_of[found.group()], content)

    def guards(self, text: str) -> bool:
        """Whether there is a guard in `text`."""
        return self._guards.search(text) is not None

    def split(self, text: str) -> list[str | int]:
        """Return the ids of markup and the texts between, guards spelt out again."""
        parts = [part for part in re.split(f"({self._tokens.pattern})", text) if part]
        return [self._ids[part] if part in self._ids else self._spelt_out(part) for part in parts]

    def _spelt_out(self, text: str) -> str:
        return self._guards.sub(lambda found: self._token_of[found.group()], text)


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, texts)) or "(?!)")
