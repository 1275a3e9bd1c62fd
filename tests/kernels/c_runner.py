"""Runs one kernel as C on this machine's processor."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.backends.c.printer import CBackend
from kernelc.errors import DeviceError
from kernelc.kir.nodes import Kernel
from kernelc.target import Capabilities
from runtime.cpu import compiler
from runtime.cpu.compiler import Compiler, digest, find_compiler
from runtime.cpu.library_cache import compile_all, load_library

# Set by tests/backends/c/test_sanitizers.py: accesses are checked, undefined behaviour ends the process.
if os.environ.get("KERNELC_TEST_SANITIZE"):
    compiler.FLAGS = (
        *compiler.FLAGS, "-O1", "-g", "-fno-omit-frame-pointer",
        "-fno-var-tracking",  # it takes six times as long as all else, with unrolled kernels and checks
        "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
    )  # fmt: skip


@functools.cache
def _compiler() -> Compiler | None:
    try:
        return find_compiler()
    except DeviceError:
        return None


def lacking(capabilities: Capabilities) -> str | None:
    """Why kernels of these capabilities do not run here."""
    if _compiler() is None:
        return "no C compiler (gcc, clang or the extra cpu)"
    if capabilities.f16 or capabilities.subgroups or capabilities.tiles:
        return "kernels of the c target use no halves, subgroups or matrix units"
    return None


@functools.lru_cache(maxsize=512)
def _function(text: str, entry: str) -> Any:
    found = _compiler()
    assert found is not None
    name = digest(found, text)
    compile_all(found, {name: (entry, text)}, 1)
    return load_library(name, entry)[entry]


def run_c(
    kernel: Kernel,
    grid: tuple[int, int, int],
    arrays: Mapping[str, npt.NDArray[Any]],
    params: Mapping[str, int | float],
) -> dict[str, npt.NDArray[Any]]:
    """Copies of the arrays as the kernel leaves them."""
    rendered = CBackend().render(kernel)
    copies = {name: np.ascontiguousarray(array).copy() for name, array in arrays.items()}
    block = b"".join(np.array([params[p.name]], p.type.dtype).tobytes() for p in kernel.params)
    step = ctypes.create_string_buffer(block, max(4, len(block)))
    pointers = [*(copies[b.name].ctypes.data for b in kernel.buffers), ctypes.addressof(step)]
    _function(rendered.text, rendered.entry)(
        (ctypes.c_void_p * len(pointers))(*pointers),
        (ctypes.c_uint32 * 3)(*grid),
        ctypes.c_uint32(0),
        ctypes.c_uint32(grid[0] * grid[1] * grid[2]),
    )
    return copies
