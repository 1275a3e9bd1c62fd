"""Operations of kernel IR as SPIR-V instructions, by the type of the first operand.

A name without "Op" is a function of GLSL.std.450.
"""

from __future__ import annotations

_BY_SCALAR: tuple[str, ...] = ("f32", "i32", "u32", "bool")

# operation: instruction for floats, i32, u32, conditions
_TABLE = """
add            OpFAdd                  OpIAdd                  OpIAdd                 -
sub            OpFSub                  OpISub                  OpISub                 -
mul            OpFMul                  OpIMul                  OpIMul                 -
div            OpFDiv                  OpSDiv                  OpUDiv                 -
mod            -                       -                       OpUMod                 -
min            FMin                    SMin                    UMin                   -
max            FMax                    SMax                    UMax                   -
and            -                       OpBitwiseAnd            OpBitwiseAnd           -
or             -                       OpBitwiseOr             OpBitwiseOr            -
xor            -                       OpBitwiseXor            OpBitwiseXor           -
shl            -                       OpShiftLeftLogical      OpShiftLeftLogical     -
shr            -                       OpShiftRightArithmetic  OpShiftRightLogical    -
lt             OpFOrdLessThan          OpSLessThan             OpULessThan            -
le             OpFOrdLessThanEqual     OpSLessThanEqual        OpULessThanEqual       -
gt             OpFOrdGreaterThan       OpSGreaterThan          OpUGreaterThan         -
ge             OpFOrdGreaterThanEqual  OpSGreaterThanEqual     OpUGreaterThanEqual    -
eq             OpFOrdEqual             OpIEqual                OpIEqual               OpLogicalEqual
ne             OpFUnordNotEqual        OpINotEqual             OpINotEqual            OpLogicalNotEqual
logical_and    -                       -                       -                      OpLogicalAnd
logical_or     -                       -                       -                      OpLogicalOr
not            -                       -                       -                      OpLogicalNot
neg            OpFNegate               OpSNegate               -                      -
abs            FAbs                    SAbs                    -                      -
exp            Exp                     -                       -                      -
exp2           Exp2                    -                       -                      -
log            Log                     -                       -                      -
sqrt           Sqrt                    -                       -                      -
rsqrt          InverseSqrt             -                       -                      -
floor          Floor                   -                       -                      -
fma            Fma                     -                       -                      -
dot            OpDot                   -                       -                      -
unpack_half2   -                       -                       UnpackHalf2x16         -
pack_half2     PackHalf2x16            -                       -                      -
vector         OpCompositeConstruct    OpCompositeConstruct    OpCompositeConstruct   OpCompositeConstruct
concat         OpCompositeConstruct    OpCompositeConstruct    OpCompositeConstruct   OpCompositeConstruct
subgroup_sum   OpGroupNonUniformFAdd   OpGroupNonUniformIAdd   OpGroupNonUniformIAdd  -
subgroup_max   OpGroupNonUniformFMax   OpGroupNonUniformSMax   OpGroupNonUniformUMax  -
"""

_ROWS: dict[str, dict[str, str]] = {
    op: dict(zip(_BY_SCALAR, row, strict=True))
    for op, *row in (line.split() for line in _TABLE.strip().splitlines())
}

# Conversions between scalars: (from, to).
CONVERSIONS: dict[tuple[str, str], str] = {
    ("f32", "f16"): "OpFConvert",
    ("f16", "f32"): "OpFConvert",
    ("u32", "i32"): "OpBitcast",
    ("i32", "u32"): "OpBitcast",
    ("u32", "f32"): "OpConvertUToF",
    ("u32", "f16"): "OpConvertUToF",
    ("i32", "f32"): "OpConvertSToF",
    ("i32", "f16"): "OpConvertSToF",
}


def instruction_of(op: str, scalar: str) -> str:
    """The instruction of an operation on operands of this scalar, or "" if no single instruction does it."""
    found = _ROWS.get(op, {}).get("f32" if scalar == "f16" else scalar, "-")
    return "" if found == "-" else found
