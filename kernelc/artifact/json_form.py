"""What JSON can hold, and how the dataclasses of a manifest become that."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias, cast

from kernelc.ir.dim import DimExpr
from kernelc.ir.dim import to_json as dim_to_json

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def to_json(value: object) -> Json:
    """Return a dataclass, mapping, sequence, dim or scalar as JSON. Keys of maps are sorted."""
    if isinstance(value, DimExpr):
        return cast(Json, dim_to_json(value))
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        return {name: to_json(items[name]) for name in sorted(items)}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in cast("list[object]", value)]
    return cast(Json, value)
