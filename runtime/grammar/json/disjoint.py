"""Whether no answer can have two shapes at once: what `oneOf` asks for, and a grammar cannot count.

`oneOf` means exactly one. A grammar can only allow any of its alternatives, which is the same where no two
have a value in common. That is proved here where it is plain: by types, listed values, ranges, patterns, or a
property or item that all objects or arrays have. Where it is not, the schema is refused.
"""

from __future__ import annotations

from dataclasses import replace

from kernelc.errors import UsageError
from runtime.grammar.dfa import intersection
from runtime.grammar.json.places import Schemas
from runtime.grammar.json.shape import Arrays, Numbers, Objects, Places, Shape, narrowed, type_of
from runtime.grammar.json.text import Json
from runtime.grammar.json.values import Automata, Fitting

_MOST_DEPTH = 4
_MOST_PROOFS = 20_000


def check_one_of(schemas: Schemas, automata: Automata) -> None:
    """Check every `oneOf` that was met. Raises: UsageError for alternatives that may hold both."""
    proofs = _Proofs(schemas, automata)
    done = 0
    while done < len(schemas.one_of):  # proofs may meet more of them
        names = schemas.one_of[done]
        done += 1
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                if not (proofs.disjoint((first,), (second,)) and proofs.disjoint((second,), (first,))):
                    raise UsageError(
                        "two alternatives of oneOf may hold at once, so that a grammar cannot tell",
                        where=second,
                        help=f"make it differ plainly from {first.rpartition('#')[2]}, such as by a required"
                        " property with another const, or use anyOf",
                    )


class _Proofs:
    def __init__(self, schemas: Schemas, automata: Automata) -> None:
        self._schemas, self._automata = schemas, automata
        self._left = _MOST_PROOFS

    def disjoint(self, a: Places, b: Places, depth: int = 0) -> bool:
        """Whether no answer made for `a` is valid for `b`. False may also mean that there is no proof.

        Raises: UsageError after so many comparisons that nobody waits for more.
        """
        self._left -= 1
        if self._left < 0:
            raise UsageError(
                "the alternatives of oneOf are too many to compare", where=b[0], help="use fewer, or anyOf"
            )
        if depth > _MOST_DEPTH:
            return False
        return all(
            self._shapes_disjoint(narrowed(shape), other, depth)
            for shape in self._schemas.shapes(a)
            for other in self._schemas.shapes(b)
        )

    def _shapes_disjoint(self, a: Shape, b: Shape, depth: int) -> bool:
        if a.values is not None:
            return not any(self._fits_both(value, a, b) for value in a.values.values())
        if b.values is not None:
            return not any(self._fits_both(value, a, b) for value in b.values.values())
        return all(self._type_disjoint(kind, a, b, depth) for kind in a.types & b.types)

    def _fits_both(self, value: Json, a: Shape, b: Shape) -> bool:
        if type_of(value) not in a.types:
            return False
        fitting = Fitting(self._schemas, self._automata, formats=False)
        return all(fitting.fits(value, shape) for shape in (a, b))

    def _type_disjoint(self, kind: str, a: Shape, b: Shape, depth: int) -> bool:
        if kind in ("integer", "number"):
            return _apart(a.numbers, b.numbers) or _apart(b.numbers, a.numbers)
        if kind == "string":
            dfa_a = self._automata.strings(a.strings, "oneOf")
            dfa_b = self._automata.strings(replace(b.strings, formats=()), "oneOf")
            return intersection(dfa_a, dfa_b, "oneOf").never
        if kind == "object":
            return self._objects_disjoint(a.objects, b.objects, depth)
        return kind == "array" and self._arrays_disjoint(a.arrays, b.arrays, depth)

    def _objects_disjoint(self, a: Objects, b: Objects, depth: int) -> bool:
        if _counts_apart(a, b):
            return True
        names = dict.fromkeys((*a.required, *b.required))
        return any(self.disjoint(a.of(name), b.of(name), depth + 1) for name in names)

    def _arrays_disjoint(self, a: Arrays, b: Arrays, depth: int) -> bool:
        if _counts_apart(a, b):
            return True
        there = min(max(a.least, b.least), 16)
        return any(self.disjoint(a.of(index), b.of(index), depth + 1) for index in range(there))


def _counts_apart(a: Objects | Arrays, b: Objects | Arrays) -> bool:
    return (a.most is not None and a.most < b.least) or (b.most is not None and b.most < a.least)


def _apart(below: Numbers, above: Numbers) -> bool:
    if below.high is None or above.low is None:
        return False
    high, low = below.high, above.low
    return high.value < low.value or (high.value == low.value and (high.strict or low.strict))
