"""A schema document taken apart: from places that must all hold to the shapes that one value may have.

`$ref` and `allOf` add places that hold, too; `anyOf` and `oneOf` give alternatives. What comes out are shapes
that no longer combine anything (a disjunctive normal form), bounded in number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from urllib.parse import unquote

from kernelc.errors import UsageError
from runtime.grammar.chars import check_text
from runtime.grammar.json.keywords import ANNOTATIONS, refused, shape_of
from runtime.grammar.json.shape import NOWHERE, Places, Shape, together
from runtime.grammar.json.text import Json

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)  # of an array (RFC 6901, section 4)
_MOST_SHAPES = 400
_MOST_DEPTH = 100
_MOST_VALUES = 200_000
_MOST_PLACES = 64


class Schemas:
    """One document, and the shapes of its places."""

    def __init__(self, document: Json, where: str) -> None:
        """Raises: UsageError where the document is too large or nested too deeply."""
        self._where = where
        self._document = document
        self._led: dict[str, str] = {}
        self._shapes: dict[Places, tuple[Shape, ...]] = {}
        self._work = 0
        self.one_of: list[tuple[str, ...]] = []
        """The alternatives of every `oneOf` that was met, which `runtime.grammar.json.disjoint` checks."""
        _check_size(document, where)

    @property
    def root(self) -> Places:
        """The place of the whole document."""
        return (f"{self._where}: #",)

    def shapes(self, places: Places) -> tuple[Shape, ...]:
        """Return the shapes of which a value must have one for the schemas at all places to hold.

        Raises: UsageError for what is wrong, not supported, or too much.
        """
        if places not in self._shapes:
            found: tuple[Shape, ...] = (Shape(),)
            if len(places) > _MOST_PLACES:
                raise UsageError(f"more than {_MOST_PLACES} schemas hold for one value", where=places[0])
            for place in places:
                found = self._combined(found, self._of_place(place, ()), place)
            self._shapes[places] = found
        return self._shapes[places]

    def referred(self, places: Places) -> Places:
        """Return the places; instead of a schema that is nothing but a reference, the one that it leads to.

        So what is referred to from several places is one rule of a grammar.
        """
        return tuple(sorted({self._referred(place) for place in places}))

    def _referred(self, place: str) -> str:
        if place not in self._led:
            at, passed = place, {place}
            while isinstance(schema := self._schema(at), dict) and {"$ref"} == schema.keys() - ANNOTATIONS:
                at = self._target(schema, at)
                if at in passed or len(passed) > _MOST_DEPTH:  # which `shapes` refuses
                    at = place
                    break
                passed.add(at)
            self._led[place] = at
        return self._led[place]

    def _of_place(self, place: str, trail: tuple[str, ...]) -> tuple[Shape, ...]:
        """Return the shapes of one schema; `trail` are the schemas that are being asked for it."""
        if place in trail:
            raise UsageError("the schema refers to itself without saying anything", where=place)
        if len(trail) > _MOST_DEPTH:
            raise UsageError(f"schemas refer to each other more than {_MOST_DEPTH} deep", where=place)
        if (place,) in self._shapes:
            return self._shapes[(place,)]
        schema = self._schema(place)
        if isinstance(schema, bool):
            return (Shape(),) if schema else ()
        if not isinstance(schema, dict):
            raise UsageError(f"got {_kind(schema)}, wanted a schema: an object, true or false", where=place)
        found: tuple[Shape, ...] = (shape_of(schema, place),)
        inner = (*trail, place)
        if "$ref" in schema:
            found = self._combined(found, self._of_place(self._target(schema, place), inner), place)
        for name in self._parts(schema, place, "allOf"):
            found = self._combined(found, self._of_place(name, inner), place)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                names = self._parts(schema, place, keyword)
                if keyword == "oneOf":
                    self.one_of.append(tuple(names))
                alternatives = [shape for name in names for shape in self._of_place(name, inner)]
                found = self._combined(found, tuple(alternatives), place)
        self._shapes[(place,)] = found
        return found

    def _combined(self, a: tuple[Shape, ...], b: tuple[Shape, ...], place: str) -> tuple[Shape, ...]:
        self._work += len(a) * len(b)
        if len(a) * len(b) > _MOST_SHAPES or self._work > 100 * _MOST_SHAPES:
            raise UsageError(
                f"the schema has more than {_MOST_SHAPES} combinations of alternatives",
                where=place,
                help="make fewer of anyOf and oneOf hold at once",
            )
        joined = (together(one, other) for one in a for other in b)
        return tuple(shape for shape in joined if not shape.never)

    def _parts(self, schema: Mapping[str, Json], place: str, keyword: str) -> list[str]:
        """Return the places of a list of schemas."""
        given = schema.get(keyword)
        if keyword in schema and (not isinstance(given, list) or not given):
            raise refused(place, keyword, f"{keyword} wants a list of one schema or more")
        return [f"{place}/{keyword}/{index}" for index in range(len(given) if isinstance(given, list) else 0)]

    def _target(self, schema: Mapping[str, Json], place: str) -> str:
        reference = schema["$ref"]
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise refused(
                place, "$ref", f"$ref is {reference!r}, supported are places in the same document: #/..."
            )
        target = f"{self._where}: {unquote(reference)}"
        try:
            self._schema(target)
        except UsageError as reason:
            raise refused(place, "$ref", f"$ref is {reference!r}, which is not there") from reason
        return target

    def _schema(self, place: str) -> Json:
        """Return what is at a place of the document. Raises: UsageError where nothing is."""
        if place == NOWHERE:
            return False
        at = self._document
        for part in place.removeprefix(f"{self._where}: #").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(at, dict) and name in at:
                at = at[name]
            elif isinstance(at, list) and _INDEX.fullmatch(name) and int(name) < len(at):
                at = at[int(name)]
            else:
                raise UsageError("there is nothing at this place", where=place)
        return at


def _check_size(document: Json, where: str) -> None:
    level: list[Json] = [document]
    count, depth = 0, 0
    while level:
        count, depth = count + len(level), depth + 1
        if count > _MOST_VALUES or depth > _MOST_DEPTH:
            raise UsageError(
                f"the schema has more than {_MOST_VALUES} values, or nests them more than {_MOST_DEPTH} deep",
                where=where,
            )
        nested: list[Json] = []
        for value in level:
            if isinstance(value, dict):
                nested += value.values()
                nested += value.keys()
            elif isinstance(value, list):
                nested += value
            elif isinstance(value, str):
                check_text(value, where)
            elif isinstance(value, float) and not math.isfinite(value):
                raise UsageError(f"the schema holds {value}, which is no JSON", where=where)
        level = nested


def _kind(value: Json) -> str:
    return "nothing" if value is None else type(value).__name__
