"""Which types each operation takes and gives: one rule for each operation, checked by the verifier.

A rule states what the language of the strictest target accepts (WGSL specification, sections "Expressions"
and "Built-in Functions"), so that whatever passes prints as a valid text everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from kernelc.kir.memory import Buffer, Shared
from kernelc.kir.operation_table import TILE_OPERATIONS
from kernelc.kir.passes.simplify import constant_of
from kernelc.kir.tile_rules import TILE_RULES
from kernelc.kir.tile_types import TileType
from kernelc.kir.types import Type, boolean, f32x2, f32x8, i32, i32x4, u32, u32x2, u32x4
from kernelc.kir.values import Value, Variable

Rule = Callable[[Value], str | None]


def type_problem(value: Value) -> str | None:
    """Why the types of an expression are wrong, or None."""
    rule = RULES.get(value.op)
    if rule is None:
        return f"is not an operation: add its rule to {__name__}"
    if value.op not in _ON_TILES and _has_tiles(value):
        return "takes no tiles and gives none"
    return rule(value)


def _has_tiles(value: Value) -> bool:
    return isinstance(value.type, TileType) or any(isinstance(arg.type, TileType) for arg in value.args)


def _numbers(value: Value) -> str | None:
    if value.type.scalar == "bool":
        return "needs numbers, got conditions"
    return _same(value)


def _same(value: Value) -> str | None:
    if any(arg.type is not value.type and arg.type != value.type for arg in value.args):
        return f"operands {_types(value.args)} and result {value.type} differ"
    return None


def _floats(value: Value) -> str | None:
    return _same(value) if value.type.is_float else f"needs floats, got {value.type}"


def _integers(value: Value) -> str | None:
    return _same(value) if value.type.is_integer else f"needs integers, got {value.type}"


def _divide(value: Value) -> str | None:
    divisor = value.args[1].args[0] if value.args[1].op == "splat" else value.args[1]
    if value.type.is_integer and constant_of(divisor) == 0:
        return "of integers by the constant 0"
    return _numbers(value)


def _modulo(value: Value) -> str | None:
    return _integers(value) or _divide(value)


def _shift(value: Value) -> str | None:
    shifted, amount = value.args
    wanted = u32.with_lanes(value.type.lanes)
    if not value.type.is_integer or shifted.type != value.type or amount.type != wanted:
        return f"of {shifted.type} by {amount.type}, needs integers and an amount of {wanted}"
    constant = constant_of(amount.args[0] if amount.op == "splat" else amount)
    return f"by {constant} of a 32-bit number" if constant is not None and constant > 31 else None


def _compare(value: Value) -> str | None:
    a, b = value.args
    ordered = value.op not in ("eq", "ne")
    if (
        a.type != b.type
        or (ordered and a.type.scalar == "bool")
        or value.type != boolean.with_lanes(a.type.lanes)
    ):
        return f"of {a.type} and {b.type}, giving {value.type}"
    return None


def _conditions(value: Value) -> str | None:
    return _same(value) if value.type == boolean else f"needs conditions, got {value.type}"


def _negate(value: Value) -> str | None:
    return (
        _same(value) if value.type.scalar in ("f32", "f16", "i32") else f"of {value.type}, which has no sign"
    )


def _select(value: Value) -> str | None:
    condition, yes, no = value.args
    one_or_each = (boolean, boolean.with_lanes(value.type.lanes))
    if condition.type not in one_or_each or yes.type != value.type or no.type != value.type:
        return f"between {yes.type} and {no.type} by {condition.type}, giving {value.type}"
    return None


def _dot(value: Value) -> str | None:
    a, b = value.args
    if a.type != b.type or a.type.lanes == 1 or not value.type.is_float or value.type != a.type.element:
        return f"of {a.type} and {b.type}, giving {value.type}"
    return None


def _dot4(value: Value) -> str | None:
    types = tuple(arg.type for arg in value.args)
    lanes = value.type.lanes
    words, sums = u32.with_lanes(lanes), i32.with_lanes(lanes)
    if types != (words, words, sums) or value.type != sums or lanes not in (1, 8):
        return f"of {_types(value.args)}, giving {value.type}"
    return None


def _dot2(value: Value) -> str | None:
    types = tuple(arg.type for arg in value.args)
    words, sums = u32.with_lanes(8), i32.with_lanes(8)
    if types != (words, words, sums) or value.type != sums:
        return f"of {_types(value.args)}, giving {value.type}"
    return None


def _mma(value: Value) -> str | None:
    types = tuple(arg.type for arg in value.args)
    if types != (u32x4, u32x2, i32x4) or value.type != i32x4:
        return f"of {_types(value.args)}, giving {value.type}"
    return None


def _vector(value: Value) -> str | None:
    if len(value.args) != value.type.lanes or any(arg.type != value.type.element for arg in value.args):
        return f"of {_types(value.args)} does not make a {value.type}"
    return None


def _splat(value: Value) -> str | None:
    return None if value.type.lanes > 1 and value.args[0].type == value.type.element else _from_to(value)


def _concat(value: Value) -> str | None:
    lanes = value.type.lanes
    if lanes < 4 or any(arg.type != value.type.with_lanes(lanes // 2) for arg in value.args):
        return f"of {_types(value.args)}"
    return None


def _unpack_halves(value: Value) -> str | None:
    signatures = [(u32, f32x2), (u32x4, f32x8)]
    return None if (value.args[0].type, value.type) in signatures else _from_to(value)


def _unpack(scalar: Type) -> Rule:
    """The rule of unpacking the bytes of one word, or of two to a vector of eight."""
    signatures = [(u32.with_lanes(words), scalar.with_lanes(4 * words)) for words in (1, 2)]
    return lambda value: None if (value.args[0].type, value.type) in signatures else _from_to(value)


def _extract(value: Value) -> str | None:
    vector = value.args[0].type
    if not isinstance(value.attr, int) or not 0 <= value.attr < vector.lanes or vector.lanes == 1:
        return f"of lane {value.attr} of a {vector}"
    return None if value.type == vector.element else _from_to(value)


def _convert(value: Value) -> str | None:
    same_lanes = value.args[0].type.lanes == value.type.lanes
    return None if same_lanes and value.type.scalar != "bool" else _from_to(value)


def _bitcast(value: Value) -> str | None:
    sides = (value.args[0].type, value.type)
    words = all(side.scalar in ("f32", "i32", "u32") for side in sides)
    return None if words and sides[0].lanes == sides[1].lanes else _from_to(value)


def _load(value: Value) -> str | None:
    if not isinstance(value.attr, Buffer | Shared) or value.args[0].type != u32:
        return "needs a memory and a u32 index"
    return (
        None
        if value.type == value.attr.type
        else f"of a {value.type} from {value.attr.name}: {value.attr.type}"
    )


def _uniform_load(value: Value) -> str | None:
    return _load(value) if isinstance(value.attr, Shared) else "needs shared memory"


def _atomic_add(value: Value) -> str | None:
    memory = value.attr
    if not isinstance(memory, Buffer) or memory.type != u32 or memory.access != "read_write":
        return "needs a read_write buffer of u32"
    types = (*(arg.type for arg in value.args), value.type)
    return None if types == (u32, u32, u32) else f"of {_types(value.args)}, giving {value.type}"


def _read(value: Value) -> str | None:
    if not isinstance(value.attr, Variable):
        return "needs a register"
    return (
        None
        if value.type == value.attr.type
        else f"of a {value.type} from {value.attr.name}: {value.attr.type}"
    )


def _subgroup(value: Value) -> str | None:
    return _numbers(value) if value.type.lanes == 1 else f"needs a scalar, got {value.type}"


def _shuffle(value: Value) -> str | None:
    distance = value.attr
    if not isinstance(distance, int) or distance < 1 or distance & (distance - 1):
        return f"by {distance}, wanted a power of two"
    return _subgroup(value)


def _workgroup_id(value: Value) -> str | None:
    return _position(value) if value.attr in (0, 1, 2) else f"has no axis {value.attr}"


def _position(value: Value) -> str | None:
    return None if value.type == u32 else f"is u32, not {value.type}"


def _any(value: Value) -> str | None:
    return None


def _between(source: Type, result: Type) -> Rule:
    """The rule of an operation that has one signature."""
    return lambda value: None if (value.args[0].type, value.type) == (source, result) else _from_to(value)


def _from_to(value: Value) -> str:
    return f"from {value.args[0].type} to {value.type}"


def _types(values: tuple[Value, ...]) -> str:
    return " and ".join(str(value.type) for value in values)


RULES: dict[str, Rule] = {
    **dict.fromkeys(("add", "sub", "mul", "min", "max", "abs"), _numbers),
    **dict.fromkeys(("and", "or", "xor"), _integers),
    **dict.fromkeys(("shl", "shr"), _shift),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), _compare),
    **dict.fromkeys(("logical_and", "logical_or", "not"), _conditions),
    **dict.fromkeys(("exp", "exp2", "log", "sqrt", "rsqrt", "floor", "fma"), _floats),
    **dict.fromkeys(("subgroup_sum", "subgroup_max"), _subgroup),
    "subgroup_shuffle_xor": _shuffle,
    **dict.fromkeys(("local_id", "subgroup_lane", "subgroup_size"), _position),
    "workgroup_id": _workgroup_id,
    "param": _any,
    "div": _divide,
    "mod": _modulo,
    "neg": _negate,
    "select": _select,
    "dot": _dot,
    "dot4_i8": _dot4,
    "dot2_i16": _dot2,
    "mma_i8": _mma,
    "vector": _vector,
    "splat": _splat,
    "concat": _concat,
    "extract": _extract,
    "convert": _convert,
    "bitcast": _bitcast,
    **TILE_RULES,
    "load": _load,
    "uniform_load": _uniform_load,
    "atomic_add": _atomic_add,
    "read": _read,
    "unpack_half2": _unpack_halves,
    "pack_half2": _between(f32x2, u32),
    "unpack_u8x4": _unpack(u32),
    "unpack_i8x4": _unpack(i32),
}
_ON_TILES = TILE_OPERATIONS | {"read"}
