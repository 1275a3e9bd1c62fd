"""The expressions of `kernelc.ir.dim`: construction, normalisation, bounds. Import from there, not here.

Everything is normalised on construction: constants folded, sums and products flattened, collected and sorted.
So equal dimensions nearly always have equal structures; `==` and `hash` are structural. Bounds come from
interval arithmetic, also on construction.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeAlias, cast

from kernelc.errors import ShapeError
from kernelc.ir.dim_operations import APPLY, RANGES

SYMBOL_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"


class DimExpr:
    """A dimension that depends on symbols. Supports + - * // % with ints and other dimensions."""

    low: int
    high: int

    def __add__(self, other: Dim) -> Dim:
        return _add(self, other)

    def __radd__(self, other: int) -> Dim:
        return _add(other, self)

    def __sub__(self, other: Dim) -> Dim:
        return _add(self, _mul(other, -1))

    def __rsub__(self, other: int) -> Dim:
        return _add(other, _mul(self, -1))

    def __mul__(self, other: Dim) -> Dim:
        return _mul(self, other)

    def __rmul__(self, other: int) -> Dim:
        return _mul(other, self)

    def __floordiv__(self, other: Dim) -> Dim:
        return _floordiv(self, other)

    def __rfloordiv__(self, other: int) -> Dim:
        return _floordiv(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return _mod(self, other)

    def __rmod__(self, other: int) -> Dim:
        return _mod(other, self)

    def __neg__(self) -> Dim:
        return _mul(self, -1)


Dim: TypeAlias = int | DimExpr


@dataclass(frozen=True)
class Var(DimExpr):
    """A symbol, with the inclusive bounds of the values it may take."""

    name: str
    low: int
    high: int

    def __post_init__(self) -> None:
        if not re.fullmatch(SYMBOL_NAME, self.name):
            raise ShapeError(f"symbol name {self.name!r} is not a plain identifier")
        if self.low > self.high:
            raise ShapeError(f"symbol {self.name}: low bound {self.low} is above high bound {self.high}")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Call(DimExpr):
    """An operation on dimensions, made only by the functions below. `add` and `mul` keep an int as their last
    argument.
    """

    op: str
    args: tuple[Dim, ...]
    low: int = field(compare=False)
    high: int = field(compare=False)

    def __str__(self) -> str:
        if self.op == "add":
            return " + ".join(str(arg) for arg in self.args).replace("+ -", "- ")
        if self.op == "mul":
            factors = [f"({a})" if isinstance(a, Call) and a.op == "add" else str(a) for a in self.args]
            if isinstance(self.args[-1], int):
                factors = factors[-1:] + factors[:-1]
            return "*".join(factors).replace("-1*", "-")
        return f"{self.op}({', '.join(str(arg) for arg in self.args)})"


def bounds(dim: Dim) -> tuple[int, int]:
    """Return the inclusive range of `dim` for symbols within their bounds (sound, not always tight)."""
    return (dim, dim) if isinstance(dim, int) else (dim.low, dim.high)


def ceildiv(a: Dim, b: Dim) -> Dim:
    """Return a / b rounded up. Raises: ShapeError unless b is provably positive."""
    return _divide("ceildiv", a, b)


def dim_min(a: Dim, b: Dim) -> Dim:
    """Return the smaller of two dimensions."""
    return _extreme("min", a, b)


def dim_max(a: Dim, b: Dim) -> Dim:
    """Return the larger of two dimensions."""
    return _extreme("max", a, b)


# --- Normalisation. A sum is read as {factors: coefficient} plus a constant.

Factors: TypeAlias = tuple[DimExpr, ...]


def _fold(dim: Dim) -> Dim:
    """Replace a dimension that can have only one value by that value."""
    return dim.low if isinstance(dim, DimExpr) and dim.low == dim.high else dim


def _call(op: str, args: tuple[Dim, ...]) -> Dim:
    low, high = reduce(RANGES[op], (bounds(arg) for arg in args))
    return _fold(Call(op, args, low, high))


def _terms(dim: Dim) -> tuple[dict[Factors, int], int]:
    if isinstance(dim, int):
        return {}, dim
    if isinstance(dim, Call) and dim.op == "add":
        constant = dim.args[-1] if isinstance(dim.args[-1], int) else 0
        return {factors: count for arg in dim.args for factors, count in _terms(arg)[0].items()}, constant
    if isinstance(dim, Call) and dim.op == "mul":
        factors = tuple(arg for arg in dim.args if isinstance(arg, DimExpr))
        return {factors: dim.args[-1] if isinstance(dim.args[-1], int) else 1}, 0
    return {(dim,): 1}, 0


def _sum(terms: Mapping[Factors, int], constant: int) -> Dim:
    args: list[Dim] = [_product(factors, count) for factors, count in terms.items() if count]
    args.sort(key=str)
    args += [constant] if constant else []
    if len(args) <= 1:
        return args[0] if args else 0
    return _call("add", tuple(args))


def _product(factors: Iterable[DimExpr], count: int) -> Dim:
    args: list[Dim] = sorted(factors, key=str)
    args += [count] if count != 1 else []
    return args[0] if len(args) == 1 else _call("mul", tuple(args))


def _add(a: Dim, b: Dim) -> Dim:
    (terms, constant), (more, other) = _terms(_fold(a)), _terms(_fold(b))
    for factors, count in more.items():
        terms[factors] = terms.get(factors, 0) + count
    return _sum(terms, constant + other)


def _mul(a: Dim, b: Dim) -> Dim:
    a, b = _fold(a), _fold(b)
    if isinstance(a, int):
        a, b = b, a
    if isinstance(b, int):  # a constant is distributed over a sum
        terms, constant = _terms(a)
        return _sum({factors: count * b for factors, count in terms.items()}, constant * b)
    (left, count), (right, other) = _factors(a), _factors(b)
    return _product(left + right, count * other)


def _factors(dim: Dim) -> tuple[Factors, int]:
    """Split one side of a product into factors and the constant that all its terms share."""
    terms, constant = _terms(dim)
    if len(terms) == 1 and constant == 0:
        return next(iter(terms.items()))
    shared = math.gcd(constant, *terms.values())
    primitive = _sum({factors: count // shared for factors, count in terms.items()}, constant // shared)
    return (cast(DimExpr, primitive),), shared


def _positive(b: Dim, op: str) -> None:
    if bounds(b)[0] <= 0:
        low, high = bounds(b)
        raise ShapeError(f"{op} by {b}, which ranges over {low}..{high}; a divisor must be positive")


def _floordiv(a: Dim, b: Dim) -> Dim:
    return _divide("floordiv", a, b)


def _divide(op: str, a: Dim, b: Dim) -> Dim:
    _positive(b, op)
    a, b = _fold(a), _fold(b)
    if a == b:
        return 1
    if isinstance(b, int):
        return _divide_by_int(op, a, b)
    return _call(op, (a, b))


def _divide_by_int(op: str, a: Dim, b: int) -> Dim:
    terms, constant = _terms(a)
    whole = _sum({factors: count // b for factors, count in terms.items() if count % b == 0}, constant // b)
    rest = {factors: count for factors, count in terms.items() if count % b}
    constant %= b
    if not rest:
        return _add(whole, APPLY[op](constant, b))
    # (g*x + c) // (g*n) is (x + c // g) // n, whichever way the division rounds.
    shared = math.gcd(b, *rest.values())
    rest = {factors: count // shared for factors, count in rest.items()}
    inner, divisor = _sum(rest, APPLY[op](constant, shared)), b // shared
    if isinstance(inner, Call) and inner.op == op and isinstance(inner.args[1], int):
        return _add(whole, _divide_by_int(op, inner.args[0], inner.args[1] * divisor))
    if divisor == 1:
        return _add(whole, inner)
    if shared > 1:  # dividing may have made a coefficient or the constant a multiple of what is left
        return _add(whole, _divide_by_int(op, inner, divisor))
    return _add(whole, _call(op, (inner, divisor)))


def _mod(a: Dim, b: Dim) -> Dim:
    _positive(b, "mod")
    a, b = _fold(a), _fold(b)
    if a == b:
        return 0
    if isinstance(b, int):
        terms, constant = _terms(a)
        a = _sum({factors: count for factors, count in terms.items() if count % b}, constant % b)
    if bounds(a)[0] >= 0 and bounds(a)[1] < bounds(b)[0]:
        return a
    return _call("mod", (a, b))


def _extreme(op: str, a: Dim, b: Dim) -> Dim:
    """Build min or max: flatten, then drop every argument that another one always beats."""
    args: list[Dim] = []
    for side in (_fold(a), _fold(b)):
        args += side.args if isinstance(side, Call) and side.op == op else (side,)
    sign = 1 if op == "min" else -1
    kept: list[Dim] = []
    for arg in sorted(args, key=str):
        if not any(bounds((arg - other) * sign)[0] >= 0 for other in kept):
            kept = [other for other in kept if bounds((other - arg) * sign)[0] < 0] + [arg]
    return kept[0] if len(kept) == 1 else _call(op, tuple(kept))


# The operations of the JSON form by name.
BUILD: dict[str, Callable[[Dim, Dim], Dim]] = {
    "add": _add,
    "mul": _mul,
    "floordiv": _floordiv,
    "ceildiv": ceildiv,
    "mod": _mod,
    "min": dim_min,
    "max": dim_max,
}
