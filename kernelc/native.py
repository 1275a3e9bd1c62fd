"""The kernels of the processor, printed anew for whatever an artifact names: see `runtime.cpu.kernels`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import kernelc
from kernelc.backends import backend_named
from kernelc.errors import ArtifactError, KernelcError
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import KernelSpec
from kernelc.kernels.step_block import STEP
from kernelc.schedules import Schedules, class_schedules
from kernelc.target import TARGETS, Capabilities
from runtime.cpu.instructions import processor_class
from runtime.cpu.kernels import TARGET, NativeKernel, entry_of

CAPABILITIES: Capabilities = TARGETS[TARGET].variants[0]

Choose = Callable[[str, KernelSpec[Any, Any], Any], Any]
"""Chooses the schedule of a kernel by its name in the artifact, its family and its problem."""


@dataclass(frozen=True)
class Library:
    """The kernel library of this kernelc, as `runtime.cpu.kernels.KernelLibrary`.

    `choose` chooses the schedules; None stands for the tables of this class of processors, then the rules.
    """

    choose: Choose | None = None

    @property
    def fingerprint(self) -> str:
        """A hash of kernelc's own files, by name, size and time."""
        return _FINGERPRINT

    @property
    def step(self) -> Sequence[tuple[str, str]]:
        """The step block's fields, as names and types."""
        return [(field.name, str(field.type)) for field in STEP]

    def kernel(self, name: str, spec: str, problem: Mapping[str, Any]) -> NativeKernel:
        """Return a kernel of a family for a problem as a manifest has it. Raises: ArtifactError."""
        if spec not in SPECS:
            raise ArtifactError(
                f"there is no kernel family {spec!r}",
                where=f"manifest.json: kernels.{name}",
                help="use the kernelc that built this artifact",
            )
        try:
            return self._native(SPECS[spec], name, problem)
        except KernelcError:
            raise
        except Exception as error:  # the problem is data of a stranger: whatever is wrong with it shows here
            raise ArtifactError(
                f"kernel family {spec} has no such problem: {error!r}", where=f"manifest.json: kernels.{name}"
            ) from error

    def _native(self, family: KernelSpec[Any, Any], name: str, data: Mapping[str, Any]) -> NativeKernel:
        problem = family.problem_from_json(data)
        rule = family.default(CAPABILITIES, problem)
        choose = self.choose or self._by_tables
        schedule = choose(name, family, problem)
        plain = None if schedule == rule else lambda: _text(family, name, problem, rule)
        return _kernel(family, name, problem, schedule, plain)

    def _by_tables(self, name: str, family: KernelSpec[Any, Any], problem: Any) -> Any:
        return self._schedules.choose(TARGET, family, problem, CAPABILITIES)

    @cached_property
    def _schedules(self) -> Schedules:
        """What tables say for processors like this one. Raises: UsageError for a malformed table."""
        return class_schedules(f"cpu-{processor_class()}")


def _kernel(
    family: KernelSpec[Any, Any], name: str, problem: Any, schedule: Any, plain: Callable[[], str] | None
) -> NativeKernel:
    bindings = family.bindings(problem)
    return NativeKernel(
        entry_of(name),
        family.workgroup(problem, schedule),
        family.grid(problem, schedule),
        tuple(each.length * each.type.bytes for each in bindings),
        tuple(each.access != "read" for each in bindings),
        lambda: _text(family, name, problem, schedule),
        "" if plain is None else repr(schedule),
        plain,
    )


def _text(family: KernelSpec[Any, Any], name: str, problem: Any, schedule: Any) -> str:
    return backend_named(TARGET).render(family.kernel(problem, schedule, CAPABILITIES, name)).text


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in _sources():
        stat = file.stat()
        digest.update(repr((str(file), stat.st_size, stat.st_mtime_ns)).encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    folder = Path(kernelc.__file__ or "").parent
    for pattern in ("*.py", "*.j2", "*.h"):
        yield from sorted(folder.rglob(pattern))


_FINGERPRINT = _fingerprint()  # of the files as they are now, when their code is loaded
