"""Schedules and problems as JSON: how a table names them, and which schedule of today a name means."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, cast

from kernelc.artifact import Json
from kernelc.kernels.spec import KernelSpec
from kernelc.target import Capabilities

TYPE = "type"
"""The field of a schedule's JSON that has the name of its dataclass: a family may have several."""


def schedule_json(schedule: Any) -> dict[str, Json]:
    """Return a schedule as a table has it: the name of its dataclass, and its fields."""
    assert dataclasses.is_dataclass(schedule) and not isinstance(schedule, type)
    fields = json.loads(json.dumps(dataclasses.asdict(schedule)))  # tuples become lists, as a file has them
    return {TYPE: type(schedule).__name__, **fields}


def stored_problem(spec: KernelSpec[Any, Any], problem: Any) -> dict[str, Json]:
    """Return a problem as a file has it: JSON has no tuples."""
    return json.loads(json.dumps(spec.problem_json(problem)))


def means(stored: Mapping[str, Json], schedule: Any) -> bool:
    """Whether a stored schedule is this one.

    Fields that the dataclass did not have when it was stored mean their defaults.
    """
    if stored.get(TYPE) != type(schedule).__name__:
        return False
    defaults = {
        field.name: json.loads(json.dumps(_plain(field.default)))
        for field in dataclasses.fields(schedule)
        if field.name not in stored and field.default is not dataclasses.MISSING
    }
    return {**stored, **defaults} == schedule_json(schedule)


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value  # type: ignore[arg-type]


def legal_schedule(
    spec: KernelSpec[Any, Any], problem: Any, capabilities: Capabilities, stored: Mapping[str, Json]
) -> Any | None:
    """Return the schedule that a table names, None where the family has no such schedule (any more).

    It is looked for among those that the family itself lists for this problem and these capabilities. So
    whatever a table says, what comes of it is a schedule that the family's tests hold to its reference.
    """
    return next((each for each in spec.space(capabilities, problem) if means(stored, each)), None)


def problem_key(problem: Mapping[str, Any]) -> str:
    """Return the key of a problem (as `KernelSpec.problem_json` gives it) in a table.

    Every number that says how large something is counts, and so do formats and formulas. Fractions are
    factors of formulas (an epsilon, a base of angles) and decide no speed: of these the key has only
    whether they are there and not 0. So all fine-tuned models of one design share the entries.
    """
    return json.dumps(_key_of(problem), sort_keys=True, separators=(",", ":"))


def _key_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _key_of(item) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        items = [_key_of(item) for item in cast("list[Any]", value)]
        return [len(items)] if items and all(item is True or item is False for item in items) else items
    return value != 0.0 if isinstance(value, float) else value
