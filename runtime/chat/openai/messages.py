"""The messages of an untrusted request, as `CompletionRequest` takes them."""

from __future__ import annotations

from typing import Any, TypeAlias

from runtime.chat.openai.fields import Fields, a_text, an_object, as_list
from runtime.chat.openai.json_values import arguments_of
from runtime.chat.openai.names import CALL, MESSAGE, MESSAGE_UNSUPPORTED, OF_ROLE, check_names
from runtime.chat.openai.refusal import RequestError, refuse

MOST_TEXT = 4_000_000
"""Characters of a request's texts together: far above any context."""
_MOST_MESSAGES = 100_000
_MOST_PARTS = 1000
_MOST_CALLS = 128
_NO_BREAKPOINT = {"prompt_cache_breakpoint": "prefixes are cached without being told"}
_ROLES = {name: name for name in ("system", "user", "assistant", "tool")} | {"developer": "system"}

Message: TypeAlias = dict[str, Any]


def read_messages(fields: Fields) -> list[Message]:
    """Return the messages, each with a role and a text.

    The role "developer" is "system". Parts of a text are joined by line breaks, and no content is an empty
    text. Names are left out but for those of tools: without one a message has that of the call that it
    answers. Answers have `tool_calls`, whose arguments are objects here, and `reasoning_content`; messages of
    tools have `tool_call_id`. Raises: RequestError.
    """
    given = as_list(fields.get("messages"))
    if given is None or not 0 < len(given) <= _MOST_MESSAGES:
        refuse("messages", fields.get("messages"), f"a list of 1 to {_MOST_MESSAGES} messages")
    messages: list[Message] = []
    room = MOST_TEXT
    called: dict[str, str] = {}
    for at, message in enumerate(given):
        found, size = _message(an_object(f"messages[{at}]", message))
        called |= {call["id"]: call["function"]["name"] for call in found.get("tool_calls", ())}
        if found["role"] == "tool" and (name := called.get(found["tool_call_id"])) is not None:
            found.setdefault("name", name)
        room -= size
        if room < 0:
            message = f"messages have more than {MOST_TEXT} characters up to messages[{at}]"
            raise RequestError(f"{message}, wanted at most as many", param="messages")
        messages.append(found)
    return messages


def _message(fields: Fields) -> tuple[Message, int]:
    """Return a message and how many characters it has."""
    role = fields.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        refuse(fields.path("role"), role, "system, developer, user, assistant or tool")
    check_names(fields, MESSAGE | OF_ROLE.get(role, frozenset()), MESSAGE_UNSUPPORTED)
    name = fields.word("name")
    content = _content(fields.path("content"), fields.get("content"))
    found: Message = {"role": _ROLES[role], "content": content}
    size = len(content)
    if role == "assistant":
        if (thoughts := fields.get("reasoning_content")) is not None:
            found["reasoning_content"] = a_text(fields.path("reasoning_content"), thoughts, 0, MOST_TEXT)
            size += len(found["reasoning_content"])
        if fields.get("tool_calls") is not None:
            found["tool_calls"], more = _calls(fields.path("tool_calls"), fields.get("tool_calls"))
            size += more
    if role == "tool":
        if (call := fields.word("tool_call_id")) is None:
            refuse(fields.path("tool_call_id"), None, "the id of the call that this answers")
        found["tool_call_id"] = call
        if name is not None:
            found["name"] = name
    return found, size


def _calls(path: str, given: object) -> tuple[list[Message], int]:
    calls = as_list(given)
    if calls is None or not 0 < len(calls) <= _MOST_CALLS:
        refuse(path, given, f"a list of 1 to {_MOST_CALLS} calls")
    found = [_call(an_object(f"{path}[{at}]", each)) for at, each in enumerate(calls)]
    return [call for call, _ in found], sum(size for _, size in found)


def _call(fields: Fields) -> tuple[Message, int]:
    kind = fields.get("type")
    if kind != "function":
        refuse(fields.path("type"), kind, '"function": no other tools are called')
    check_names(fields, CALL, {})
    function = fields.inner("function")
    if function is None:
        refuse(fields.path("function"), None, "an object with name and arguments")
    check_names(function, ("name", "arguments"), {})
    name, call = function.word("name"), fields.word("id")
    if not name:
        refuse(function.path("name"), name, "the name of a tool")
    if call is None:
        refuse(fields.path("id"), None, "the id of the call")
    path = function.path("arguments")
    text = a_text(path, function.get("arguments"), 0, MOST_TEXT)
    said = {"name": name, "arguments": arguments_of(path, text)}
    return {"id": call, "type": "function", "function": said}, len(text)


def _content(path: str, content: object) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return a_text(path, content, 0, MOST_TEXT)
    if (parts := as_list(content)) is not None:
        return "\n".join(_parts(path, parts))
    refuse(path, content, "a text, or a list of parts of type text")


def _parts(path: str, parts: list[object]) -> list[str]:
    if len(parts) > _MOST_PARTS:
        refuse(path, parts, f"at most {_MOST_PARTS} parts")
    return [_part(f"{path}[{at}]", part) for at, part in enumerate(parts)]


def _part(path: str, part: object) -> str:
    fields = an_object(path, part)
    kind = fields.get("type")
    if kind != "text":
        refuse(fields.path("type"), kind, '"text": models read text alone')
    check_names(fields, ("type", "text"), _NO_BREAKPOINT)
    return a_text(fields.path("text"), fields.get("text"), 0, MOST_TEXT)
