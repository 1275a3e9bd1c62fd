"""The script for a kernel of an artifact that computes something else on a device than its reference."""

from __future__ import annotations

from typing import Any

from kernelc.artifact import Artifact
from kernelc.ir.dim import evaluate
from kernelc.kernels.spec import KernelSpec
from kernelc.target import TARGETS, Capabilities
from kernelc.tuning.candidates import capabilities_of
from kernelc.workshop.case import Case
from kernelc.workshop.repro import Run, family_script, keep, text_script
from runtime.device.checks import choose_variants
from runtime.device.executor import DeviceInfo


def kept_script(
    artifact: Artifact, name: str, info: DeviceInfo, spec: KernelSpec[Any, Any], problem: Any, run: Run
) -> str:
    """Write the script, and return its path, or why it could not be written.

    It has the artifact's own text where that is what ran, and the family where the kernel was printed anew.
    """
    try:
        return str(keep(_script(artifact, name, info, spec, problem, run), f"{name}-{info.kind}"))
    except Exception as error:  # a failure of the script must not hide the kernel's
        return f"no script was written: {error}"


def _script(
    artifact: Artifact, name: str, info: DeviceInfo, spec: KernelSpec[Any, Any], problem: Any, run: Run
) -> str:
    target = TARGETS.get(info.target)
    if target is None or target.printed_where_run:
        capabilities = Capabilities() if target is None else capabilities_of(info, spec, problem)
        assert capabilities is not None
        return family_script(spec, problem, spec.default(capabilities, problem), capabilities, run)
    entry = artifact.manifest.kernels[name]
    variant = choose_variants(artifact.manifest, [name], info)[name]
    x, y, z = (evaluate(extent, run.env) for extent in variant.grid)
    case = Case(
        name,
        info.target,
        artifact.read(variant.file),
        variant.entry,
        variant.workgroup[0],
        (x, y, z),
        variant.requires,
        entry.params,
        entry.bindings,
    )
    return text_script(case, spec, problem, run)
