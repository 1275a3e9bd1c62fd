"""Rotary embedding against the formulas as they were published, up to the longest contexts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kernelc.ir.packed_matrix import RowOrder, row_index
from kernelc.kernels.parts.rotary import Rotary, lookup, rotate, rotate_reference
from kernelc.kernels.step_block import STEP
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32, u32
from kernelc.target import Capabilities
from tests.kernels.executors import EXECUTORS, require

THREADS = 64
POSITIONS = [0, 1, 2, 31, 511, 512, 4095, 8191, 8192, 32767, 65535, 65536, 99_999, 131_070, 131_071]
ROTARIES = {
    "llama2": Rotary(128, 10_000.0),
    "stories": Rotary(8, 10_000.0),
    "llama3": Rotary(128, 500_000.0, "llama3", factor=8.0, low=1.0, high=4.0, original=8192),
    "llama3.2": Rotary(64, 500_000.0, "llama3", factor=32.0, low=1.0, high=4.0, original=8192),
    "linear": Rotary(64, 10_000.0, "linear", factor=4.0),
    "yarn": Rotary(64, 1_000_000.0, "yarn", factor=4.0, low=14.0, high=23.0, original=32768, attention=1.139),
    "dynamic": Rotary(64, 10_000.0, "dynamic", factor=2.0, original=4096),
    "longrope": Rotary(
        48,
        10_000.0,
        "longrope",
        original=4096,
        attention=1.19,
        short=tuple(1 + 0.05 * i for i in range(24)),
        long=tuple(1.1 ** (2 * i) for i in range(24)),
    ),
}


@pytest.mark.parametrize("rotary_dim", [8, 4])
def test_packed_rotation_is_the_published_one(rotary_dim: int) -> None:
    """x * cos + rotate_half(x) * sin on the checkpoint's order, permuted, is the rotation of packed pairs."""
    rotary, heads, dim = Rotary(rotary_dim, 10_000.0), 3, 8
    rng = np.random.default_rng(0)
    x, positions = rng.normal(size=(5, heads, dim)), np.arange(100, 105)
    angles = positions[:, None] * np.concatenate([rotary.frequencies()] * 2)
    turned, half = x[..., :rotary_dim], rotary_dim // 2
    rotated_half = np.concatenate([-turned[..., half:], turned[..., :half]], axis=-1)
    published = x.copy()
    cos, sin = (part(angles)[:, None, :] for part in (np.cos, np.sin))
    published[..., :rotary_dim] = turned * cos + rotated_half * sin
    order = row_index((RowOrder("pairs", heads * dim, head_dim=dim, rotary_dim=rotary_dim),))
    packed = x.reshape(5, -1)[:, order].reshape(x.shape)
    got = rotate_reference(packed, positions, rotary)
    np.testing.assert_allclose(got.reshape(5, -1), published.reshape(5, -1)[:, order], rtol=1e-12, atol=1e-12)


LENGTHS = (1, 4095, 4096, 4097, 131_072)  # after the step: on both sides of the original lengths


def rotation(rotary: Rotary) -> Kernel:
    """One pair of one position per invocation."""

    def body(k: Tracer) -> None:
        position, pair, x = k.input("position", u32), k.input("pair", u32), k.input("x", f32)
        out = k.output("out", f32)
        i = k.workgroup_id(0) * THREADS + k.local_id
        first, second = rotate(position[i], pair[i], x[i * 2], x[i * 2 + 1], rotary)
        out[i * 2] = first
        out[i * 2 + 1] = second

    return verify(trace("rotation", body, workgroup=THREADS, step=STEP))


def arrays(rotary: Rotary) -> dict[str, npt.NDArray[Any]]:
    """Every pair of every position, unit vectors."""
    pairs = rotary.dim // 2
    position = np.repeat(np.array(POSITIONS, np.uint32), pairs)
    pair = np.tile(np.arange(pairs, dtype=np.uint32), len(POSITIONS))
    turn = np.random.default_rng(1).uniform(0, 2 * np.pi, len(position))
    x = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    count = -(-len(position) // THREADS) * THREADS
    filled = {"position": np.resize(position, count), "pair": np.resize(pair, count)}
    return {**filled, "x": np.resize(x, (count, 2)).reshape(-1), "out": np.zeros(2 * count, np.float32)}


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("rotary", ROTARIES.values(), ids=ROTARIES)
def test_rotation_in_a_kernel(executor: str, rotary: Rotary) -> None:
    """Off by no more than f32 angles are: a few units in the last place of the angle, and of the result.

    The published implementations keep angles in f32 too; at position 131071 that is about 0.02 radians.
    """
    require(executor, Capabilities())
    given = arrays(rotary)
    of_angle = 1.5e-6 if rotary.scaling == "dynamic" else 2.5e-7
    for length in LENGTHS if rotary.depends_on_length else LENGTHS[:1]:
        step = {field.name: 0 for field in STEP} | {"past": length - 1, "seq": 1}
        workgroups = len(given["pair"]) // THREADS
        got = EXECUTORS[executor](rotation(rotary), (workgroups, 1, 1), given, step)["out"]
        angle = given["position"] * rotary.frequencies(length)[given["pair"]]
        even, odd = rotary.attention * given["x"].astype(np.float64).reshape(-1, 2).T
        wanted = np.stack(
            [even * np.cos(angle) - odd * np.sin(angle), odd * np.cos(angle) + even * np.sin(angle)], 1
        )
        error = np.abs(got.reshape(-1, 2) - wanted).max(axis=1)
        assert np.all(error <= (4e-7 + of_angle * angle) * rotary.attention)


@pytest.mark.parametrize("count", [1, 2, 3, 24, 48])
def test_lookup_finds_each_value(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count).astype(np.float32)
    values[: count // 2] = values[0]  # equal ones need no choice

    def body(k: Tracer) -> None:
        with k.when(k.local_id < count):
            k.output("out", f32)[k.local_id] = lookup(values.tolist(), k.local_id)

    kernel = verify(trace("lookup", body, workgroup=THREADS))
    found = EXECUTORS["interpreter"](kernel, (1, 1, 1), {"out": np.zeros(count, np.float32)}, {})["out"]
    assert found.tolist() == values.tolist()
