"""Ways to look into a kernel while the interpreter runs it: print values, stop at a line.

They are recorded with KERNELC_INTERPRET=1 alone, so no target's text ever has them.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from kernelc import debug
from kernelc.kir.memory import SourceLine
from kernelc.kir.nodes import Probe, Statement
from kernelc.kir.positions import Positions
from kernelc.kir.types import boolean, f32, i32, u32
from kernelc.kir.values import Number, Operators, Value


class Probes(Positions):
    """The part of the tracer that looks into kernels."""

    def print(self, *values: Number | str) -> None:
        """Print values for all invocations that come here, with KERNELC_INTERPRET=1; else do nothing.

        A text before a value is its label: `k.print("row", row, "sum", total)`. Numbers that Python knows may
        stand among them. Raises: TypeError for anything else, such as an array without an index.
        """
        self._probe(values, stops=False)

    def breakpoint(self, *values: Number | str) -> None:
        """Stop in Python's debugger when the interpreter comes here, with KERNELC_INTERPRET=1; else do
        nothing. `values["name"]` there has every value, register and memory of the kernel so far, for all
        invocations; those given here as well, under their labels."""
        self._probe(values, stops=True)

    def _probe(self, given: tuple[Number | str, ...], *, stops: bool) -> None:
        if debug.interpret_enabled():
            values = tuple(each if isinstance(each, str) else self._looked_at(each) for each in given)
            self.append(Probe(*labelled(values), stops, self.where()))

    def _looked_at(self, given: object) -> Operators:
        if isinstance(given, Operators):
            return given
        if not isinstance(given, bool | int | float | np.generic):
            what = type(given).__name__
            raise TypeError(f"{self.where()}: got {what}, wanted values, numbers, and texts before them")
        number = cast("bool | int | float", given)
        fitting = (each for each in (boolean, i32, u32) if each.holds(number))
        return self.constant(number, next(fitting, f32))

    def where(self) -> SourceLine:
        """The kernel's own line of Python that is running."""
        raise NotImplementedError

    def append(self, statement: Statement) -> None:
        """Add one statement to the current block."""
        raise NotImplementedError


def labelled(given: tuple[Operators | str, ...]) -> tuple[tuple[str, ...], tuple[Value, ...]]:
    """Return the labels of the values, which are the texts before them, else empty; and the values."""
    labels: list[str] = []
    values: list[Value] = []
    label = ""
    for each in given:
        if isinstance(each, str):
            label = each
            continue
        value = each.value()
        labels.append(label)
        values.append(value)
        label = ""
    return tuple(labels), tuple(values)
