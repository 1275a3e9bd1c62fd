"""Golden tiles in the manifest: what a runtime without numpy references checks a device with.

For each kernel: inputs to bind, a step block, and what must be in the outputs afterwards. Numbers are in one
file. Kernels run as they are printed, at their real sizes; what would be large (weights) is a short piece
repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CODED_PLANES = {"coded1": 3, "coded2": 5}
"""Vectors of four words for each group of a coded row, by the number of its terms."""
OUTPUT_ELEMENTS = ("f32", "u32", "f16pair", *CODED_PLANES)
MAX_CHECK_BYTES = 256 << 20
"""Of one buffer that a check binds."""


@dataclass(frozen=True)
class CheckInput:
    """A buffer of `bytes`, filled with `period` bytes of the file from `offset` on, repeated; 0: zeros."""

    bytes: int
    offset: int
    period: int


@dataclass(frozen=True)
class CheckOutput:
    """`bytes` of binding number `binding` from `at` on, and what is wanted there: the file from `offset` on.

    Every number must be within `absolute` + `relative` * |wanted|; a "f16pair" is two numbers in a word. A
    "coded1" or "coded2" is a whole coded row of one or two terms (see `kernelc.ir.coded_rows`): what it
    stands for may be a step of its group further away, and groups whose wanted scale is no number are not
    compared.
    """

    binding: int
    at: int
    bytes: int
    offset: int
    element: str
    relative: float
    absolute: float


@dataclass(frozen=True)
class KernelCheck:
    """One run of a kernel: `symbols` give each variant's own grid, `params` the step block.

    `tile_tolerance`: relative and absolute, in place of those of the outputs for variants that multiply
    halves on matrix units; None where there are none.
    """

    symbols: Mapping[str, int]
    params: Mapping[str, int | float]
    inputs: tuple[CheckInput, ...]
    outputs: tuple[CheckOutput, ...]
    tile_tolerance: tuple[float, float] | None = None


@dataclass(frozen=True)
class Checks:
    """The file with the numbers, and the checks by the names of their kernels."""

    file: str
    bytes: int
    sha256: str
    kernels: Mapping[str, KernelCheck]
