"""The checklist of the kernel language: for every operation and type a tiny kernel and what it must give.

The wanted numbers are written here a second time, in plain integers and float64, so that the interpreter is
tested as much as the targets are. A new target passes when `tests/conformance` does with its executor in the
table. Undefined for every target, and so not here: integer division by zero, shifts by 32 and more, floats
too large for the integer they become, NaN, the sign of zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.types import Type, f16, f32, f32x2, f32x4, i32, i32x2, i32x4, u32, u32x2, u32x4
from kernelc.kir.values import Value

Lanes = npt.NDArray[Any]
Near = tuple[float, float]
EXACT: Near = (0, 0)

INTEGERS = (u32, u32x2, u32x4, i32, i32x2, i32x4)
FLOATS = (f32, f32x2, f32x4, f16, f16.with_lanes(2), f16.with_lanes(4))

_WORDS = "0 1 2 3 7 1f ff 100 ffff 10000 7fffffff 80000000 80000001 fffffffe ffffffff deadbeef"
_NUMBERS = [0.0, 1.0, -1.0, 0.5, -0.25, 1.5, 2.5, -2.5, 3.25, 10.0, -17.0, 100.0, 0.001, -0.03, 63.75, -1e3]


@dataclass(frozen=True)
class Case:
    """`body` applied to each element of `inputs` gives `wanted`, within `near`: relative and absolute."""

    operation: str
    inputs: tuple[tuple[Type, Lanes], ...]
    result: Type
    body: Callable[..., Value]
    wanted: Lanes
    near: Near = EXACT
    note: str = ""

    @property
    def id(self) -> str:
        types = "-".join(str(type) for type, _ in self.inputs)
        return "-".join(part for part in (self.operation, types, self.note) if part)


def samples(type: Type, turn: int = 0) -> Lanes:
    """Sixteen elements of a type, another order for each `turn`."""
    count = 16 * type.lanes
    if type.is_float:
        pool = np.array(_NUMBERS, type.dtype)
    else:
        pool = np.array([int(word, 16) for word in _WORDS.split()], np.uint32).view(type.dtype)
    at = (np.arange(count) * (2 * turn + 1) + 5 * turn + np.arange(count) // 16 * 3) % 16
    array = pool[at]
    return array if type.lanes == 1 else array.reshape(-1, type.lanes)


def exactly(type: Type, values: Lanes) -> Lanes:
    """Integers of any size, wrapped into the type."""
    return (
        np.vectorize(lambda v: int(v) % (1 << 32), otypes=[np.uint64])(values)
        .astype(np.uint32)
        .view(type.dtype)
    )


def integers(array: Lanes) -> Lanes:
    """Python's own integers, which do not wrap."""
    return array.astype(object)
