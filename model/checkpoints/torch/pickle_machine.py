"""Reads a pickle without running it: a machine for the few opcodes that `torch.save` writes for tensors.

A pickle is a program, and Python's own reader imports and calls whatever it names. This one imports nothing
and calls nothing but two methods of a subclass, which get plain values. Strings, numbers,
tuples, lists and dictionaries come out as they are, names of Python objects as a `Global`. Everything else is
refused by its name. Time and memory are bounded by the number of opcodes and the length of strings; nothing
walks through nested values, which may hold each other many times over.

Source: pickletools.py of CPython, which describes every opcode.
"""

from __future__ import annotations

import pickletools
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import cast

from kernelc.errors import CheckpointError
from model.checkpoints.torch.pickle_values import Global, Instance, Value, kind_of

MAX_OPCODES = 1_000_000
"""About 25,000 tensors; a second or two of one core."""
_MAX_PICKLE_BYTES = 64 << 20
_MAX_STRING_BYTES = 4096
_MAX_LONG_BYTES = 16
_MAX_NAME_CHARS = 256


_NAMES = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}


class _Mark:
    pass


_MARK = _Mark()


class PickleMachine(ABC):
    """Reads one pickle that begins at `begin` of `data`; `where` names the file in errors."""

    def __init__(self, data: memoryview, begin: int, where: str) -> None:
        self._data, self._at, self._where = data[: begin + _MAX_PICKLE_BYTES], begin, where
        self._stack: list[Value] = []
        self._memo: dict[int, Value] = {}

    @abstractmethod
    def called(self, function: Global, arguments: Value) -> Value:
        """Return what a REDUCE of these gives. Raises: CheckpointError for what is not known."""

    @abstractmethod
    def loaded(self, name: Value) -> Value:
        """Return what a persistent id stands for. Raises: CheckpointError for what is not known."""

    def run(self) -> tuple[Value, int]:
        """Return the value and where the pickle ends.

        Raises: CheckpointError for what is truncated, malformed, too long, or no dictionary of tensors.
        """
        for _ in range(MAX_OPCODES):
            code = self._take(1)[0]
            if code == ord("."):
                return self._pop(), self._at
            handler = _HANDLERS.get(code)
            if handler is None:
                name = _NAMES.get(code, hex(code))
                raise self.refuse(f"got the opcode {name}, which no file of tensors has")
            handler(self)
        raise self.refuse(f"got more than {MAX_OPCODES} opcodes")

    def refuse(self, message: str) -> CheckpointError:
        """Return, for the caller to raise, the error about this pickle."""
        return CheckpointError(
            message,
            where=self._where,
            help="only dictionaries of tensors are read, and no code of a file is run: save the model's"
            " state_dict, best as safetensors",
        )

    # ---- bytes ----

    def _take(self, count: int) -> memoryview:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise self.refuse("the pickle ends too early: the file is damaged or incomplete")
        self._at += count
        return part

    def number(self, form: str) -> int:
        """Read a number of a fixed size, in the words of `struct`."""
        return cast("int", struct.unpack(form, self._take(struct.calcsize(form)))[0])

    def text(self, length: int) -> str:
        """Read a string of `length` bytes."""
        if length > _MAX_STRING_BYTES:
            raise self.refuse(f"got a string of {length} bytes, wanted at most {_MAX_STRING_BYTES}")
        try:
            return bytes(self._take(length)).decode()
        except UnicodeDecodeError as reason:
            raise self.refuse("got a string that is not UTF-8") from reason

    def long(self, length: int) -> int:
        """Read a whole number of `length` bytes."""
        if length > _MAX_LONG_BYTES:
            raise self.refuse(f"got a number of {length} bytes, wanted at most {_MAX_LONG_BYTES}")
        return int.from_bytes(self._take(length), "little", signed=True)

    def line(self) -> str:
        """Read text up to a line's end."""
        window = bytes(self._data[self._at : self._at + _MAX_NAME_CHARS])
        length = window.find(b"\n")
        if length < 0:
            raise self.refuse(f"got a name that does not end within {_MAX_NAME_CHARS} characters")
        text = self.text(length)
        self._at += 1
        return text

    # ---- the stack ----

    def push(self, value: Value) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def _pop(self) -> Value:
        if not self._stack or self._stack[-1] is _MARK:
            raise self.refuse("the pickle takes more values than it has")
        return self._stack.pop()

    def _top(self) -> Value:
        value = self._pop()
        self._stack.append(value)
        return value

    def _pop_to_mark(self) -> list[Value]:
        items: list[Value] = []
        while self._stack:
            value = self._stack.pop()
            if value is _MARK:
                items.reverse()
                return items
            items.append(value)
        raise self.refuse("the pickle takes values down to a mark that it never made")

    # ---- opcodes ----

    def skip(self, count: int) -> None:
        """PROTO, FRAME: nothing that matters here."""
        self._take(count)

    def pop(self) -> None:
        """POP."""
        if not self._stack:
            self._pop()
        self._stack.pop()

    def mark(self) -> None:
        """MARK."""
        self._stack.append(_MARK)

    def tuple_of(self, count: int | None) -> None:
        """TUPLE1 to TUPLE3, or with None all values down to the mark."""
        items = self._pop_to_mark() if count is None else [self._pop() for _ in range(count)][::-1]
        self.push(tuple(items))

    def dictionary(self) -> None:
        """DICT."""
        items = self._pop_to_mark()
        made: dict[Value, Value] = {}
        self._set(made, items)
        self.push(made)

    def append(self) -> None:
        """APPEND."""
        self._extend([self._pop()])

    def appends(self) -> None:
        """APPENDS."""
        self._extend(self._pop_to_mark())

    def _extend(self, items: list[Value]) -> None:
        holder = self._top()
        if not isinstance(holder, list):
            raise self.refuse(f"got {kind_of(holder)}, to which nothing can be appended")
        cast("list[Value]", holder).extend(items)

    def set_item(self) -> None:
        """SETITEM."""
        value, key = self._pop(), self._pop()
        self._set(self._top(), [key, value])

    def set_items(self) -> None:
        """SETITEMS."""
        items = self._pop_to_mark()
        self._set(self._top(), items)

    def _set(self, holder: Value, items: list[Value]) -> None:
        kind = kind_of(holder)
        if not isinstance(holder, dict) or len(items) % 2:
            raise self.refuse(f"got {kind}, wanted a dictionary for pairs of keys and values")
        target = cast("dict[Value, Value]", holder)
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int):  # hashing nested tuples may take for ever
                raise self.refuse(f"got {kind_of(key)} for a key, wanted a string")
            target[key] = value

    def put(self, place: int) -> None:
        """BINPUT, LONG_BINPUT."""
        if place > MAX_OPCODES:
            raise self.refuse(f"got the memo's place {place}, wanted at most {MAX_OPCODES}")
        self._memo[place] = self._top()

    def memoize(self) -> None:
        """MEMOIZE."""
        self._memo[len(self._memo)] = self._top()

    def get(self, place: int) -> None:
        """BINGET, LONG_BINGET."""
        if place not in self._memo:
            raise self.refuse(f"the pickle asks for the memo's place {place}, which is empty")
        self.push(self._memo[place])

    def global_name(self, module: Value, name: Value) -> None:
        """GLOBAL, STACK_GLOBAL."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise self.refuse(f"got {kind_of(module)} and {kind_of(name)}, wanted a name of Python")
        self.push(Global(f"{module}.{name}"[:_MAX_NAME_CHARS]))

    def stack_global(self) -> None:
        """STACK_GLOBAL."""
        name = self._pop()
        self.global_name(self._pop(), name)

    def reduce(self) -> None:
        """REDUCE: the subclass knows what a few functions mean, and refuses all others."""
        arguments, function = self._pop(), self._pop()
        if not isinstance(function, Global):
            raise self.refuse(f"got {kind_of(function)}, which nothing can call")
        self.push(self.called(function, arguments))

    def build(self) -> None:
        """BUILD: an OrderedDict's attributes (torch keeps `_metadata` there) say nothing about tensors."""
        self._pop()
        holder = self._top()
        if not isinstance(holder, Instance):
            raise self.refuse(f"got attributes for {kind_of(holder)}")

    def persistent(self) -> None:
        """BINPERSID: the subclass knows what stands outside of the pickle."""
        self.push(self.loaded(self._pop()))


_BY_NAME: dict[str, Callable[[PickleMachine], None]] = {
    "PROTO": lambda m: m.skip(1),
    "FRAME": lambda m: m.skip(8),
    "POP": PickleMachine.pop,
    "MARK": PickleMachine.mark,
    "NONE": lambda m: m.push(None),
    "NEWTRUE": lambda m: m.push(True),
    "NEWFALSE": lambda m: m.push(False),
    "BININT": lambda m: m.push(m.number("<i")),
    "BININT1": lambda m: m.push(m.number("<B")),
    "BININT2": lambda m: m.push(m.number("<H")),
    "LONG1": lambda m: m.push(m.long(m.number("<B"))),
    "LONG4": lambda m: m.push(m.long(m.number("<I"))),
    "BINFLOAT": lambda m: m.push(m.number(">d")),
    "BINUNICODE": lambda m: m.push(m.text(m.number("<I"))),
    "SHORT_BINUNICODE": lambda m: m.push(m.text(m.number("<B"))),
    "BINUNICODE8": lambda m: m.push(m.text(m.number("<Q"))),
    "SHORT_BINSTRING": lambda m: m.push(m.text(m.number("<B"))),  # Python 2's strings, in old files
    "BINSTRING": lambda m: m.push(m.text(m.number("<I"))),
    "EMPTY_LIST": lambda m: m.push([]),
    "EMPTY_DICT": lambda m: m.push({}),
    "EMPTY_TUPLE": lambda m: m.push(()),
    "TUPLE": lambda m: m.tuple_of(None),
    "TUPLE1": lambda m: m.tuple_of(1),
    "TUPLE2": lambda m: m.tuple_of(2),
    "TUPLE3": lambda m: m.tuple_of(3),
    "DICT": PickleMachine.dictionary,
    "APPEND": PickleMachine.append,
    "APPENDS": PickleMachine.appends,
    "SETITEM": PickleMachine.set_item,
    "SETITEMS": PickleMachine.set_items,
    "BINPUT": lambda m: m.put(m.number("<B")),
    "LONG_BINPUT": lambda m: m.put(m.number("<I")),
    "MEMOIZE": PickleMachine.memoize,
    "BINGET": lambda m: m.get(m.number("<B")),
    "LONG_BINGET": lambda m: m.get(m.number("<I")),
    "GLOBAL": lambda m: m.global_name(m.line(), m.line()),
    "STACK_GLOBAL": PickleMachine.stack_global,
    "REDUCE": PickleMachine.reduce,
    "BUILD": PickleMachine.build,
    "BINPERSID": PickleMachine.persistent,
}
_HANDLERS = {
    ord(opcode.code): _BY_NAME[opcode.name] for opcode in pickletools.opcodes if opcode.name in _BY_NAME
}
