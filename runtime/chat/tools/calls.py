"""Reads calls, behind the mark that begins them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from runtime.chat.tools.characters import END, SPACE, Characters, Reading, Unreadable
from runtime.chat.tools.deltas import Kind
from runtime.chat.tools.forms import CallForm
from runtime.chat.tools.typed_calls import typed_calls
from runtime.chat.tools.xml_calls import function, keyed_function

_ARGUMENTS = ("arguments", "parameters")
_BARE_FIELDS = frozenset((*_ARGUMENTS, "name", "type", "id"))
_MOST_NAME = 200  # characters before [ARGS]; no tool has a longer name


class CallReader:
    """Reads calls in a form. Whatever it finds goes to `put`: a name, arguments, and "" at a call's end."""

    def __init__(
        self,
        characters: Characters,
        form: CallForm,
        names: Collection[str],
        strings: Mapping[str, Collection[str]],
        put: Callable[[Kind, str], None],
    ) -> None:
        """`strings` are the parameters of each tool that are texts."""
        self._characters, self._form, self._names, self._put = characters, form, names, put
        self._strings = strings
        self._begun = self._marked = False

    def section(self, marked: bool) -> Reading[None]:
        """Read everything from behind a mark to the one that closes it.

        Without a mark an object that has other fields than a call's is none. Raises: Unreadable.
        """
        self._marked = marked
        char = yield from self._characters.after_space()
        if char == "[":
            yield from self._list()
        elif char == "{":
            yield from self._objects()
        elif marked and self._form.xml and char == "<":
            yield from function(self._characters, self._names, self._strings, self._put)
        elif marked and self._form.keyed:
            yield from keyed_function(self._characters, char, self._names, self._strings, self._put)
        elif marked and self._form.typed:
            yield from typed_calls(self._characters, char, self._names, self._put)
            return
        elif marked and self._form.named:
            yield from self._named(char)
        else:
            raise Unreadable
        if marked:
            yield from self._close()

    def _list(self) -> Reading[None]:
        while True:
            if (yield from self._characters.after_space()) != "{":
                raise Unreadable
            yield from self._object()
            char = yield from self._characters.after_space()
            if char in ("]", END):
                return
            if char != ",":
                raise Unreadable

    def _objects(self) -> Reading[None]:
        """Read objects, the first brace of which was read; there may be a mark of punctuation between two."""
        char = "{"
        while char == "{":
            yield from self._object()
            char = yield from self._characters.after_space()
            if char in (";", ","):
                char = yield from self._characters.after_space()
                if char != "{":
                    raise Unreadable
        self._characters.unread(char)

    def _close(self) -> Reading[None]:
        self._characters.unread((yield from self._characters.after_space()))
        for wanted in self._form.close:
            char = yield from self._characters.next()
            if char == END:
                return  # the model's own end took the mark's place
            if char != wanted:
                raise Unreadable

    def _object(self) -> Reading[None]:
        """Read an object of a name and arguments, behind its brace, in any order and with other fields."""
        self._begun = False
        name, arguments = "", ""
        char = yield from self._characters.after_space()
        while char == '"':
            key = yield from self._characters.string()
            if not self._marked and key not in _BARE_FIELDS:
                raise Unreadable
            if (yield from self._characters.after_space()) != ":":
                raise Unreadable
            char = yield from self._characters.after_space()
            if key == "name" and not name:
                name = yield from self._name(char)
            elif key in _ARGUMENTS and not arguments and not self._begun:
                arguments = yield from self._arguments(char, name)
            else:
                yield from self._characters.skip_value(char)
            char = yield from self._characters.after_space()
            if char == ",":
                char = yield from self._characters.after_space()
            elif char != "}":
                break
        if not self._begun:
            if char != "}" or not name or not (arguments or self._marked):
                raise Unreadable
            self._begin(name)
            self._put("arguments", arguments or "{}")
        self._put("arguments", "")
        if char != "}":
            raise Unreadable
        self._characters.mark()

    def _name(self, char: str) -> Reading[str]:
        name = (yield from self._characters.string()) if char == '"' else ""
        if name not in self._names:
            raise Unreadable
        return name

    def _arguments(self, char: str, name: str) -> Reading[str]:
        """Read arguments. Where the name is known they are handed over as they come, else returned."""
        if char == "{" and name:
            self._begin(name)
            yield from self._characters.balanced(lambda each: self._put("arguments", each))
            self._characters.mark()
            return ""
        found: list[str] = []
        if char == "{":
            yield from self._characters.balanced(found.append)
        elif char == '"':  # an object written out in a text, as OpenAI's API has it
            found.append((yield from self._characters.string()))
        elif (yield from self._characters.skip_value(char)) == "null":
            found.append("{}")
        text = "".join(found)
        if not _is_object(text):
            raise Unreadable
        return text

    def _named(self, char: str) -> Reading[None]:
        """Read name[ARGS]{...}, the first character of which was read; an id may stand before [ARGS]."""
        name = ""
        while char not in ("[", "{"):
            if char == END or len(name) == _MOST_NAME:
                raise Unreadable
            name += char
            char = yield from self._characters.next()
        if name.strip(SPACE) not in self._names:
            raise Unreadable
        while char == "[":
            tag = yield from self._up_to("]")
            if tag == "CALL_ID":
                yield from self._up_to("[")
                char = "["
            elif tag == "ARGS":
                char = yield from self._characters.after_space()
            else:
                raise Unreadable
        if char != "{":
            raise Unreadable
        self._begin(name.strip(SPACE))
        yield from self._characters.balanced(lambda each: self._put("arguments", each))
        self._put("arguments", "")
        self._characters.mark()

    def _up_to(self, last: str) -> Reading[str]:
        """Return the text before a character, which is read, too. Raises: Unreadable where it is far."""
        text = ""
        while (char := (yield from self._characters.next())) != last:
            if char == END or len(text) == _MOST_NAME:
                raise Unreadable
            text += char
        return text

    def _begin(self, name: str) -> None:
        self._begun = True
        self._characters.unmark()
        self._put("call", name)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
