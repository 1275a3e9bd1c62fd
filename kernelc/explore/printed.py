"""Kernels printed anew for every target, each line with its lines of Python, and compared with an artifact's.

An artifact has texts, but not where their lines come from. It says what each kernel computes (family and
problem), though, so the kernel can be traced again, and schedules are chosen as a build chooses them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from kernelc.artifact import Kernel as KernelEntry
from kernelc.artifact import KernelBinding, Requires, Variant
from kernelc.artifact.made_for import with_purpose
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

MOST_IN_VAIN = 3
"""Searches that find nothing, more than those that found something, after which there is no other."""

Spec = KernelSpec[Any, Any]


@dataclass
class Search:
    """Whether it is worth looking for the schedules of an artifact's texts.

    An artifact of a searched build has texts that other schedules explain. One of an earlier kernelc has
    none, and to try all schedules for each of its texts would take minutes.
    """

    hopes: int = MOST_IN_VAIN

    def ended(self, *, found: bool) -> None:
        """Say how a search ended."""
        self.hopes += 1 if found else -1


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
    name: str,
    spec: Spec,
    problem: Any,
    entry: KernelEntry,
    search: Search | None = None,
    schedules: Schedules = RULES,
) -> Iterator[PrintedKernel | Refused]:
    """Print a kernel for every variant of the targets that differs from those before, the most demanding
    first. `search` says whether schedules are still looked for, and is told what was found."""
    traced, search = _Traced(name, spec, problem), search or Search()
    for target in SHOWN_TARGETS:
        stored = [variant for variant in entry.variants if variant.target == target]
        seen: set[object] = set()
        for capabilities in TARGETS[target].variants:
            schedule = schedules.choose(target, spec, problem, capabilities)
            key = (schedule, capabilities.subgroup_size)
            if key in seen or _adds_nothing(target, spec, problem, capabilities, schedules):
                continue
            seen.add(key)
            try:
                made = _printed(target, capabilities, schedule, traced, stored, search)
            except (KernelcError, NotImplementedError) as error:  # a language may lack an operation
                yield Refused(target, str(error))
                break
            if capabilities.carries(made.kernel.tile_kinds()) and made.requires not in seen:
                seen.add(made.requires)
                yield made


def _adds_nothing(
    target: str, spec: Spec, problem: Any, capabilities: Capabilities, schedules: Schedules
) -> bool:
    """Whether a variant is for matrix units, and the kernel makes no use of them."""
    if not capabilities.tiles_only:
        return False
    without = schedules.choose(target, spec, problem, replace(capabilities, tiles=()))
    return schedules.choose(target, spec, problem, capabilities) == without


@dataclass(frozen=True)
class _Traced:
    """A family's kernel for a problem, traced once for each schedule: targets may schedule it alike."""

    name: str
    spec: Spec
    problem: Any
    _kernels: dict[object, Kernel] = field(default_factory=dict[object, Kernel])

    def kernel(self, schedule: Any, subgroup_size: int | None) -> Kernel:
        key = (schedule, subgroup_size)
        if key not in self._kernels:
            capabilities = Capabilities(subgroup_size=subgroup_size)
            self._kernels[key] = self.spec.kernel(self.problem, schedule, capabilities, self.name)
        return self._kernels[key]


def _printed(
    target: str,
    capabilities: Capabilities,
    schedule: Any,
    traced: _Traced,
    stored: Sequence[Variant],
    search: Search,
) -> PrintedKernel:
    """Print a variant. Where the artifact's text is that of another schedule, which a search found, that
    schedule is looked for."""
    made = _made(target, capabilities, schedule, traced, stored)
    variant = _asking(made.requires, stored)
    if made.same is not False or variant is None or search.hopes <= 0:
        return made
    spec, problem = traced.spec, traced.problem
    alike = (each for each in spec.space(capabilities, problem) if each != schedule)
    alike = (each for each in alike if spec.workgroup(problem, each) == variant.workgroup[0])
    for other in islice(alike, MOST_TRIED):
        found = _made(target, capabilities, other, traced, stored)
        if found.same:
            search.ended(found=True)
            return found
    search.ended(found=False)
    return made


def _made(
    target: str, capabilities: Capabilities, schedule: Any, traced: _Traced, stored: Sequence[Variant]
) -> PrintedKernel:
    kernel = traced.kernel(schedule, capabilities.subgroup_size)
    rendered, requires = backend_named(target).render(kernel), requires_of(kernel)
    spec, problem = traced.spec, traced.problem
    bindings = tuple(KernelBinding(b.name, str(b.type), b.access) for b in spec.bindings(problem))
    entry = KernelEntry(spec.name, spec.problem_json(problem), bool(kernel.params), bindings, ())
    workgroup, grid = (spec.workgroup(problem, schedule), 1, 1), spec.grid(problem, schedule)
    variant = Variant(target, "", "", rendered.entry, workgroup, grid, requires)
    files = (rendered.file, with_purpose(rendered.file, entry, variant))
    digests = {hashlib.sha256(file).hexdigest() for file in files}
    same = True if any(variant.sha256 in digests for variant in stored) else None
    if same is None and _asking(requires, stored) is not None:
        same = False
    return PrintedKernel(target, capabilities, schedule, kernel, rendered, requires, same)


def _asking(requires: Requires, stored: Sequence[Variant]) -> Variant | None:
    """The stored variant for the same devices."""
    alike = (each for each in stored if _demands(each.requires) == _demands(requires))
    return next(alike, None)


def _demands(requires: Requires) -> tuple[object, ...]:
    return requires.features, requires.subgroup_size
