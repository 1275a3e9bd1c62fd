"""The searches of the weight formats in C, where there is a compiler: packing is several times faster.

What they find is what numpy finds, bit for bit (`compiled_search.c` does numpy's operations in numpy's
order), so an artifact's bytes do not depend on them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.errors import KernelcError
from kernelc.ir.formats.search import F32, Search
from runtime.cpu.compiler import digest, find_compiler
from runtime.cpu.library_cache import compile_all, load_library

_SOURCE = Path(__file__).with_suffix(".c")


def compiled_search() -> Search | None:
    """Return the searches in C, compiled once and kept in the user's cache; None where that cannot be."""
    text = _SOURCE.read_text(encoding="utf-8")
    try:
        compiler = find_compiler()
        name = digest(compiler, text)
        compile_all(compiler, {name: (_SOURCE.name, text)}, 1)
        return CompiledSearch(load_library(name, _SOURCE.name))
    except KernelcError:
        return None


class CompiledSearch(Search):
    """`compiled_search.c`, loaded. While a function of it runs, other threads of Python do too."""

    def __init__(self, library: Any) -> None:
        self._scales, self._lines = library.search_scales, library.search_lines
        self._scales.restype = self._lines.restype = None

    def scales(
        self,
        values: F32,
        weights: F32 | None,
        bounds: tuple[int, int],
        peak: F32,
        positions: Sequence[float],
        lattice: Sequence[int],
    ) -> F32:
        """See `Search`."""
        values, peak = _floats(values), _floats(peak)
        weights = None if weights is None else _floats(weights)
        tried, whole = _floats(positions), _floats(lattice)
        inverse = np.empty(values.shape[1], np.float32)
        self._scales(
            *(_address(array) for array in (values, weights, peak)),
            ctypes.c_size_t(values.shape[1]),
            *(ctypes.c_float(bound) for bound in bounds),
            _address(tried), ctypes.c_size_t(len(tried)),
            _address(whole), ctypes.c_size_t(len(whole)),
            _address(inverse),
        )  # fmt: skip
        return inverse

    def lines(
        self, values: F32, share: F32, code_high: int, ends: Sequence[tuple[float, float]]
    ) -> tuple[F32, F32]:
        """See `Search`."""
        values, share = _floats(values), _floats(share)
        spans = _floats([code_high + last - first for first, last in ends])
        firsts = _floats([first for first, _ in ends])
        inverse, shift = np.empty((2, values.shape[1]), np.float32)
        self._lines(
            _address(values), _address(share), ctypes.c_size_t(values.shape[1]), ctypes.c_float(code_high),
            _address(spans), _address(firsts), ctypes.c_size_t(len(spans)),
            _address(inverse), _address(shift),
        )  # fmt: skip
        return inverse, shift


def _floats(numbers: npt.ArrayLike) -> F32:
    """Return numbers as C takes them: f32, one row after the other. What is so already is not copied."""
    return np.ascontiguousarray(numbers, np.float32)


def _address(array: F32 | None) -> ctypes.c_void_p:
    """Where an array of `_floats` lies; the caller keeps it."""
    return ctypes.c_void_p(None if array is None else array.ctypes.data)
