"""Which schedules of a family there are to try for a problem on a device, and in which order."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from kernelc.artifact import Requires
from kernelc.kernels.spec import KernelSpec
from kernelc.printing import requires_of
from kernelc.target import TARGETS, Capabilities
from kernelc.tuned.schedules import schedule_json
from runtime.device.executor import DeviceInfo


def capabilities_of(info: DeviceInfo, spec: KernelSpec[Any, Any], problem: Any) -> Capabilities | None:
    """Return the capabilities of the variant that this device takes of a family's kernel, None for none.

    As lowering makes them and a runtime chooses: the first variant that an artifact carries and the device
    satisfies.
    """
    for variant in TARGETS[info.target].variants:
        if _satisfied(variant, info):
            kernel = spec.kernel(problem, spec.default(variant, problem), variant)
            if variant.carries(kernel.tile_kinds()) and fits(requires_of(kernel), info):
                return variant
    return None


def _satisfied(variant: Capabilities, info: DeviceInfo) -> bool:
    size = variant.subgroup_size
    anything = info.kind == "cpu"  # compiled C spells out what the processor lacks
    return anything or (variant.features <= info.features and (size is None or info.has_subgroups_of(size)))


def fits(requires: Requires, info: DeviceInfo) -> bool:
    """Whether a kernel that asks for this is within the device's limits."""
    limits = info.limits
    return limits is None or (
        requires.threads <= min(limits.threads, limits.workgroup[0])
        and requires.shared_bytes <= limits.shared_bytes
        and requires.storage_buffers <= limits.storage_buffers
    )


def candidates(
    spec: KernelSpec[Any, Any], problem: Any, capabilities: Capabilities, info: DeviceInfo
) -> Sequence[Any]:
    """Return the schedules to try beside the rules' own, in an order that is the same every time.

    These are all that the family lists, less those that cannot be good: on a processor, whose invocations
    are loops, workgroups of several where there are schedules for one; elsewhere workgroups that exceed the
    device's. Those that differ in little from the rules' own take turns with others at random, so that a
    search which ends early has seen both its neighbours and all sorts.
    """
    rule = spec.default(capabilities, problem)
    every = [each for each in dict.fromkeys(spec.space(capabilities, problem)) if each != rule]
    if capabilities.serial_workgroups and spec.workgroup(problem, rule) == 1:
        every = [each for each in every if spec.workgroup(problem, each) == 1]
    if info.limits is not None:
        most = min(info.limits.threads, info.limits.workgroup[0])
        every = [each for each in every if spec.workgroup(problem, each) <= most]
    seed = zlib.crc32(f"{spec.name} {problem}".encode())
    shuffled = [every[int(at)] for at in np.random.default_rng(seed).permutation(len(every))]
    near = sorted(shuffled, key=lambda each: _differences(each, rule))
    return list(dict.fromkeys(itertools.chain.from_iterable(zip(near, shuffled, strict=True))))


def _differences(schedule: Any, other: Any) -> int:
    """In how many fields two schedules differ."""
    mine, others = schedule_json(schedule), schedule_json(other)
    return sum(mine.get(name) != others.get(name) for name in {**mine, **others})
