"""The tokens that end an answer, gathered from everything in a model folder that knows one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kernelc.errors import TemplateError
from model.text.chat_template import ChatTemplate
from model.text.tokenizer import Tokenizer

_CHANNELS = "<|channel|>", "<|message|>"
"""Marks of templates whose answers are several messages (OpenAI's harmony format), ..."""
_WITHIN, _LAST = "<|end|>", ("<|return|>", "<|call|>")
"""... of which each but the last ends with the first of these."""

_SAID = "kernelc-asks", "kernelc-answers"  # words that no template writes itself


def stop_ids(
    known: Iterable[int], tokenizer: Tokenizer, template: ChatTemplate, vocab_size: int
) -> tuple[int, ...]:
    """Return the ids that end an answer, each once, those of `known` (the configs' own) first.

    They are joined by the tokenizer's eos_token and by the token that the template writes after an
    assistant's turn. Ids without a row in the model (`vocab_size` on) are left out.
    """
    turn_end = None if template.is_plain else _turn_end(tokenizer, template)
    found = [*known, *(i for i in (tokenizer.eos_id, turn_end) if i is not None)]
    if all(mark in template.source for mark in _CHANNELS):
        tokens = {**tokenizer.added_tokens, **tokenizer.special_tokens}
        found = [i for i in found if i != tokens.get(_WITHIN)]
        found += [tokens[mark] for mark in _LAST if mark in tokens]
    return tuple(dict.fromkeys(i for i in found if i < vocab_size))


def _turn_end(tokenizer: Tokenizer, template: ChatTemplate) -> int | None:
    """Return the token of markup that comes next after an assistant's text, None where none does.

    A template that writes nothing after it (as that of GLM-4) ends the turn with what begins the next one.
    """
    asks, answers = _SAID
    user, assistant = {"role": "user", "content": asks}, {"role": "assistant", "content": answers}
    tokens = {**tokenizer.added_tokens, **tokenizer.special_tokens}
    for messages in ([user, assistant], [user, assistant, user]):
        found = _token_after(_rendered(template, messages), answers, tokens)
        if found is not None:
            return found
    return None


def _rendered(template: ChatTemplate, messages: Sequence[Mapping[str, object]]) -> str:
    try:
        return template.render(messages, add_generation_prompt=False)
    except TemplateError:  # it wants other messages: then it cannot say how a turn ends
        return ""


def _token_after(text: str, said: str, tokens: Mapping[str, int]) -> int | None:
    """Return the token that follows the first `said`, with nothing but white space between."""
    longest_first = sorted((token for token in tokens if token.strip()), key=len, reverse=True)
    pattern = re.compile(rf"{re.escape(said)}\s*({'|'.join(map(re.escape, longest_first)) or '(?!)'})")
    found = pattern.search(text)
    return tokens[found[1]] if found else None
