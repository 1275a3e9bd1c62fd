"""What a manifest says of kernels against the kernels themselves: their own workgroups, and their families.

A kernel's text is a program that the artifact's author wrote, and nothing here judges what it does. But a
manifest that was changed or damaged beside texts that were not must not make these access what is not theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kernelc.artifact import Artifact, Variant
from kernelc.errors import ArtifactError
from runtime.cpu.kernels import KernelLibrary
from runtime.device.plan_checks import Accessed, check_accesses
from runtime.device.program import Extent, plan_load

_REBUILD = "build the artifact again"
_NUMBERS = re.compile(rb"\(\s*(\d{1,9})u?\s*(?:,\s*(\d{1,9})u?\s*)?(?:,\s*(\d{1,9})u?\s*)?\)")


def check_workgroup(kernel: str, variant: Variant, own: Extent | None) -> None:
    """Check a variant's workgroup against the one that its kernel is written for, if its file says that.

    A launch of another size computes nonsense, and may reach beyond shared memory. Raises: ArtifactError
    naming the kernel.
    """
    if own is not None and own != variant.workgroup:
        raise ArtifactError(
            f"its workgroup is said to be {list(variant.workgroup)}, {variant.file} has {list(own)}",
            where=f"manifest.json: kernels.{kernel}",
            help=_REBUILD,
        )


def workgroup_behind(word: bytes, data: bytes) -> Extent | None:
    """Return the workgroup that a text has in brackets behind a word; None where that is there never, or
    several times."""
    if data.count(word) != 1:
        return None
    found = _NUMBERS.match(data.partition(word)[2].lstrip())
    if found is None:
        return None
    x, y, z = (int(each or 1) for each in found.groups())
    return x, y, z


def check_families(artifact: Artifact, context: int, roles: Sequence[str], library: KernelLibrary) -> None:
    """Check what the kernels of `roles` bind against what their families access for these problems.

    Kernels of families that this library does not have are left out: they may be a later release's.
    Raises: ArtifactError naming the kernel or the dispatch.
    """
    manifest = artifact.manifest
    plan = plan_load(manifest, context, roles)
    known: dict[str, Accessed] = {}
    for name in plan.kernels:
        kernel = manifest.kernels[name]
        if library.has(kernel.spec):
            native = known[name] = library.kernel(name, kernel.spec, kernel.problem)
            written = tuple(binding.access != "read" for binding in kernel.bindings)
            if written != tuple(native.written):
                raise ArtifactError(
                    "what its bindings are said to be written is not what its problem writes",
                    where=f"manifest.json: kernels.{name}",
                    help=_REBUILD,
                )
    check_accesses(manifest, plan, known, context)
