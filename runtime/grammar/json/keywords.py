"""Reads the keywords of one schema object: what it says itself, checked, without what it refers to.

Every keyword is in exactly one of the tables below: read, combined (`runtime.grammar.json.places`), an
annotation that changes nothing, or refused by its name and place. So is a keyword that nobody knows, since a
misspelt one would otherwise be ignored. Source: JSON Schema draft 2020-12, Core and Validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from kernelc.errors import UsageError
from runtime.grammar.json.formats import FORMATS
from runtime.grammar.json.numbers import Bound
from runtime.grammar.json.shape import (
    ALL_TYPES,
    NOWHERE,
    Arrays,
    Numbers,
    Objects,
    Places,
    Shape,
    Strings,
    key_of,
)
from runtime.grammar.json.text import Json

COMBINED = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
ANNOTATIONS = frozenset(
    {
        *("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly"),
        *("contentMediaType", "contentEncoding", "contentSchema", "discriminator"),
        *("$comment", "$schema", "$id", "$defs", "definitions"),
    }
)
_MOST_MULTIPLE = 2_000
_MOST_DIGITS = 40  # of a bound, before its point and after it
_NUMBERS = frozenset({"number", "integer"})
_READ = {
    "type": ALL_TYPES,
    "enum": ALL_TYPES,
    "const": ALL_TYPES,
    **dict.fromkeys(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"], _NUMBERS),
    **dict.fromkeys(["minLength", "maxLength", "pattern", "format"], frozenset({"string"})),
    **dict.fromkeys(
        ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
        frozenset({"object"}),
    ),
    **dict.fromkeys(["items", "prefixItems", "minItems", "maxItems", "uniqueItems"], frozenset({"array"})),
}


def shape_of(schema: Mapping[str, Json], place: str) -> Shape:
    """Return what the keywords of a schema object say, but for those that combine schemas.

    Raises: UsageError with the keyword's place, for one that is wrong or not supported.
    """
    for keyword in schema:
        if keyword not in _READ and keyword not in COMBINED and keyword not in ANNOTATIONS:
            raise refused(place, keyword, f"the keyword {keyword!r} is not supported")
    if "$id" in schema and not place.endswith(": #"):
        raise refused(place, "$id", "$id is supported only in the outermost schema")
    fields = _Fields(schema, place)
    said = [_READ[keyword] for keyword in schema if keyword in _READ]
    hints = frozenset(kind for types in said if types != ALL_TYPES for kind in types)
    return Shape(
        fields.types(),
        fields.values(),
        fields.numbers(),
        fields.strings(),
        fields.objects(),
        fields.arrays(),
        hints,
    )


def refused(place: str, keyword: str, message: str) -> UsageError:
    """Return the error for a keyword of the schema at a place."""
    return UsageError(message, where=f"{place}/{escaped(keyword)}")


def escaped(name: str) -> str:
    """Return a name as part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


class _Fields:
    """The keywords of one schema."""

    def __init__(self, schema: Mapping[str, Json], place: str) -> None:
        self._schema, self._place = schema, place

    def types(self) -> frozenset[str]:
        given = self._schema.get("type")
        if "type" not in self._schema:
            return ALL_TYPES
        names = given if isinstance(given, list) else [given]
        if not names or not all(isinstance(name, str) and name in ALL_TYPES for name in names):
            raise refused(
                self._place, "type", f"the type is {given!r}, wanted {', '.join(sorted(ALL_TYPES))}"
            )
        types = frozenset(cast("list[str]", names))
        return types | {"integer"} if "number" in types else types

    def values(self) -> Mapping[str, Json] | None:
        values: Mapping[str, Json] | None = None
        if "enum" in self._schema:
            given = self._schema["enum"]
            if not isinstance(given, list):
                raise refused(self._place, "enum", "wanted a list of values")
            values = {key_of(value): value for value in given}
        if "const" in self._schema:
            constant = self._schema["const"]
            if values is not None:
                raise refused(
                    self._place, "const", "const beside enum is not supported; one of them is enough"
                )
            values = {key_of(constant): constant}
        return values

    def numbers(self) -> Numbers:
        low = self._bound("minimum", "exclusiveMinimum", 1)
        high = self._bound("maximum", "exclusiveMaximum", -1)
        step = self._number("multipleOf")
        if step is None:
            return Numbers(low, high)
        if step != step.to_integral_value() or not 0 < step <= _MOST_MULTIPLE:
            message = f"multipleOf is {step}, supported are integers from 1 to {_MOST_MULTIPLE}"
            raise refused(self._place, "multipleOf", message)
        return Numbers(low, high, (int(step),))

    def strings(self) -> Strings:
        patterns: tuple[tuple[str, str], ...] = ()
        formats: tuple[tuple[str, str], ...] = ()
        if (pattern := self._text("pattern")) is not None:
            patterns = ((pattern, f"{self._place}/pattern"),)
        if (name := self._text("format")) is not None:
            if name not in FORMATS:
                message = f"the format {name!r} is not supported; supported are {', '.join(FORMATS)}"
                raise refused(self._place, "format", message)
            formats = ((name, f"{self._place}/format"),)
        return Strings(self._count("minLength") or 0, self._count("maxLength"), patterns, formats)

    def objects(self) -> Objects:
        given = self._schema.get("properties", {})
        if not isinstance(given, dict):
            raise refused(self._place, "properties", "wanted an object of schemas")
        required = self._schema.get("required", [])
        if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
            raise refused(self._place, "required", "wanted a list of names")
        return Objects(
            {name: (f"{self._place}/properties/{escaped(name)}",) for name in given},
            tuple(dict.fromkeys(cast("list[str]", required))),
            self._below("additionalProperties"),
            "additionalProperties" in self._schema,
            self._count("minProperties") or 0,
            self._count("maxProperties"),
        )

    def arrays(self) -> Arrays:
        given = self._schema.get("prefixItems", [])
        if not isinstance(given, list):
            raise refused(self._place, "prefixItems", "wanted a list of schemas")
        if isinstance(self._schema.get("items"), list):
            raise refused(self._place, "items", "a list is of older drafts; name it prefixItems")
        most = self._count("maxItems")
        if self._schema.get("uniqueItems", False) is not False and (most is None or most > 1):
            raise refused(self._place, "uniqueItems", "the keyword 'uniqueItems' is not supported")
        return Arrays(
            tuple((f"{self._place}/prefixItems/{index}",) for index in range(len(given))),
            self._below("items"),
            "items" in self._schema,
            self._count("minItems") or 0,
            most,
        )

    def _below(self, keyword: str) -> Places:
        """Return the place of a keyword that is a schema; what is always true needs none."""
        given = self._schema.get(keyword, True)
        if given is False:
            return (NOWHERE,)
        return () if given is True or given == {} else (f"{self._place}/{keyword}",)

    def _bound(self, weak: str, strict: str, sign: int) -> Bound | None:
        values = [(self._number(weak), False), (self._number(strict), True)]
        bounds = [Bound(value, is_strict) for value, is_strict in values if value is not None]
        return max(bounds, key=lambda bound: (sign * bound.value, bound.strict), default=None)

    def _number(self, keyword: str) -> Decimal | None:
        given = self._schema.get(keyword)
        if keyword not in self._schema:
            return None
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise refused(self._place, keyword, f"{keyword} is {given!r}, wanted a number")
        value = Decimal(repr(given)) if isinstance(given, float) else Decimal(given)
        if not value.is_finite() or not -_MOST_DIGITS <= value.adjusted() < _MOST_DIGITS:
            raise refused(
                self._place, keyword, f"{keyword} has too many digits, wanted at most {_MOST_DIGITS}"
            )
        return value

    def _count(self, keyword: str) -> int | None:
        value = self._number(keyword)
        if value is None:
            return None
        if value < 0 or value != value.to_integral_value():
            raise refused(self._place, keyword, f"{keyword} is {value}, wanted a count")
        return int(value)

    def _text(self, keyword: str) -> str | None:
        given = self._schema.get(keyword)
        if keyword in self._schema and not isinstance(given, str):
            raise refused(self._place, keyword, f"{keyword} is {given!r}, wanted a text")
        return cast("str | None", given)
