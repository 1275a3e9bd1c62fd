"""Problems out of an artifact: JSON of a stranger, from which kernels are generated.

`read_problem` proves that every field is of its type and in bounds. That the numbers of a problem fit each
other is for its dataclass to prove, in `__post_init__` with `require`, since kernels access as many elements
as these numbers say: a problem that contradicts itself would be a kernel that leaves its buffers.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, cast

from kernelc.errors import ArtifactError, KernelcError, ShapeError

MOST = (1 << 31) - 1
"""The largest whole number of a problem: what kernels add to it stays within 32 bits."""

_MOST_CHARACTERS = 256
_MOST_ITEMS = 4096


def require(holds: bool, problem: object, wanted: str) -> None:
    """Raise ShapeError unless `holds`; `wanted` says what the problem's numbers should have been."""
    if not holds:
        raise ShapeError(f"{problem}: wanted {wanted}")


def read_problem(type_: type[Any], data: Any) -> Any:
    """Return the problem, a frozen dataclass, that JSON describes.

    A field that has a default may be missing: the problem was stored before there was such a field. Raises:
    ArtifactError for fields that are missing, unknown or of another type, and for numbers at odds.
    """
    try:
        return _dataclass(type_, data)
    except KernelcError as error:
        raise ArtifactError(f"a kernel's problem is malformed: {error}", where="manifest.json") from error
    except Exception as error:  # whatever else is wrong with a stranger's numbers shows in their proofs
        raise ArtifactError(f"a kernel's problem is malformed: {error!r}", where="manifest.json") from error


def _dataclass(type_: Any, data: Any) -> Any:
    require(isinstance(data, Mapping), data, f"the fields of {type_.__name__}")
    hints = typing.get_type_hints(type_)
    fields = {field.name: field for field in dataclasses.fields(type_)}
    unknown = sorted(map(str, data.keys() - fields.keys()))
    require(not unknown, unknown, f"only fields of {type_.__name__}")
    missing = [
        name
        for name, field in fields.items()
        if name not in data
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    require(not missing, missing, f"all fields of {type_.__name__}")
    return type_(**{name: _value(hints[name], value, name) for name, value in data.items()})


def _value(hint: Any, value: Any, name: str) -> Any:
    """Return a field's value as its type hint has it."""
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, value)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return _one_of(typing.get_args(hint), value, name)
    if typing.get_origin(hint) is tuple:
        require(isinstance(value, list | tuple), name, "a list")
        items = cast("Sequence[Any]", value)
        require(len(items) <= _MOST_ITEMS, name, "a short list")
        return tuple(_value(typing.get_args(hint)[0], item, name) for item in items)
    _require_scalar(hint, value, name)
    return float(value) if hint is float else value


def _one_of(hints: tuple[Any, ...], value: Any, name: str) -> Any:
    if value is None:
        require(type(None) in hints, name, "a value")
        return None
    others = [hint for hint in hints if hint is not type(None)]
    if len(others) == 1:
        return _value(others[0], value, name)
    kinds = {hint.kind: hint for hint in others}  # dataclasses that a field `kind` tells apart
    kind = cast("Mapping[str, Any]", value).get("kind") if isinstance(value, Mapping) else None
    require(isinstance(kind, str) and kind in kinds, name, f"one of {', '.join(kinds)}")
    return _dataclass(kinds[kind], value)


def _require_scalar(hint: Any, value: Any, name: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is bool:
        require(isinstance(value, bool), f"{name} is {value!r}", "true or false")
    elif hint is int:
        whole = number and isinstance(value, int) and 0 <= value <= MOST
        require(whole, f"{name} is {value!r}", f"a whole number of 0..{MOST}")
    elif hint is float:
        require(number and math.isfinite(value), f"{name} is {value!r}", "a finite number")
    else:
        short = hint is str and isinstance(value, str) and len(value) <= _MOST_CHARACTERS
        require(short, f"{name} is of type {type(value).__name__}", "a short text")
