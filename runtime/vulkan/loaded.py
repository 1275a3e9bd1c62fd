"""An artifact on a Vulkan device: buffers with the weights in them, and its programs as recorded commands.

A program's commands depend on a step only through the grids of some dispatches. So they are recorded once for
each set of programs and grids that comes along, and replayed for every step after.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from runtime.device.executor import Progress
from runtime.device.program import (
    ChangingGrid,
    Extent,
    Grid,
    LoadPlan,
    Prepared,
    ResolvedDispatch,
    changing_grids,
    extent_of,
    prepare,
)
from runtime.device.upload import weight_names, weight_parts
from runtime.vulkan.device import Buffer
from runtime.vulkan.kernels import BindingSets, BoundRange, KernelBinary, Pipeline
from runtime.vulkan.native import Handle, VulkanError, translated
from runtime.vulkan.queue import On, Recording

_UPLOAD_BYTES = 16 << 20  # of each of the two staging buffers through which weights go
_RECORDINGS = 64  # kept at once; prompts of many lengths would otherwise pile up

Key = tuple[tuple[str, ...], tuple[Extent, ...]]


@dataclass(frozen=True)
class Launch:
    """A dispatch ready to be recorded."""

    dispatch: ResolvedDispatch
    pipeline: Pipeline
    bound: Handle
    grid: Grid

    def extent(self, env: Mapping[str, int]) -> Extent:
        """The grid for these symbols."""
        return extent_of(self.grid, env)


@dataclass(frozen=True)
class LoadedProgram:
    """The launches of a program, and its grids that depend on the step, each once."""

    launches: tuple[Launch, ...]
    changing: tuple[ChangingGrid, ...]


class LoadedArtifact:
    """The buffers and programs of one load."""

    def __init__(
        self,
        on: On,
        artifact: Artifact,
        plan: LoadPlan,
        variants: Mapping[str, Variant],
        context: int,
        progress: Progress | None,
    ) -> None:
        """Allocate, compile, upload; all or nothing. Raises: DeviceError, WorkFailed, ArtifactError."""
        self.plan, self._on = plan, on
        self.buffers: dict[str, Buffer] = {}
        self.programs: dict[str, LoadedProgram] = {}
        self._pipelines: dict[str, Pipeline] = {}  # by kernel file: kernels of the same text share one
        self._recordings: dict[Key, Recording] = {}  # the one used last is the last
        self._sets: BindingSets | None = None
        try:
            for name, size in plan.buffers.items():
                uniform = name == STEP_BUFFER
                self.buffers[name] = on.device.create_buffer(name, size, uniform=uniform)
            self._make_programs(artifact, variants, context)
            with translated("uploading the weights"):
                self._zero(artifact)
                self._upload(artifact, progress)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Wait for what is under way and destroy everything."""
        with contextlib.suppress(VulkanError):  # on a lost device nothing is under way
            self._on.queue.flush()
        for recording in self._recordings.values():
            self._on.queue.free(recording.commands)
        self._recordings.clear()
        if self._sets is not None:
            self._sets.release()
        for pipeline in self._pipelines.values():
            self._on.kernels.release(pipeline)
        for buffer in self.buffers.values():
            self._on.device.release(buffer)

    # ---- programs ----

    def _make_programs(self, artifact: Artifact, variants: Mapping[str, Variant], context: int) -> None:
        for name, variant in variants.items():
            if variant.file not in self._pipelines:
                self._pipelines[variant.file] = self._on.kernels.compile(
                    kernel_binary(artifact, name, variant)
                )
        programs = prepare(artifact.manifest, self.plan, variants, context)
        wanted = {
            each.dispatch: (self._pipelines[each.variant.file], self._ranges(each))
            for dispatches in programs.values()
            for each in dispatches
        }
        self._sets = BindingSets(self._on.device, list(wanted.values()))
        bound = dict(zip(wanted, self._sets.sets, strict=True))
        for name, dispatches in programs.items():
            launches = tuple(
                Launch(each.dispatch, wanted[each.dispatch][0], bound[each.dispatch], each.grid)
                for each in dispatches
            )
            self.programs[name] = LoadedProgram(launches, changing_grids(dispatches))

    def _ranges(self, ready: Prepared) -> list[BoundRange]:
        return [(self.buffers[item.buffer], item.offset, item.bytes) for item in ready.ranges]

    def recording(self, programs: Sequence[str], env: Mapping[str, int]) -> Recording:
        """The commands of these programs with these grids, recorded on first use."""
        changing = tuple(grid(env) for name in programs for grid in self.programs[name].changing)
        key = (tuple(programs), changing)
        recording = self._recordings.pop(key, None) or self._record(programs, env)
        self._recordings[key] = recording
        return recording

    def _record(self, programs: Sequence[str], env: Mapping[str, int]) -> Recording:
        queue = self._on.queue
        while len(self._recordings) >= _RECORDINGS:
            key, oldest = next(iter(self._recordings.items()))
            queue.wait(oldest.number)
            del self._recordings[key]
            queue.free(oldest.commands)
        commands = queue.allocate()
        try:
            queue.begin(commands, replayed=True)
            for name in programs:
                for launch in self.programs[name].launches:
                    queue.dispatch(commands, launch.pipeline, launch.bound, launch.extent(env))
                    queue.barrier(commands)
            queue.end(commands)
        except BaseException:
            queue.free(commands)
            raise
        return Recording(commands)

    # ---- contents ----

    def _zero(self, artifact: Artifact) -> None:
        queue = self._on.queue
        frame = queue.take_frame()
        queue.begin(frame.before)
        for name, buffer in self.buffers.items():
            if artifact.manifest.buffers[name].kind != "weight":
                queue.zero(frame.before, buffer)
        queue.end(frame.before)
        queue.submit([frame.before], frame)

    def _upload(self, artifact: Artifact, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, through two buffers in turn."""
        tensors = artifact.manifest.weights.tensors
        largest = max((tensors[name].bytes for name in weight_names(artifact, self.plan)), default=0)
        uploader = _Uploader(self._on, min(_UPLOAD_BYTES, largest))
        try:
            for name, offset, part in weight_parts(artifact, self.plan, _UPLOAD_BYTES, progress):
                uploader.write(self.buffers[name], offset, part)
        finally:
            uploader.close()


class _Uploader:
    """Two staging buffers in turn: while the device copies from one, the host fills the other."""

    def __init__(self, on: On, size: int) -> None:
        self._on = on
        self._slots = [
            (on.device.create_buffer("upload", size, host=True), 0) for _ in range(2 if size else 0)
        ]

    def write(self, target: Buffer, offset: int, part: npt.NDArray[np.uint8]) -> None:
        queue = self._on.queue
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
        self._on.queue.flush()
        for buffer, _ in self._slots:
            self._on.device.release(buffer)


def kernel_binary(artifact: Artifact, name: str, variant: Variant) -> KernelBinary:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    kernel = artifact.manifest.kernels[name]
    words = artifact.read(variant.file)
    size = variant.requires.subgroup_size
    return KernelBinary(name, words, variant.entry, len(kernel.bindings), kernel.params, size)
