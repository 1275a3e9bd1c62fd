"""An artifact's golden tiles on wgpu, read from the artifact alone: what a browser does, in Python."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact, CheckOutput, Kernel, KernelCheck, Variant
from kernelc.artifact.selfcheck import CODED_PLANES
from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.dim import evaluate
from kernelc.kernels.compare import decoded
from kernelc.tuning.candidates import fits
from runtime.device.executor import DeviceInfo
from runtime.device.program import StepBlock
from runtime.wgpu.device import KernelSource, WgpuDevice
from runtime.wgpu.single import run_source


def failures(device: WgpuDevice, artifact: Artifact, text: str | None = None) -> Iterator[str]:
    """A line for every output range that is not as wanted, of every variant that the device runs; `text`: run
    that in its place."""
    checks = artifact.manifest.checks
    assert checks is not None
    data = artifact.read(checks.file)
    for name, check in checks.kernels.items():
        kernel = artifact.manifest.kernels[name]
        for variant in kernel.variants:
            if variant.target == "wgsl" and runs(variant, device.info):
                source = artifact.kernel_text(variant.file) if text is None else text
                yield from run_check(device, artifact, name, variant, check, data, source)


def runs(variant: Variant, info: DeviceInfo) -> bool:
    """Whether a device has what a variant requires: with other subgroups it would compute wrongly."""
    requires = variant.requires
    sized = requires.subgroup_size is None or info.has_subgroups_of(requires.subgroup_size)
    return sized and set(requires.features) <= info.features and fits(requires, info)


def run_check(
    device: WgpuDevice,
    artifact: Artifact,
    name: str,
    variant: Variant,
    check: KernelCheck,
    data: bytes,
    text: str,
) -> Iterator[str]:
    kernel: Kernel = artifact.manifest.kernels[name]
    access = tuple(binding.access for binding in kernel.bindings)
    source = KernelSource(name, text, variant.entry, access, kernel.params)
    block = StepBlock(artifact.manifest.params).encode(check.params)
    x, y, z = (evaluate(extent, check.symbols) for extent in variant.grid)
    buffers = [filled(data[i.offset : i.offset + i.period], i.bytes) for i in check.inputs]
    got = run_source(device, source, (x, y, z), buffers, block)
    for output in check.outputs:
        raw = got[output.binding].tobytes()[output.at : output.at + output.bytes]
        wanted = data[output.offset : output.offset + output.bytes]
        wrong = differing(output, raw, wanted)
        if wrong:
            features = ", ".join(variant.requires.features) or "baseline"
            yield f"{name} ({features}): {wrong} numbers of binding {output.binding} at {output.at}"


def filled(piece: bytes, size_bytes: int) -> npt.NDArray[np.uint8]:
    repeated = piece * -(-size_bytes // len(piece)) if piece else bytes(size_bytes)
    return np.frombuffer(repeated[:size_bytes], np.uint8)


def differing(output: CheckOutput, raw: bytes, wanted: bytes) -> int:
    if output.element in CODED_PLANES:
        return _differing_groups(output, raw, wanted)
    dtype = {"f32": np.float32, "u32": np.uint32, "f16pair": np.float16}[output.element]
    a, b = (np.frombuffer(side, dtype).astype(np.float64) for side in (raw, wanted))
    return int((~(np.abs(a - b) <= output.absolute + output.relative * np.abs(b))).sum())


def _differing_groups(output: CheckOutput, raw: bytes, wanted: bytes) -> int:
    terms = int(output.element[-1])
    layout = CodedRows(len(wanted) // (16 * CODED_PLANES[output.element]) * 32, terms)
    assert 4 * layout.words == len(wanted)
    got, right, moved = decoded(layout, *(np.frombuffer(side, np.uint32) for side in (raw, wanted)))
    near = np.abs(got - right) <= output.absolute + moved + output.relative * np.abs(right)
    return int((~near & ~np.isnan(right)).sum())
