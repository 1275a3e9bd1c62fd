"""An artifact on a CUDA device: modules, launches, and the graphs that replay them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from kernelc.errors import DeviceError, KernelcError
from runtime.cuda.compile import CudaSource, compile_all
from runtime.cuda.device import CudaDevice, Function, Handle
from runtime.cuda.graph import GraphCache
from runtime.cuda.staging import StepRing
from runtime.device.executor import Progress
from runtime.device.kernel_checks import workgroup_behind
from runtime.device.loaded import Launch, LoadedArtifact
from runtime.device.program import Extent, LoadPlan, Prepared
from runtime.device.upload import Octets

WAIT = "griddepcontrol.wait"
"""The instruction that waits for the kernel before. Artifacts of earlier releases have kernels without it."""
AHEAD = ("load_ahead(", "stage_copy(", "stage_copy_rows<")
"""What a kernel calls that has something to do before it waits."""


MOST_ROWS = 8
"""Rows of a step whose kernels may start before the one before them has ended."""


@dataclass(frozen=True)
class CudaLaunch(Launch):
    """A dispatch ready to be handed over: `addresses` are its kernel's parameters, `early` whether it does
    something before it waits itself for the kernel before it."""

    function: Function
    threads: int
    addresses: tuple[int, ...]
    early: bool


@dataclass(frozen=True)
class CompiledKernel:
    """A kernel on the device. `early`: as in `CudaLaunch`."""

    function: Function
    early: bool


class CudaArtifact(LoadedArtifact[Handle, CompiledKernel, CudaLaunch]):
    """The memory and programs of one load.

    `steps` sends the step blocks; None where no kernel takes parameters. `sent_step` is the block that the
    device has.
    """

    def __init__(
        self,
        device: CudaDevice,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
    ) -> None:
        super().__init__(artifact, plan, variants, context)
        self.steps: StepRing | None = None
        self.sent_step = b""
        self._device = device
        self._graphs = GraphCache(device)
        self._images: Mapping[CudaSource, bytes] = {}

    def load(self, progress: Progress | None = None) -> None:
        """Compile all kernels in several threads, check that the memory suffices, then load."""
        sources = [kernel_source(self._artifact, name, variant) for name, variant in self._variants.items()]
        self._images = compile_all(sources, self._device.capability)
        check_room(self._artifact, self.plan, self._device, self._context)
        with self._device.using("loading the artifact"):
            super().load(progress)
        self._images = {}

    def release(self) -> None:
        """Free everything on the device. On a lost device there is nothing left to free, so errors are
        ignored.
        """
        with suppress(KernelcError), self._device.using("freeing memory"):
            self._graphs.release()
        while self.buffers:
            _, memory = self.buffers.popitem()
            with suppress(KernelcError), self._device.using("freeing memory"):
                memory.free()
        with suppress(KernelcError), self._device.using("freeing memory"):
            self._kernels.clear()

    def run(self, programs: Sequence[str], env: Mapping[str, int], *, overlap: bool = True) -> None:
        """Hand over the programs as one graph.

        Kernels of a few rows overlap. With many, those that wait would take the room of workgroups of the
        kernel before that have not started yet (an H200 prefills a 1B model a quarter slower so).
        """
        overlap = overlap and env.get("seq", MOST_ROWS + 1) <= MOST_ROWS
        early = [launch.early and overlap for name in programs for launch in self.programs[name]]
        self._graphs.launch(self.step_key(programs, env), lambda: self.launch(programs, env), early)

    def launch(self, programs: Sequence[str], env: Mapping[str, int]) -> None:
        """Hand over the programs one kernel at a time."""
        for name in programs:
            for launch in self.programs[name]:
                self._device.launch(launch.function, launch.extent(env), launch.threads, launch.addresses)

    def _own_workgroup(self, variant: Variant) -> Extent | None:
        """Its threads; how many blocks a multiprocessor is to hold may stand behind them."""
        own = workgroup_behind(b"__launch_bounds__", self._artifact.read(variant.file))
        return None if own is None else (own[0], 1, 1)

    def _allocate(self, name: str, size: int) -> Handle:
        if name == STEP_BUFFER:
            self.steps = StepRing(self._device, size)
        return self._device.allocate(size)

    def _compile(self, kernel: str, variant: Variant) -> CompiledKernel:
        source, entry = (
            kernel_source(self._artifact, kernel, variant),
            self._artifact.manifest.kernels[kernel],
        )
        parameters = len(entry.bindings) + entry.params
        shared_bytes = variant.requires.shared_bytes
        function = self._device.function(self._images[source], source.entry, parameters, shared_bytes)
        early = WAIT in source.text and any(word in source.text for word in AHEAD)
        return CompiledKernel(function, early)

    def _launch(self, ready: Prepared, kernel: CompiledKernel) -> CudaLaunch:
        addresses = tuple(int(self.buffers[item.buffer]) + item.offset for item in ready.ranges)
        threads = ready.variant.workgroup[0]
        return CudaLaunch(ready.dispatch, ready.grid, kernel.function, threads, addresses, kernel.early)

    def _write(self, buffer: Handle, offset: int, part: Octets) -> None:
        self._device.upload(int(buffer) + offset, part)


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> CudaSource:
    """Return what NVRTC needs to compile a variant of a kernel. Raises: ArtifactError."""
    return CudaSource(name, artifact.kernel_text(variant.file), variant.entry)


def check_room(artifact: Artifact, plan: LoadPlan, device: CudaDevice, context: int) -> None:
    """Raises: DeviceError where the device has less free memory than the plan needs, saying what for."""
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
        help="use a smaller `context`, a smaller `quant`, or another `device`",
    )
