"""Products of signed halves of words, eight words at a time (`dot2_i16`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernelc.kir.functions import concat, dot2_i16
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import i32, u32x4

COVERED = {"dot2_i16"}
THREADS, LANES = 32, 8


def kernel() -> Kernel:
    """Each invocation multiplies its eight words twice, the second time onto the first product."""

    def body(k: Tracer) -> None:
        a, b, out = k.input("a", u32x4), k.input("b", u32x4), k.output("out", i32)
        i = k.local_id
        x, y = (concat(array[2 * i], array[2 * i + 1]) for array in (a, b))
        twice = dot2_i16(x, y, dot2_i16(x, y))
        for lane in range(LANES):
            out[LANES * i + lane] = twice.lane(lane)

    return verify(trace("dot2_i16", body, workgroup=THREADS))


def numbers(seed: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Halves [invocation, word, 2], with the greatest and the least among them."""
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(-(1 << 15), 1 << 15, (THREADS, LANES, 2), np.int16) for _ in range(2))
    a[0], b[0] = -(1 << 15), (1 << 15) - 1
    a[1], b[1] = -1, 1
    return a, b
