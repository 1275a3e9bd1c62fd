"""Reads calls in DeepSeek's form: a kind, a name, and the JSON of the arguments, between marks of their own.

<|tool_calls_begin|><|tool_call_begin|>function<|tool_sep|>get_weather
```json
{"city": "Paris"}
```<|tool_call_end|><|tool_calls_end|>

In the marks the bars are full width, and a lower block stands for each _. Since V3.1 the name stands in place
of the kind, and the arguments follow the mark at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from runtime.chat.tools.characters import END, SPACE, Characters, Reading, Unreadable
from runtime.chat.tools.deltas import Kind


def _marked(words: str) -> str:
    return f"<\uff5c{words.replace(' ', chr(0x2581))}\uff5c>"


BEGINS, BEGIN = _marked("tool calls begin"), _marked("tool call begin")
SEPARATOR, ENDS, END_OF_CALL = _marked("tool sep"), _marked("tool calls end"), _marked("tool call end")
_FENCE = "```"
_FENCES = ("", _FENCE, f"{_FENCE}json")
_MOST = 200  # characters of a kind or a name, and of what stands before arguments


def typed_calls(
    characters: Characters, first: str, names: Collection[str], put: Callable[[Kind, str], None]
) -> Reading[None]:
    """Read calls up to the last one's end. `first` was read: that of a call's mark, or of what follows it.

    Raises: Unreadable.
    """
    if first == "<":
        yield from _mark(characters, BEGIN)
        first = yield from characters.next()
    while True:
        yield from _call(characters, first, names, put)
        char = yield from characters.after_space()
        if char == "`":
            for wanted in _FENCE[1:]:
                if (yield from characters.next()) != wanted:
                    raise Unreadable
            char = yield from characters.after_space()
        if char == END:
            return  # the model's own end took the mark's place
        if char != "<":
            raise Unreadable
        yield from _mark(characters, END_OF_CALL)
        char = yield from characters.after_space()
        if char != "<":
            characters.unread(char)
            return
        tag = yield from _tag(characters)
        if tag == ENDS:
            return
        if tag != BEGIN:
            characters.unread(tag)
            return
        first = yield from characters.next()


def _call(
    characters: Characters, first: str, names: Collection[str], put: Callable[[Kind, str], None]
) -> Reading[None]:
    """Read from behind a call's mark to its last brace."""
    kind = yield from _up_to(characters, first, "<")
    yield from _mark(characters, SEPARATOR)
    name = kind.strip(SPACE)
    if name not in names:
        name = (yield from _up_to(characters, (yield from characters.next()), "\n{")).strip(SPACE)
        if characters.raw.endswith("{"):
            characters.unread("{")
    before = yield from _up_to(characters, (yield from characters.next()), "{")
    if name not in names or before.strip(SPACE) not in _FENCES:
        raise Unreadable
    characters.unmark()
    put("call", name)
    yield from characters.balanced(lambda each: put("arguments", each))
    put("arguments", "")
    characters.mark()


def _up_to(characters: Characters, char: str, last: str) -> Reading[str]:
    """Return the text before one of some characters, which is read, too. Raises: Unreadable where it is
    far."""
    text = ""
    while char == END or char not in last:
        if char == END or len(text) == _MOST:
            raise Unreadable
        text += char
        char = yield from characters.next()
    return text


def _mark(characters: Characters, mark: str) -> Reading[None]:
    """Read the rest of a mark, the first character of which was read. Raises: Unreadable for another."""
    if (yield from _tag(characters)) != mark:
        raise Unreadable


def _tag(characters: Characters) -> Reading[str]:
    """Return a tag, the < of which was read. Raises: Unreadable."""
    return f"<{(yield from _up_to(characters, (yield from characters.next()), '>'))}>"
