"""Reads calls in XML: a function's name, and its parameters by name, as texts. The forms of Qwen3-Coder

<function=get_weather>
<parameter=city>
Paris
</parameter>
</function>

and of GLM 4.5, up to the mark that closes a call:

get_weather
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import NoReturn

from runtime.chat.tools.characters import END, SPACE, Characters, Reading, Unreadable
from runtime.chat.tools.deltas import Kind

_FUNCTION, _FUNCTION_END = "function=", "/function"
_PARAMETER, _PARAMETER_END = "parameter=", "</parameter>"
_KEY, _KEY_END, _KEYED, _KEYED_END = "arg_key", "</arg_key>", "arg_value", "</arg_value>"
_CALL_END = "/tool_call"
_MOST_TAG = 200


def function(
    characters: Characters,
    names: Collection[str],
    strings: Mapping[str, Collection[str]],
    put: Callable[[Kind, str], None],
) -> Reading[None]:
    """Read a function, the first < of which was read, and hand over its name and the JSON of its arguments.

    `strings` has for each function the parameters whose values are texts whatever they look like; others are
    JSON where they can be, and texts otherwise. Raises: Unreadable.
    """
    tag = yield from _tag(characters)
    name = tag.removeprefix(_FUNCTION)
    if name == tag or name not in names:
        raise Unreadable
    characters.unmark()
    put("call", name)
    put("arguments", "{")
    characters.mark()
    separator = ""
    while (yield from characters.after_space()) == "<":
        tag = yield from _tag(characters)
        if tag == _FUNCTION_END:
            break
        parameter = tag.removeprefix(_PARAMETER)
        if parameter == tag:
            _end(put)
        characters.unmark()
        value = yield from _value(characters, _PARAMETER_END)
        if value is None:
            return  # it was cut off
        put("arguments", f"{separator}{_pair(parameter, value, strings.get(name, ()))}")
        separator = ", "
        characters.mark()
    else:
        if characters.raw.strip(SPACE):
            _end(put)
    put("arguments", "}")
    put("arguments", "")
    characters.mark()


def keyed_function(
    characters: Characters,
    first: str,
    names: Collection[str],
    strings: Mapping[str, Collection[str]],
    put: Callable[[Kind, str], None],
) -> Reading[None]:
    """Read a function whose parameters are keys and values; the first character of its name was read.

    The mark that closes the call is left. See `function`. Raises: Unreadable.
    """
    name = yield from _keyed_name(characters, first, names)
    characters.unmark()
    put("call", name)
    put("arguments", "{")
    characters.mark()
    separator = ""
    while (yield from characters.after_space()) == "<":
        tag = yield from _tag(characters)
        if tag == _CALL_END:
            characters.unread(f"<{tag}>")
            break
        if tag != _KEY:
            _end(put)
        key = yield from _value(characters, _KEY_END)
        if key is None:
            return  # it was cut off
        if (yield from characters.after_space()) != "<" or (yield from _tag(characters)) != _KEYED:
            _end(put)
        characters.unmark()
        value = yield from _value(characters, _KEYED_END)
        if value is None:
            return
        put("arguments", f"{separator}{_pair(key.strip(SPACE), value, strings.get(name, ()))}")
        separator = ", "
        characters.mark()
    else:
        if characters.raw.strip(SPACE):
            _end(put)
    put("arguments", "}")
    put("arguments", "")
    characters.mark()


def _keyed_name(characters: Characters, first: str, names: Collection[str]) -> Reading[str]:
    """Read a function's name, up to the line's end or a mark, which is left. Raises: Unreadable."""
    name, char = "", first
    while char not in ("<", "\n"):
        if char == END or len(name) == _MOST_TAG:
            raise Unreadable
        name += char
        char = yield from characters.next()
    name = name.strip(SPACE)
    if name not in names:
        raise Unreadable
    characters.unread(char)
    return name


def _pair(key: str, value: str, strings: Collection[str]) -> str:
    """Return a parameter as a pair of JSON."""
    is_json = key not in strings and _is_json(value)
    text = value.strip(SPACE) if is_json else json.dumps(value, ensure_ascii=False)
    return f"{json.dumps(key, ensure_ascii=False)}: {text}"


def _end(put: Callable[[Kind, str], None]) -> NoReturn:
    """End a call behind which something else stands."""
    put("arguments", "}")
    put("arguments", "")
    raise Unreadable


def _tag(characters: Characters) -> Reading[str]:
    """Return the text of a tag, behind its <. Raises: Unreadable."""
    text = ""
    while (char := (yield from characters.next())) != ">":
        if char == END or len(text) == _MOST_TAG:
            raise Unreadable
        text += char
    return text


def _value(characters: Characters, end: str) -> Reading[str | None]:
    """Return the text up to an end, without a line's end around it; None where it has none."""
    found: list[str] = []
    size = len(end)
    while char := (yield from characters.next()):
        found.append(char)
        if char == ">" and "".join(found[-size:]) == end:
            return "".join(found[:-size]).removeprefix("\n").removesuffix("\n")
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and infinities, which are no JSON
