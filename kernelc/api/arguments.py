"""The arguments of kernels and graphs: what parameters say, and what a call gives for them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from operator import index
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from kernelc.errors import ShapeError, UsageError
from kernelc.kir.types import Type
from kernelc.workshop.case import Grid

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Call:
    """The arguments of a call, by name: arrays, of which `outputs` are written, and numbers."""

    arrays: Mapping[str, Array]
    types: Mapping[str, Type]
    constants: Mapping[str, Any]
    outputs: tuple[str, ...]

    @property
    def key(self) -> object:
        """What the traced kernel depends on."""
        shapes = tuple((name, self.types[name], array.shape) for name, array in self.arrays.items())
        return shapes, tuple((name, repr(value)) for name, value in self.constants.items())

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array in elements, which may be vectors."""
        *outer, last = self.arrays[name].shape or (1,)
        return (*outer, last // self.types[name].lanes)


def outputs_of(signature: inspect.Signature, name: str) -> tuple[str, ...]:
    """Return the names of the keyword-only parameters. Raises: UsageError where the form is another."""
    parameters = list(signature.parameters.values())
    allowed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    outputs = tuple(each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY)
    inputs = [each for each in parameters if each.name not in outputs]
    if not inputs or not outputs or any(each.kind not in allowed for each in inputs):
        raise UsageError(
            f"a kernel is a function such as {name}(k, x, *, out)",
            where=f"{name}{signature}",
            help="first the tracer, then inputs, and after a star the outputs",
        )
    return outputs


def call_form(signature: inspect.Signature) -> str:
    """Return the signature without `k`, as a person calls it."""
    names = [
        f"{each.name}=..." if each.kind is inspect.Parameter.KEYWORD_ONLY else each.name
        for each in list(signature.parameters.values())[1:]
    ]
    return f"({', '.join(names)})"


def array_of(name: str, given: object) -> Array:
    """Return what was given for an array. Raises: ShapeError where it is none of numpy's."""
    if isinstance(given, np.ndarray):
        return cast(Array, given)
    raise ShapeError(f"got {type(given).__name__}, wanted a numpy array", where=name)


def as_bound(array: Array, type_: Type) -> Array:
    """Return the array as the buffer holds it. Shapes: [n] for scalars, [n, lanes] for vectors."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.reshape(-1, type_.lanes) if type_.lanes > 1 else flat


def grid_of(given: Any, where: str) -> Grid:
    """Return workgroups, as a person gives them: one to three whole numbers. Raises: UsageError."""
    sizes = cast("tuple[Any, ...]", given) if isinstance(given, tuple) else (given,)
    try:
        found = [index(each) for each in sizes]
    except TypeError:
        found = []
    if not 1 <= len(found) <= 3:
        raise UsageError(f"the grid is {given!r}, wanted one to three whole numbers", where=where)
    x, y, z = (*found, 1, 1)[:3]
    return x, y, z
