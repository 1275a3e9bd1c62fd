"""An artifact on an OpenCL device: built programs, and kernels with their arguments set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.artifact import Artifact, Variant
from runtime.device.kernel_checks import workgroup_behind
from runtime.device.loaded import Launch, LoadedArtifact
from runtime.device.program import Extent, Grid, LoadPlan, Prepared
from runtime.device.upload import Octets
from runtime.opencl.device import Handle, KernelSource, OpenClDevice


@dataclass(frozen=True)
class OpenClLaunch(Launch):
    """A dispatch ready to be handed over.

    Its grid counts invocations, as the driver does, not workgroups; a workgroup has `threads` of them.
    `kernel` is a kernel object used by this dispatch alone, since it holds the arguments.
    """

    kernel: Handle
    threads: Extent


def invocations(grid: Extent, threads: Extent) -> Extent:
    """Return how many invocations a grid of workgroups has along each dimension."""
    return (grid[0] * threads[0], grid[1] * threads[1], grid[2] * threads[2])


def grid_of_invocations(grid: Grid, threads: Extent) -> Grid:
    """Return the same for a grid that may depend on the step."""
    if callable(grid):
        return lambda env: invocations(grid(env), threads)
    return invocations(grid, threads)


class OpenClArtifact(LoadedArtifact[Handle, Handle, OpenClLaunch]):
    """The buffers and programs of one load."""

    def __init__(
        self,
        device: OpenClDevice,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
    ) -> None:
        super().__init__(artifact, plan, variants, context)
        self._device = device

    def release(self) -> None:
        """Free the buffers, after the work that uses them."""
        self._device.queue.finish()
        self.programs.clear()
        for buffer in self.buffers.values():
            buffer.release()
        self.buffers.clear()

    def _own_workgroup(self, variant: Variant) -> Extent | None:
        return workgroup_behind(b"reqd_work_group_size", self._artifact.read(variant.file))

    def _allocate(self, name: str, size: int) -> Handle:
        return self._device.create_buffer(name, size)

    def _compile(self, kernel: str, variant: Variant) -> Handle:
        return self._device.build(kernel_source(self._artifact, kernel, variant))

    def _launch(self, ready: Prepared, kernel: Handle) -> OpenClLaunch:
        device, dispatch, threads = self._device, ready.dispatch, ready.variant.workgroup
        name = f"{dispatch.origin} ({dispatch.kernel})"
        with device.translated(f"binding the buffers of {name}"):
            arguments = [
                device.region(self.buffers[item.buffer], item.offset, item.bytes) for item in ready.ranges
            ]
        bound = device.kernel(kernel, name, ready.variant.entry, arguments)
        return OpenClLaunch(dispatch, grid_of_invocations(ready.grid, threads), bound, threads)

    def _write(self, buffer: Handle, offset: int, part: Octets) -> None:
        self._device.write(buffer, offset, part)


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> KernelSource:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    return KernelSource(name, artifact.kernel_text(variant.file), variant.entry)
