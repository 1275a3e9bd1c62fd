"""What kernels are written with: the types of arrays, and the functions on their elements.

    from kernelc.language import exp, f32x4, select

Arithmetic is Python's own; `k`, which every kernel is given, has the rest (`kernelc.kir.trace.Tracer`): the
places of an invocation, loops and conditions, registers, shared memory and barriers.
"""

from __future__ import annotations

from kernelc.kernels.parts.precise_math import sincos, tanh
from kernelc.kernels.parts.reduce import team_max, team_sum
from kernelc.kir.functions import (
    absolute,
    bitcast,
    concat,
    dot,
    dot4_i8,
    exp,
    exp2,
    floor,
    fma,
    log,
    logical_and,
    logical_or,
    maximum,
    minimum,
    named,
    pack_half2,
    rsqrt,
    select,
    splat,
    sqrt,
    subgroup_max,
    subgroup_shuffle_xor,
    subgroup_sum,
    to_f32,
    to_i32,
    to_u32,
    unpack_half2,
    unpack_i8x4,
    unpack_u8x4,
    vector,
)
from kernelc.kir.types import (
    boolean,
    f16,
    f16x2,
    f16x4,
    f32,
    f32x2,
    f32x4,
    i32,
    i32x2,
    i32x4,
    u32,
    u32x2,
    u32x4,
)

__all__ = [
    "boolean", "f16", "f16x2", "f16x4", "f32", "f32x2", "f32x4", "i32", "i32x2", "i32x4", "u32", "u32x2",
    "u32x4",
    "absolute", "bitcast", "concat", "dot", "dot4_i8", "exp", "exp2", "floor", "fma", "log",
    "logical_and", "logical_or", "maximum", "minimum", "named", "pack_half2", "rsqrt", "select", "splat",
    "sqrt", "subgroup_max", "subgroup_shuffle_xor", "subgroup_sum", "to_f32", "to_i32", "to_u32",
    "unpack_half2", "unpack_i8x4", "unpack_u8x4", "vector",
    "sincos", "tanh", "team_max", "team_sum",
]  # fmt: skip
