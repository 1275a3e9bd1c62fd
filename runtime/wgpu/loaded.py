"""An artifact on a wgpu device: buffers with the weights in them, pipelines, dispatches ready to record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from runtime.device.executor import Progress
from runtime.device.program import Extent, Grid, LoadPlan, Prepared, ResolvedDispatch, extent_of, prepare
from runtime.device.upload import Octets, weight_parts
from runtime.wgpu.device import KernelSource, WgpuDevice
from runtime.wgpu.native import Handle, native

_UPLOAD_BYTES = 16 << 20  # what one write copies to the host's side of the device


@dataclass(frozen=True)
class Launch:
    """A dispatch ready to be recorded. The native handles live as long as the objects beside them."""

    dispatch: ResolvedDispatch
    pipeline: Handle
    group: Handle
    native_pipeline: Handle
    native_group: Handle
    grid: Grid

    def extent(self, env: Mapping[str, int]) -> Extent:
        """The grid for these symbols."""
        return extent_of(self.grid, env)


class LoadedArtifact:
    """The buffers and programs of one load. `programs` holds the launches by program name."""

    def __init__(
        self,
        device: WgpuDevice,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
        progress: Progress | None,
    ) -> None:
        """Allocate, compile, upload; all or nothing. Raises: DeviceError, WorkFailed, ArtifactError."""
        self.plan = plan
        self.programs: dict[str, list[Launch]] = {}
        self.native_buffers: dict[str, Handle] = {}
        self.buffers: dict[str, Handle] = {}
        self._device = device
        self._pipelines: dict[str, Handle] = {}  # by kernel file: kernels of the same text share one
        try:
            self._allocate()
            self._make_programs(artifact, variants, context)
            self._upload(artifact, progress)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Destroy the buffers."""
        for buffer in self.buffers.values():
            buffer.destroy()

    def _allocate(self) -> None:
        for name, size in self.plan.buffers.items():
            buffer = self._device.create_buffer(name, size, uniform=name == STEP_BUFFER)
            self.buffers[name], self.native_buffers[name] = buffer, native(buffer)

    def _make_programs(self, artifact: Artifact, variants: Mapping[str, Variant], context: int) -> None:
        sources = {name: kernel_source(artifact, name, variant) for name, variant in variants.items()}
        for name, variant in variants.items():
            if variant.file not in self._pipelines:
                self._pipelines[variant.file] = self._device.compile(sources[name])
        for name, dispatches in prepare(artifact.manifest, self.plan, variants, context).items():
            self.programs[name] = [self._launch(each, sources[each.dispatch.kernel]) for each in dispatches]

    def _launch(self, ready: Prepared, source: KernelSource) -> Launch:
        dispatch, pipeline = ready.dispatch, self._pipelines[ready.variant.file]
        ranges = [(self.buffers[item.buffer], item.offset, item.bytes) for item in ready.ranges]
        group = self._device.bind(source, f"{dispatch.origin} ({dispatch.kernel})", ranges)
        return Launch(dispatch, pipeline, group, native(pipeline), native(group), ready.grid)

    def _upload(self, artifact: Artifact, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, a bounded piece at a time."""
        pieces, pending = partial(_aligned_pieces, artifact), 0
        for name, offset, part in weight_parts(artifact, self.plan, _UPLOAD_BYTES, progress, pieces):
            self._device.write_buffer(self.buffers[name], offset, part)
            pending += len(part)
            if pending >= _UPLOAD_BYTES:
                self._device.flush()  # frees the copies that the writes made
                pending = 0
        self._device.flush()


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> KernelSource:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    kernel = artifact.manifest.kernels[name]
    access = tuple(binding.access for binding in kernel.bindings)
    return KernelSource(name, artifact.kernel_text(variant.file), variant.entry, access, kernel.params)


def _aligned_pieces(artifact: Artifact, name: str) -> Iterable[Octets]:
    """The tensor piece by piece, or whole where a shard's end cuts a word, the least that is written."""
    segments = artifact.manifest.weights.tensors[name].segments
    if all(segment.bytes % 4 == 0 for segment in segments):
        return artifact.tensor_pieces(name)
    return [artifact.tensor(name)]
