from __future__ import annotations

import numpy as np
import pytest

from kernelc.kernels.parts.precise_math import log, log_of_complement
from kernelc.kernels.sampling.hash_random import gumbel, gumbel_reference, hash_words, hash_words_reference
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32, u32
from kernelc.target import Capabilities
from tests.kernels.executors import EXECUTORS, require

COUNT = 1 << 14
MASK = 0xFFFFFFFF


def kernel() -> Kernel:
    def body(k: Tracer) -> None:
        bits, x, u = k.input("bits", u32), k.input("x", f32), k.input("u", f32)
        hashed, noise = k.output("hashed", u32), k.output("noise", f32)
        log_x, log_rest = k.output("log_x", f32), k.output("log_rest", f32)
        i = k.workgroup_id(0) * 256 + k.local_id
        hashed[i] = hash_words(bits[i], bits[i] * 7, i)
        noise[i] = gumbel(bits[i])
        log_x[i] = log(x[i])
        log_rest[i] = log_of_complement(u[i])

    return verify(trace("random", body, workgroup=256))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_noise_and_logarithms_are_precise(executor: str) -> None:
    require(executor, Capabilities())
    rng = np.random.default_rng(0)
    ends = np.concatenate([np.arange(500), MASK - np.arange(500), (1 << 23) + np.arange(-250, 250)])
    bits = np.concatenate([ends, rng.integers(0, 1 << 32, COUNT - ends.size)]).astype(np.uint32)
    near_one = rng.uniform(0.5, 2, COUNT // 2)
    x = np.concatenate([near_one, np.exp(rng.uniform(-80, 80, COUNT // 2))]).astype(np.float32)
    u = np.concatenate([rng.uniform(0, 1, COUNT // 2), np.exp(-rng.exponential(8, COUNT // 2))])
    u = np.clip(u, 1e-30, 1 - 2.0**-24).astype(np.float32)
    outputs = {name: np.zeros(COUNT, np.float32) for name in ("noise", "log_x", "log_rest")}
    arrays = {"bits": bits, "x": x, "u": u, "hashed": np.zeros(COUNT, np.uint32), **outputs}
    got = EXECUTORS[executor](kernel(), (COUNT // 256, 1, 1), arrays, {})
    places = np.arange(COUNT, dtype=np.uint32)
    assert np.array_equal(got["hashed"], hash_words_reference(bits, bits * np.uint32(7), places))
    assert np.abs(got["noise"] - gumbel_reference(bits)).max() < 2e-6
    exact = np.log(x.astype(np.float64))
    assert (np.abs(got["log_x"] - exact) / np.maximum(1, np.abs(exact))).max() < 1e-7
    exact = np.log1p(-u.astype(np.float64))
    assert np.abs(got["log_rest"] / exact - 1).max() < 2e-7


def test_hash_is_pcg3d() -> None:
    """The published algorithm, step by step in Python's integers."""
    for words in ((0, 0, 0), (1, 2, 3), (0xFFFFFFFF, 0x80000000, 12345)):
        x, y, z = ((word * 1664525 + 1013904223) & MASK for word in words)
        x = (x + y * z) & MASK
        y = (y + z * x) & MASK
        z = (z + x * y) & MASK
        x, y, z = x ^ (x >> 16), y ^ (y >> 16), z ^ (z >> 16)
        assert int(hash_words_reference(*words)[0]) == (x + y * z) & MASK


def test_noise_is_gumbel_along_tokens_positions_and_seeds() -> None:
    """Chi-square over 64 equally likely bins (63 degrees of freedom: above 113 once in 10,000), and no
    correlation between neighbours (five standard deviations)."""
    count = np.arange(1 << 15, dtype=np.uint32)
    for words in ((count, 5, 9), (3, count, 9), (3, 5, count), (3, count, count)):
        uniform = np.exp(-np.exp(-gumbel_reference(hash_words_reference(*words))))
        seen = np.histogram(uniform, 64, (0, 1))[0]
        expected = count.size / 64
        assert ((seen - expected) ** 2 / expected).sum() < 113
        correlation = np.corrcoef(uniform[1:], uniform[:-1])[0, 1]
        assert abs(correlation) < 5 / np.sqrt(count.size)


def test_noise_reaches_the_far_tail_and_stays_finite() -> None:
    ends = gumbel_reference(np.array([0, MASK], np.uint32))
    assert 22.8 < ends[0] < 22.9
    assert -2.9 < ends[1] < -2.8
