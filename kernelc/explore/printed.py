"""Kernels printed anew for every target, each line with its lines of Python, and compared with an artifact's.

An artifact has texts, but not where their lines come from. It says what each kernel computes (family and
problem), though, so the kernel can be traced again, and schedules are chosen as a build chooses them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kernelc.artifact import Kernel as KernelEntry
from kernelc.artifact import Requires, Variant
from kernelc.backends import Rendered, backend_named
from kernelc.errors import KernelcError
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.nodes import Kernel
from kernelc.printing import requires_of
from kernelc.schedules import RULES, Schedules
from kernelc.target import TARGETS, Capabilities

SHOWN_TARGETS = ("wgsl", "cuda", "spirv", "opencl", "c")
"""Those with a text of their own for each kernel; WebAssembly is compiled from C's."""
MOST_TRIED = 256
"""Schedules of a family that are printed to find the one of an artifact's text."""

Spec = KernelSpec[Any, Any]


@dataclass(frozen=True)
class PrintedKernel:
    """A kernel in one language, for devices that offer what it `requires`.

    `same`: whether the artifact has exactly this for such devices; None where it has nothing for them.
    """

    target: str
    capabilities: Capabilities
    schedule: Any
    kernel: Kernel
    rendered: Rendered
    requires: Requires
    same: bool | None


@dataclass(frozen=True)
class Refused:
    """Why a kernel has no text in a language."""

    target: str
    why: str


def printed_kernels(
    name: str, spec: Spec, problem: Any, entry: KernelEntry, schedules: Schedules = RULES
) -> Iterator[PrintedKernel | Refused]:
    """Print a kernel for every variant of the targets that differs from those before, the most demanding
    first."""
    for target in SHOWN_TARGETS:
        stored = [variant for variant in entry.variants if variant.target == target]
        seen: set[Requires] = set()
        for capabilities in TARGETS[target].variants:
            try:
                made = _chosen(target, capabilities, name, spec, problem, stored, schedules)
            except (KernelcError, NotImplementedError) as error:  # a language may lack an operation
                yield Refused(target, str(error))
                break
            if made is not None and made.requires not in seen:
                seen.add(made.requires)
                yield made


def _chosen(
    target: str,
    capabilities: Capabilities,
    name: str,
    spec: Spec,
    problem: Any,
    stored: Sequence[Variant],
    schedules: Schedules,
) -> PrintedKernel | None:
    """Print the variant that a build has for these capabilities; None where it carries none.

    Where the artifact's text is that of another schedule, which a search found, that schedule is looked for.
    """
    schedule = schedules.choose(target, spec, problem, capabilities)
    made = _made(target, capabilities, name, spec, problem, schedule, stored)
    if not capabilities.carries(made.kernel.tile_kinds()):
        return None
    if made.same is not False:
        return made
    for tried, other in enumerate(spec.space(capabilities, problem)):
        if tried == MOST_TRIED:
            break
        variant = _asking(made.requires, stored)
        if variant is None or spec.workgroup(problem, other) != variant.workgroup[0]:
            continue
        found = _made(target, capabilities, name, spec, problem, other, stored)
        if found.same:
            return found
    return made


def _made(
    target: str,
    capabilities: Capabilities,
    name: str,
    spec: Spec,
    problem: Any,
    schedule: Any,
    stored: Sequence[Variant],
) -> PrintedKernel:
    kernel = spec.kernel(problem, schedule, Capabilities(subgroup_size=capabilities.subgroup_size), name)
    rendered, requires = backend_named(target).render(kernel), requires_of(kernel)
    digest = hashlib.sha256(rendered.file).hexdigest()
    same = True if any(variant.sha256 == digest for variant in stored) else None
    if same is None and _asking(requires, stored) is not None:
        same = False
    return PrintedKernel(target, capabilities, schedule, kernel, rendered, requires, same)


def _asking(requires: Requires, stored: Sequence[Variant]) -> Variant | None:
    """The stored variant for the same devices."""
    alike = (each for each in stored if _demands(each.requires) == _demands(requires))
    return next(alike, None)


def _demands(requires: Requires) -> tuple[object, ...]:
    return requires.features, requires.subgroup_size
