"""Reads calls in XML, the form of Qwen3-Coder: a function's name, and its parameters by name, as texts.

<function=get_weather>
<parameter=city>
Paris
</parameter>
</function>
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import NoReturn

from runtime.chat.tools.characters import END, SPACE, Characters, Reading, Unreadable
from runtime.chat.tools.deltas import Kind

_FUNCTION, _FUNCTION_END = "function=", "/function"
_PARAMETER, _PARAMETER_END = "parameter=", "</parameter>"
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
        value = yield from _value(characters)
        if value is None:
            return  # it was cut off
        text = json.dumps(value, ensure_ascii=False)
        if parameter not in strings.get(name, ()) and _is_json(value):
            text = value.strip(SPACE)
        put("arguments", f"{separator}{json.dumps(parameter, ensure_ascii=False)}: {text}")
        separator = ", "
        characters.mark()
    else:
        if characters.raw.strip(SPACE):
            _end(put)
    put("arguments", "}")
    put("arguments", "")
    characters.mark()


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


def _value(characters: Characters) -> Reading[str | None]:
    """Return the text up to a parameter's end, without a line's end around it; None where it has none."""
    found: list[str] = []
    size = len(_PARAMETER_END)
    while char := (yield from characters.next()):
        found.append(char)
        if char == ">" and "".join(found[-size:]) == _PARAMETER_END:
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
