"""Sine, cosine and powers of two keep the errors they claim on every executor. Logarithms: test_random.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kernelc.kernels.parts.precise_math import power_of_two, sincos
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32
from kernelc.kir.values import Value
from kernelc.target import Capabilities
from tests.kernels.executors import EXECUTORS, require

Numbers = npt.NDArray[np.float64]
THREADS = 64


def computed(
    executor: str, function: Callable[[Value], Sequence[Value]], x: npt.NDArray[Any]
) -> list[Numbers]:
    """The kernel function's results on f32 numbers, as float64."""
    require(executor, Capabilities())
    x = np.resize(x, -(-len(x) // THREADS) * THREADS).astype(np.float32)

    def body(k: Tracer) -> None:
        at = k.workgroup_id(0) * THREADS + k.local_id
        for number, value in enumerate(function(k.input("x", f32)[at])):
            k.output(f"out{number}", f32)[at] = value

    kernel = verify(trace("math", body, workgroup=THREADS))
    outputs = [b.name for b in kernel.buffers if b.access == "read_write"]
    arrays = {"x": x, **{name: np.zeros_like(x) for name in outputs}}
    got = EXECUTORS[executor](kernel, (len(x) // THREADS, 1, 1), arrays, {})
    return [got[name].astype(np.float64) for name in outputs]


def angles() -> npt.NDArray[np.float32]:
    """From all magnitudes up to 2^17, and those whose sine or cosine is as close to 0 or 1 as f32 comes."""
    rng = np.random.default_rng(1)
    quarters = np.concatenate([np.arange(2000), rng.integers(0, 83443, 10_000)]).astype(np.float64)
    close = (quarters * (np.pi / 2)).astype(np.float32)
    beside = [np.nextafter(close, np.float32(at)) for at in (-1, 1e9)]
    middle = ((quarters + 0.5) * (np.pi / 2)).astype(np.float32)  # where the reduction may round either way
    spread = rng.uniform(0, 2**17, 20_000)
    small = 2.0 ** rng.uniform(-30, 17, 10_000)
    found = np.concatenate([[0, 1, 2**17], spread, small, close, middle, *beside]).astype(np.float32)
    return np.clip(found, 0, 2**17)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_sine_and_cosine(executor: str) -> None:
    x = angles()
    sine, cosine = (found[: len(x)] for found in computed(executor, sincos, x))
    wide = x.astype(np.float64)
    assert np.max(np.abs(sine - np.sin(wide))) < 2e-7
    assert np.max(np.abs(cosine - np.cos(wide))) < 2e-7
    small = (wide < 2**-8) & (wide >= 2**-126)  # a device may take what is smaller for 0
    assert np.max(np.abs(sine[small] / wide[small] - 1)) < 1e-5  # small angles keep their relative precision


EXPONENTS = [-2 * np.log2(theta) / dim for theta in (1e4, 5e5, 1e6) for dim in (2, 8, 64, 128, 256)]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    "exponent", [*EXPONENTS, 0.0, 0.12345, -1e-3], ids=lambda exponent: f"{exponent:.4g}"
)
def test_power_of_two(executor: str, exponent: float) -> None:
    exponent = float(exponent)
    most = int(min(1023, 125 / abs(exponent))) if exponent else 1023  # where the result is still a normal f32
    x = np.arange(most + 1)
    (found,) = computed(executor, lambda v: [power_of_two(v, exponent)], x)
    assert np.max(np.abs(found[: len(x)] / 2.0 ** (x * exponent) - 1)) < 2e-7
