"""Reads a checkpoint's JSON files. Anybody may have written them, so sizes, types and ranges are checked.

Every error names the file and the field, and says what was found and what was wanted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kernelc.errors import KernelcError
from kernelc.regular import open_regular

_MAX_SHOWN_CHARS = 80


def read_bytes(path: Path, max_bytes: int, error: type[KernelcError]) -> bytes:
    """Return the whole file.

    Raises: `error` if the file is missing, unreadable or larger than `max_bytes`.
    """
    try:
        with open_regular(path) as file:
            data = file.read(max_bytes + 1)
    except OSError as reason:
        raise error(f"cannot be read: {reason.strerror or reason}", where=str(path)) from reason
    if len(data) > max_bytes:
        raise error(f"the file is larger than {max_bytes} bytes, the most expected here", where=str(path))
    return data


def read_json_object(path: Path, max_bytes: int, error: type[KernelcError]) -> dict[str, object]:
    """Return the JSON object that the file holds.

    Raises: `error` if it is unreadable, too large, not UTF-8 JSON, nested too deeply or not an object.
    """
    return parse_json_object(read_bytes(path, max_bytes, error), str(path), error)


def parse_json_object(data: bytes, where: str, error: type[KernelcError]) -> dict[str, object]:
    """Return the JSON object in `data`; `where` names it in errors.

    Raises: `error` if it is not UTF-8 JSON, nested too deeply, not an object, or has a key twice.
    """
    try:  # RFC 8259: UTF-8 alone. Of bytes Python guesses UTF-16 and UTF-32, too, and the page does not.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        message = f"not valid JSON: it is not UTF-8, as JSON is (byte {reason.start} cannot be read)"
        raise error(message, where=where, help="save it as UTF-8, or download the file again") from reason
    try:
        value: object = json.loads(text, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as reason:
        raise error(f"not valid JSON: {reason}", where=where, help="download the file again") from reason
    if not isinstance(value, dict):
        raise error(f"got {show(value)}, wanted a JSON object", where=where)
    return cast("dict[str, object]", value)


def show(value: object) -> str:
    """Return a value of an untrusted file as text that is short enough for a message."""
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(cast('list[object]', value))}"
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN_CHARS else text[: _MAX_SHOWN_CHARS - 3] + "..."


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object. A key that is given twice is refused, since readers disagree on which one counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the key {show(key)} is given twice")
    return found


@dataclass(frozen=True)
class Fields:
    """A JSON object with typed, range-checked access.

    `where` names the file (and the path inside it) in errors, which are of the class `error`. A key that is
    absent or null takes the default; without a default it is required.
    """

    data: Mapping[str, object]
    where: str
    error: type[KernelcError]

    def fail(self, key: str, message: str, help: str | None = None) -> KernelcError:
        """Return, for the caller to raise, the error about a field."""
        return self.error(message, where=f"{self.where}: {key}", help=help)

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number in low..high. Raises: the error class of these fields."""
        value = self._value(key, default, f"a whole number from {low} to {high}")
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.fail(key, f"got {show(value)}, wanted a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number in low..high (so a finite one). Raises: the error class of these fields."""
        wanted = f"a number from {low:g} to {high:g}"
        value = self._value(key, default, wanted)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.fail(key, f"got {show(value)}, wanted {wanted}")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false. Raises: the error class of these fields."""
        value = self._value(key, default, "true or false")
        if not isinstance(value, bool):
            raise self.fail(key, f"got {show(value)}, wanted true or false")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string. Raises: the error class of these fields."""
        value = self._value(key, default, "a string")
        if not isinstance(value, str):
            raise self.fail(key, f"got {show(value)}, wanted a string")
        return value

    def child(self, key: str) -> Fields | None:
        """Return the object under the key, or None if it is absent or null. Raises: as `text`."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.fail(key, f"got {show(value)}, wanted an object")
        return Fields(cast("dict[str, object]", value), f"{self.where}: {key}", self.error)

    def ids(self, key: str, limit: int) -> tuple[int, ...]:
        """Return token ids below `limit`; the file may have one, a list, or null. Raises: as `text`."""
        value = self.data.get(key)
        items = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
        if len(items) > 1024:
            raise self.fail(key, f"got {len(items)} token ids, wanted at most 1024")
        return tuple(self._id(key, item, limit) for item in items)

    def first(self, keys: Iterable[str]) -> str | None:
        """Return the first of the keys that has a value, or None if none has."""
        return next((key for key in keys if self.data.get(key) is not None), None)

    def _id(self, key: str, value: object, limit: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < limit:
            raise self.fail(key, f"got {show(value)}, wanted a token id from 0 to {limit - 1}")
        return value

    def _value(self, key: str, default: object, wanted: str) -> object:
        value = self.data.get(key)
        value = default if value is None else value
        if value is None:
            raise self.fail(key, f"got nothing, wanted {wanted}")
        return value
