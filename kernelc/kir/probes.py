"""Ways to look into a kernel while the interpreter runs it: print values, stop at a line.

They are recorded with KERNELC_INTERPRET=1 alone, so no target's text ever has them.
"""

from __future__ import annotations

from kernelc import debug
from kernelc.kir.memory import SourceLine
from kernelc.kir.nodes import Probe, Statement
from kernelc.kir.positions import Positions
from kernelc.kir.values import Operators, Value


class Probes(Positions):
    """The part of the tracer that looks into kernels."""

    def print(self, *values: Operators | str) -> None:
        """Print values for all invocations that come here, with KERNELC_INTERPRET=1; else do nothing.

        A text before a value is its label: `k.print("row", row, "sum", total)`.
        """
        self._probe(values, stops=False)

    def breakpoint(self, *values: Operators | str) -> None:
        """Stop in Python's debugger when the interpreter comes here, with KERNELC_INTERPRET=1; else do
        nothing. `values["name"]` there has every value, register and memory of the kernel so far, for all
        invocations; those given here as well, under their labels."""
        self._probe(values, stops=True)

    def _probe(self, given: tuple[Operators | str, ...], *, stops: bool) -> None:
        if debug.interpret_enabled():
            self.append(Probe(*labelled(given), stops, self.where()))

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
