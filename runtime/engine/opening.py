"""An artifact and a device for it: what every kind of engine opens, and proves, before it loads."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kernelc.artifact import Artifact
from runtime.cpu.kernels import KernelLibrary
from runtime.device.executor import Executor, Reference
from runtime.device.kernel_checks import check_families
from runtime.devices import Explain, open_device
from runtime.engine.sequence import checked_context


@contextmanager
def opened_for(
    artifact: Artifact | Path | str,
    roles: Sequence[str],
    *,
    device: str,
    context: int | None,
    references: Mapping[str, Reference] | None,
    library: KernelLibrary | None,
    explain: Explain | None,
    without: Collection[str],
) -> Generator[tuple[Artifact, Executor]]:
    """Open an artifact and a device to load it on; an error within closes the device.

    With a `library`, what the kernels of `roles` bind is proved. The parameters are those of `Engine.open`.
    Raises: ArtifactError, DeviceError, ContextError, UsageError.
    """
    opened = artifact if isinstance(artifact, Artifact) else Artifact.open(Path(artifact))
    manifest = opened.manifest
    executor = open_device(device, references=references, library=library, manifest=manifest, explain=explain)
    try:
        executor.without = frozenset(without)
        if library is not None:
            check_families(opened, checked_context(context, manifest.model.max_context), roles, library)
        yield opened, executor
    except BaseException:
        executor.close()
        raise
