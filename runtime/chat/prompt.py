"""From messages to token ids, such that earlier turns keep their ids and nobody can forge the model's markup.

Tokenising text that the model generated may give other ids than those it generated, and then every cached key
and value after the first difference would be lost. So the encoder remembers the ids of the texts that it has
seen, and tokenises only what follows them.

A template writes markup such as `</s>` into the prompt, which becomes special tokens. What looks like markup
in a message is plain text: it passes through the template as a single character that stands for it (a guard,
from a private plane of Unicode) and is replaced by its own text again afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from kernelc.errors import TemplateError
from runtime.chat.tools.forms import form_of
from runtime.chat.tools.rendering import Definitions, Messages, Template, rendered
from runtime.grammar.vocabulary import Vocabulary

__all__ = ["Messages", "PromptEncoder", "StreamDecoder", "Template", "TextCoder"]

_ANCHORS = ("\n", "x", "\n\nx")
_MAX_KNOWN = 1024  # texts remembered: at most two a turn
_FIRST_GUARD = 0xF0000


class StreamDecoder(Protocol):
    """Turns ids into text one by one, holding back bytes until they are whole characters."""

    def feed(self, token_id: int) -> str: ...

    def flush(self) -> str: ...


class TextCoder(Protocol):
    """What a conversation needs of a tokenizer. With `parse_special`, markup in a text becomes its tokens.

    `markup` are the special tokens, and those others that the model's template writes as markup.
    """

    @property
    def special_tokens(self) -> Mapping[str, int]: ...

    @property
    def markup(self) -> Mapping[str, int]: ...

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]: ...

    def stream_decoder(self, *, continued: bool) -> StreamDecoder:
        """Return a decoder of an answer; `continued` keeps the space that it may begin with."""
        ...

    def vocabulary(self, size: int) -> Vocabulary:
        """Return the bytes of the tokens below `size`, for grammars; markup has none."""
        ...


class PromptEncoder:
    """Renders and tokenises prompts, through the tokenizer and the template of one model."""

    def __init__(self, coder: TextCoder, template: Template) -> None:
        self._coder = coder
        self._template = template
        self._form = form_of(template.source)
        self._special = _Markup(coder.markup)
        self._read: dict[str, bool] = {}  # by token that is not special: whether the template looks for it
        self._known: dict[str, tuple[int, ...]] = {}

    def encode(self, messages: Messages) -> tuple[str, list[int]]:
        """Return the prompt of `messages` as text (for `remember`) and as ids.

        Raises: TemplateError where it cannot be rendered.
        """
        text = self.render(messages)
        return text, self.ids_of(text)

    def render(self, messages: Messages, tools: Definitions = ()) -> str:
        """Return the prompt of `messages` and `tools` as text, with guards.

        Raises: TemplateError where it cannot be rendered; UsageError for tools without a template.
        """
        guarded = [
            {
                **self._guarded_in({**message, "content": ""}),
                "role": message["role"],  # ours, whatever word a model has for markup
                "content": self._guarded(message),
            }
            for message in messages
        ]
        return rendered(self._template, self._form, guarded, [self._guarded_in(each) for each in tools])

    def ids_of(self, text: str) -> list[int]:
        """Return the ids of a prompt as `render` gives it; markup may be added to its end."""
        ids = self._encode_after_known(text)
        return self._tokenize(text) if ids is None else ids

    def remember(self, prompt: str, prompt_ids: Iterable[int], answer_ids: Sequence[int]) -> None:
        """Remember that these ids stand for `prompt` and the answer to it.

        An answer that shows as no text is not remembered: its ids would stand for the prompt alone.
        """
        for continued in (False, True):  # templates differ in what they do to a space at its start
            decoder = self._coder.stream_decoder(continued=continued)
            answer = "".join([*map(decoder.feed, answer_ids), decoder.flush()])
            if answer:
                said = self._guarded({"role": "assistant", "content": answer})
                self._remember(prompt + said, [*prompt_ids, *answer_ids])

    def forget(self) -> None:
        """Forget all texts, as for a new conversation."""
        self._known.clear()

    def _guarded_in(self, value: Any) -> Any:
        """Return a JSON value with guards for the markup in its texts."""
        if isinstance(value, str):
            return self._special.guard(value)
        if isinstance(value, Mapping):
            items = cast("Mapping[str, Any]", value).items()
            return {self._special.guard(name): self._guarded_in(each) for name, each in items}
        if isinstance(value, list | tuple):
            return [self._guarded_in(each) for each in cast("list[Any]", value)]
        return value

    def _guarded(self, message: Mapping[str, Any]) -> str:
        """Return a message's text with guards for the markup in it.

        An answer keeps what the template looks for: many cut away the thoughts before "</think>".
        """
        content: str = message["content"]
        if message["role"] != "assistant":
            return self._special.guard(content)
        shown = [token for token in self._special.found(content) if token not in self._coder.special_tokens]
        return self._special.guard(content, keep=[token for token in shown if self._reads(token)])

    def _reads(self, token: str) -> bool:
        """Whether the template looks for this token in an answer: then a guard changes what it writes."""
        if token not in self._read:
            guard = self._special.guard(token)
            bare, guarded = (self._rendered_answer(f"a{form}b") for form in (token, guard))
            self._read[token] = bare != guarded.replace(guard, token)
        return self._read[token]

    def _rendered_answer(self, answer: str) -> str:
        said = [("user", "x"), ("assistant", answer), ("user", "x")]
        try:
            return self._template.render([{"role": role, "content": content} for role, content in said])
        except TemplateError:
            return ""

    def _remember(self, text: str, ids: Iterable[int]) -> None:
        self._known.pop(text, None)
        self._known[text] = tuple(ids)
        while len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]

    def _encode_after_known(self, text: str) -> list[int] | None:
        """Return the ids of the longest remembered beginning of `text` and of the rest; None if that
        fails.
        """
        beginning = max((known for known in self._known if text.startswith(known)), key=len, default="")
        rest = self._tokenize_inner(text[len(beginning) :]) if beginning else None
        return None if rest is None else [*self._known[beginning], *rest]

    def _tokenize_inner(self, text: str) -> list[int] | None:
        """Return the ids of `text` as the continuation of a longer text; None where they cannot be
        determined.

        A tokenizer treats the start of a text in its own way (sentencepiece puts a space there). So `text` is
        tokenised after an anchor that remains a token of its own, and the anchor's ids are removed.
        """
        if not text:
            return []
        for anchor in _ANCHORS:
            lead, ids = self._tokenize(anchor), self._tokenize(anchor + text)
            if ids[: len(lead)] == lead and len(ids) > len(lead):
                return ids[len(lead) :]
        return None

    def _tokenize(self, text: str) -> list[int]:
        """Return the ids of a rendered text, with markup as special tokens and guards as the text they stand
        for.
        """
        if not self._special.has_guard(text):
            return self._coder.encode(text, parse_special=True)
        ids: list[int] = []
        for part in self._special.split(text):
            ids += [part] if isinstance(part, int) else self._coder.encode(part)
        return ids


class _Markup:
    """The markup of a model, its guards, and how to find both in a text."""

    def __init__(self, markup: Mapping[str, int]) -> None:
        longest_first = sorted(markup, key=len, reverse=True)
        self._ids = markup
        self._guard_of = {token: chr(_FIRST_GUARD + at) for at, token in enumerate(longest_first)}
        self._token_of = {guard: token for token, guard in self._guard_of.items()}
        self._tokens = _any_of(longest_first)
        self._guards = _any_of(self._token_of)

    def found(self, content: str) -> set[str]:
        """Return what looks like markup in a text."""
        return set(self._tokens.findall(content))

    def guard(self, content: str, keep: Collection[str] = ()) -> str:
        """Return a message's text with a guard in place of everything that looks like markup, but for
        `keep`.
        """
        return self._tokens.sub(
            lambda found: found.group() if found.group() in keep else self._guard_of[found.group()], content
        )

    def has_guard(self, text: str) -> bool:
        """Whether there is a guard in `text`."""
        return self._guards.search(text) is not None

    def split(self, text: str) -> list[str | int]:
        """Return the ids of markup and the texts between them, with guards replaced."""
        parts = [part for part in re.split(f"({self._tokens.pattern})", text) if part]
        return [self._ids[part] if part in self._ids else self._without_guards(part) for part in parts]

    def _without_guards(self, text: str) -> str:
        return self._guards.sub(lambda found: self._token_of[found.group()], text)


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, texts)) or "(?!)")
