"""The table of a step over several sequences: for each row of the step what its own step block would say.

A row's keys, values and tokens are those of its sequence, which begins at row `first` of the caches and of
the tokens: all sequences lie one after the other, each with as many rows, `sequence_rows`. The host writes
the table before the step, as it writes the step block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact.sequences import sequence_rows
from kernelc.kernels.step_block import STEP
from kernelc.kir.functions import bitcast
from kernelc.kir.nodes import Param
from kernelc.kir.trace import Array
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Operators, Value

TRACED_AS_ITS_CALLER = True

TABLE = "step_rows"
"""The name of the binding, and of the state that is bound."""

FIELDS: tuple[Param, ...] = (Param("first", u32), *(field for field in STEP if field.name != "seq"))
"""The fields of a row, a word each."""

WORDS = len(FIELDS)

__all__ = [
    "FIELDS", "MOST_SEQUENCES", "TABLE", "WORDS", "decoded", "encoded", "row_fields", "sequence_rows",
]  # fmt: skip

MOST_SEQUENCES = 8


def row_fields(table: Array, row: Operators) -> dict[str, Value]:
    """The fields of a row, in a kernel, by name."""
    fields: dict[str, Value] = {}
    for at, field in enumerate(FIELDS):
        word = table[row * WORDS + at]
        fields[field.name] = bitcast(word, f32) if field.type == f32 else word
    return fields


def encoded(rows: Sequence[Mapping[str, int | float]]) -> npt.NDArray[np.uint32]:
    """The table of rows with these fields. Shape: u32 [rows * WORDS]."""
    words = np.zeros((len(rows), WORDS), np.uint32)
    for row, fields in enumerate(rows):
        for at, field in enumerate(FIELDS):
            words[row, at] = np.array(fields[field.name], field.type.dtype).view(np.uint32)
    return words.reshape(-1)


def decoded(table: npt.NDArray[Any], row: int) -> dict[str, int | float]:
    """The fields of a row of a bound table."""
    words = np.ascontiguousarray(table.reshape(-1)[row * WORDS : (row + 1) * WORDS])
    return {
        field.name: words[at : at + 1].view(field.type.dtype)[0].item() for at, field in enumerate(FIELDS)
    }
