"""An artifact on a Vulkan device: pipelines, and its programs as recorded commands.

A program's commands depend on a step only through the grids of some dispatches. So they are recorded once for
each set of programs and grids that occurs, and replayed in every later step that has the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from runtime.device.executor import Progress
from runtime.device.loaded import Launch, LoadedArtifact, StepKey
from runtime.device.program import Extent, LoadPlan, Prepared, ResolvedDispatch
from runtime.device.upload import Octets, weight_names
from runtime.vulkan.device import Buffer
from runtime.vulkan.kernels import BindingSets, BoundRange, KernelBinary, Pipeline
from runtime.vulkan.modules import local_size
from runtime.vulkan.native import Handle, VulkanError, translated
from runtime.vulkan.opened import OpenedDevice
from runtime.vulkan.queue import Recording

_RECORDINGS = 64  # kept at once; prompts of many lengths would otherwise pile up


@dataclass(frozen=True)
class VulkanLaunch(Launch):
    """A dispatch ready to be recorded: a pipeline and the descriptor set of its buffers."""

    pipeline: Pipeline
    bound: Handle


class VulkanArtifact(LoadedArtifact[Buffer, Pipeline, VulkanLaunch]):
    """The buffers and programs of one load, and the commands recorded so far."""

    part_bytes = 16 << 20  # the size of each of the two staging buffers through which weights go

    def __init__(
        self,
        opened: OpenedDevice,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
    ) -> None:
        super().__init__(artifact, plan, variants, context)
        self._opened = opened
        self._recordings: dict[StepKey, Recording] = {}  # the one used last is the last
        self._sets: BindingSets | None = None
        self._set_of: dict[ResolvedDispatch, Handle] = {}
        self._uploader: _Uploader | None = None

    def release(self) -> None:
        """Wait for what is under way and destroy everything."""
        with contextlib.suppress(VulkanError):  # on a lost device nothing is under way
            self._opened.queue.flush()
        for recording in self._recordings.values():
            self._opened.queue.free(recording.commands)
        self._recordings.clear()
        if self._sets is not None:
            self._sets.release()
        for pipeline in self._kernels.values():
            self._opened.kernels.release(pipeline)
        for buffer in self.buffers.values():
            self._opened.device.release(buffer)

    # ---- loading ----

    def _own_workgroup(self, variant: Variant) -> Extent | None:
        return local_size(self._artifact.read(variant.file))

    def _allocate(self, name: str, size: int) -> Buffer:
        return self._opened.device.create_buffer(name, size, uniform=name == STEP_BUFFER)

    def _compile(self, kernel: str, variant: Variant) -> Pipeline:
        return self._opened.kernels.compile(kernel_binary(self._artifact, kernel, variant))

    def _bind(self, programs: Mapping[str, Sequence[Prepared]]) -> None:
        """Make all descriptor sets at once, as their pool must be told how many there will be."""
        wanted = {
            each.dispatch: (self._kernels[each.variant.file], self._ranges(each))
            for dispatches in programs.values()
            for each in dispatches
        }
        self._sets = BindingSets(self._opened.device, list(wanted.values()))
        self._set_of = dict(zip(wanted, self._sets.sets, strict=True))
        super()._bind(programs)

    def _ranges(self, ready: Prepared) -> list[BoundRange]:
        return [(self.buffers[item.buffer], item.offset, item.bytes) for item in ready.ranges]

    def _launch(self, ready: Prepared, kernel: Pipeline) -> VulkanLaunch:
        return VulkanLaunch(ready.dispatch, ready.grid, kernel, self._set_of[ready.dispatch])

    def _upload(self, progress: Progress | None) -> None:
        tensors = self._artifact.manifest.weights.tensors
        largest = max((tensors[name].bytes for name in weight_names(self._artifact, self.plan)), default=0)
        with translated("uploading the weights"):
            self._zero()
            self._uploader = _Uploader(self._opened, min(self.part_bytes, largest))
            try:
                super()._upload(progress)
            finally:
                self._uploader.close()

    def _zero(self) -> None:
        """Fill what holds no weights with zeros: Vulkan leaves the contents of new buffers undefined."""
        queue = self._opened.queue
        frame = queue.take_frame()
        queue.begin(frame.before)
        for name, buffer in self.buffers.items():
            if self._artifact.manifest.buffers[name].kind != "weight":
                queue.zero(frame.before, buffer)
        queue.end(frame.before)
        queue.submit([frame.before], frame)

    def _write(self, buffer: Buffer, offset: int, part: Octets) -> None:
        assert self._uploader is not None
        self._uploader.write(buffer, offset, part)

    # ---- running ----

    def recording(self, programs: Sequence[str], env: Mapping[str, int]) -> Recording:
        """Return the commands of these programs with these grids, recorded on first use."""
        key = self.step_key(programs, env)
        recording = self._recordings.pop(key, None) or self._recorded(programs, env)
        self._recordings[key] = recording
        return recording

    def record(self, commands: Handle, programs: Sequence[str], env: Mapping[str, int]) -> None:
        """Record these programs into a command buffer that is being recorded.

        Nothing stands before the first kernel and after the last: whoever submits them records what else
        they wait for, and what waits for them.
        """
        queue, first = self._opened.queue, True
        for name in programs:
            for launch in self.programs[name]:
                if not first:
                    queue.barrier_between_kernels(commands)
                queue.dispatch(commands, launch.pipeline, launch.bound, launch.extent(env))
                first = False

    def _recorded(self, programs: Sequence[str], env: Mapping[str, int]) -> Recording:
        queue = self._opened.queue
        while len(self._recordings) >= _RECORDINGS:
            key, oldest = next(iter(self._recordings.items()))
            queue.wait(oldest.number)
            del self._recordings[key]
            queue.free(oldest.commands)
        commands = queue.allocate()
        try:
            queue.begin(commands, replayed=True)
            self.record(commands, programs, env)
            queue.end(commands)
        except BaseException:
            queue.free(commands)
            raise
        return Recording(commands)


class _Uploader:
    """Two staging buffers in turn: while the device copies from one, the host fills the other."""

    def __init__(self, opened: OpenedDevice, size: int) -> None:
        self._opened = opened
        self._slots = [
            (opened.device.create_buffer("upload", size, host=True), 0) for _ in range(2 if size else 0)
        ]

    def write(self, target: Buffer, offset: int, part: Octets) -> None:
        """Copy bytes into the device's own memory, by way of the staging buffer used longest ago."""
        queue = self._opened.queue
        buffer, number = self._slots.pop(0)
        try:
            queue.wait(number)
            queue.write(buffer, 0, part)
            frame = queue.take_frame()
            queue.begin(frame.before)
            queue.copy(frame.before, buffer, 0, target, offset, len(part))
            queue.end(frame.before)
            number = queue.submit([frame.before], frame)
        finally:
            self._slots.append((buffer, number))

    def close(self) -> None:
        """Wait for the copies and free the staging buffers."""
        self._opened.queue.flush()
        for buffer, _ in self._slots:
            self._opened.device.release(buffer)


def kernel_binary(artifact: Artifact, name: str, variant: Variant) -> KernelBinary:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    kernel = artifact.manifest.kernels[name]
    words = artifact.read(variant.file)
    size = variant.requires.subgroup_size
    return KernelBinary(name, words, variant.entry, len(kernel.bindings), kernel.params, size)
