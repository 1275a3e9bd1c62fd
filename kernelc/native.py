"""The kernels of the processor, printed anew for whatever an artifact names: see `runtime.cpu.kernels`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import kernelc
from kernelc import switches
from kernelc.backends import backend_named
from kernelc.errors import ArtifactError, KernelcError
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import KernelSpec
from kernelc.kernels.step_block import STEP
from kernelc.schedules import RULES, class_schedules
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
    `families` are those that it prints: a model's, and where something is measured that measure's own.
    `without` names optimisations that are left out (see `kernelc.switches`).
    """

    choose: Choose | None = None
    families: Mapping[str, KernelSpec[Any, Any]] = field(default_factory=lambda: SPECS)
    without: switches.Without = ()

    @property
    def fingerprint(self) -> str:
        """A hash of kernelc's own files, by name, size and time."""
        return _FINGERPRINT

    @property
    def step(self) -> Sequence[tuple[str, str]]:
        """The step block's fields, as names and types."""
        return [(field.name, str(field.type)) for field in STEP]

    def has(self, spec: str) -> bool:
        """Whether this kernelc has a family of this name."""
        return spec in self.families

    def kernel(self, name: str, spec: str, problem: Mapping[str, Any]) -> NativeKernel:
        """Return a kernel of a family for a problem as a manifest has it.

        Raises: ArtifactError, and UsageError for a malformed table of schedules.
        """
        if spec not in self.families:
            raise ArtifactError(
                f"there is no kernel family {spec!r}",
                where=f"manifest.json: kernels.{name}",
                help="use the kernelc that built this artifact",
            )
        choose = self.choose or self._by_tables
        with _blaming(name):
            return _native(self.families[spec], name, problem, choose)

    @cached_property
    def _by_tables(self) -> Choose:
        """What tables say for processors like this one, which are read here."""
        less = switches.with_less(CAPABILITIES, self.without)
        schedules = RULES if "tuned" in self.without else class_schedules(f"cpu-{processor_class()}")

        def choose(name: str, family: KernelSpec[Any, Any], problem: Any) -> Any:
            chosen = schedules.choose(TARGET, family, problem, less)
            return switches.schedule_with_less(chosen, self.without)

        return choose


@contextmanager
def _blaming(name: str) -> Generator[None]:
    """Blame the artifact for whatever goes wrong: the problem of a kernel is data of a stranger."""
    try:
        yield
    except ArtifactError:
        raise
    except Exception as error:
        said = str(error) if isinstance(error, KernelcError) else repr(error)
        raise ArtifactError(f"no such kernel can be generated: {said}", where=_place(name)) from error


def _place(name: str) -> str:
    return f"manifest.json: kernels.{name}"


def _native(family: KernelSpec[Any, Any], name: str, data: Mapping[str, Any], choose: Choose) -> NativeKernel:
    problem = family.problem_from_json(data)
    rule, schedule = family.default(CAPABILITIES, problem), choose(name, family, problem)
    bindings = family.bindings(problem)

    def text(schedule: Any) -> str:
        with _blaming(name):
            kernel = family.kernel(problem, schedule, CAPABILITIES, name)
            _require_shared_memory(name, kernel.shared_bytes)
            return backend_named(TARGET).render(kernel).text

    same = schedule == rule
    return NativeKernel(
        entry_of(name),
        family.workgroup(problem, schedule),
        family.grid(problem, schedule),
        tuple(each.length * each.type.bytes for each in bindings),
        tuple(each.access != "read" for each in bindings),
        lambda: text(schedule),
        "" if same else repr(schedule),
        None if same else lambda: text(rule),
    )


def _require_shared_memory(name: str, bytes_: int) -> None:
    """Raise ArtifactError for more shared memory than the stack of a thread is made for."""
    most = CAPABILITIES.shared_bytes
    if bytes_ > most:
        raise ArtifactError(
            f"the kernel takes {bytes_} bytes of shared memory, wanted at most {most}", where=_place(name)
        )


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
