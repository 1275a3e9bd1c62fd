"""Bounds of whole numbers: never exceeded, and tight enough for what printers use them for."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kir.functions import maximum, minimum
from kernelc.kir.passes.ranges import Ranges, split
from kernelc.kir.trace import Tracer
from kernelc.kir.types import u32
from kernelc.kir.values import Value
from tests.kir.tracing import run, traced, zeros

WORKGROUP = 8
_CONSTANTS: tuple[Callable[[Value, int], Value], ...] = (
    lambda a, n: a + n,
    lambda a, n: a * n,
    lambda a, n: a // n,
    lambda a, n: a % n,
    lambda a, n: a & n,
    lambda a, n: a ^ n,
    lambda a, n: a >> n % 32,
    lambda a, n: minimum(a, n),
    lambda a, n: maximum(a, n),
)
_PAIRS: tuple[Callable[[Value, Value], Value], ...] = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a ^ b,
    lambda a, b: a | b,
    lambda a, b: a - b,
    lambda a, b: minimum(a, b),
)


def number(rng: random.Random, leaves: list[Value], depth: int) -> Value:
    """A number made of the leaves and of constants."""
    if depth == 0:
        return rng.choice(leaves)
    left = number(rng, leaves, depth - 1)
    if rng.random() < 0.6:
        return rng.choice(_CONSTANTS)(left, rng.choice([1, 2, 3, 7, 32, 100, 1 << 16, (1 << 32) - 1]))
    return rng.choice(_PAIRS)(left, number(rng, leaves, depth - 1))


@given(seed=st.integers(0, 2**32 - 1))
def test_no_number_exceeds_its_bound(seed: int) -> None:
    rng, found = random.Random(seed), list[Value]()

    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.loop(1, 6, 2) as i:
            found.append(number(rng, [k.local_id, i, k.constant(5, u32)], rng.randint(1, 4)))
            out[i * WORKGROUP + k.local_id] = found[0]

    kernel = traced(body, WORKGROUP)
    got = run(kernel, out=zeros(6 * WORKGROUP))["out"]
    assert got.max() <= Ranges(kernel).largest(found[0])


@pytest.mark.parametrize(
    "make, bound",
    [
        (lambda k, i: k.local_id, 7),
        (lambda k, i: i, 3),
        (lambda k, i: k.local_id % 4 * 4 + (k.local_id // 2 % 4 ^ i), 15),
        (lambda k, i: k.local_id // 2, 3),
        (lambda k, i: k.local_id - i, (1 << 32) - 1),
        (lambda k, i: k.workgroup_id(0), (1 << 32) - 1),
        (lambda k, i: k.local_id * (1 << 30), (1 << 32) - 1),
    ],
)
def test_bounds(make: Callable[[Tracer, Value], Value], bound: int) -> None:
    found = list[Value]()

    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.loop(0, 4) as i:
            found.append(make(k, i))
            out[k.local_id] = found[0]

    assert Ranges(traced(body, WORKGROUP)).largest(found[0]) == bound


def test_a_sum_is_split_into_what_changes_and_a_constant() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        base = k.local_id * 2
        assert split(base + 3 + 4) == (base, 7)
        assert split(base) == (base, 0)
        assert split(k.constant(9, u32)) == (None, 9)
        out[base] = 0

    traced(body)
