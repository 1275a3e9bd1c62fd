"""What comes out of a pickle: plain values, and names of Python objects, which nobody looks up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

Value: TypeAlias = object


@dataclass(frozen=True)
class Global:
    """A name such as `torch._utils._rebuild_tensor_v2`, kept as text: what it names is not imported."""

    name: str


class Instance(dict[Value, Value]):
    """A dictionary that a REDUCE made, an OrderedDict: BUILD may set attributes, which are ignored."""


def as_tuple(value: Value) -> tuple[Value, ...]:
    """Return a tuple as it is, and for anything else an empty one."""
    return cast("tuple[Value, ...]", value) if isinstance(value, tuple) else ()


def as_dict(value: Value) -> dict[Value, Value]:
    """Return a dictionary as it is, and for anything else an empty one."""
    return cast("dict[Value, Value]", value) if isinstance(value, dict) else {}


def kind_of(value: Value) -> str:
    """Return what a value is, in a few words. Never its content, which may be endless."""
    if isinstance(value, Global):
        return value.name
    if isinstance(value, dict | list | tuple):
        holder = cast("list[Value]", value)
        return f"{_kind_of_holder(holder)} of {len(holder)}"
    if isinstance(value, str | int | float | bool | bytes) or value is None:
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "..."
    return type(value).__name__


def _kind_of_holder(value: Value) -> str:
    if isinstance(value, dict):
        return "a dictionary"
    return "a list" if isinstance(value, list) else "a tuple"
