"""An artifact on a wgpu device: pipelines, and dispatches ready to record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from runtime.device.executor import Progress
from runtime.device.kernel_checks import workgroup_behind
from runtime.device.loaded import Launch, LoadedArtifact
from runtime.device.program import Extent, LoadPlan, Prepared
from runtime.device.upload import Octets
from runtime.wgpu.device import KernelSource, WgpuDevice
from runtime.wgpu.native import Handle, native


@dataclass(frozen=True)
class WgpuLaunch(Launch):
    """A dispatch ready to be recorded. The native handles live as long as the objects beside them."""

    pipeline: Handle
    group: Handle
    native_pipeline: Handle
    native_group: Handle


@dataclass(frozen=True)
class CompiledKernel:
    """A pipeline, and the source whose bindings its bind groups have."""

    source: KernelSource
    pipeline: Handle


class WgpuArtifact(LoadedArtifact[Handle, CompiledKernel, WgpuLaunch]):
    """The buffers and programs of one load; `native_buffers` holds the buffers' native handles by name."""

    part_bytes = 16 << 20  # what one write copies to the host's side of the device

    def __init__(
        self,
        device: WgpuDevice,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
    ) -> None:
        super().__init__(artifact, plan, variants, context)
        self.native_buffers: dict[str, Handle] = {}
        self._device = device
        self._pending_bytes = 0  # written since the last flush

    def release(self) -> None:
        """Destroy the buffers."""
        for buffer in self.buffers.values():
            buffer.destroy()

    def _own_workgroup(self, variant: Variant) -> Extent | None:
        return workgroup_behind(b"@workgroup_size", self._artifact.read(variant.file))

    def _allocate(self, name: str, size: int) -> Handle:
        buffer = self._device.create_buffer(name, size, uniform=name == STEP_BUFFER)
        self.native_buffers[name] = native(buffer)
        return buffer

    def _compile(self, kernel: str, variant: Variant) -> CompiledKernel:
        source = kernel_source(self._artifact, kernel, variant)
        return CompiledKernel(source, self._device.compile(source))

    def _launch(self, ready: Prepared, kernel: CompiledKernel) -> WgpuLaunch:
        dispatch, pipeline = ready.dispatch, kernel.pipeline
        ranges = [(self.buffers[item.buffer], item.offset, item.bytes) for item in ready.ranges]
        group = self._device.bind(kernel.source, f"{dispatch.origin} ({dispatch.kernel})", ranges)
        return WgpuLaunch(dispatch, ready.grid, pipeline, group, native(pipeline), native(group))

    def _upload(self, progress: Progress | None) -> None:
        super()._upload(progress)
        self._device.flush()

    def _write(self, buffer: Handle, offset: int, part: Octets) -> None:
        self._device.write_buffer(buffer, offset, part)
        self._pending_bytes += len(part)
        if self._pending_bytes >= self.part_bytes:
            self._device.flush()  # frees the copies that the writes made
            self._pending_bytes = 0


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> KernelSource:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    kernel = artifact.manifest.kernels[name]
    access = tuple(binding.access for binding in kernel.bindings)
    return KernelSource(name, artifact.kernel_text(variant.file), variant.entry, access, kernel.params)
