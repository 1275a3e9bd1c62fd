"""Operations on one lane in CUDA C, and the functions that apply them to every lane of a vector.

CUDA's vector types are plain structs without operators; a module defines the operators that its kernel uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kernelc.backends.dialect import INFIX
from kernelc.kir.tile_types import TileType
from kernelc.kir.types import Type

SCALARS = {"f32": "float", "u32": "unsigned", "i32": "int", "bool": "bool"}
_VECTORS = {"f32": "float", "u32": "uint", "i32": "int", "bool": "bool"}

FLOAT_FUNCTIONS = {
    "exp": "expf",
    "exp2": "exp2f",
    "log": "logf",
    "sqrt": "sqrtf",
    "rsqrt": "rsqrtf",
    "floor": "floorf",
    "fma": "fmaf",
    "min": "fminf",
    "max": "fmaxf",
    "abs": "fabsf",
}
_INTEGER_FUNCTIONS = {"min": "min", "max": "max", "abs": "abs"}
_BITCASTS = {
    ("u32", "f32"): "__uint_as_float",
    ("i32", "f32"): "__int_as_float",
    ("f32", "u32"): "__float_as_uint",
    ("f32", "i32"): "__float_as_int",
    ("u32", "i32"): "int",
    ("i32", "u32"): "unsigned",
}
# These truncate, saturate and turn NaN into 0, as the interpreter does; a C++ cast out of range is undefined.
_TRUNCATIONS = {"u32": "__float2uint_rz", "i32": "__float2int_rz"}
_WRAPPING = frozenset({"add", "sub", "mul", "shl"})


def type_name(type: Type) -> str:
    """`float4` for f32x4. Raises NotImplementedError for 16-bit floats, which this target does not use."""
    if isinstance(type, TileType):
        return str(type)
    if type.scalar not in SCALARS:
        raise NotImplementedError(f"CUDA kernels are printed without {type.scalar}: use packed halves")
    return SCALARS[type.scalar] if type.lanes == 1 else f"{_VECTORS[type.scalar]}{type.lanes}"


def wraps(op: str, type: Type) -> bool:
    """Whether C++ leaves signed overflow of the operation undefined, where kernel IR says that it wraps."""
    return type.scalar == "i32" and op in _WRAPPING


def function_name(op: str, type: Type, source: Type) -> str:
    """The CUDA function for an operation that takes lanes of `source` and gives lanes of `type`."""
    match op:
        case "bitcast":
            return _BITCASTS.get((source.scalar, type.scalar), SCALARS[type.scalar])
        case "convert":
            truncates = source.scalar == "f32" and type.is_integer
            return _TRUNCATIONS[type.scalar] if truncates else SCALARS[type.scalar]
        case _:
            table = FLOAT_FUNCTIONS if type.is_float else _INTEGER_FUNCTIONS
            if op not in table:
                raise NotImplementedError(f"CUDA has no text for {op} of {type}")
            return table[op]


@dataclass(frozen=True)
class LaneFunction:
    """A function of vectors whose body is the same expression for every lane."""

    result: str
    name: str
    parameters: str
    body: str


def lane_operator(op: str, result: Type, sides: Sequence[Type]) -> LaneFunction:
    """An infix operator on vectors; one side may be a scalar, which then meets every lane."""
    symbol = INFIX[op][0]
    unsigned = wraps(op, result)

    def lane(a: str, b: str) -> str:
        return f"int(unsigned({a}) {symbol} unsigned({b}))" if unsigned else f"{a} {symbol} {b}"

    return _lanewise(result, f"operator{symbol}", sides, lane)


def compound_operator(op: str, type: Type) -> LaneFunction:
    """`+=` and its like, defined by the plain operator."""
    name, symbol = type_name(type), INFIX[op][0]
    return LaneFunction(f"{name}&", f"operator{symbol}=", f"{name}& a, {name} b", f"a = a {symbol} b")


def lane_function(op: str, name: str, result: Type, sources: Sequence[Type]) -> LaneFunction:
    """A function called `name` that applies an operation to each lane."""
    scalar = function_name(op, result.element, sources[0].element)
    return _lanewise(result, name, sources, lambda *args: f"{scalar}({', '.join(args)})")


def lane_select(result: Type) -> LaneFunction:
    """A function that chooses lane by lane."""

    def lane(condition: str, yes: str, no: str) -> str:
        return f"{condition} ? {yes} : {no}"

    return _lanewise(result, "select", (Type("bool", result.lanes), result, result), lane)


def lane_negation(result: Type) -> LaneFunction:
    """The sign change of every lane."""

    def lane(a: str) -> str:
        return f"int(0u - unsigned({a}))" if result.is_integer else f"-{a}"

    return _lanewise(result, "operator-", (result,), lane)


def lane_splat(result: Type) -> LaneFunction:
    """A function that puts one scalar in every lane."""

    def lane(a: str) -> str:
        return a

    return _lanewise(result, f"splat_{type_name(result)}", (result.element,), lane)


def _lanewise(result: Type, name: str, sources: Sequence[Type], lane: Callable[..., str]) -> LaneFunction:
    names = "abc"[: len(sources)]
    parameters = ", ".join(f"{type_name(t)} {n}" for t, n in zip(sources, names, strict=True))
    lanes = [
        lane(*(n if t.lanes == 1 else f"{n}.{axis}" for t, n in zip(sources, names, strict=True)))
        for axis in "xyzw"[: result.lanes]
    ]
    return LaneFunction(type_name(result), name, parameters, f"make_{type_name(result)}({', '.join(lanes)})")
