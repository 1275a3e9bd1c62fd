"""The automata of strings and numbers with their keywords, and whether a given value fits a shape."""

from __future__ import annotations

from decimal import Decimal

from kernelc.errors import UsageError
from runtime.grammar import chars, syntax
from runtime.grammar.dfa import Dfa, from_tree, intersection
from runtime.grammar.json.formats import FORMATS
from runtime.grammar.json.numbers import Bound, are_told_apart, decimals, integers, multiples
from runtime.grammar.json.places import Schemas
from runtime.grammar.json.shape import (
    Arrays,
    Numbers,
    Objects,
    Places,
    Shape,
    Strings,
    key_of,
    type_of,
)
from runtime.grammar.json.text import ANY_STRING, Json
from runtime.grammar.regex import parse_regex

_MOST_WORK = 1_500_000
"""For all automata of a schema together; each alone is bounded, too."""
_MOST_LENGTH = 4_096
"""Strings with `maxLength` are no longer than this, since each character that is counted is a state."""


class Automata:
    """Automata by what they stand for, each made once."""

    def __init__(self) -> None:
        self._made: dict[object, Dfa] = {}
        self._left = _MOST_WORK

    def strings(self, strings: Strings, where: str) -> Dfa:
        """Return the automaton of the strings that fit. Raises: UsageError where it is too large."""
        if strings not in self._made:
            if strings.least > _MOST_LENGTH:
                raise UsageError(f"minLength above {_MOST_LENGTH} is not supported", where=where)
            parts = [
                *(from_tree(parse_regex(FORMATS[name], place), place) for name, place in strings.formats),
                *(
                    from_tree(parse_regex(text, place, search=True), place)
                    for text, place in strings.patterns
                ),
            ]
            if strings.least or strings.most is not None:
                most = None if strings.most is None else min(strings.most, _MOST_LENGTH)
                never = most is not None and most < strings.least
                length = (
                    syntax.NEVER if never else syntax.Repeat(syntax.Chars(chars.ALL), strings.least, most)
                )
                parts.append(from_tree(length, where))
            found = ANY_STRING
            for part in parts:
                found = part if found is ANY_STRING else intersection(found, part, where)
                self._spend(part.work + found.work, where)
            self._made[strings] = found
        return self._made[strings]

    def numbers(self, numbers: Numbers, whole: bool, where: str) -> Dfa:
        """Return the automaton of the texts of the numbers that fit, or with `whole` of the integers.

        Numbers with `multipleOf` are written as integers. Raises: UsageError where it is too large.
        """
        key = (numbers, whole)
        if key not in self._made:
            whole = whole or bool(numbers.multiples)
            if not whole and not are_told_apart(numbers.low, numbers.high):
                raise UsageError(
                    "the bounds of the number have more than 15 digits together",
                    where=where,
                    help="round them, since readers of JSON do",
                )
            tree = (integers if whole else decimals)(numbers.low, numbers.high)
            found = from_tree(tree, where)
            for step in numbers.multiples:
                found = intersection(found, multiples(step), where)
            self._spend(found.work, where)
            self._made[key] = found
        return self._made[key]

    def _spend(self, work: int, where: str) -> None:
        self._left -= work
        if self._left < 0:
            raise UsageError(
                "the strings and numbers of this schema are too many, or their patterns too large",
                where=where,
            )


class Fitting:
    """Whether values fit shapes. Without `formats` they are taken as notes, as some validators do."""

    def __init__(self, schemas: Schemas, automata: Automata, *, formats: bool = True) -> None:
        self._schemas, self._automata, self._formats = schemas, automata, formats
        # A value that is looked at once more, by another way through the schema, fits as it did. It is kept
        # beside what is known of it, so that its id stays its own.
        self._known: dict[tuple[int, Places], tuple[Json, bool]] = {}

    def fits(self, value: Json, shape: Shape) -> bool:
        """Whether a value has a shape."""
        if type_of(value) not in shape.types:
            return False
        if shape.values is not None and key_of(value) not in shape.values:
            return False
        if isinstance(value, str):
            return self._string_fits(value, shape.strings)
        if isinstance(value, dict):
            return self._object_fits(value, shape.objects)
        if isinstance(value, list):
            return self._array_fits(value, shape.arrays)
        if value is None or isinstance(value, bool):
            return True
        return number_fits(value, shape.numbers)

    def _string_fits(self, value: str, strings: Strings) -> bool:
        if not _is_within(len(value), strings):
            return False
        content = Strings(patterns=strings.patterns, formats=strings.formats if self._formats else ())
        return self._automata.strings(content, "").accepts(value)

    def _object_fits(self, value: dict[str, Json], objects: Objects) -> bool:
        return (
            _is_within(len(value), objects)
            and all(name in value for name in objects.required)
            and all(self._fits_places(item, objects.of(name)) for name, item in value.items())
        )

    def _array_fits(self, value: list[Json], arrays: Arrays) -> bool:
        return _is_within(len(value), arrays) and all(
            self._fits_places(item, arrays.of(index)) for index, item in enumerate(value)
        )

    def _fits_places(self, value: Json, places: Places) -> bool:
        key = (id(value), places)
        if key not in self._known:
            found = any(self.fits(value, shape) for shape in self._schemas.shapes(places))
            self._known[key] = (value, found)
        return self._known[key][1]


def _is_within(count: int, bounds: Strings | Arrays | Objects) -> bool:
    return count >= bounds.least and (bounds.most is None or count <= bounds.most)


def number_fits(value: int | float, numbers: Numbers) -> bool:
    """Whether a number has the keywords of numbers."""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return (
        _above(exact, numbers.low)
        and _above(-exact, None if numbers.high is None else Bound(-numbers.high.value, numbers.high.strict))
        and all(exact % step == 0 for step in numbers.multiples)
    )


def _above(value: Decimal, low: Bound | None) -> bool:
    return low is None or value > low.value or (value == low.value and not low.strict)
