"""What a JSON schema says of a value once references and `allOf` are gone: one shape, or several to choose.

A shape is all the keywords that hold together. Schemas inside it are named by their places in the document,
and several that must hold at once by several places, in order (`Places`). So what holds together is always
finite, however schemas refer to each other, and nothing has to be copied or renamed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeAlias, TypeVar

from runtime.grammar.json.numbers import Bound
from runtime.grammar.json.text import Json

Item = TypeVar("Item")

Places: TypeAlias = tuple[str, ...]
"""JSON pointers of schemas that all hold, sorted."""

NOWHERE = "(false)"
"""The place of the schema that no value satisfies."""

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
"""The types. Whoever allows numbers allows integers, so "number" never comes without "integer"."""


@dataclass(frozen=True)
class Objects:
    """Keywords of objects. `more` holds for properties that `properties` does not have; `stated`: it was said
    so, and is not only the default."""

    properties: Mapping[str, Places] = field(default_factory=dict[str, Places])
    required: tuple[str, ...] = ()
    more: Places = ()
    stated: bool = False
    least: int = 0
    most: int | None = None

    def of(self, name: str) -> Places:
        """Return what holds for a property."""
        return self.properties.get(name, self.more)


@dataclass(frozen=True)
class Arrays:
    """Keywords of arrays. `items` holds for those after `prefix`; `stated` as for objects."""

    prefix: tuple[Places, ...] = ()
    items: Places = ()
    stated: bool = False
    least: int = 0
    most: int | None = None

    def of(self, index: int) -> Places:
        """Return what holds for an item."""
        return self.prefix[index] if index < len(self.prefix) else self.items


@dataclass(frozen=True)
class Strings:
    """Keywords of strings, with their places; patterns are found anywhere, formats hold for the whole."""

    least: int = 0
    most: int | None = None
    patterns: tuple[tuple[str, str], ...] = ()
    formats: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Numbers:
    """Keywords of numbers; `multiples` are whole."""

    low: Bound | None = None
    high: Bound | None = None
    multiples: tuple[int, ...] = ()


@dataclass(frozen=True)
class Shape:
    """All that holds for a value. `values`, where it is not None, are the only ones, by `key_of`.

    `hints` are the types that some keyword was about.
    """

    types: frozenset[str] = ALL_TYPES
    values: Mapping[str, Json] | None = None
    numbers: Numbers = Numbers()
    strings: Strings = Strings()
    objects: Objects = Objects()
    arrays: Arrays = Arrays()
    hints: frozenset[str] = frozenset()

    @property
    def never(self) -> bool:
        """Whether it is plain that no value fits."""
        return not self.types or (self.values is not None and not self.values)


def together(a: Shape, b: Shape) -> Shape:
    """Return the shape of the values that fit both."""
    return Shape(
        a.types & b.types,
        _values_together(a.values, b.values),
        Numbers(
            _tighter(a.numbers.low, b.numbers.low, 1),
            _tighter(a.numbers.high, b.numbers.high, -1),
            _joined(a.numbers.multiples, b.numbers.multiples),
        ),
        Strings(
            max(a.strings.least, b.strings.least),
            _least_of(a.strings.most, b.strings.most),
            _joined(a.strings.patterns, b.strings.patterns),
            _joined(a.strings.formats, b.strings.formats),
        ),
        _objects_together(a.objects, b.objects),
        _arrays_together(a.arrays, b.arrays),
        a.hints | b.hints,
    )


def both(a: Places, b: Places) -> Places:
    """Return the places that all hold."""
    return tuple(sorted({*a, *b}))


def narrowed(shape: Shape) -> Shape:
    """Return the shape that answers are given: one that a schema leaves open is closed where people mean it.

    Without `type`, values are of the types that the other keywords are about. Properties and items that the
    schema does not name are left out if it names some and says nothing of others.
    """
    types = shape.types
    if types == ALL_TYPES and shape.hints and shape.values is None:
        types = shape.hints
    objects, arrays = shape.objects, shape.arrays
    named = {name: objects.of(name) for name in (*objects.properties, *objects.required)}
    if not objects.stated and named and objects.least <= len(named):
        objects = replace(objects, properties=named, more=(NOWHERE,), stated=True)
    if not arrays.stated and arrays.prefix and arrays.least <= len(arrays.prefix):
        arrays = replace(arrays, items=(NOWHERE,), stated=True)
    return replace(shape, types=types, objects=objects, arrays=arrays)


def key_of(value: Json) -> str:
    """Return a text that is the same for values that JSON Schema holds to be equal."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list):
        return "[" + ",".join(map(key_of, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{key_of(value[name])}" for name in sorted(value)) + "}"
    return json.dumps(value)


def type_of(value: Json) -> str:
    """Return the narrowest type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _values_together(a: Mapping[str, Json] | None, b: Mapping[str, Json] | None) -> Mapping[str, Json] | None:
    if a is None or b is None:
        return b if a is None else a
    return {key: value for key, value in a.items() if key in b}


def _tighter(a: Bound | None, b: Bound | None, sign: int) -> Bound | None:
    bounds = [bound for bound in (a, b) if bound is not None]
    return max(bounds, key=lambda bound: (Decimal(sign) * bound.value, bound.strict), default=None)


def _least_of(a: int | None, b: int | None) -> int | None:
    return min((each for each in (a, b) if each is not None), default=None)


def _joined(a: tuple[Item, ...], b: tuple[Item, ...]) -> tuple[Item, ...]:
    return (*a, *(item for item in b if item not in a))


def _objects_together(a: Objects, b: Objects) -> Objects:
    names = _joined(tuple(a.properties), tuple(b.properties))
    return Objects(
        {name: both(a.of(name), b.of(name)) for name in names},
        _joined(a.required, b.required),
        both(a.more, b.more),
        a.stated or b.stated,
        max(a.least, b.least),
        _least_of(a.most, b.most),
    )


def _arrays_together(a: Arrays, b: Arrays) -> Arrays:
    count = max(len(a.prefix), len(b.prefix))
    return Arrays(
        tuple(both(a.of(index), b.of(index)) for index in range(count)),
        both(a.items, b.items),
        a.stated or b.stated,
        max(a.least, b.least),
        _least_of(a.most, b.most),
    )
