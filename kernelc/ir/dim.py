"""Symbolic dimensions: integers that may depend on named symbols with declared bounds.

`Dim` is `int | DimExpr`. A `DimExpr` is a `Var` or a `Call` of one of seven operations, normalised on
construction (see `dim_expr.py`). Division rounds towards minus infinity (`//`, `%`, as in Python) or towards
plus infinity (`ceildiv`); a divisor must be provably positive.

The JSON form, such as `4`, `"seq"` or `["ceildiv", "seq", 64]`, is shared with the browser, which evaluates
it with doubles. So values stay within what a double represents exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import cast

from kernelc.errors import ShapeError
from kernelc.ir.dim_expr import (
    BUILD,
    SYMBOL_NAME,
    Call,
    Dim,
    DimExpr,
    Var,
    bounds,
    ceildiv,
    dim_max,
    dim_min,
)
from kernelc.ir.dim_operations import APPLY

__all__ = [
    "Call", "Dim", "DimExpr", "Var", "bounds", "ceildiv", "compile_dim", "dim_max", "dim_min", "evaluate",
    "free_vars", "from_json", "substitute", "to_json",
]  # fmt: skip

MAX_MAGNITUDE = 2**53
MAX_JSON_DEPTH = 32
MAX_JSON_NODES = 256
# Bounds of an undeclared symbol: the range of a 32-bit field of the step block.
UNDECLARED_BOUNDS = (0, 2**31 - 1)


def evaluate(dim: Dim, env: Mapping[str, int]) -> int:
    """Return the value of `dim` for these symbol values.

    Raises: ShapeError for a symbol that `env` lacks or whose value is outside its declared bounds.
    """
    if isinstance(dim, int):
        return dim
    if isinstance(dim, Call):
        return reduce(APPLY[dim.op], (evaluate(arg, env) for arg in dim.args))
    var = cast(Var, dim)
    value = _lookup(env, var.name)
    if not var.low <= value <= var.high:
        raise ShapeError(f"symbol {var.name} is {value}; its bounds are {var.low}..{var.high}")
    return value


def compile_dim(dim: Dim) -> Callable[[Mapping[str, int]], int]:
    """Return `evaluate` of one dimension as a function that is fast enough for every step of a runtime.

    The function does not check the bounds of symbols. It raises ShapeError for a missing symbol, a divisor
    that is not positive, or a value beyond 2^53 (which the browser could not represent).
    """
    if isinstance(dim, int):
        return lambda _: dim
    if isinstance(dim, Call):
        parts = [compile_dim(arg) for arg in dim.args]
        return reduce(partial(_compile_pair, dim.op), parts)
    name = cast(Var, dim).name
    return lambda env: _lookup(env, name)


def _compile_pair(
    op: str, a: Callable[[Mapping[str, int]], int], b: Callable[[Mapping[str, int]], int]
) -> Callable[[Mapping[str, int]], int]:
    apply, divides = APPLY[op], op in ("floordiv", "ceildiv", "mod")

    def call(env: Mapping[str, int]) -> int:
        x, y = a(env), b(env)
        if divides and y <= 0:
            raise ShapeError(f"{op} by {y}; a divisor must be positive")
        value = apply(x, y)
        if abs(value) > MAX_MAGNITUDE:
            raise ShapeError(f"{op} gives {value}, beyond 2^53")
        return value

    return call


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """Return `dim` with the symbols in `values` replaced by numbers or other dimensions, normalised again.

    A symbol may be replaced by itself with tighter bounds, which then hold for `bounds` of the result.
    Symbols that are not in `values` stay. Raises: ShapeError where a divisor may be zero afterwards.
    """
    if isinstance(dim, Var):
        return values.get(dim.name, dim)
    if isinstance(dim, Call):
        return reduce(BUILD[dim.op], (substitute(arg, values) for arg in dim.args))
    return dim


def free_vars(dim: Dim) -> set[Var]:
    """Return the symbols that `dim` depends on."""
    if isinstance(dim, Var):
        return {dim}
    args = dim.args if isinstance(dim, Call) else ()
    return {var for arg in args for var in free_vars(arg)}


def to_json(dim: Dim) -> int | str | list[object]:
    """Return the JSON form: an int, a symbol's name or [operation, a, b]."""
    if isinstance(dim, int):
        return dim
    if isinstance(dim, Call):
        return cast("list[object]", reduce(lambda a, b: [dim.op, a, b], (to_json(arg) for arg in dim.args)))
    return cast(Var, dim).name


def from_json(j: object, symbols: Mapping[str, tuple[int, int]] | None = None) -> Dim:
    """Read a dimension from (untrusted) JSON.

    `symbols` declares the names that may occur, with their bounds; without it every name is a symbol of
    0..2^31-1, by which nothing can be divided.
    Raises: ShapeError for anything that is not a dimension, too large, or divides by what may be zero.
    """
    _check_json(j)
    return _read(j, symbols)


def _read(j: object, symbols: Mapping[str, tuple[int, int]] | None) -> Dim:
    if isinstance(j, int):
        return j
    if isinstance(j, str):
        if symbols is not None and j not in symbols:
            raise ShapeError(f"unknown symbol {j[:64]!r}; known are {', '.join(sorted(symbols)) or 'none'}")
        return Var(j, *(UNDECLARED_BOUNDS if symbols is None else symbols[j]))
    op, a, b = cast("tuple[str, object, object]", j)
    return BUILD[op](_read(a, symbols), _read(b, symbols))


def _lookup(env: Mapping[str, int], name: str) -> int:
    if name not in env:
        raise ShapeError(f"no value for symbol {name!r}; got {', '.join(sorted(env)) or 'none'}")
    return env[name]


def _check_json(j: object) -> None:
    """Check form and size with an explicit stack: hostile nesting must not reach Python's recursion limit."""
    stack, nodes = [(j, 1)], 0
    while stack:
        item, depth = stack.pop()
        nodes += 1
        if depth > MAX_JSON_DEPTH or nodes > MAX_JSON_NODES:
            raise ShapeError(f"dimension nested over {MAX_JSON_DEPTH} deep or of over {MAX_JSON_NODES} parts")
        stack += [(part, depth + 1) for part in _parts(item)]


def _parts(item: object) -> tuple[object, ...]:
    if isinstance(item, int) and not isinstance(item, bool) and abs(item) <= MAX_MAGNITUDE:
        return ()
    if isinstance(item, str) and re.fullmatch(SYMBOL_NAME, item):
        return ()
    parts = tuple(cast("list[object]", item)) if isinstance(item, list | tuple) else ()
    if len(parts) == 3 and isinstance(parts[0], str) and parts[0] in APPLY:
        return parts[1:]
    shown = repr(item)[:80] if isinstance(item, str | float) else f"some {type(cast(object, item)).__name__}"
    wanted = f"an integer up to 2^53, a symbol or [operation, a, b] with an operation of {', '.join(APPLY)}"
    raise ShapeError(f"not a dimension: {shown}; wanted {wanted}")
