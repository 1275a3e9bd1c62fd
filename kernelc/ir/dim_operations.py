"""What the operations of a dimension mean, on values and on ranges. Import from `kernelc.ir.dim`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


APPLY: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "ceildiv": _ceil,
    "mod": lambda a, b: a % b,
    "min": min,
    "max": max,
}


def _corners(op: str) -> Callable[[Range, Range], Range]:
    """Return the bounds of an operation that is monotonic in each argument: its values at the corners."""

    def result(a: Range, b: Range) -> Range:
        values = [APPLY[op](x, y) for x, y in product(a, b)]
        return min(values), max(values)

    return result


RANGES: dict[str, Callable[[Range, Range], Range]] = {op: _corners(op) for op in APPLY if op != "mod"}
RANGES["mod"] = lambda _, b: (0, b[1] - 1)
