"""Reading the fields of an untrusted JSON object, each with its bounds.

Null means left out, as the official clients send. JSON knows only numbers, so 5.0 is the integer 5 here as it
is in a browser, and true is no number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from runtime.chat.openai.refusal import RequestError, refuse

MOST_WORD = 1000
"""Characters of a name, an id or the like."""

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Fields:
    """A JSON object; `where` is what stands before a field's name in messages ("stream_options.")."""

    values: Mapping[str, object]
    where: str = ""

    def path(self, name: str) -> str:
        """Return the path of a field, for messages."""
        return self.where + name

    def get(self, name: str) -> object:
        """Return a field's value, None where it is left out."""
        return self.values.get(name)

    def flag(self, name: str) -> bool:
        """Return a boolean, False where it is left out. Raises: RequestError."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        refuse(self.path(name), value, "true or false")

    def word(self, name: str) -> str | None:
        """Return a text of at most 1000 characters. Raises: RequestError."""
        value = self.get(name)
        return None if value is None else a_text(self.path(name), value, 0, MOST_WORD)

    def number(self, name: str, low: float, high: float, *, above: bool = False) -> float | None:
        """Return a number from `low` (or `above` it) to `high`. Raises: RequestError."""
        value = self.get(name)
        return None if value is None else a_number(self.path(name), value, low, high, above=above)

    def integer(self, name: str, low: int, high: int) -> int | None:
        """Return an integer from `low` to `high`. Raises: RequestError."""
        value = self.get(name)
        return None if value is None else an_integer(self.path(name), value, low, high)

    def inner(self, name: str) -> Fields | None:
        """Return the object that a field holds. Raises: RequestError."""
        value = self.get(name)
        return None if value is None else an_object(self.path(name), value)


def read_body(body: object) -> Fields:
    """Return the fields of a request's JSON body. Raises: RequestError."""
    if not isinstance(body, dict):
        raise RequestError("the body of the request is no JSON object, wanted one", param=None)
    return Fields(cast("dict[str, object]", body))


def as_list(value: object) -> list[object] | None:
    """Return a JSON array, None for what is none."""
    return cast("list[object]", value) if isinstance(value, list) else None


def an_object(path: str, value: object) -> Fields:
    """Return a JSON object. Raises: RequestError."""
    if not isinstance(value, Mapping):
        refuse(path, value, "an object")
    return Fields(cast("Mapping[str, object]", value), f"{path}.")


def a_number(path: str, value: object, low: float, high: float, *, above: bool = False) -> float:
    """Return a number from `low` (or `above` it) to `high`. Raises: RequestError."""
    wanted = f"a number above {low:g} and at most {high:g}" if above else f"a number from {low:g} to {high:g}"
    if not isinstance(value, int | float) or isinstance(value, bool):
        refuse(path, value, wanted)
    if not low <= value <= high or (above and value == low):  # NaN is not within either
        refuse(path, value, wanted)
    return float(value)


def an_integer(path: str, value: object, low: int, high: int) -> int:
    """Return an integer from `low` to `high`. Raises: RequestError."""
    wanted = f"an integer from {low} to {high}"
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(_small(value)):
        refuse(path, value, wanted)
    if value != math.floor(value) or not low <= value <= high:
        refuse(path, value, wanted)
    return int(value)


def _small(value: int | float) -> float:
    """Return a number that is finite exactly if `value` is; integers may be too large for a float."""
    return 0.0 if isinstance(value, int) else value


def a_text(path: str, value: object, least: int, most: int) -> str:
    """Return a text of `least` to `most` characters, all of which are characters. Raises: RequestError."""
    if not isinstance(value, str):
        refuse(path, value, "a text")
    if not least <= len(value) <= most:
        wanted = f"{least} to {most}" if least else f"at most {most}"
        raise RequestError(f"{path} has {len(value)} characters, wanted {wanted}", param=path)
    if _SURROGATE.search(value):
        raise RequestError(
            f"{path} has half of a surrogate pair, wanted whole characters: a text was cut within one",
            param=path,
        )
    return value
