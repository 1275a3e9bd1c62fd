"""An artifact on an OpenCL device: buffers with the weights in them, kernels with their arguments set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.artifact import Artifact, Variant
from runtime.device.executor import Progress
from runtime.device.program import Extent, Grid, LoadPlan, Prepared, ResolvedDispatch, extent_of, prepare
from runtime.device.upload import weight_parts
from runtime.opencl.device import Handle, KernelSource, OpenClDevice

_UPLOAD_BYTES = 64 << 20  # what one write takes from the host: a shard has no more


@dataclass(frozen=True)
class Launch:
    """A dispatch ready to be handed over: `kernel` is its own object, which holds its arguments.

    `size` is in invocations where the grid is known; `threads` in a workgroup.
    """

    dispatch: ResolvedDispatch
    kernel: Handle
    threads: Extent
    grid: Grid
    size: Extent | None

    def extent(self, env: Mapping[str, int]) -> Extent:
        """The invocations for these symbols, along each dimension."""
        if self.size is not None:
            return self.size
        return invocations(extent_of(self.grid, env), self.threads)


def invocations(grid: Extent, threads: Extent) -> Extent:
    """Return how many there are along each dimension: the driver counts these, not workgroups."""
    return (grid[0] * threads[0], grid[1] * threads[1], grid[2] * threads[2])


class LoadedArtifact:
    """The buffers and programs of one load. `programs` holds the launches by program name."""

    def __init__(
        self,
        device: OpenClDevice,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
        progress: Progress | None,
    ) -> None:
        """Allocate, compile, upload; all or nothing. Raises: DeviceError, WorkFailed, ArtifactError."""
        self.plan = plan
        self.programs: dict[str, list[Launch]] = {}
        self.buffers: dict[str, Handle] = {}
        self._device = device
        self._built: dict[str, Handle] = {}  # by kernel file: kernels of the same text share one
        try:
            for name, size in plan.buffers.items():
                self.buffers[name] = device.create_buffer(name, size)
            self._make_programs(artifact, variants, context)
            self._upload(artifact, progress)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Free the buffers, once what uses them is done."""
        self._device.queue.finish()
        self.programs.clear()
        for buffer in self.buffers.values():
            buffer.release()
        self.buffers.clear()

    def _make_programs(self, artifact: Artifact, variants: Mapping[str, Variant], context: int) -> None:
        sources = {name: kernel_source(artifact, name, variant) for name, variant in variants.items()}
        for name, variant in variants.items():
            if variant.file not in self._built:
                self._built[variant.file] = self._device.build(sources[name])
        for name, dispatches in prepare(artifact.manifest, self.plan, variants, context).items():
            self.programs[name] = [self._launch(each, sources[each.dispatch.kernel]) for each in dispatches]

    def _launch(self, ready: Prepared, source: KernelSource) -> Launch:
        device, dispatch, threads = self._device, ready.dispatch, ready.variant.workgroup
        with device.translated(f"binding the buffers of {dispatch.origin} ({dispatch.kernel})"):
            arguments = [
                device.region(self.buffers[item.buffer], item.offset, item.bytes) for item in ready.ranges
            ]
        kernel = device.kernel(self._built[ready.variant.file], source, arguments)
        size = None if callable(ready.grid) else invocations(ready.grid, threads)
        return Launch(dispatch, kernel, threads, ready.grid, size)

    def _upload(self, artifact: Artifact, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, a piece of a shard at a time."""
        for name, offset, part in weight_parts(artifact, self.plan, _UPLOAD_BYTES, progress):
            self._device.write(self.buffers[name], offset, part)


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> KernelSource:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    return KernelSource(name, artifact.kernel_text(variant.file), variant.entry)
