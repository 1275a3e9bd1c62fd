"""Runs a model's kernels on a device before any is timed: a wrong kernel may be as fast as it likes.

Each kernel that a decode or a prefill step launches, or a step of another role that is asked for, runs as
printed and at its real size, on inputs and with results of its family's numpy reference: the golden tiles of
`kernelc.kernels.golden`, with which a page checks its device, and which cost little whatever the model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact, CheckInput, CheckOutput, KernelCheck, Manifest
from kernelc.artifact.selfcheck import CODED_PLANES
from kernelc.errors import ArtifactError, WorkFailed
from kernelc.ir.coded_rows import GROUP, CodedRows
from kernelc.kernels.compare import decoded
from kernelc.kernels.golden import golden_tiles
from kernelc.kernels.registry import SPECS
from runtime.device.checks import choose_variants
from runtime.device.executor import Executor
from runtime.device.program import StepBlock

ROLES = ("decode", "prefill")
_DTYPES = {"f16pair": np.float16, "f32": np.float32, "f16": np.float16, "i32": np.int32, "u32": np.uint32}

Octets = npt.NDArray[np.uint8]


def check_kernels(artifact: Artifact, executor: Executor, roles: Collection[str] = ROLES) -> int:
    """Run the kernels of the steps of these `roles`, compare each with its reference, and return how many.

    Raises: WorkFailed where one differs, ArtifactError for kernels of another kernelc, DeviceError.
    """
    manifest = _steps_of(artifact.manifest, roles)
    _require_known(artifact, manifest)
    checks, data = golden_tiles(manifest)
    contents = np.frombuffer(data, np.uint8)
    found: list[str] = []
    for name, check in checks.kernels.items():
        if fault := _fault(artifact, name, check, contents, executor):
            found.append(f"{name}: {fault}")
    if found:
        raise WorkFailed(
            f"{len(found)} of {len(checks.kernels)} kernels compute something else than their references, so"
            f" nothing was timed: {'; '.join(found)}",
            where=executor.info.name,
            help="`kernelc verify` shows more",
        )
    return len(checks.kernels)


def _steps_of(manifest: Manifest, roles: Collection[str]) -> Manifest:
    """The manifest with the programs of steps alone, and the kernels that these launch."""
    programs = {name: each for name, each in manifest.programs.items() if each.role in roles}
    used = {dispatch.kernel for program in programs.values() for dispatch in program.dispatches}
    kernels = {name: kernel for name, kernel in manifest.kernels.items() if name in used}
    return replace(manifest, programs=programs, kernels=kernels)


def _require_known(artifact: Artifact, manifest: Manifest) -> None:
    for name, kernel in manifest.kernels.items():
        try:
            spec = SPECS[kernel.spec]
            spec.bindings(spec.problem_from_json(kernel.problem))
        except Exception as error:  # the problem is data of a stranger: whatever is wrong with it shows here
            raise ArtifactError(
                f"no kernel {kernel.spec} of this kernelc, so there is no reference to compare it with",
                where=f"{artifact.folder}: kernels.{name}",
                help="measure with the kernelc that built it, or build it again",
            ) from error


def _fault(artifact: Artifact, name: str, check: KernelCheck, contents: Octets, executor: Executor) -> str:
    arrays = [_input(each, contents) for each in check.inputs]
    block = StepBlock(artifact.manifest.params).encode(check.params)
    got = executor.run_kernel(artifact, name, arrays, check.symbols, block)
    on_tiles = check.tile_tolerance is not None and _on_tiles(artifact, name, executor)
    for output in check.outputs:
        tolerance = (output.relative, output.absolute)
        if on_tiles and check.tile_tolerance is not None:
            tolerance = check.tile_tolerance
        if fault := _difference(output, got[output.binding], contents, tolerance):
            binding = artifact.manifest.kernels[name].bindings[output.binding].name
            return f"{binding} {fault}"
    return ""


def _input(stored: CheckInput, contents: Octets) -> Octets:
    """What is bound: a stored piece over and over, or zeros."""
    if not stored.period:
        return np.zeros(stored.bytes, np.uint8)
    piece = contents[stored.offset : stored.offset + stored.period]
    return np.resize(piece, stored.bytes)


def _on_tiles(artifact: Artifact, name: str, executor: Executor) -> bool:
    """Whether the variant that this device takes multiplies halves on matrix units."""
    variants = artifact.manifest.kernels[name].variants
    if all(variant.target != executor.info.target for variant in variants):
        return False
    chosen = choose_variants(artifact.manifest, [name], executor.info)[name]
    return any(feature.startswith("tile_f16") for feature in chosen.requires.features)


def _difference(
    output: CheckOutput, got: npt.NDArray[Any], contents: Octets, tolerance: Sequence[float]
) -> str:
    relative, absolute = tolerance
    mine = got.reshape(-1).view(np.uint8)[output.at : output.at + output.bytes]
    wanted = contents[output.offset : output.offset + output.bytes]
    moved: npt.NDArray[Any] | float = 0.0
    if output.element in CODED_PLANES:
        groups = output.bytes // (16 * CODED_PLANES[output.element])
        layout = CodedRows(groups * GROUP, int(output.element[-1]))
        a, b, moved = decoded(layout, mine.view(np.uint32), wanted.view(np.uint32))
        a = np.where(np.isnan(b), b, a)  # nothing is wanted of these
    else:
        a, b = (each.view(_DTYPES[output.element]).astype(np.float64) for each in (mine, wanted))
    with np.errstate(invalid="ignore", over="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        wrong = ~(same | (np.abs(a - b) <= absolute + moved + relative * np.abs(b)))
    if not wrong.any():
        return ""
    at = int(wrong.argmax())
    return f"has {a[at]} where {b[at]} is wanted, and {int(wrong.sum())} of {wrong.size} numbers differ"
