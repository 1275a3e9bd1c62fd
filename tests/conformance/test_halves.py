"""Products of signed halves, in the interpreter and on the processor."""

from __future__ import annotations

import numpy as np
import pytest

from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import i32, u32
from kernelc.target import Capabilities
from tests.conformance import halves
from tests.kernels.executors import EXECUTORS, require


@pytest.mark.parametrize("executor", ["interpreter", "c"])
def test_products_are_exact_and_sums_wrap(executor: str) -> None:
    require(executor, Capabilities(dot4=True))
    a, b = halves.numbers(seed=1)
    arrays = {
        "a": a.view(np.uint32).reshape(-1, 4),
        "b": b.view(np.uint32).reshape(-1, 4),
        "out": np.zeros(halves.THREADS * halves.LANES, np.int32),
    }
    got = EXECUTORS[executor](halves.kernel(), (1, 1, 1), arrays, {})["out"]
    wanted = 2 * np.sum(a.astype(np.int64) * b, axis=-1)
    np.testing.assert_array_equal(got, wanted.astype(np.uint64).astype(np.uint32).view(np.int32).reshape(-1))


def test_other_types_are_refused() -> None:
    def of_one_word(k: Tracer) -> None:
        word = k.input("words", u32)[k.local_id]
        k.output("out", i32)[k.local_id] = k.emit("dot2_i16", i32, (word, word, word))

    with pytest.raises(Exception, match="dot2_i16 of u32 and u32 and u32, giving i32"):
        verify(trace("wrong", of_one_word, workgroup=32))
