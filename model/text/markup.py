"""Which added tokens a chat template writes as markup, although their file does not call them special.

Many fine-tuned models declare "<|im_start|>" as an added token that is not special. Read out of what a user
types, it would begin a turn that nobody took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernelc.errors import TemplateError
from model.text.chat_template import ChatTemplate
from model.text.tokenizer import Tokenizer

_ROLES = (
    ("system", "user", "assistant", "user"),
    ("user", "assistant", "user"),
    ("user",),
)
_SAID = "kernelc"  # a word that is no token of markup


def written_markup(tokenizer: Tokenizer, template: ChatTemplate) -> tuple[str, ...]:
    """Return the added tokens, besides the special ones, that the template writes around messages."""
    candidates = [token for token in tokenizer.added_tokens if token.strip() and token not in _SAID]
    if not candidates or template.is_plain:
        return ()
    text = "".join(_rendered(template, roles) for roles in _ROLES)
    return tuple(token for token in candidates if token in text)


def _rendered(template: ChatTemplate, roles: Sequence[str]) -> str:
    messages: list[Mapping[str, object]] = [{"role": role, "content": _SAID} for role in roles]
    try:
        return template.render(messages)
    except TemplateError:  # it wants other messages; those that it takes show its markup
        return ""
