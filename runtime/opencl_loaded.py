"""An artifact on an OpenCL device: buffers with the weights in them, kernels with their arguments set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from runtime.executor import Progress
from runtime.opencl_device import Handle, KernelSource, OpenClDevice
from runtime.program import Extent, Grid, LoadPlan, ResolvedDispatch, resolve_grid


@dataclass(frozen=True)
class Launch:
    """A dispatch ready to be handed over: `kernel` is its own object, which holds its arguments.

    `size` is in invocations where the grid is known; `threads` in a workgroup.
    """

    program: str
    dispatch: ResolvedDispatch
    kernel: Handle
    threads: Extent
    grid: Grid
    size: Extent | None

    def extent(self, env: Mapping[str, int]) -> Extent:
        """The invocations for these symbols, along each dimension."""
        if self.size is not None:
            return self.size
        return _invocations(self.grid(env) if callable(self.grid) else self.grid, self.threads)


def _invocations(grid: Extent, threads: Extent) -> Extent:
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
        manifest = artifact.manifest
        sources = {name: kernel_source(artifact, name, variant) for name, variant in variants.items()}
        for name, variant in variants.items():
            if variant.file not in self._built:
                self._built[variant.file] = self._device.build(sources[name])
        for name, dispatches in self.plan.programs.items():
            symbols = {**manifest.symbols, **manifest.programs[name].symbols}
            self.programs[name] = []
            for dispatch in dispatches:
                variant = variants[dispatch.kernel]
                grid = resolve_grid(variant.grid, symbols, context)
                params = manifest.kernels[dispatch.kernel].params
                kernel = self._kernel(dispatch, self._built[variant.file], sources[dispatch.kernel], params)
                size = None if callable(grid) else _invocations(grid, variant.workgroup)
                launch = Launch(name, dispatch, kernel, variant.workgroup, grid, size)
                self.programs[name].append(launch)

    def _kernel(
        self, dispatch: ResolvedDispatch, program: Handle, source: KernelSource, params: bool
    ) -> Handle:
        device = self._device
        with device.translated(f"binding the buffers of {dispatch.origin} ({dispatch.kernel})"):
            arguments = [
                device.region(self.buffers[item.buffer], item.offset, item.bytes) for item in dispatch.ranges
            ]
        if params:
            arguments.append(self.buffers[STEP_BUFFER])
        return device.kernel(program, source, arguments)

    def _upload(self, artifact: Artifact, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, a piece of a shard at a time."""
        tensors = artifact.manifest.weights.tensors
        names = [name for name in self.buffers if artifact.manifest.buffers[name].kind == "weight"]
        names.sort(key=lambda name: tensors[name].segments[0])
        total, done = sum(tensors[name].bytes for name in names), 0
        for name in names:
            offset = 0
            for piece in artifact.tensor_pieces(name):
                self._device.write(self.buffers[name], offset, piece)
                offset, done = offset + len(piece), done + len(piece)
                if progress:
                    progress("weights", done, total)


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> KernelSource:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    return KernelSource(name, artifact.kernel_text(variant.file), variant.entry)
