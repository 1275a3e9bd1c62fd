"""Blocks of GGUF as f32 numbers, in numpy, many blocks at a time.

Each reader takes blocks u8 [n, bytes of a block] and gives f32 [n, elements of a block].

Source: the functions `dequantize_row_*` of ggml-quants.c in the ggml project; each reader's docstring says
what a block of its type holds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kernelc.ir.formats import F32
from model.checkpoints.rows import widened
from model.gguf import codes
from model.gguf.codes import U8


def _f32(blocks: U8) -> F32:
    return blocks.view("<f4").astype(np.float32)


def _f16(blocks: U8) -> F32:
    return blocks.view("<f2").astype(np.float32)


def _f64(blocks: U8) -> F32:
    with np.errstate(over="ignore"):  # an infinity is refused by whoever reads the weights
        return blocks.view("<f8").astype(np.float32)


def _bf16(blocks: U8) -> F32:
    return widened(blocks.view("<u2"))


def _integer(read: Callable[[U8], codes.Lattice]) -> Callable[[U8], F32]:
    """Return the reader of a type whose numbers are codes times a scale, plus an offset."""

    def numbers(blocks: U8) -> F32:
        found = read(blocks)
        values = found.codes.astype(np.float32) * found.scales[:, :, None]
        if found.offsets is not None:
            values += found.offsets[:, :, None]
        return values.reshape(len(blocks), -1)

    return numbers


READERS: dict[str, Callable[[U8], F32]] = {
    "F32": _f32,
    "F16": _f16,
    "BF16": _bf16,
    "F64": _f64,
} | {name: _integer(read) for name, read in codes.LATTICES.items()}
"""The types whose numbers kernelc reads, by name."""


def dequantize(name: str, blocks: U8) -> F32:
    """Return the numbers of blocks of the type `name`, one of `READERS`.

    Shapes: u8 [n, bytes of a block] -> f32 [n, elements of a block]. For types of single numbers a block may
    be any run of them.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # scales of a damaged file may be NaN or infinite
        return READERS[name](np.ascontiguousarray(blocks))
