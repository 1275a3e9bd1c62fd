"""Numbers within bounds, as regular expressions over their digits.

A bound is exact: it is the decimal number that the schema writes. Numbers with bounds have no exponent and at
most 15 digits that count, so that two different ones are different doubles, too, and a validator that
compares doubles agrees. Source: RFC 8259, section 6; for the 15 digits IEEE 754, DBL_DIG of C.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from runtime.grammar import syntax
from runtime.grammar.chars import ranges
from runtime.grammar.dfa import Dfa, Edges
from runtime.grammar.syntax import Tree

_MOST_DIGITS = 18
_MOST_WHOLE_DIGITS = 9
_MOST_PLACES = 6
_SHARED_DIGITS = 15


@dataclass(frozen=True)
class Bound:
    """An end of a range. `strict`: the value itself is outside."""

    value: Decimal
    strict: bool = False


def integers(low: Bound | None, high: Bound | None) -> Tree:
    """Return the integers from `low` to `high`, without zeros in front.

    They have at most 18 digits, or as many as the bound that is nearer to zero.
    """
    least, most = -_reach(high, below=True), _reach(low)
    if low is not None:
        least = max(least, _ceiling(low))
    if high is not None:
        most = min(most, -_ceiling(Bound(-high.value, high.strict)))
    parts: list[Tree] = []
    if least < 0:
        parts.append(syntax.concat(syntax.text("-"), _natural(max(1, -most), -least)))
    if most >= 0:
        parts.append(_natural(max(0, least), most))
    return syntax.either(parts)


def decimals(low: Bound | None, high: Bound | None) -> Tree:
    """Return the numbers from `low` to `high`, written without exponents."""
    parts: list[Tree] = []
    if low is None or low.value < 0 or (low.value == 0 and not low.strict):
        # -0 is 0: a validator takes it wherever it takes 0.
        highest = None if low is None else Bound(-low.value, low.strict)
        lowest = Bound(-high.value, high.strict) if high is not None and high.value <= 0 else None
        parts.append(syntax.concat(syntax.text("-"), _positive(lowest, highest)))
    if high is None or high.value > 0 or (high.value == 0 and not high.strict):
        parts.append(_positive(low if low is not None and low.value >= 0 else None, high))
    return syntax.either(parts)


def are_told_apart(low: Bound | None, high: Bound | None) -> bool:
    """Whether numbers beside these bounds, with as many places, are other doubles than the bounds are."""
    parts = [_split(abs(bound.value)) for bound in (low, high) if bound is not None]
    most = max((len(places) for _, places in parts), default=0)
    return all(len(str(whole)) + most <= _SHARED_DIGITS for whole, _ in parts)


def multiples(of: int) -> Dfa:
    """Return the integers that a positive number divides: an automaton of the remainder so far."""
    # State 0 is the first, 1 the sign, 2 a zero alone, 3 + r the remainder r.
    first: Edges = [(0x30 + digit, 0x30 + digit, 3 + digit % of) for digit in range(1, 10)]
    edges: list[Edges] = [[(0x2D, 0x2D, 1), (0x30, 0x30, 2), *first], list(first), []]
    for remainder in range(of):
        edges.append([(0x30 + digit, 0x30 + digit, 3 + (10 * remainder + digit) % of) for digit in range(10)])
    return Dfa(edges, [False, False, True, True, *([False] * (of - 1))])


def _reach(bound: Bound | None, *, below: bool = False) -> int:
    """Return the greatest distance from zero, where the range begins at a bound and goes away from zero."""
    away = bound is not None and (bound.value < 0 if below else bound.value > 0)
    digits = len(str(abs(int(bound.value)))) + 1 if bound is not None and away else 0
    return 10 ** max(_MOST_DIGITS, digits) - 1


def _ceiling(bound: Bound) -> int:
    whole = int(bound.value.to_integral_value(rounding="ROUND_CEILING"))
    return whole + 1 if bound.strict and whole == bound.value else whole


def _digit(low: int = 0, high: int = 9) -> Tree:
    return syntax.Chars(ranges([(0x30 + low, 0x30 + high)]))


def _natural(low: int, high: int) -> Tree:
    """Return the natural numbers from `low` to `high`, 0 <= low."""
    parts: list[Tree] = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (length - 1) if length > 1 else 0)
        last = min(high, 10**length - 1)
        if first <= last:
            parts.append(_same_length(str(first), str(last)))
    return syntax.either(parts)


def _same_length(low: str, high: str) -> Tree:
    """Return the digits from `low` to `high`, all of one length."""
    if not low:
        return syntax.EMPTY
    rest = len(low) - 1
    a, b = int(low[0]), int(high[0])
    if a == b:
        return syntax.concat(_digit(a, a), _same_length(low[1:], high[1:]))
    parts: list[Tree] = []
    if low[1:] == "0" * rest:
        a -= 1
    else:
        parts.append(syntax.concat(_digit(a, a), _same_length(low[1:], "9" * rest)))
    if high[1:] == "9" * rest:
        b += 1
    else:
        parts.append(syntax.concat(_digit(b, b), _same_length("0" * rest, high[1:])))
    if a + 1 <= b - 1:
        parts.append(syntax.concat(_digit(a + 1, b - 1), syntax.Repeat(_digit(), rest, rest)))
    return syntax.either(parts)


def _positive(low: Bound | None, high: Bound | None) -> Tree:
    """Return the numbers from `low` (None: 0) to `high`, neither below 0, without a sign."""
    low = low or Bound(Decimal(0))
    low_whole, low_places = _split(low.value)
    most = Decimal(10 ** max(_MOST_WHOLE_DIGITS, len(str(low_whole)) + 1) - 1)
    if high is None or high.value > most:
        high = Bound(most)
    if high.value < low.value:
        return syntax.NEVER
    high_whole, high_places = _split(high.value)
    spare = _SHARED_DIGITS - len(str(high_whole))
    places = max(min(_MOST_PLACES, spare), len(low_places), len(high_places), 0)
    if low_whole == high_whole:
        fraction = _fraction(low_places, low.strict, high_places, high.strict, places)
        return syntax.concat(_natural(low_whole, low_whole), fraction)
    parts = [
        syntax.concat(_natural(low_whole, low_whole), _fraction(low_places, low.strict, None, False, places)),
        syntax.concat(
            _natural(high_whole, high_whole), _fraction("", False, high_places, high.strict, places)
        ),
    ]
    if low_whole + 1 <= high_whole - 1:
        free = _fraction("", False, None, False, places)
        parts.append(syntax.concat(_natural(low_whole + 1, high_whole - 1), free))
    return syntax.either(parts)


def _split(value: Decimal) -> tuple[int, str]:
    """Return the whole part of a number that is not negative, and its decimal places without zeros behind."""
    whole, _, places = f"{value:f}".partition(".")
    return int(whole), places.rstrip("0")


def _fraction(low: str, above: bool, high: str | None, below: bool, places: int) -> Tree:
    """Return "" or "." and up to `places` digits, from 0.`low` to 0.`high`, None for 1.

    `above` and `below` leave the bound itself out.
    """
    may_be_whole = not low and not above and (high is None or bool(high) or not below)
    parts: list[Tree] = [syntax.EMPTY] if may_be_whole else []
    if places > 0:
        digits = _places(low, above, high, below, places, first=True)
        parts.append(syntax.concat(syntax.text("."), digits))
    return syntax.either(parts)


def _places(low: str, above: bool, high: str | None, below: bool, left: int, *, first: bool = False) -> Tree:
    """Return the digits that may follow, where those before were the bounds' own.

    `low` "" with `above` False bounds no more; `high` None bounds no more.
    """
    free_low, free_high = not low and not above, high is None
    if free_low and free_high:
        return syntax.Repeat(_digit(), 1 if first else 0, left)
    # Digits may end here where what is left of the bounds is on the right sides of zero.
    ends = not first and free_low and (free_high or bool(high) or not below)
    parts: list[Tree] = [syntax.EMPTY] if ends else []
    if left > 0:
        bottom = int(low[0]) if low else 0
        top = 9 if high is None else int(high[0]) if high else 0
        for digit in range(bottom, top + 1):
            at_low = not free_low and digit == bottom
            at_high = high is not None and digit == top
            rest = _places(
                low[1:] if at_low else "",
                above if at_low else False,
                high[1:] if at_high and high is not None else None,
                below if at_high else False,
                left - 1,
            )
            parts.append(syntax.concat(_digit(digit, digit), rest))
    return syntax.either(parts)
