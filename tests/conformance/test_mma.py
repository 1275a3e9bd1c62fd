"""Products of tiles of bytes that invocations hold, on every executor that has them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from kernelc.errors import InternalError
from kernelc.kir.functions import mma_i8, vector
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import i32x4, u32
from kernelc.target import Capabilities
from tests.conformance import mma
from tests.kernels.executors import EXECUTORS, require


@pytest.mark.parametrize("executor", EXECUTORS)
def test_products_are_exact(executor: str) -> None:
    require(executor, Capabilities(mma_i8=True, subgroup_size=32))
    kernel = mma.kernel()
    assert kernel.features() == ("mma_i8",) and kernel.asked_subgroup_size() == 32
    a, b, plus = mma.matrices(seed=1)
    wanted = 2 * (a.astype(np.int64) @ b.astype(np.int64)) + plus
    arrays = {**mma.inputs(a, b, plus), "out": np.zeros((mma.TILES * 32, 4), np.int32)}
    got = EXECUTORS[executor](kernel, (mma.GROUPS, 1, 1), arrays, {})["out"]
    for tile, i in np.ndindex(mma.TILES, 32):
        places = [wanted[tile][place] for place in mma.result_places(i)]
        np.testing.assert_array_equal(got[tile * 32 + i], places, f"invocation {i} of tile {tile}")


def _refused(reason: str, body: Any, workgroup: int = 32, subgroup_size: int | None = 32) -> None:
    with pytest.raises(InternalError, match=re.escape(reason)):
        verify(trace("wrong", body, workgroup=workgroup, subgroup_size=subgroup_size))


def _multiplied(k: Tracer) -> None:
    words, out = k.input("words", u32), k.output("out", i32x4)
    word = words[k.local_id]
    out[k.local_id] = mma_i8(vector(word, word, word, word), vector(word, word), 0)


def test_what_the_verifier_refuses() -> None:
    def in_a_branch(k: Tracer) -> None:
        with k.when(k.local_id < 3):
            _multiplied(k)

    def of_words(k: Tracer) -> None:
        word = k.input("words", u32)[k.local_id]
        k.output("out", u32)[k.local_id] = k.emit("mma_i8", u32, (word, word, word))

    _refused("mma_i8 in control flow that differs between invocations", in_a_branch)
    _refused("mma_i8 needs whole subgroups of 32 invocations", _multiplied, workgroup=48)
    _refused("mma_i8 needs whole subgroups of 32 invocations", _multiplied, subgroup_size=None)
    _refused("of u32 and u32 and u32, giving u32", of_words)
    verify(trace("right", _multiplied, workgroup=64, subgroup_size=32))
