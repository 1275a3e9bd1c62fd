"""What defines an operation: its roles and attributes, its shape rule, and its meaning as numpy code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kernelc.errors import ShapeError
from kernelc.ir.dim import Dim
from kernelc.ir.graph import AttrValue
from kernelc.ir.types import DType, TensorType

Types: TypeAlias = Mapping[str, TensorType]  # by role
Attrs: TypeAlias = Mapping[str, AttrValue]
Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = Mapping[str, Array]  # by role
_LARGEST_F32 = float(np.finfo(np.float32).max)
# The attributes of a reference are numbers already: every symbol has its value.
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class OpDef:
    """An operation's definition.

    `infer` gives the results' types or raises ShapeError; `reference` computes the results, in float32
    (matrix products accumulate in float32 too), with the sums of a norm or a softmax in float64. `appends`
    says for each role that is a state which result is the state's next version. `function` is the function of
    `kernelc.ir.expression` that the operation applies to its inputs element by element, in the order of
    `roles`, with the operation's only attribute, if there is one, as the function's constant; None for all
    other operations.
    """

    name: str
    roles: tuple[str, ...]
    infer: Callable[[Types, Attrs], tuple[TensorType, ...]]
    reference: Callable[[Arrays, Values], tuple[Array, ...]]
    optional_roles: tuple[str, ...] = ()
    attrs: tuple[str, ...] = ()
    optional_attrs: tuple[str, ...] = ()
    appends: Mapping[str, int] = field(default_factory=dict[str, int])
    function: str | None = None

    def check(self, inputs: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        """Return the results' types. Raises: ShapeError for roles, attributes or shapes that do not fit."""
        self._check_names("input", inputs, self.roles, self.optional_roles)
        self._check_names("attribute", attrs, self.attrs, self.optional_attrs)
        return self.infer(inputs, attrs)

    def _check_names(
        self, kind: str, got: Mapping[str, object], wanted: tuple[str, ...], optional: tuple[str, ...]
    ) -> None:
        missing = [name for name in wanted if name not in got]
        unknown = [name for name in got if name not in (*wanted, *optional)]
        if missing:
            raise ShapeError(
                f"{self.name}: {kind} {', '.join(missing)} missing; got {', '.join(got) or 'none'}"
            )
        if unknown:
            wants = ", ".join((*wanted, *optional)) or "none"
            raise ShapeError(f"{self.name}: unknown {kind} {', '.join(unknown)}; it takes {wants}")


def wanted_rank(op: str, role: str, got: TensorType, *dims: str, dtype: DType = DType.F32) -> None:
    """Raise ShapeError unless `got` has as many dimensions as named and the element type."""
    if got.rank != len(dims) or got.dtype != dtype:
        raise ShapeError(f"{op}: {role} is {got}; wanted {dtype}[{', '.join(dims)}]")


def wanted_same(op: str, what: str, a: tuple[str, object], b: tuple[str, object]) -> None:
    """Raise ShapeError unless two sides, each named, agree."""
    if a[1] != b[1]:
        raise ShapeError(f"{op}: {what} differ: {a[0]} has {a[1]}, {b[0]} has {b[1]}")


def as_f32(array: Array) -> NDArray[np.float32]:
    """Return the values as float32, without a copy where they are."""
    return np.asarray(array, np.float32)


def dim_attr(op: str, attrs: Attrs, name: str) -> Dim:
    """Return an attribute that is a dimension. Raises: ShapeError where it is something else."""
    value = attrs[name]
    if isinstance(value, str | float | bool | tuple):
        raise ShapeError(f"{op}: attribute {name} is {value!r}; wanted a dimension")
    return value


def number_attr(op: str, attrs: Attrs, name: str) -> float:
    """Return a finite attribute that is a positive number. Raises: ShapeError where it is something else."""
    value = attrs[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ShapeError(f"{op}: attribute {name} is {value!r}; wanted a positive number")
    return float(value)


def finite_attr(op: str, attrs: Attrs, name: str) -> float:
    """Return an attribute that is a finite number of f32's range. Raises: ShapeError for anything else."""
    value = attrs[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST_F32:
        raise ShapeError(f"{op}: attribute {name} is {value!r}; wanted a finite number (f32)")
    return float(value)
