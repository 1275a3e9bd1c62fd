"""The meaning of each operation on numpy arrays of lanes: [n] or [n, lanes], where n = 1 broadcasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.types import Type

Lanes = npt.NDArray[Any]


def _convert(dtype: np.dtype[Any], x: Lanes) -> Lanes:
    """Convert as the targets do: floats are truncated to integers and saturate (WGSL), a NaN gives 0."""
    if x.dtype.kind != "f" or dtype.kind == "f":
        return x.astype(dtype)
    info = np.iinfo(dtype)
    return np.clip(np.nan_to_num(np.trunc(x.astype(np.float64))), info.min, info.max).astype(dtype)


def _div(a: Lanes, b: Lanes) -> Lanes:
    """Integer division truncates towards zero; a zero divisor in an inactive lane gives any number."""
    if a.dtype.kind == "f":
        return np.divide(a, b)
    wide, divisor = a.astype(np.int64), np.where(b == 0, 1, b).astype(np.int64)
    return ((wide - np.fmod(wide, divisor)) // divisor).astype(a.dtype)


def _mod(a: Lanes, b: Lanes) -> Lanes:
    """The remainder has the dividend's sign; a zero divisor in an inactive lane gives any number."""
    return np.fmod(a.astype(np.int64), np.where(b == 0, 1, b).astype(np.int64)).astype(a.dtype)


def _shl(a: Lanes, amount: Lanes) -> Lanes:
    return np.left_shift(a.astype(np.int64), amount.astype(np.int64)).astype(a.dtype)


def _shr(a: Lanes, amount: Lanes) -> Lanes:
    return np.right_shift(a.astype(np.int64), amount.astype(np.int64)).astype(a.dtype)


BINARY: dict[str, Callable[[Lanes, Lanes], Lanes]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": _div,
    "mod": _mod,
    "min": np.fmin,
    "max": np.fmax,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "shl": _shl,
    "shr": _shr,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
}


def _rsqrt(x: Lanes) -> Lanes:
    return (1.0 / np.sqrt(x.astype(np.float64))).astype(x.dtype)


UNARY: dict[str, Callable[[Lanes], Lanes]] = {
    "neg": np.negative,
    "not": np.logical_not,
    "abs": np.abs,
    "exp": np.exp,
    "exp2": np.exp2,
    "log": np.log,
    "sqrt": np.sqrt,
    "rsqrt": _rsqrt,
    "floor": np.floor,
}


def _bytes(x: Lanes, dtype: type[np.generic]) -> Lanes:
    return np.ascontiguousarray(x.astype(np.uint32)).view(dtype).reshape(len(x), -1)


def _unpack_half2(x: Lanes) -> Lanes:
    return np.ascontiguousarray(x.astype(np.uint32)).view(np.float16).reshape(len(x), -1).astype(np.float32)


def _pack_half2(x: Lanes) -> Lanes:
    return np.ascontiguousarray(x.astype(np.float16)).view(np.uint32).reshape(-1)


def _dot4_i8(a: Lanes, b: Lanes, plus: Lanes) -> Lanes:
    products = _bytes(a, np.int8).astype(np.int32) * _bytes(b, np.int8).astype(np.int32)
    if a.ndim > 1:  # of several words
        products = products.reshape(len(products), -1, 4)
    return np.sum(products, axis=-1, dtype=np.int32) + plus


def _dot2_i16(a: Lanes, b: Lanes, plus: Lanes) -> Lanes:
    x, y = (np.ascontiguousarray(side.astype(np.uint32)).view(np.int16).astype(np.int32) for side in (a, b))
    products = (x * y).reshape(len(x), -1, 2)
    return np.sum(products, axis=-1, dtype=np.int32) + plus


def _vector(args: Sequence[Lanes]) -> Lanes:
    return np.stack(np.broadcast_arrays(*args), axis=-1)


def undefined(op: str, type: Type, args: Sequence[Lanes]) -> Iterator[tuple[str, Lanes]]:
    """Operands on which targets differ, are undefined or trap: a description, and a mask of the lanes with
    them."""
    if op in ("shl", "shr"):
        yield "shift by more than 31", args[1] > 31
    elif op in ("div", "mod") and type.is_integer:
        yield "integer division by zero", args[1] == 0
        if type.scalar == "i32":
            yield "quotient beyond 32 bits", (args[1] == -1) & (args[0] == -(1 << 31))


def evaluate(op: str, type: Type, args: Sequence[Lanes], attr: object) -> Lanes:
    """The lanes of `op(args)`; the result has exactly the dtype of `type`."""
    dtype = type.dtype
    if op in BINARY:
        result = BINARY[op](args[0], args[1])
    elif op in UNARY:
        result = UNARY[op](args[0])
    else:
        result = _other(op, type, args, attr)
    return result if result.dtype == dtype else result.astype(dtype)


def _other(op: str, type: Type, args: Sequence[Lanes], attr: object) -> Lanes:
    match op:
        case "select":
            one_for_all = type.lanes > 1 and args[0].ndim == 1
            condition = args[0][:, None] if one_for_all else args[0]
            return np.where(condition, args[1], args[2])
        case "fma":
            return (args[0].astype(np.float64) * args[1] + args[2]).astype(type.dtype)
        case "dot":
            return np.asarray(np.sum(args[0] * args[1], axis=-1, dtype=type.dtype))
        case "dot4_i8":
            return _dot4_i8(*args)
        case "dot2_i16":
            return _dot2_i16(*args)
        case "vector":
            return _vector(args)
        case "concat":
            return np.concatenate(np.broadcast_arrays(*args), axis=-1)
        case "splat":
            return np.repeat(args[0][:, None], type.lanes, axis=1)
        case "extract":
            assert isinstance(attr, int)
            return args[0][:, attr]
        case "convert":
            return _convert(type.dtype, args[0])
        case "bitcast":
            return np.ascontiguousarray(args[0]).view(type.dtype)
        case "unpack_half2":
            return _unpack_half2(args[0])
        case "pack_half2":
            return _pack_half2(args[0])
        case "unpack_u8x4":
            return _bytes(args[0], np.uint8).astype(np.uint32)
        case "unpack_i8x4":
            return _bytes(args[0], np.int8).astype(np.int32)
        case _:
            raise NotImplementedError(f"kernel IR operation {op!r} has no meaning here")
