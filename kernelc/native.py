"""The kernels of the processor, printed anew for whatever an artifact names: see `runtime.cpu.kernels`."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kernelc
from kernelc.backends import backend_named
from kernelc.errors import ArtifactError, KernelcError
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import KernelSpec
from kernelc.kernels.step_block import STEP
from kernelc.schedules import usual_schedule
from kernelc.target import TARGETS
from runtime.cpu.kernels import TARGET, NativeKernel, entry_of

_CAPABILITIES = TARGETS[TARGET].variants[0]


@dataclass(frozen=True)
class Library:
    """The kernel library of this kernelc, as `runtime.cpu.kernels.KernelLibrary`."""

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
        with _blaming(name):
            return _native(SPECS[spec], name, problem)


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


def _native(family: KernelSpec[Any, Any], name: str, data: Mapping[str, Any]) -> NativeKernel:
    problem = family.problem_from_json(data)
    schedule = usual_schedule(family, problem, _CAPABILITIES)
    bindings = family.bindings(problem)

    def text() -> str:
        with _blaming(name):
            kernel = family.kernel(problem, schedule, _CAPABILITIES, name)
            _require_shared_memory(name, kernel.shared_bytes)
            return backend_named(TARGET).render(kernel).text

    return NativeKernel(
        entry_of(name),
        family.workgroup(problem, schedule),
        family.grid(problem, schedule),
        tuple(each.length * each.type.bytes for each in bindings),
        tuple(each.access != "read" for each in bindings),
        text,
    )


def _require_shared_memory(name: str, bytes_: int) -> None:
    """Raise ArtifactError for more shared memory than the stack of a thread is made for."""
    most = _CAPABILITIES.shared_bytes
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
