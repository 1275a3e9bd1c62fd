"""The checklist of the kernel language: for every operation and type a tiny kernel and what it must give.

The wanted numbers are written here a second time, in plain integers and float64, so that the interpreter is
tested as much as the targets are. A new target passes when `tests/conformance` does with its executor in the
table. Undefined for every target, and so not here: integer division by zero, shifts by 32 and more, floats
too large for the integer they become, NaN, the sign of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir import functions as kf
from kernelc.kir.nodes import Value
from kernelc.kir.types import Type, f16, f32, f32x2, f32x4, i32, i32x2, i32x4, u32, u32x2, u32x4

Lanes = npt.NDArray[Any]
Near = tuple[float, float]
EXACT: Near = (0, 0)

INTEGERS = (u32, u32x2, u32x4, i32, i32x2, i32x4)
FLOATS = (f32, f32x2, f32x4, f16, f16.with_lanes(2), f16.with_lanes(4))

_WORDS = [
    0,
    1,
    2,
    3,
    7,
    31,
    255,
    256,
    65535,
    65536,
    0x7FFFFFFF,
    0x80000000,
    0x80000001,
    0xFFFFFFFE,
    0xFFFFFFFF,
    0xDEADBEEF,
]
_NUMBERS = [
    0.0,
    1.0,
    -1.0,
    0.5,
    -0.25,
    1.5,
    2.5,
    -2.5,
    3.25,
    10.0,
    -17.0,
    100.0,
    0.001,
    -0.03,
    63.75,
    -1000.0,
]


@dataclass(frozen=True)
class Case:
    """`body` applied to each element of `inputs` gives `wanted`, within `near`: relative and absolute."""

    operation: str
    inputs: tuple[tuple[Type, Lanes], ...]
    result: Type
    body: Callable[..., Value]
    wanted: Lanes
    near: Near = EXACT
    note: str = ""

    @property
    def id(self) -> str:
        types = "-".join(str(type) for type, _ in self.inputs)
        return "-".join(part for part in (self.operation, types, self.note) if part)


def samples(type: Type, turn: int = 0) -> Lanes:
    """Sixteen elements of a type, another order for each `turn`."""
    count = 16 * type.lanes
    if type.is_float:
        pool = np.array(_NUMBERS, type.dtype)
    else:
        pool = np.array(_WORDS, np.uint32).view(type.dtype)
    at = (np.arange(count) * (2 * turn + 1) + 5 * turn + np.arange(count) // 16 * 3) % 16
    array = pool[at]
    return array if type.lanes == 1 else array.reshape(-1, type.lanes)


def exactly(type: Type, values: Lanes) -> Lanes:
    """Integers of any size, wrapped into the type."""
    return (
        np.vectorize(lambda v: int(v) % (1 << 32), otypes=[np.uint64])(values)
        .astype(np.uint32)
        .view(type.dtype)
    )


def integers(array: Lanes) -> Lanes:
    """Python's own integers, which do not wrap."""
    return array.astype(object)


def truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


# Arithmetic


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


# Conditions, which reach memory as 0 and 1


def _comparisons() -> Iterator[Case]:
    operations: dict[str, tuple[Callable[[Value, Value], Value], Callable[[Lanes, Lanes], Lanes]]] = {
        "lt": (lambda a, b: a < b, np.less),
        "le": (lambda a, b: a <= b, np.less_equal),
        "gt": (lambda a, b: a > b, np.greater),
        "ge": (lambda a, b: a >= b, np.greater_equal),
        "eq": (lambda a, b: a.equals(b), np.equal),
        "ne": (lambda a, b: a.differs(b), np.not_equal),
    }
    for type in (u32, i32, f32, f16, f32x4, u32x4):
        a, b = samples(type), samples(type, 1)
        b = np.where(np.arange(a.size).reshape(a.shape) % 4 == 0, a, b).astype(type.dtype)
        for name, (body, meaning) in operations.items():
            as_word = _as_word(body)
            result = u32.with_lanes(type.lanes)
            yield Case(name, ((type, a), (type, b)), result, as_word, meaning(a, b).astype(np.uint32))


def _as_word(body: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *args: kf.to_u32(body(*args))


def _logic() -> Iterator[Case]:
    a, b = samples(u32), samples(u32, 1)
    x, y = a > 100, b > 100
    bodies: dict[str, tuple[Callable[[Value, Value], Value], Lanes]] = {
        "logical_and": (lambda a, b: kf.logical_and(a > 100, b > 100), x & y),
        "logical_or": (lambda a, b: kf.logical_or(a > 100, b > 100), x | y),
        "not": (lambda a, b: ~(a > 100), ~x),
        "eq": (lambda a, b: (a > 100).equals(b > 100), x == y),
        "ne": (lambda a, b: (a > 100).differs(b > 100), x != y),
        "select": (lambda a, b: kf.select(b > 100, a > 100, b < 7), np.where(y, x, b < 7)),
    }
    for name, (body, wanted) in bodies.items():
        yield Case(
            name, ((u32, a), (u32, b)), u32, _as_word(body), wanted.astype(np.uint32), note="conditions"
        )


def _selects() -> Iterator[Case]:
    for type in (u32, i32, f32, f16, u32x4, f32x2, f32x4):
        condition, yes, no = samples(u32), samples(type, 1), samples(type, 2)
        chosen = condition > 255 if type.lanes == 1 else (condition > 255)[:, None]
        inputs = ((u32, condition), (type, yes), (type, no))
        body: Callable[..., Value] = lambda c, yes, no: kf.select(c > 255, yes, no)  # noqa: E731
        yield Case("select", inputs, type, body, np.where(chosen, yes, no))
        if type.lanes > 1:
            each = ((type, yes), (type, no))
            by_lane: Callable[..., Value] = lambda a, b: kf.select(a < b, a, b)  # noqa: E731
            yield Case("select", each, type, by_lane, np.minimum(yes, no), note="by-lane")


# Vectors and conversions


def _vectors() -> Iterator[Case]:
    for scalar in (u32, i32, f32, f16):
        a, b = samples(scalar), samples(scalar, 1)
        for lanes in (2, 4):
            type = scalar.with_lanes(lanes)
            wanted = np.stack([a, b, b, a][:lanes], axis=1)
            four = ((scalar, a), (scalar, b))
            pair: Callable[..., Value] = lambda a, b: kf.vector(a, b)  # noqa: E731
            quad: Callable[..., Value] = lambda a, b: kf.vector(a, b, b, a)  # noqa: E731
            yield Case("vector", four, type, pair if lanes == 2 else quad, wanted, note=str(lanes))
            yield Case(
                "splat", ((scalar, a),), type, _splat(lanes), np.stack([a] * lanes, axis=1), note=str(lanes)
            )
            v = samples(type)
            for lane in range(lanes):
                yield Case("extract", ((type, v),), scalar, _lane(lane), v[:, lane], note=f"lane{lane}")
        low, high = samples(scalar.with_lanes(2)), samples(scalar.with_lanes(2), 1)
        both = ((scalar.with_lanes(2), low), (scalar.with_lanes(2), high))
        yield Case("concat", both, scalar.with_lanes(4), kf.concat, np.concatenate([low, high], axis=1))


def _splat(lanes: int) -> Callable[[Value], Value]:
    return lambda a: kf.splat(a, lanes)


def _lane(lane: int) -> Callable[[Value], Value]:
    return lambda a: a.lane(lane)


def _conversions() -> Iterator[Case]:
    numbers = np.array(
        [0, 0.5, 0.99, 1, 1.5, 2.5, 1e6, 2e9, 17.99, -0.3, -0.5, -1, -1.5, -2.5, -1e6, -2e9], np.float32
    )
    for type in (u32, i32):
        low, high = type.integer_range  # above `high` targets saturate, but not all to the last unit
        wanted = np.clip(np.trunc(numbers.astype(np.float64)), low, high).astype(type.dtype)
        yield Case("convert", ((f32, numbers),), type, _convert(type), wanted, note=f"to-{type}")
        a = samples(type)
        yield Case(
            "convert", ((type, a),), f32, kf.to_f32, a.astype(np.float32), note="to-f32", near=(1.2e-7, 0)
        )
        few = (samples(type).astype(np.int64) % 2000).astype(type.dtype)
        yield Case("convert", ((type, few),), f16, _convert(f16), few.astype(np.float16), note="to-f16")
        other = i32 if type == u32 else u32
        yield Case("convert", ((type, a),), other, _convert(other), a.view(other.dtype), note=f"to-{other}")
        yield Case("bitcast", ((type, a),), other, _bitcast(other), a.view(other.dtype), note=f"to-{other}")
        floats = samples(f32)
        yield Case(
            "bitcast", ((f32, floats),), type, _bitcast(type), floats.view(type.dtype), note=f"to-{type}"
        )
        words = floats.view(type.dtype)
        yield Case("bitcast", ((type, words),), f32, _bitcast(f32), floats, note="to-f32")
    vectors = samples(f32x4)
    yield Case("bitcast", ((f32x4, vectors),), u32x4, _bitcast(u32), vectors.view(np.uint32), note="to-u32x4")
    yield Case(
        "convert",
        ((i32x4, samples(i32x4)),),
        f32x4,
        kf.to_f32,
        samples(i32x4).astype(np.float64),
        near=(1.2e-7, 0),
    )
    yield Case(
        "convert",
        ((u32, samples(u32)),),
        f32,
        lambda a: kf.to_f32(a > 7),
        (samples(u32) > 7) * 1.0,
        note="bool",
    )
    halves = samples(f16.with_lanes(4))
    yield Case(
        "convert",
        ((f16.with_lanes(4), halves),),
        f32x4,
        kf.to_f32,
        halves.astype(np.float64),
        note="to-f32x4",
    )
    near = (1e-3, 1e-7)
    yield Case(
        "convert",
        ((f32, samples(f32)),),
        f16,
        _convert(f16),
        samples(f32).astype(np.float64),
        note="to-f16",
        near=near,
    )


def _convert(type: Type) -> Callable[[Value], Value]:
    return lambda a: kf.convert(a, type)


def _bitcast(type: Type) -> Callable[[Value], Value]:
    return lambda a: kf.bitcast(a, type)


def _packing() -> Iterator[Case]:
    pairs = samples(f32x2)
    words = pairs.astype(np.float16).view(np.uint32).reshape(-1)
    yield Case(
        "unpack_half2", ((u32, words),), f32x2, kf.unpack_half2, pairs.astype(np.float16).astype(np.float64)
    )
    exact = pairs.astype(np.float16).astype(np.float32)
    yield Case("pack_half2", ((f32x2, exact),), u32, kf.pack_half2, words)
    rounded: Callable[..., Value] = lambda a: kf.unpack_half2(kf.pack_half2(a))  # noqa: E731
    yield Case(
        "pack_half2",
        ((f32x2, pairs),),
        f32x2,
        rounded,
        pairs.astype(np.float64),
        near=(1e-3, 0),
        note="rounds",
    )
    any_words = samples(u32)
    bytes_ = any_words.view(np.uint8).reshape(-1, 4)
    yield Case("unpack_u8x4", ((u32, any_words),), u32x4, kf.unpack_u8x4, bytes_.astype(np.uint32))
    yield Case(
        "unpack_i8x4", ((u32, any_words),), i32x4, kf.unpack_i8x4, bytes_.view(np.int8).astype(np.int32)
    )


CASES: tuple[Case, ...] = tuple(
    case
    for family in (
        _integer_binary,
        _shifts,
        _integer_unary,
        _float_binary,
        _mixed_with_scalars,
        _float_unary,
        _products,
        _comparisons,
        _logic,
        _selects,
        _vectors,
        _conversions,
        _packing,
    )
    for case in family()
)
