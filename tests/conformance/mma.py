"""Products of tiles of signed bytes whose words the invocations of a subgroup hold (`mma_i8`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernelc.kir.functions import mma_i8
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import i32x4, u32x2, u32x4

COVERED = {"mma_i8"}
THREADS, GROUPS = 64, 2
TILES = THREADS * GROUPS // 32


def kernel() -> Kernel:
    """Each subgroup multiplies its tiles twice, the second time onto the first product."""

    def body(k: Tracer) -> None:
        a, b, plus = k.input("a", u32x4), k.input("b", u32x2), k.input("plus", i32x4)
        out = k.output("out", i32x4)
        i = k.workgroup_id(0) * THREADS + k.local_id
        once = mma_i8(a[i], b[i], plus[i])
        out[i] = mma_i8(a[i], b[i], once)

    return verify(trace("mma_i8", body, workgroup=THREADS, subgroup_size=32))


def matrices(seed: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """a [tiles, 16, 32], b [tiles, 32, 8] and what is added [tiles, 16, 8], with the greatest bytes among
    them."""
    rng = np.random.default_rng(seed)
    a = rng.integers(-128, 128, (TILES, 16, 32), np.int8)
    b = rng.integers(-128, 128, (TILES, 32, 8), np.int8)
    a[0], b[0] = -128, -128
    return a, b, rng.integers(-(1 << 24), 1 << 24, (TILES, 16, 8), np.int32)


def inputs(
    a: npt.NDArray[np.int8], b: npt.NDArray[np.int8], plus: npt.NDArray[np.int32]
) -> dict[str, npt.NDArray[np.generic]]:
    """What each invocation holds of them, element by element as the operation's docstring has it."""
    held = {
        "a": np.zeros((TILES * 32, 4, 4), np.int8),
        "b": np.zeros((TILES * 32, 2, 4), np.int8),
        "plus": np.zeros((TILES * 32, 4), np.int32),
    }
    for tile, i in np.ndindex(TILES, 32):
        row, t, at = i // 4, i % 4, tile * 32 + i
        for byte in range(4):
            first, second = 4 * t + byte, 4 * t + 16 + byte
            places = ((row, first), (row + 8, first), (row, second), (row + 8, second))
            held["a"][at, :, byte] = [a[tile][place] for place in places]
            held["b"][at, :, byte] = b[tile, first, row], b[tile, second, row]
        held["plus"][at] = [plus[tile][place] for place in result_places(i)]
    return {
        "a": held["a"].view(np.uint32).reshape(-1, 4),
        "b": held["b"].view(np.uint32).reshape(-1, 2),
        "plus": held["plus"],
    }


def result_places(i: int) -> tuple[tuple[int, int], ...]:
    """Where in the sum the four numbers of invocation `i` of a subgroup are."""
    row, column = i // 4, 2 * (i % 4)
    return (row, column), (row, column + 1), (row + 8, column), (row + 8, column + 1)
