"""Messages as OpenAI's API has them, turned into what chat templates take: a role and a text.

Source: the request of "Create chat completion" in OpenAI's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from kernelc.errors import UsageError
from runtime.chat.prompt import Messages

GivenMessages: TypeAlias = Sequence[Mapping[str, object]]
"""Messages with a role and a content: a text, None, or a list of parts {"type": "text", "text"}."""

_ROLES = {name: name for name in ("system", "user", "assistant", "tool")} | {"developer": "system"}
_MOST_PARTS = 1000


def plain_messages(messages: GivenMessages) -> Messages:
    """Return the messages as texts.

    The role "developer" is OpenAI's newer name of "system". Parts of a text are joined by line breaks, and no
    content is an empty text. Other fields, such as names, are left out. Raises: UsageError naming the field.
    """
    if not messages:
        raise UsageError("messages is empty, wanted at least one")
    return [_plain(message, f"messages[{at}]") for at, message in enumerate(messages)]


def _plain(message: Mapping[str, object], where: str) -> dict[str, str]:
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise UsageError(f"{where}.role is {role!r:.80}, wanted one of {', '.join(_ROLES)}")
    return {"role": _ROLES[role], "content": _text(message.get("content"), f"{where}.content")}


def _text(content: object, where: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    parts = cast("list[object]", content) if isinstance(content, list | tuple) else [content]
    if len(parts) > _MOST_PARTS:
        raise UsageError(f"{where} has {len(parts)} parts, wanted at most {_MOST_PARTS}")
    return "\n".join(_part(part, f"{where}[{at}]") for at, part in enumerate(parts))


def _part(part: object, where: str) -> str:
    fields = cast("Mapping[str, object]", part) if isinstance(part, Mapping) else dict[str, object]()
    text = fields.get("text")
    if fields.get("type") != "text" or not isinstance(text, str):
        raise UsageError(f"{where} is {part!r:.80}, wanted a text, or parts of type text")
    return text
