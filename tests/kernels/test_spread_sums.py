"""Sums that are spread over a subgroup, against plain ones: any number of values, any size of a subgroup."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from kernelc.kernels.parts.reduce import spread_sums
from kernelc.kir.interpreter.interpret import interpret
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, u32
from tests.kir.tracing import PARAMS, traced

F32 = npt.NDArray[np.float32]
SUBGROUPS = 2  # of the workgroup
UNTOUCHED = np.float32(-1.5)


def butterfly(values: F32) -> F32:
    """The sum of each column, made of the pairs that lanes at a distance make, the greatest first."""
    while len(values) > 1:
        half = len(values) // 2
        values = values[:half] + values[half:]
    return values[0]


SHAPES = [
    (1, 1),
    (2, 2),
    (4, 3),
    (8, 1),
    (8, 5),
    (16, 2),
    (16, 16),
    (32, 1),
    (32, 8),
    (32, 21),
    (64, 3),
    (64, 64),
]


@pytest.mark.parametrize(("size", "count"), SHAPES)
def test_each_sum_is_written_once_with_the_bits_of_a_butterfly(size: int, count: int) -> None:
    lanes = SUBGROUPS * size

    def body(k: Tracer) -> None:
        x, out, times = k.input("x", f32), k.output("out", f32), k.output("times", u32)
        spread = spread_sums(k, [x[k.local_id * count + at] for at in range(count)], size)
        with k.when(spread.writes):
            place = k.local_id // size * count + spread.number
            out[place] = spread.total
            times[place] = times[place] + 1

    kernel = verify(traced(body, workgroup=lanes))
    x = np.random.default_rng([size, count]).normal(size=(SUBGROUPS, size, count)).astype(np.float32)
    out, times = np.full(SUBGROUPS * count, UNTOUCHED), np.zeros(SUBGROUPS * count, np.uint32)
    interpret(kernel, (1, 1, 1), {"x": x.ravel(), "out": out, "times": times}, PARAMS, subgroup_size=size)
    assert (times == 1).all()
    for subgroup, found in zip(x, out.reshape(SUBGROUPS, count), strict=True):
        assert found.tobytes() == butterfly(subgroup).tobytes()
        exact = subgroup.sum(axis=0, dtype=np.float64)
        assert np.allclose(found, exact, rtol=0, atol=1e-6 * np.abs(subgroup).sum(axis=0).max())
