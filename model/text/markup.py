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
_PARAMETERS: dict[str, object] = {"type": "object", "properties": {}}
_FUNCTION: dict[str, object] = {"name": _SAID, "description": _SAID, "parameters": _PARAMETERS}
_CALL_ID = "abcdefghi"  # of nine letters, as Mistral's templates want them


def written_markup(tokenizer: Tokenizer, template: ChatTemplate) -> tuple[str, ...]:
    """Return the added tokens, besides the special ones, that the template writes around messages, around
    tools and around calls."""
    candidates = [token for token in tokenizer.added_tokens if token.strip() and token not in _SAID]
    if not candidates or template.is_plain:
        return ()
    text = "".join([*(_rendered(template, roles) for roles in _ROLES), *_with_tools(template)])
    return tuple(token for token in candidates if token in text)


def _rendered(template: ChatTemplate, roles: Sequence[str]) -> str:
    return _tried(template, [{"role": role, "content": _SAID} for role in roles])


def _with_tools(template: ChatTemplate) -> list[str]:
    """Return a call of a tool and its result, with the arguments as an object and as a text."""
    texts: list[str] = []
    for arguments in (dict[str, object](), "{}"):
        call: dict[str, object] = {
            "id": _CALL_ID,
            "type": "function",
            "function": {"name": _SAID, "arguments": arguments},
        }
        messages: list[Mapping[str, object]] = [
            {"role": "user", "content": _SAID},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": _SAID, "tool_call_id": _CALL_ID, "name": _SAID},
        ]
        texts.append(_tried(template, messages, tools=[{"type": "function", "function": _FUNCTION}]))
    return texts


def _tried(
    template: ChatTemplate, messages: list[Mapping[str, object]], tools: list[object] | None = None
) -> str:
    try:
        return template.render(messages, tools=tools)
    except TemplateError:  # it wants other messages; those that it takes show its markup
        return ""
