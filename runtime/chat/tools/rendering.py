"""Messages and tools through a model's own template, as transformers' apply_chat_template does it.

Arguments of calls are objects there. Templates that join them to a text fail with those, and get the text of
their JSON. Models whose templates know no tools are told of them in the system prompt, in words of our own
and with the marks of Hermes 2 Pro.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from kernelc.errors import TemplateError, UsageError
from runtime.chat.tools.forms import CallForm

Messages: TypeAlias = Sequence[Mapping[str, Any]]
Definitions: TypeAlias = Sequence[Mapping[str, Any]]

_BEFORE_TOOLS = """# Tools

You may call functions of the program that you talk to. Each of them is described by a JSON object:
<tools>
"""
_AFTER_TOOLS = """
</tools>

Write each call as a JSON object between these marks:
<tool_call>
{"name": "NAME", "arguments": {"PARAMETER": "VALUE"}}
</tool_call>"""


class Template(Protocol):
    """Writes messages as the text that the model was trained on, up to where the next answer begins."""

    @property
    def is_plain(self) -> bool:
        """Whether it only joins the messages, so that an answer continues the user's own text."""
        ...

    @property
    def source(self) -> str:
        """Its own text, of which calls and thoughts have their form."""
        ...

    def render(self, messages: Messages, *, tools: Definitions | None = None) -> str: ...


def rendered(template: Template, form: CallForm, messages: Messages, tools: Definitions) -> str:
    """Return the prompt. Raises: TemplateError; UsageError for tools where there is no template."""
    if template.is_plain:
        if tools:
            help_ = "take a model that was trained for chats, or leave out tools"
            raise UsageError("the model has no chat template, so it knows no tools", help=help_)
        return template.render(messages)
    if form.told:
        return _told(template, messages, tools)
    if form.channels:
        messages = [_with_thinking(message) for message in messages]
    try:
        return template.render(messages, tools=tools or None)
    except TemplateError:
        if not any("tool_calls" in message for message in messages):
            raise
        try:
            return template.render([_with_texts(message) for message in messages], tools=tools or None)
        except TemplateError:
            pass
        raise


def _with_thinking(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message with its thoughts under the name that gpt-oss's template has for them."""
    thoughts = message.get("reasoning_content")
    return message if thoughts is None else {**message, "thinking": thoughts}


def _with_texts(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message whose calls have the text of their arguments' JSON."""
    if "tool_calls" not in message:
        return message
    calls = [
        {**call, "function": {**call["function"], "arguments": _json(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def _told(template: Template, messages: Messages, tools: Definitions) -> str:
    plain = _as_texts(messages)
    if not tools:
        return template.render(plain)
    told = _BEFORE_TOOLS + "\n".join(map(_json, tools)) + _AFTER_TOOLS
    system, rest = "", plain
    if plain and plain[0]["role"] == "system":
        system, rest = plain[0]["content"] + "\n\n", plain[1:]
    try:
        return template.render([{"role": "system", "content": system + told}, *rest])
    except TemplateError:  # it may take no system prompt
        first = next((at for at, message in enumerate(rest) if message["role"] == "user"), None)
        if first is None:
            raise
        asked = {"role": "user", "content": f"{system}{told}\n\n{rest[first]['content']}"}
        return template.render([*rest[:first], asked, *rest[first + 1 :]])


def _as_texts(messages: Messages) -> list[dict[str, str]]:
    """Return messages of a role and a text each, and of thoughts: calls as the model writes them, results as
    the user's.
    """
    found: list[dict[str, str]] = []
    after_result = False
    for message in messages:
        role, content = message["role"], message["content"]
        is_result = role == "tool"
        if is_result:
            role, content = "user", f"<tool_response>\n{content}\n</tool_response>"
        for call in message.get("tool_calls", ()):
            said = _json({name: call["function"][name] for name in ("name", "arguments")})
            content += ("\n" if content else "") + f"<tool_call>\n{said}\n</tool_call>"
        if is_result and after_result:
            found[-1]["content"] += f"\n{content}"
        else:
            thoughts = {name: message[name] for name in ("reasoning_content",) if name in message}
            found.append({"role": role, "content": content, **thoughts})
        after_result = is_result
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
