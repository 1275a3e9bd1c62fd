"""An artifact on a wgpu device: buffers with the weights in them, pipelines, dispatches ready to record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from runtime.executor import Progress
from runtime.program import Extent, Grid, LoadPlan, ResolvedDispatch, resolve_grid
from runtime.wgpu_device import KernelSource, WgpuDevice
from runtime.wgpu_native import Handle, native

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
        return self.grid(env) if callable(self.grid) else self.grid


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
        manifest = artifact.manifest
        sources = {name: kernel_source(artifact, name, variant) for name, variant in variants.items()}
        for name, variant in variants.items():
            if variant.file not in self._pipelines:
                self._pipelines[variant.file] = self._device.compile(sources[name])
        for name, dispatches in self.plan.programs.items():
            symbols = {**manifest.symbols, **manifest.programs[name].symbols}
            self.programs[name] = []
            for dispatch in dispatches:
                variant = variants[dispatch.kernel]
                grid = resolve_grid(variant.grid, symbols, context)
                launch = self._launch(dispatch, sources[dispatch.kernel], self._pipelines[variant.file], grid)
                self.programs[name].append(launch)

    def _launch(
        self, dispatch: ResolvedDispatch, source: KernelSource, pipeline: Handle, grid: Grid
    ) -> Launch:
        ranges = [(self.buffers[item.buffer], item.offset, item.bytes) for item in dispatch.ranges]
        if source.params:
            ranges.append((self.buffers[STEP_BUFFER], 0, self.plan.buffers[STEP_BUFFER]))
        group = self._device.bind(source, f"{dispatch.origin} ({dispatch.kernel})", ranges)
        return Launch(dispatch, pipeline, group, native(pipeline), native(group), grid)

    def _upload(self, artifact: Artifact, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, a bounded piece at a time."""
        tensors = artifact.manifest.weights.tensors
        names = [name for name in self.buffers if artifact.manifest.buffers[name].kind == "weight"]
        names.sort(key=lambda name: tensors[name].segments[0])
        total, done, pending = sum(tensors[name].bytes for name in names), 0, 0
        for name in names:
            for offset, part in _upload_parts(artifact, name):
                self._device.write_buffer(self.buffers[name], offset, part)
                done, pending = done + len(part), pending + len(part)
                if pending >= _UPLOAD_BYTES:
                    self._device.flush()  # frees the copies that the writes made
                    pending = 0
                if progress:
                    progress("weights", done, total)
        self._device.flush()


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> KernelSource:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    kernel = artifact.manifest.kernels[name]
    access = tuple(binding.access for binding in kernel.bindings)
    return KernelSource(name, artifact.kernel_text(variant.file), variant.entry, access, kernel.params)


def _upload_parts(artifact: Artifact, name: str) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """A tensor's bytes as (offset, part), no part larger than one write should be."""
    offset = 0
    for piece in _aligned_pieces(artifact, name):
        for start in range(0, len(piece), _UPLOAD_BYTES):
            part = piece[start : start + _UPLOAD_BYTES]
            yield offset, part
            offset += len(part)


def _aligned_pieces(artifact: Artifact, name: str) -> Iterator[npt.NDArray[np.uint8]]:
    """The tensor piece by piece, or whole where a shard's end cuts a word, the least that is written."""
    segments = artifact.manifest.weights.tensors[name].segments
    if all(segment.bytes % 4 == 0 for segment in segments):
        return artifact.tensor_pieces(name)
    return iter([artifact.tensor(name)])
