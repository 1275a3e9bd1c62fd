"""An answer on its way, taken apart: thoughts, text, and calls of tools.

    parser = AnswerParser(HERMES, THINK, names={"get_time"})
    for piece in pieces:
        deltas += parser.feed(piece)
    deltas += parser.flush()

However a text is cut into pieces, the deltas say the same. A thought can only be at the beginning. A call
begins once its tool is known to be one of `names` and its arguments have begun; until then it is held back,
and what turns out to be none is text. White space around calls and thoughts is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from runtime.chat.tools.calls import CallReader
from runtime.chat.tools.channels import (
    CALL,
    CHANNEL,
    ENDS,
    MESSAGE,
    MOST_HEADER,
    RETURN,
    START,
    Header,
    may_be_header,
)
from runtime.chat.tools.characters import END, SPACE, Characters, Reading, Unreadable
from runtime.chat.tools.deltas import Delta, Kind
from runtime.chat.tools.forms import CallForm, Thoughts


class AnswerParser:
    """Takes one answer apart. `thinking` says that it is in a thought, `calls` counts the calls so far.

    `done` says that it has as many calls as it may have: what follows is not wanted.
    """

    def __init__(
        self,
        form: CallForm | None,
        thoughts: Thoughts | None,
        names: Collection[str] = (),
        *,
        strings: Mapping[str, Collection[str]] = MappingProxyType({}),
        thinking: bool = False,
        most_calls: int | None = None,
    ) -> None:
        """Without a `form` there are no calls, without `thoughts` none of these. `strings` are the parameters
        of each tool that are texts, for forms that do not tell texts from numbers.

        `thinking`: the prompt ends with the beginning of a thought.
        """
        self.thinking = thinking and thoughts is not None
        self.done = False
        self.calls = 0
        self._form, self._thoughts, self._most_calls = form, thoughts, most_calls
        self._deltas: list[Delta] = []
        self._characters = Characters()
        self._reader: CallReader | None = None
        if form is not None:
            self._reader = CallReader(self._characters, form, names, strings, self._called)
        channels = (form is not None and form.channels) or (thoughts is not None and thoughts.channels)
        self._names = names
        self._reading = self._messages() if channels else self._answer()
        next(self._reading)

    def feed(self, text: str) -> list[Delta]:
        """Return what is known now that `text` came."""
        for char in text:
            if self.done:
                break
            self._reading.send(char)
        return self._taken()

    def flush(self) -> list[Delta]:
        """Return the rest, now that nothing more comes: a call that it cuts off does not make it `done`."""
        if not self.done:
            self._reading.send(END)
            self.done = False
        return self._taken()

    def read(self, pieces: Iterable[str]) -> Iterator[Delta]:
        """Yield what all pieces of an answer say, as they come."""
        for piece in pieces:
            yield from self.feed(piece)
        yield from self.flush()

    def _taken(self) -> list[Delta]:
        deltas, self._deltas = self._deltas, []
        return deltas

    def _put(self, kind: Kind, text: str) -> None:
        if not text:
            return
        last = self._deltas[-1] if self._deltas else None
        if last is not None and last.kind == kind:
            self._deltas[-1] = Delta(kind, last.text + text, last.index)
        else:
            self._deltas.append(Delta(kind, text, max(0, self.calls - 1)))

    def _called(self, kind: Kind, text: str) -> None:
        """Take what the reader of calls found: a name, arguments, or "" for a call's end."""
        if kind == "call":
            self._deltas.append(Delta("call", text, self.calls))
            self.calls += 1
        elif text:
            self._put("arguments", text)
        else:
            self.done = self.calls == self._most_calls

    def _answer(self) -> Reading[None]:
        if self._thoughts is not None:
            yield from self._thought(self._thoughts)
        begins = self._form is not None and self._form.bare
        opens = () if self._form is None else self._form.opens
        while True:
            mark, spaces = yield from self._until(opens, "text", stops_at_json=begins)
            if mark is None:
                break
            begins, before = False, self.calls
            yield from self._calls(mark, spaces)
            if self.calls > before:
                self._characters.unread((yield from self._characters.after_space()))
        while True:  # nothing comes any more
            yield

    def _thought(self, thoughts: Thoughts) -> Reading[None]:
        """Read a thought, where the answer begins with one."""
        if not self.thinking:
            held = ""
            while (char := (yield from self._characters.next())) != END:
                held += char
                begun = held.lstrip(SPACE)
                if begun == thoughts.open:
                    self.thinking = True
                    break
                if not thoughts.open.startswith(begun):
                    break
            if not self.thinking:
                self._characters.unread(held)
                return
        self._characters.unread((yield from self._characters.after_space()))
        yield from self._until((thoughts.close,), "reasoning")
        self.thinking = False
        self._characters.unread((yield from self._characters.after_space()))

    def _until(
        self, marks: Sequence[str], kind: Kind, *, stops_at_json: bool = False
    ) -> Reading[tuple[str | None, str]]:
        """Hand over text up to one of `marks`; return that, None at the end, and the white space before it.

        With `stops_at_json` a bracket or brace that nothing stands before is a mark, too: "".
        """
        held = ""
        while (char := (yield from self._characters.next())) != END:
            if stops_at_json and char in "{[" and not held.strip(SPACE):
                self._characters.unread(char)
                return "", held
            held += char
            while (begun := held.lstrip(SPACE)) and not any(mark.startswith(begun) for mark in marks):
                shown = len(held) - len(begun) + 1
                self._put(kind, held[:shown])
                held, stops_at_json = held[shown:], False
            if begun in marks:
                return begun, held[: -len(begun)]
        if held.strip(SPACE) or (kind == "text" and not self.calls):
            self._put(kind, held)
        return None, ""

    def _calls(self, mark: str, spaces: str) -> Reading[None]:
        """Read calls behind a mark.

        What is no call is text, but for its last character, which is read again: a mark may begin with it.
        What follows a call and is none is read again as a whole.
        """
        assert self._reader is not None
        characters, before = self._characters, self.calls
        characters.mark()
        try:
            yield from self._reader.section(bool(mark))
        except Unreadable:
            raw = characters.raw
            if self.calls == before:
                self._put("text", spaces + mark + raw[:-1])
                raw = raw[-1:]
            characters.unread(raw)
        characters.unmark()

    # ---- an answer of messages (`channels.py`)

    def _messages(self) -> Reading[None]:
        header = self._thoughts.open if self._thoughts is not None and self.thinking else ""
        header = header or (yield from self._header(""))
        told = set[Kind]()
        while True:
            mark = yield from self._message(header, told)
            if mark in (None, CALL, RETURN):
                break
            header = yield from self._header(mark if mark in (START, CHANNEL) else "")
        self.done = mark is not None
        while True:  # nothing comes any more
            yield

    def _header(self, mark: str) -> Reading[str]:
        """Return what stands before a message and begins with `mark`, where there is one."""
        held = mark
        while may_be_header(held.lstrip(SPACE)):
            char = yield from self._characters.next()
            held += char
            if held.endswith(MESSAGE):
                return held.strip(SPACE)
            if char == END or len(held) > MOST_HEADER:
                break
        self._put("text", mark)
        self._characters.unread(held[len(mark) :])
        return ""

    def _message(self, header: str, told: set[Kind]) -> Reading[str | None]:
        """Read the message behind a header; return the mark that ends it. `told` has the kinds so far."""
        of = Header.of(header)
        kind: Kind = "text"
        if of.function and self._form is not None and of.function in self._names:
            return (yield from self._called_in(of.function, header))
        thought = of.channel == "analysis" and not of.recipient
        raw = bool(of.recipient) or (thought and self._thoughts is None)  # as it is, so that nothing is lost
        if raw:
            self._put("text", header)
        elif thought:
            kind, self.thinking = "reasoning", True
        if kind in told and header and not raw:
            self._put(kind, "\n\n")
        told.add(kind)
        mark, spaces = yield from self._until(ENDS, kind)
        self.thinking = False
        if raw and mark is not None and mark not in (START, CHANNEL):
            self._put("text", spaces + mark)
        return mark

    def _called_in(self, name: str, header: str) -> Reading[str | None]:
        """Read a message that is a call; return the mark that ends it."""
        characters = self._characters
        characters.mark()
        begun = (yield from characters.after_space()) == "{"
        raw = characters.raw
        characters.unmark()
        if begun:
            self._called("call", name)
            yield from characters.balanced(lambda each: self._called("arguments", each))
            self._called("arguments", "")
        else:
            self._put("text", header)
            characters.unread(raw)
        mark, spaces = yield from self._until(ENDS, "text")
        if not begun and mark is not None and mark not in (START, CHANNEL):
            self._put("text", spaces + mark)
        return mark
