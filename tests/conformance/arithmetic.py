"""Conformance cases of arithmetic, on integers and on floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from kernelc.kernels.parts.dot4 import dot4
from kernelc.kir import functions as kf
from kernelc.kir.types import Type, f32x2, f32x4, i32, u32, u32x4
from kernelc.kir.values import Value
from tests.conformance.cases import EXACT, FLOATS, INTEGERS, Case, Lanes, Near, exactly, integers, samples


def truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _integer_binary() -> Iterator[Case]:
    operations: dict[str, tuple[Callable[[Value, Value], Value], Callable[[int, int], int]]] = {
        "add": (lambda a, b: a + b, lambda a, b: a + b),
        "sub": (lambda a, b: a - b, lambda a, b: a - b),
        "mul": (lambda a, b: a * b, lambda a, b: a * b),
        "min": (kf.minimum, min),
        "max": (kf.maximum, max),
        "and": (lambda a, b: a & b, lambda a, b: a & b),
        "or": (lambda a, b: a | b, lambda a, b: a | b),
        "xor": (lambda a, b: a ^ b, lambda a, b: a ^ b),
        "div": (lambda a, b: a // b, truncated),
        "mod": (lambda a, b: a % b, lambda a, b: a - b * truncated(a, b)),
    }
    for type in INTEGERS:
        a, b = samples(type), samples(type, 3)
        nonzero = np.where((b == 0) | (b == -1 if type.scalar == "i32" else b == 0), 3, b).astype(type.dtype)
        for name, (body, meaning) in operations.items():
            right = nonzero if name in ("div", "mod") else b
            wanted = exactly(type, np.vectorize(meaning, otypes=[object])(integers(a), integers(right)))
            yield Case(name, ((type, a), (type, right)), type, body, wanted)


def _shifts() -> Iterator[Case]:
    for type in INTEGERS:
        amounts = u32.with_lanes(type.lanes)
        a, by = samples(type), (samples(amounts, 1) % 32).astype(np.uint32)
        left = np.vectorize(lambda v, n: v << n, otypes=[object])(integers(a), integers(by))
        right = np.vectorize(lambda v, n: v >> n, otypes=[object])(integers(a), integers(by))
        yield Case("shl", ((type, a), (amounts, by)), type, lambda a, b: a << b, exactly(type, left))
        yield Case("shr", ((type, a), (amounts, by)), type, lambda a, b: a >> b, exactly(type, right))
        yield Case(
            "shl", ((type, a),), type, lambda a: a << 5, exactly(type, integers(a) * 32), note="constant"
        )


def _integer_unary() -> Iterator[Case]:
    for type in INTEGERS:
        a = samples(type)
        yield Case("abs", ((type, a),), type, kf.absolute, exactly(type, np.abs(integers(a))))
        if type.scalar == "i32":
            yield Case("neg", ((type, a),), type, lambda a: -a, exactly(type, -integers(a)))


def _tolerances(type: Type) -> Near:
    """A few units in the last place; for halves also the smallest normal number."""
    return (2e-3, 7e-5) if type.scalar == "f16" else (4e-7, 1e-37)


def _float_binary() -> Iterator[Case]:
    operations: dict[str, tuple[Callable[[Value, Value], Value], Callable[[Lanes, Lanes], Lanes]]] = {
        "add": (lambda a, b: a + b, np.add),
        "sub": (lambda a, b: a - b, np.subtract),
        "mul": (lambda a, b: a * b, np.multiply),
        "div": (lambda a, b: a / b, np.divide),
        "min": (kf.minimum, np.minimum),
        "max": (kf.maximum, np.maximum),
    }
    for type in FLOATS:
        a, b = samples(type), samples(type, 2)
        nonzero = np.where(b == 0, 3, b).astype(type.dtype)
        small = np.clip(b, -30, 30).astype(type.dtype)  # products of halves stay below 65504
        for name, (body, meaning) in operations.items():
            right = nonzero if name == "div" else small if name == "mul" else b
            left = np.clip(a, -60, 60).astype(type.dtype) if name == "div" else a
            wanted = meaning(left.astype(np.float64), right.astype(np.float64))
            yield Case(name, ((type, left), (type, right)), type, body, wanted, near=_tolerances(type))


def _mixed_with_scalars() -> Iterator[Case]:
    """A vector and a scalar: the scalar is spread, or the language does it itself."""
    for type in (f32x4, f32x2, u32x4):
        a, b = samples(type), samples(type.element, 1)
        if type.is_float:
            wide, spread = a.astype(np.float64), b.astype(np.float64)[:, None]
            sums, products, differences = wide + spread, wide * spread, spread - wide
        else:
            wide, spread = integers(a), integers(b)[:, None]
            sums, products, differences = (
                exactly(type, x) for x in (wide + spread, wide * spread, spread - wide)
            )
        near = _tolerances(type) if type.is_float else EXACT
        inputs = ((type, a), (type.element, b))
        yield Case("add", inputs, type, lambda a, b: a + b, sums, near=near)
        yield Case("mul", inputs, type, lambda a, b: b * a, products, near=near)
        yield Case("sub", inputs, type, lambda a, b: b - a, differences, near=near)


def _float_unary() -> Iterator[Case]:
    positive = ("log", "sqrt", "rsqrt")
    operations: dict[str, tuple[Callable[[Value], Value], Callable[[Lanes], Lanes]]] = {
        "exp": (kf.exp, np.exp),
        "exp2": (kf.exp2, np.exp2),
        "log": (kf.log, np.log),
        "sqrt": (kf.sqrt, np.sqrt),
        "rsqrt": (kf.rsqrt, lambda x: 1 / np.sqrt(x)),
        "floor": (kf.floor, np.floor),
        "abs": (kf.absolute, np.abs),
        "neg": (lambda a: -a, np.negative),
    }
    for type in FLOATS:
        for name, (body, meaning) in operations.items():
            a = np.clip(samples(type), -10, 10) if name.startswith("exp") else samples(type)
            a = np.abs(a) + 0.25 if name in positive else a
            a = a.astype(type.dtype)
            near = _tolerances(type)
            if name.startswith(("exp", "log")):  # WGSL: exp is off by 3 + 2 |x| units, log near 1 by 2^-21
                near = (3e-6, 5e-7) if type.scalar == "f32" else (1.2e-2, 7e-5)
            yield Case(name, ((type, a),), type, body, meaning(a.astype(np.float64)), near=near)


def _products() -> Iterator[Case]:
    for type in FLOATS:
        a, b, c = (np.clip(samples(type, turn), -17, 17).astype(type.dtype) for turn in (0, 1, 2))
        wide = [x.astype(np.float64) for x in (a, b, c)]
        near = (2e-3, 0.4) if type.scalar == "f16" else (1e-6, 1e-4)
        yield Case(
            "fma", ((type, a), (type, b), (type, c)), type, kf.fma, wide[0] * wide[1] + wide[2], near=near
        )
        if type.lanes > 1:
            wanted = np.sum(wide[0] * wide[1], axis=-1)
            yield Case("dot", ((type, a), (type, b)), type.element, kf.dot, wanted, near=near)


def _byte_products() -> Iterator[Case]:
    """The least bytes multiplied and added up, sums that wrap, and the same without the operation."""
    words, others = samples(u32), samples(u32, 1)
    others[:4], words[:4] = 0x80808080, (0x80808080, 0x7F7F7F7F, 0x807F807F, 0x01FF01FF)
    plus = samples(i32, 2)
    a, b = (integers(side.view(np.int8).reshape(-1, 4)) for side in (words, others))
    products = np.sum(a * b, axis=1)
    pair = ((u32, words), (u32, others))
    yield Case("dot4_i8", pair, i32, kf.dot4_i8, exactly(i32, products))
    added = exactly(i32, products + integers(plus))
    yield Case("dot4_i8", (*pair, (i32, plus)), i32, kf.dot4_i8, added, note="plus")
    polyfill: Callable[..., Value] = lambda a, b, plus: dot4(a, b, plus, native=False)  # noqa: E731
    yield Case("dot4_i8", (*pair, (i32, plus)), i32, polyfill, added, note="polyfill")


ARITHMETIC = (
    _integer_binary,
    _shifts,
    _integer_unary,
    _float_binary,
    _mixed_with_scalars,
    _float_unary,
    _products,
    _byte_products,
)
