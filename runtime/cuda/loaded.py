"""An artifact on a CUDA device: memory with the weights in it, modules, launches ready to capture."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from kernelc.errors import DeviceError, KernelcError
from runtime.cuda.compile import CudaSource, compile_all
from runtime.cuda.device import CudaDevice, Handle
from runtime.cuda.graph import GraphCache, Key, Launch
from runtime.cuda.staging import StepRing
from runtime.device.executor import Progress
from runtime.device.program import ChangingGrid, Extent, Grid, LoadPlan, Prepared, changing_grids, prepare
from runtime.device.upload import weight_parts

_UPLOAD_BYTES = 64 << 20  # what one copy takes from the host


class LoadedArtifact:
    """The memory and programs of one load. `programs` holds the launches by program name."""

    def __init__(
        self,
        device: CudaDevice,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
        progress: Progress | None,
    ) -> None:
        """Compile, allocate, upload; all or nothing. Raises: DeviceError, WorkFailed, ArtifactError."""
        self.plan = plan
        self.programs: dict[str, list[Launch]] = {}
        self.memory: dict[str, Handle] = {}
        self._device = device
        self._graphs = GraphCache(device)
        self._moving: dict[str, tuple[ChangingGrid, ...]] = {}  # by program
        sources = {name: kernel_source(artifact, name, variant) for name, variant in variants.items()}
        images = compile_all(sources.values(), device.capability)
        check_room(artifact, plan, device, context)
        try:
            with device.using("loading the artifact"):
                self._allocate()
                self._functions = self._load_modules(artifact, sources, images)
                self._make_programs(artifact, variants, context)
                self._upload(artifact, progress)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Free everything on the device; where it was lost, there is nothing to free."""
        with suppress(KernelcError), self._device.using("freeing memory"):
            self._graphs.release()
        while self.memory:
            _, memory = self.memory.popitem()
            with suppress(KernelcError), self._device.using("freeing memory"):
                memory.free()
        with suppress(KernelcError), self._device.using("freeing memory"):
            self._functions = {}

    def run(self, programs: tuple[str, ...], env: Mapping[str, int]) -> None:
        """Hand over the programs as one graph."""
        moving: dict[Grid, Extent] = {grid: grid(env) for name in programs for grid in self._moving[name]}
        key: Key = (programs, tuple(moving.values()))
        self._graphs.launch(key, lambda: self._record(programs, moving))

    def _record(self, programs: tuple[str, ...], moving: Mapping[Grid, Extent]) -> None:
        for name in programs:
            for launch in self.programs[name]:
                extent = moving[launch.grid] if callable(launch.grid) else launch.grid
                self._device.launch(launch.function, extent, launch.threads, launch.addresses)

    def _allocate(self) -> None:
        for name, size in self.plan.buffers.items():
            self.memory[name] = self._device.allocate(size)
        if STEP_BUFFER in self.memory:
            self.steps = StepRing(self._device, self.plan.buffers[STEP_BUFFER])

    def _load_modules(
        self, artifact: Artifact, sources: Mapping[str, CudaSource], images: Mapping[CudaSource, bytes]
    ) -> dict[str, tuple[Handle, Handle]]:
        """(module, function) by kernel; a function lives as long as its module."""
        kernels = artifact.manifest.kernels
        return {
            name: self._device.function(
                images[source], source.entry, len(kernels[name].bindings) + kernels[name].params
            )
            for name, source in sources.items()
        }

    def _make_programs(self, artifact: Artifact, variants: Mapping[str, Variant], context: int) -> None:
        for name, dispatches in prepare(artifact.manifest, self.plan, variants, context).items():
            self.programs[name] = [self._launch(each) for each in dispatches]
            self._moving[name] = changing_grids(dispatches)

    def _launch(self, ready: Prepared) -> Launch:
        addresses = tuple(int(self.memory[item.buffer]) + item.offset for item in ready.ranges)
        _, function = self._functions[ready.dispatch.kernel]
        return Launch(ready.dispatch, function, ready.variant.workgroup[0], addresses, ready.grid)

    def _upload(self, artifact: Artifact, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, a bounded piece at a time."""
        for name, offset, part in weight_parts(artifact, self.plan, _UPLOAD_BYTES, progress):
            self._device.upload(int(self.memory[name]) + offset, part)


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> CudaSource:
    """Return what NVRTC needs to compile a variant of a kernel. Raises: ArtifactError."""
    return CudaSource(name, artifact.kernel_text(variant.file), variant.entry)


def check_room(artifact: Artifact, plan: LoadPlan, device: CudaDevice, context: int) -> None:
    """Raise a DeviceError that says what the plan needs where the device has less memory free."""
    with device.using("asking for free memory"):
        free, total = device.free_bytes()
    if plan.total_bytes <= free:
        return
    parts = {"weight": 0, "state": 0, "slot": 0}
    for name, size in plan.buffers.items():
        parts[artifact.manifest.buffers[name].kind] += size
    raise DeviceError(
        f"{artifact.manifest.name} at context {context} needs {plan.total_bytes:,} bytes (weights"
        f" {parts['weight']:,}, cache and other state {parts['state']:,}, activations {parts['slot']:,});"
        f" {device.info.name} has {free:,} of {total:,} free",
        help="use a smaller --context, a smaller --quant, or another --device",
    )
