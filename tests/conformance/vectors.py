"""Conformance cases of conditions, selection, vectors, conversions and packing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from kernelc.kir import functions as kf
from kernelc.kir.types import Type, f16, f32, f32x2, f32x4, i32, i32x4, u32, u32x4
from kernelc.kir.values import Value
from tests.conformance.cases import Case, Lanes, samples


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


VECTORS = (_comparisons, _logic, _selects, _vectors, _conversions, _packing)
