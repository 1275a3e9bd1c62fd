"""The functions of the kernel language, called as plain Python functions on kernel values.

Floating-point functions take f32 scalars or vectors, work lane by lane, and are as precise as the target's
own (WGSL specification, section "Accuracy of Concrete Floating Point Expressions"). Where a kernel needs more
precision, `kernelc/kernels/parts/precise_math.py` computes the function from plain arithmetic.
"""

from __future__ import annotations

from kernelc.kir.types import Type, f32, f32x2, i32, i32x4, u32, u32x2, u32x4
from kernelc.kir.values import Number, Operators, Value, current

Operand = Operators


def _unary(op: str, x: Operand) -> Value:
    return current().unary(op, x)


def exp(x: Operand) -> Value:
    """e to the power of x."""
    return _unary("exp", x)


def exp2(x: Operand) -> Value:
    """2 to the power of x."""
    return _unary("exp2", x)


def log(x: Operand) -> Value:
    """The natural logarithm."""
    return _unary("log", x)


def sqrt(x: Operand) -> Value:
    """The square root."""
    return _unary("sqrt", x)


def rsqrt(x: Operand) -> Value:
    """1 / sqrt(x)."""
    return _unary("rsqrt", x)


def floor(x: Operand) -> Value:
    """The greatest whole number that is not greater than x."""
    return _unary("floor", x)


def absolute(x: Operand) -> Value:
    """The absolute value of a float or an integer."""
    return _unary("abs", x)


def minimum(a: Number, b: Number) -> Value:
    """The smaller of the two; if one is a NaN, either."""
    return current().binary("min", a, b)


def maximum(a: Number, b: Number) -> Value:
    """The greater of the two; if one is a NaN, either."""
    return current().binary("max", a, b)


def at_most(x: Operand, bound: float) -> Value:
    """x, or `bound` where x is greater. A NaN stays one, which `minimum` may make the bound."""
    return select(x > bound, bound, x)


def at_least(x: Operand, bound: float) -> Value:
    """x, or `bound` where x is less. A NaN stays one, which `maximum` may make the bound."""
    return select(x < bound, bound, x)


def logical_and(a: Operand, b: Operand) -> Value:
    """Whether both conditions hold; both are always computed."""
    k = current()
    return k.binary("logical_and", k.condition(a), k.condition(b))


def logical_or(a: Operand, b: Operand) -> Value:
    """Whether at least one of the conditions holds; both are always computed."""
    k = current()
    return k.binary("logical_or", k.condition(a), k.condition(b))


def select(condition: Operand, yes: Number, no: Number) -> Value:
    """`yes` where the condition holds, else `no`; both are always computed.

    If the condition has a lane for each lane of the vectors, it chooses lane by lane.
    """
    k = current()
    sides = [side.value().type for side in (yes, no) if isinstance(side, Operators)]
    if not sides:
        raise TypeError(f"{k.where()}: select of two Python numbers needs one kernel value to give the type")
    type = max(sides, key=lambda t: t.lanes)
    return k.emit(
        "select", type, (k.condition(condition, type.lanes), k.coerce(yes, type), k.coerce(no, type))
    )


def fma(a: Operand, b: Number, c: Number) -> Value:
    """a * b + c, fused or not, as the target chooses."""
    k, value = current(), a.value()
    types = [value.type] + [side.value().type for side in (b, c) if isinstance(side, Operators)]
    type = max(types, key=lambda t: t.lanes)
    return k.emit("fma", type, (k.coerce(value, type), k.coerce(b, type), k.coerce(c, type)))


def dot(a: Operand, b: Operand) -> Value:
    """The dot product: the sum over the lanes of a * b."""
    k, left = current(), a.value()
    return k.emit("dot", left.type.element, (left, k.coerce(b, left.type)))


def dot4_i8(a: Number, b: Number, plus: Number = 0) -> Value:
    """plus + the dot product of the four signed bytes of two words: (u32, u32, i32) -> i32, exact. On vectors
    of eight words lane by lane.

    Needs a device with "dot4"; `kernelc/kernels/parts/dot4.py` computes the same without.
    """
    k = current()
    lanes = a.value().type.lanes if isinstance(a, Operators) else 1
    words, sums = u32.with_lanes(lanes), i32.with_lanes(lanes)
    return k.emit("dot4_i8", sums, (k.coerce(a, words), k.coerce(b, words), k.coerce(plus, sums)))


def dot2_i16(a: Number, b: Number, plus: Number = 0) -> Value:
    """plus + the dot product of the two signed halves of each word: (u32x8, u32x8, i32x8) -> i32x8, exact but
    that sums wrap. For processors alone, which have one instruction for it (x86's vpmaddwd).
    """
    k = current()
    words, sums = u32.with_lanes(8), i32.with_lanes(8)
    return k.emit("dot2_i16", sums, (k.coerce(a, words), k.coerce(b, words), k.coerce(plus, sums)))


def vector(*lanes: Number) -> Value:
    """A vector of 2 or 4 scalars of one type."""
    k = current()
    types = [lane.value().type for lane in lanes if isinstance(lane, Operators)]
    if not types:
        raise TypeError(f"{k.where()}: vector(...) needs one kernel value to give the type")
    if len(lanes) not in (2, 4):
        raise TypeError(f"{k.where()}: a vector has 2 or 4 lanes, not {len(lanes)}")
    return k.emit(
        "vector", types[0].with_lanes(len(lanes)), tuple(k.coerce(lane, types[0]) for lane in lanes)
    )


def concat(low: Operand, high: Operand) -> Value:
    """A vector of four lanes from two vectors of two, or of eight from two of four."""
    k, first = current(), low.value()
    return k.emit("concat", first.type.with_lanes(2 * first.type.lanes), (first, k.coerce(high, first.type)))


def splat(x: Operand, lanes: int) -> Value:
    """A vector with `x` in every lane."""
    return current().splat(x.value(), lanes)


def named(name: str, x: Operand) -> Value:
    """`x`, called `name` in emitted text, where no assignment in the kernel's Python gives it that name."""
    value = x.value()
    value.name = name
    return value


def convert(x: Operand, scalar: Type) -> Value:
    """Numeric conversion, lane by lane; float to integer truncates towards zero."""
    value = x.value()
    type = scalar.with_lanes(value.type.lanes)
    return value if value.type == type else current().emit("convert", type, (value,))


def to_f32(x: Operand) -> Value:
    """x as f32."""
    return convert(x, f32)


def to_u32(x: Operand) -> Value:
    """x as u32; floats are truncated, and those out of range saturate."""
    return convert(x, u32)


def to_i32(x: Operand) -> Value:
    """x as i32; floats are truncated, and those out of range saturate."""
    return convert(x, i32)


def bitcast(x: Operand, scalar: Type) -> Value:
    """The same 32 bits as another 32-bit type, lane by lane."""
    value = x.value()
    return current().emit("bitcast", scalar.with_lanes(value.type.lanes), (value,))


def unpack_half2(word: Operand) -> Value:
    """u32 -> f32x2: the two IEEE halves of a word, the low half first. u32x4 -> f32x8: of four words."""
    lanes = word.value().type.lanes
    return current().emit("unpack_half2", f32.with_lanes(2 * lanes), (word.value(),))


def pack_half2(pair: Operand) -> Value:
    """f32x2 -> u32, rounded to nearest even by every target in use (WGSL allows either neighbour)."""
    return current().emit("pack_half2", u32, (current().coerce(pair, f32x2),))


def unpack_u8x4(word: Operand) -> Value:
    """u32 -> u32x4: its four bytes, lowest first. u32x2 -> u32x8: those of both words."""
    return _unpacked("unpack_u8x4", word, u32)


def unpack_i8x4(word: Number) -> Value:
    """u32 -> i32x4: its four bytes as signed numbers, lowest first. u32x2 -> i32x8: those of both words."""
    return _unpacked("unpack_i8x4", word, i32)


def _unpacked(op: str, word: Number, scalar: Type) -> Value:
    lanes = word.value().type.lanes if isinstance(word, Operators) else 1
    return current().emit(op, scalar.with_lanes(4 * lanes), (current().coerce(word, u32.with_lanes(lanes)),))


def subgroup_sum(x: Operand) -> Value:
    """The sum over the subgroup's invocations, the same in all of them. Needs uniform control flow."""
    return _unary("subgroup_sum", x)


def subgroup_max(x: Operand) -> Value:
    """The maximum over the subgroup's invocations, the same in all of them. Needs uniform control flow."""
    return _unary("subgroup_max", x)


def subgroup_shuffle_xor(x: Operand, distance: int) -> Value:
    """What the invocation holds whose lane differs from one's own in the bit `distance`, a power of two.

    Needs uniform control flow, and subgroups in which every invocation has that partner.
    """
    value = x.value()
    return current().emit("subgroup_shuffle_xor", value.type, (value,), distance)


def mma_i8(a: Operand, b: Operand, plus: Number) -> Value:
    """plus + a * b, exact, of tiles that a subgroup of 32 holds together: a [16, 32] and b [32, 8] signed
    bytes, the sum [16, 8] i32. (u32x4, u32x2, i32x4) -> i32x4, of which invocation i holds

        a      words of four bytes along k, from (row, 4t), (row + 8, 4t), (row, 4t + 16), (row + 8, 4t + 16)
        b      words of four bytes along k, from (4t, row), (4t + 16, row)
        sum    numbers (row, 2t), (row, 2t + 1), (row + 8, 2t), (row + 8, 2t + 1)

    with row = i / 4 and t = i % 4. Needs a device with "mma_i8", and uniform control flow.
    """
    k = current()
    args = (k.coerce(a, u32x4), k.coerce(b, u32x2), k.coerce(plus, i32x4))
    return k.emit("mma_i8", i32x4, args)
