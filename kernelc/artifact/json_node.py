"""Reading untrusted JSON: a value with the path that leads to it, so complaints name their place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

from kernelc.artifact.json_form import Json
from kernelc.errors import ArtifactError, ShapeError
from kernelc.ir import dim
from kernelc.ir.dim import Dim

REBUILD = "build the artifact again, or copy it again from where it came"

_T = TypeVar("_T")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,199}")
# A plain relative path: no empty or hidden component, no "..", nothing that a shell or URL would change.
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}){0,3}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.:+-]+")
_MAX_INTEGER = 2**53  # what a double holds exactly: the browser reads the same file


def plain_name(text: str) -> str:
    """Return a name that a manifest may have for what people call `text`: "a b(1)" becomes "a-b-1"."""
    return _NOT_PLAIN.sub("-", text).strip("-.:+")[:200] or "model"


def parse_json(text: str, file: str) -> Node:
    """Parse `text`; repeated keys, NaN and endless nesting are errors. Raises ArtifactError naming `file`."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ArtifactError(f"not valid JSON: {reason}", where=file, help=REBUILD) from None
    return Node(value, file, "")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f"key {twice[:80]!r} occurs twice")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number of JSON")


@dataclass(frozen=True)
class Node:
    """A JSON value, the file it is from and its path in there (`kernels.matvec.variants[0].file`)."""

    value: object
    file: str
    path: str

    def fail(self, wanted: str, *, help: str = REBUILD) -> NoReturn:
        """Raise the ArtifactError for this value: it is not what was `wanted`."""
        raise ArtifactError(f"got {_shown(self.value)}, wanted {wanted}", where=self.where, help=help)

    @property
    def where(self) -> str:
        return f"{self.file}: {self.path}" if self.path else self.file

    def _child(self, key: str | int, value: object) -> Node:
        step = f"[{key}]" if isinstance(key, int) else f".{key[:200]}" if self.path else key[:200]
        return Node(value, self.file, self.path + step)

    def fields(self) -> dict[str, object]:
        """The fields of an object, unread."""
        fields = self.value
        if not isinstance(fields, dict):
            self.fail("an object")
        return cast("dict[str, object]", fields)

    def record(self, names: str, optional: str = "") -> Record:
        """An object with exactly these fields (and perhaps the optional ones)."""
        fields = self.fields()
        known = names.split()
        for name in known:
            if name not in fields:
                self._child(name, None).fail_missing()
        for name in fields:
            if name not in known and name not in optional.split():
                self._child(name, fields[name]).fail("no such field")
        return Record({name: self._child(name, fields.get(name)) for name in known + optional.split()})

    def fail_missing(self) -> NoReturn:
        raise ArtifactError("the field is missing", where=self.where, help=REBUILD)

    def mapping(self, read: Callable[[Node], _T], most: int) -> dict[str, _T]:
        """An object of at most `most` plain names to values that `read` reads."""
        fields = self.fields()
        if len(fields) > most:
            raise ArtifactError(f"got {len(fields)} entries, wanted at most {most}", where=self.where)
        for name in fields:
            if not _NAME.fullmatch(name):
                Node(name, self.file, self.path).fail("a plain name as key")
        return {name: read(self._child(name, value)) for name, value in fields.items()}

    def items(self, read: Callable[[Node], _T], least: int, most: int) -> tuple[_T, ...]:
        """A list of `least..most` values that `read` reads."""
        value = self.value
        if not isinstance(value, list):
            self.fail("a list")
        values = cast("list[object]", value)
        if not least <= len(values) <= most:
            wanted = f"{least}" if least == most else f"{least}..{most}"
            raise ArtifactError(f"got {len(values)} items, wanted {wanted}", where=self.where, help=REBUILD)
        return tuple(read(self._child(i, value)) for i, value in enumerate(values))

    def integer(self, low: int = 0, high: int = _MAX_INTEGER) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not low <= self.value <= high:
            self.fail(f"an integer of {low}..{high}")
        return self.value

    def number(self) -> int | float:
        """An integer that a double holds, or a finite float."""
        value = self.value
        if isinstance(value, float) and abs(value) < float("inf"):
            return value
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MAX_INTEGER:
            self.fail("a number")
        return value

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            self.fail("true or false")
        return self.value

    def text(self, most: int = 200) -> str:
        if not isinstance(self.value, str) or len(self.value) > most:
            self.fail(f"a text of at most {most} characters")
        return self.value

    def name(self) -> str:
        return self._matching(_NAME, "a plain name")

    def path_name(self) -> str:
        wanted = "a plain relative path inside the artifact"
        path = self._matching(_PATH, wanted)
        if path == "manifest.json":
            self.fail(wanted)
        return path

    def sha256(self) -> str:
        return self._matching(_SHA256, "a sha256 in lower-case hex")

    def _matching(self, pattern: re.Pattern[str], wanted: str) -> str:
        if not isinstance(self.value, str) or not pattern.fullmatch(self.value):
            self.fail(wanted)
        return self.value

    def one_of(self, choices: Sequence[str] | Mapping[str, object]) -> str:
        if not isinstance(self.value, str) or self.value not in choices:
            self.fail(f"one of {', '.join(choices)}")
        return self.value

    def optional(self, read: Callable[[Node], _T]) -> _T | None:
        """Null, or what `read` reads."""
        return None if self.value is None else read(self)

    def dim(self, symbols: Mapping[str, tuple[int, int]]) -> Dim:
        """A non-negative dimension over `symbols`."""
        try:
            found = dim.from_json(self.value, symbols)
        except ShapeError as error:
            raise ArtifactError(error.message, where=self.where, help=REBUILD) from None
        low, high = dim.bounds(found)
        if low < 0 or high > _MAX_INTEGER:
            self.fail(f"a size of 0..2^53, but this may be {low}..{high}")
        return found

    def plain(self, depth: int = 6, most: int = 256) -> Json:
        """Any JSON value of limited depth and width, with finite numbers."""
        value = self.value
        if isinstance(value, dict | list):
            if depth == 0:
                self.fail("nothing nested this deeply")
            if isinstance(value, list):
                return list(self.items(lambda item: item.plain(depth - 1), 0, most))
            return dict(self.mapping(lambda item: item.plain(depth - 1), most))
        if isinstance(value, str):
            return self.text(1000)
        if isinstance(value, int) and not isinstance(value, bool):
            return self.integer(-_MAX_INTEGER)
        if isinstance(value, float) and abs(value) == float("inf"):
            self.fail("a finite number")
        return cast(Json, value)


class Record(dict[str, Node]):
    """The fields of an object, by name."""


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(cast('list[object]', value))}"
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 80 else shown[:77] + "..."
