"""JSON values of any form in untrusted requests: parameters of tools, and arguments of calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from runtime.chat.openai.fields import a_text, an_object
from runtime.chat.openai.refusal import RequestError, refuse

_MOST_DEPTH = 64
_MOST_VALUES = 100_000
MOST_JSON = 1_000_000
"""Characters of the texts and names in a value."""
_LARGEST = 1.7976931348623157e308


def a_json_object(path: str, value: object) -> dict[str, object]:
    """Return a copy of a JSON object with bounds on its depth, its size and its numbers.

    Raises: RequestError naming `path`.
    """
    an_object(path, value)
    return cast("dict[str, object]", _Copier(path).copied(value, 1))


def arguments_of(path: str, text: str) -> dict[str, object]:
    """Return the arguments that a text of JSON has; none where it is empty. Raises: RequestError."""
    try:
        value: object = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{path} is no JSON, wanted the text of an object", param=path) from error
    if not isinstance(value, dict):
        refuse(path, value, "the text of a JSON object")
    return a_json_object(path, cast("object", value))


class _Copier:
    def __init__(self, path: str) -> None:
        self._path = path
        self._values, self._room = 0, MOST_JSON

    def copied(self, value: object, depth: int) -> object:
        if depth > _MOST_DEPTH:
            self._refuse(f"is nested deeper than {_MOST_DEPTH}")
        self._values += 1
        if self._values > _MOST_VALUES:
            self._refuse(f"has more than {_MOST_VALUES} values")
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            items = cast("Mapping[str, object]", value).items()
            return {self._text(name): self.copied(each, depth + 1) for name, each in items}
        if isinstance(value, list):
            return [self.copied(each, depth + 1) for each in cast("list[object]", value)]
        if isinstance(value, int | float) and not abs(value) <= _LARGEST:
            self._refuse("has a number beyond all limits")
        return value

    def _text(self, text: str) -> str:
        self._room -= len(text)
        if self._room < 0:
            self._refuse(f"has more than {MOST_JSON} characters")
        return a_text(self._path, text, 0, MOST_JSON)

    def _refuse(self, what: str) -> None:
        raise RequestError(f"{self._path} {what}", param=self._path)
