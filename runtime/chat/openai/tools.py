"""`tools`, `tool_choice` and `parallel_tool_calls`: which tools an answer may call.

Source: "Function calling" in OpenAI's API reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NoReturn, cast

from kernelc.errors import UsageError
from runtime.chat.openai.fields import Fields, a_text, an_object, as_list
from runtime.chat.openai.json_values import MOST_JSON, a_json_object
from runtime.chat.openai.names import check_names
from runtime.chat.openai.refusal import RequestError, refuse
from runtime.chat.tools.constraint import ANY_OBJECT
from runtime.chat.tools.use import Tool, ToolUse
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.pushdown import prepare

_MOST_TOOLS = 128
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NAME_WANTED = "1 to 64 of the characters A-Z, a-z, 0-9, _ and -"
_CHOICES = '"none", "auto", "required", a function of tools, or allowed_tools'


def read_tools(fields: Fields) -> ToolUse | None:
    """Return the tools that the model is told of and may call; None without any, and for the choice "none".

    A call that is required follows the parameters of its tool where a grammar can say them, else it has any
    object. Raises: RequestError, also for parameters of a strict tool that no grammar can say.
    """
    parallel = fields.get("parallel_tool_calls") is None or fields.flag("parallel_tool_calls")
    tools, strict = _read_all(fields)
    choice = fields.get("tool_choice")
    if not tools:
        if choice not in (None, "none", "auto"):
            refuse("tool_choice", choice, "tools with it")
        return None
    if choice == "none":
        return None
    required, called = _read_choice(choice, [each.name for each in tools])
    tools = [
        _held(at, each, each.name in strict)
        if each.name in called and (required or each.name in strict)
        else each
        for at, each in enumerate(tools)
    ]
    named = isinstance(choice, dict) and cast("dict[str, object]", choice).get("type") == "function"
    several = required and not named and fields.get("parallel_tool_calls") is True
    return ToolUse(tuple(tools), tuple(called), required, parallel, several)


def may_make_grammar(body: Mapping[str, object]) -> bool:
    """Whether reading a request makes a grammar of its tools, which takes its time."""
    return body.get("tools") is not None and body.get("tool_choice") != "none"


def _read_all(fields: Fields) -> tuple[list[Tool], set[str]]:
    """Return the tools, and the names of those that are strict."""
    given = fields.get("tools")
    if given is None:
        return [], set()
    tools = as_list(given)
    if tools is None or not 0 < len(tools) <= _MOST_TOOLS:
        refuse("tools", given, f"a list of 1 to {_MOST_TOOLS} tools")
    found: list[Tool] = []
    strict = set[str]()
    room = MOST_JSON
    for at, each in enumerate(tools):
        tool, is_strict = _read_tool(an_object(f"tools[{at}]", each))
        found.append(tool)
        strict.update([tool.name] if is_strict else [])
        if any(found[-1].name == other.name for other in found[:-1]):
            refuse(f"tools[{at}].function.name", found[-1].name, "another name: each tool has its own")
        room -= len(json.dumps(found[-1].definition, ensure_ascii=False))
        if room < 0:
            message = f"tools have more than {MOST_JSON} characters up to tools[{at}], wanted at most as many"
            raise RequestError(message, param="tools")
    return found, strict


def _read_tool(fields: Fields) -> tuple[Tool, bool]:
    kind = fields.get("type")
    if kind != "function":
        refuse(fields.path("type"), kind, '"function": no other tools are called')
    check_names(fields, ("type", "function"), {})
    described = fields.inner("function")
    if described is None:
        refuse(fields.path("function"), None, "an object with a name")
    check_names(described, ("name", "description", "parameters", "strict"), {})
    name = described.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        refuse(described.path("name"), name, _NAME_WANTED)
    function: dict[str, object] = {"name": name}
    if (description := described.get("description")) is not None:
        function["description"] = a_text(described.path("description"), description, 0, MOST_JSON)
    function["parameters"] = _parameters(described)
    return Tool(name, {"type": "function", "function": function}), described.flag("strict")


def _parameters(described: Fields) -> dict[str, object]:
    given, path = described.get("parameters"), described.path("parameters")
    if given is None:
        return {"type": "object", "properties": {}}
    found = a_json_object(path, given)
    if found.get("type", "object") != "object":
        refuse(f"{path}.type", found["type"], '"object": arguments have names')
    return found


def _read_choice(choice: object, names: list[str]) -> tuple[bool, list[str]]:
    """Return whether a call is required, and the tools that may be called."""
    if choice is None or choice == "auto":
        return False, names
    if choice == "required":
        return True, names
    if not isinstance(choice, dict):
        refuse("tool_choice", choice, _CHOICES)
    fields = an_object("tool_choice", cast("object", choice))
    kind = fields.get("type")
    if kind == "function":
        return True, [_named(fields, names)]
    if kind != "allowed_tools":
        refuse("tool_choice.type", kind, '"function" or "allowed_tools"')
    check_names(fields, ("type", "allowed_tools"), {})
    allowed = fields.inner("allowed_tools")
    if allowed is None:
        refuse("tool_choice.allowed_tools", None, "an object with mode and tools")
    check_names(allowed, ("mode", "tools"), {})
    mode, listed = allowed.get("mode"), as_list(allowed.get("tools"))
    if mode not in ("auto", "required"):
        refuse("tool_choice.allowed_tools.mode", mode, '"auto" or "required"')
    path = "tool_choice.allowed_tools.tools"
    if listed is None or not 0 < len(listed) <= _MOST_TOOLS:
        refuse(path, allowed.get("tools"), f"a list of 1 to {_MOST_TOOLS} functions of tools")
    chosen = {_allowed(an_object(f"{path}[{at}]", each), names) for at, each in enumerate(listed)}
    return mode == "required", [name for name in names if name in chosen]


def _allowed(fields: Fields, names: list[str]) -> str:
    if fields.get("type") != "function":
        refuse(fields.path("type"), fields.get("type"), '"function"')
    return _named(fields, names)


def _named(fields: Fields, names: list[str]) -> str:
    """Return the name of {"type": "function", "function": {"name"}}."""
    check_names(fields, ("type", "function"), {})
    function = fields.inner("function")
    if function is None:
        refuse(fields.path("function"), None, "an object with a name")
    check_names(function, ("name",), {})
    name = function.get("name")
    if not isinstance(name, str) or name not in names:
        refuse(function.path("name"), name, "the name of one of tools")
    return name


def _held(at: int, tool: Tool, strict: bool) -> Tool:
    """Return a tool with the grammar of its arguments, which must be that of its parameters if it is
    `strict`."""
    path = f"tools[{at}].function.parameters"
    schema = {"type": "object", **tool.definition["function"]["parameters"]}
    if schema.get("properties") == {}:
        schema.setdefault("additionalProperties", False)
    try:
        return replace(tool, grammar=_of_schema(json.dumps(schema), path))
    except UsageError as error:
        if not strict:
            return replace(tool, grammar=ANY_OBJECT)
        place = f"{error.where}: " if error.where else f"{path}: "
        _refused(f"{place}{error.message}", path, error)


def _refused(message: str, path: str, error: UsageError) -> NoReturn:
    raise RequestError(message, param=path) from error


@lru_cache(maxsize=32)
def _of_schema(text: str, where: str) -> Grammar:
    """Return the grammar of a schema: the same object for the same text, so that its masks are kept."""
    grammar = json_schema_grammar(json.loads(text), where=where)
    prepare(grammar)
    return grammar
