"""Messages as OpenAI's API has them, turned into what chat templates take: a role, a text, and calls.

Source: the request of "Create chat completion" in OpenAI's API reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from kernelc.errors import UsageError
from runtime.chat.tools.rendering import Messages

GivenMessages: TypeAlias = Sequence[Mapping[str, object]]
"""Messages with a role and a content: a text, None, or a list of parts {"type": "text", "text"}."""

_ROLES = {name: name for name in ("system", "user", "assistant", "tool")} | {"developer": "system"}
_MOST_PARTS = 1000


def plain_messages(messages: GivenMessages) -> Messages:
    """Return the messages with a text each.

    The role "developer" is OpenAI's newer name of "system". Parts of a text are joined by line breaks, and no
    content is an empty text. Calls have their arguments as an object, though they may be given as its JSON.
    A message of a tool without a name gets that of the call that it answers. Other fields, such as names of
    people, are left out. Raises: UsageError naming the field.
    """
    if not messages:
        raise UsageError("messages is empty, wanted at least one")
    called: dict[object, str] = {}
    return [_plain(message, f"messages[{at}]", called) for at, message in enumerate(messages)]


def _plain(message: Mapping[str, object], where: str, called: dict[object, str]) -> dict[str, Any]:
    """Return a message; `called` are the names of the calls so far, by their ids."""
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise UsageError(f"{where}.role is {role!r:.80}, wanted one of {', '.join(_ROLES)}")
    found: dict[str, Any] = {
        "role": _ROLES[role],
        "content": _text(message.get("content"), f"{where}.content"),
    }
    if role == "assistant":
        if (thoughts := message.get("reasoning_content")) is not None:
            found["reasoning_content"] = _text(thoughts, f"{where}.reasoning_content")
        if calls := message.get("tool_calls"):
            given = cast("list[object]", calls) if isinstance(calls, list | tuple) else [calls]
            found["tool_calls"] = [_call(e, f"{where}.tool_calls[{at}]") for at, e in enumerate(given)]
            called |= {call["id"]: call["function"]["name"] for call in found["tool_calls"]}
    elif role == "tool":
        call = message.get("tool_call_id")
        found["tool_call_id"] = call if isinstance(call, str) else ""
        name = message.get("name") or called.get(found["tool_call_id"])
        if isinstance(name, str):
            found["name"] = name
    return found


def _call(call: object, where: str) -> dict[str, Any]:
    fields = cast("Mapping[str, object]", call) if isinstance(call, Mapping) else dict[str, object]()
    given = fields.get("function")
    function = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else dict[str, object]()
    name, arguments = function.get("name"), function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{where}.function.arguments is no JSON") from error
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        raise UsageError(f"{where} is {call!r:.80}, wanted a call with a name and arguments")
    said: dict[str, object] = {"name": name, "arguments": dict(cast("Mapping[str, object]", arguments))}
    return {"id": str(fields.get("id", "")), "type": "function", "function": said}


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
