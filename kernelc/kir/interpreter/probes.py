"""What the interpreter shows of a kernel that it runs: printed values, and stops at lines.

`KERNELC_BREAK=matvec.py:93` stops before the first statement of that line of a kernel, in every round of a
loop; several lines have commas between them. A stop is Python's own `breakpoint()`: PYTHONBREAKPOINT chooses
another debugger.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kernelc.errors import UsageError
from kernelc.kir.memory import Memory, SourceLine
from kernelc.kir.nodes import Kernel, Probe, Statement
from kernelc.kir.values import Value, Variable

Lanes = npt.NDArray[Any]

BREAK_VARIABLE = "KERNELC_BREAK"
_SHOWN = 8  # numbers at either end of what is printed


class Machine(Protocol):
    """What is looked at of `kernelc.kir.interpreter.interpret.Machine`."""

    kernel: Kernel
    lanes: int
    values: dict[Value, Lanes]
    variables: dict[Variable, Lanes]
    memory: dict[Memory, Lanes]

    def value(self, value: Value) -> Lanes: ...


class Watch:
    """The lines at which one run of a kernel stops; false where there are none.

    Raises: UsageError where the variable has something else than lines.
    """

    def __init__(self) -> None:
        named = os.environ.get(BREAK_VARIABLE, "")
        self._lines = {each.strip() for each in named.split(",") if each.strip()}
        for line in self._lines:
            file, _, number = line.rpartition(":")
            if not file or not (number.isascii() and number.isdigit()):
                help_ = "FILE:LINE, such as matvec.py:93"
                raise UsageError(f"{line!r} is no line", where=BREAK_VARIABLE, help=help_)
        self._last: SourceLine | None = None

    def __bool__(self) -> bool:
        return bool(self._lines)

    def begin_round(self) -> None:
        """A loop begins again: its first line may be the one that was just left."""
        self._last = None

    def before(self, machine: Machine, statement: Statement, mask: Lanes) -> None:
        """Stop where the statement is the first of a line that is named."""
        place, last = statement.where, self._last
        self._last = place
        if place != last and any(_is_at(place, line) for line in self._lines):
            stop(machine, place, mask, {})


def _is_at(place: SourceLine, named: str) -> bool:
    file, _, line = named.rpartition(":")
    return str(place.line) == line and (f"/{place.file}").endswith(f"/{file}")


def run_probe(machine: Machine, probe: Probe, mask: Lanes) -> None:
    """Print a probe's values, or stop with them."""
    values: dict[str, Lanes] = {}
    for label, value in zip(probe.labels, probe.values, strict=True):  # names are given after tracing
        values[label or value.name or f"value {len(values)}"] = machine.value(value)
    if probe.stops:
        stop(machine, probe.where, mask, values)
        return
    count = int(mask.sum())
    print(f"{probe.where}: {count} of {machine.lanes} invocations", flush=True)
    for label, lanes in values.items():
        shape = (machine.lanes, *lanes.shape[1:])
        shown = np.array2string(
            np.broadcast_to(lanes, shape)[mask], threshold=2 * _SHOWN, edgeitems=_SHOWN, separator=", "
        )
        print(f"  {label} = {shown}", flush=True)


def stop(machine: Machine, place: SourceLine, active: Lanes, given: Mapping[str, Lanes]) -> None:
    """Call `breakpoint()` with all values at hand.

    `values` are arrays over the invocations, by the names that the kernel's Python has for them, memory
    included; `active` says which invocations are here. Both may be changed: what is written to the arrays of
    registers and memory is what the kernel goes on with.
    """
    values = {**dict(_named(machine)), **given}
    print(
        f"kernel {machine.kernel.name} stops at {place}: values[{', '.join(map(repr, values))}]", flush=True
    )
    breakpoint()


def _named(machine: Machine) -> Iterator[tuple[str, Lanes]]:
    for memory, cells in machine.memory.items():
        yield memory.name, cells
    for value, lanes in machine.values.items():
        if value.name:
            yield value.name, lanes
    for register, lanes in machine.variables.items():
        yield register.name, lanes
