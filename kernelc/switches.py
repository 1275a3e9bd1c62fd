"""A switch for every optimisation: what can be left out, to see what it is worth.

Builds and measurements, and KERNELC_WITHOUT=NAMES in the environment, take names of this table, with commas
between them; `kernelc bench` can try each by itself. A build applies what it can, a runtime the rest, and the
processor's kernels, which are printed where they run, follow when a model is opened. Results stay what they
were, but for rounding.

A new optimisation is one row here, if it is a pattern of fusing, a capability, a field of schedules or a
setting of a build. One that a runtime makes looks for its name in `runtime.device.executor.Executor.without`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kernelc.errors import UsageError
from kernelc.passes.fuse import PATTERNS
from kernelc.target import Capabilities, Target

VARIABLE = "KERNELC_WITHOUT"
Without = tuple[str, ...]
"""Names of what is left out, sorted."""


@dataclass(frozen=True)
class Switch:
    """What is left out where a name is given: `what` says it in words. All but that may be empty.

    `patterns` of fusing are not applied; fields of `capabilities` are what kernels may not rely on; fields of
    a `schedule`, where it has them, get these values; `settings` are those of a build. `at_run`: whether
    runtimes look for the name (`runtime.devices.LEAVES_OUT` says which).
    """

    what: str
    patterns: frozenset[str] = frozenset()
    capabilities: Mapping[str, object] = field(default_factory=dict[str, object])
    schedule: Mapping[str, object] = field(default_factory=dict[str, object])
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    at_run: bool = False


SWITCHES: dict[str, Switch] = {
    "f16": Switch("16-bit floats as a type; halves are read packed", capabilities={"f16": False}),
    "subgroups": Switch(
        "sums within a subgroup; they go through shared memory",
        capabilities={"subgroups": False, "subgroup_size": None, "tiles": (), "mma_i8": False},
    ),
    "tiles": Switch(
        "matrix units; prefill multiplies in registers, and several rows as a single one does",
        capabilities={"tiles": (), "mma_i8": False},
    ),
    "dot4": Switch("products of four bytes in one instruction", capabilities={"dot4": False}),
    "wide": Switch(
        "the processor's own schedules, one invocation a workgroup with vectors of eight",
        capabilities={"serial_workgroups": False, "vector_lanes": 4},
    ),
    "coded": Switch("coding activations where they are made", settings={"codes": False}),
    "prompts": Switch("coding a prompt's rows; it is multiplied in f32", settings={"prompts": False}),
    "last_row": Switch(
        "going on with a prompt's last row alone where nothing reads the others",
        settings={"last_row": False},
    ),
    "halves": Switch(
        "making a prompt's rows halves once; each tile of a product rounds them again, and none is large",
        settings={"halves": False},
    ),
    "int8": Switch("activations rounded to bytes", settings={"activations": "f32"}),
    "early": Switch("loading the first weights before the activations are there", schedule={"early": False}),
    "unroll": Switch("loading several groups of weights at once", schedule={"unroll": 1}),
    "prefetch": Switch("loading the next columns while these are multiplied", schedule={"ahead": False}),
    "copies": Switch("streaming weights with bulk copies", capabilities={"stage_bytes": 0}),
    "joins": Switch("joining attention's splits in the same dispatch", settings={"joins": False}),
    "splits": Switch("splitting attention's positions over workgroups", settings={"splits": False}),
    "fuse": Switch("all fusing of operations", patterns=frozenset(PATTERNS)),
    **{f"fuse.{name}": Switch(f"the fuse pattern {name}", patterns=frozenset({name})) for name in PATTERNS},
    "tuned": Switch("tables of schedules that a search found", settings={"tuned": None}),
    "overlap": Switch("starting a kernel while the one before it still runs", at_run=True),
    "graphs": Switch("graphs of a step; kernels are launched one by one", at_run=True),
    "recordings": Switch("recorded commands; each step is recorded anew", at_run=True),
    "ahead": Switch("handing over steps before the last one's id is known", at_run=True),
}
"""All switches by name."""


def named(names: Iterable[str], where: str = "`without`") -> Without:
    """Return names in order, each once. Raises: UsageError for a name that no switch has."""
    asked = sorted({name.strip() for name in names} - {""})
    unknown = [name for name in asked if name not in SWITCHES]
    if unknown:
        raise UsageError(
            f"got {unknown[0]!r}, wanted one or more of: {', '.join(SWITCHES)}",
            where=where,
            help="give several with commas between them",
        )
    return tuple(asked)


def asked(text: str | None) -> Without:
    """Return what a command line asks to leave out; None stands for what the environment says.

    Raises: UsageError for a name that no switch has.
    """
    if text is not None:
        return named(text.split(","))
    return named(os.environ.get(VARIABLE, "").split(","), f"{VARIABLE} in the environment")


def patterns_off(without: Collection[str]) -> frozenset[str]:
    """Return the fuse patterns that are not applied."""
    return frozenset[str]().union(*(SWITCHES[name].patterns for name in without))


def settings_of(without: Collection[str]) -> dict[str, Any]:
    """Return the settings of a build that are not as asked, by name."""
    return {key: value for name in without for key, value in SWITCHES[name].settings.items()}


def with_less(capabilities: Capabilities, without: Collection[str]) -> Capabilities:
    """Return capabilities without what is left out."""
    changes = {key: value for name in without for key, value in SWITCHES[name].capabilities.items()}
    return replace(capabilities, **changes) if changes else capabilities


def target_with_less(target: Target, without: Collection[str]) -> Target:
    """Return a target whose variants rely on less; one printed where it runs stays as artifacts have it."""
    if target.printed_where_run:
        return target
    less = [with_less(each, without) for each in target.variants]
    kept = [each for each in less if not each.tiles_only or each.tiles]
    return replace(target, variants=tuple(dict.fromkeys(kept)))


def schedule_with_less(schedule: Any, without: Collection[str]) -> Any:
    """Return a schedule with the fields that are left out, where it has such fields: of the same type, since
    `ahead` is a choice in one family and a number in another."""
    known: dict[str, object] = {
        each.name: type(getattr(schedule, each.name)) for each in dataclasses.fields(schedule)
    }
    changes = {
        key: value
        for name in without
        for key, value in SWITCHES[name].schedule.items()
        if known.get(key) is type(value)
    }
    return replace(schedule, **changes) if changes else schedule


def list_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return names with what they leave out."""
    return [(name, SWITCHES[name].what) for name in names]
