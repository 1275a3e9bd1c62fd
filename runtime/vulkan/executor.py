"""Replays programs on a Vulkan device: commands are recorded once and submitted for every step.

A step submits three command buffers: one that writes the step block, the recorded programs, and one that
copies out what is fetched. The step block travels in the command itself, so any number of steps may be in
flight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact
from runtime.device.base import DeviceExecutor
from runtime.device.checks import checked_plan, choose_one
from runtime.device.executor import DeviceInfo, DispatchTime, Fetch, Progress
from runtime.vulkan.device import Buffer, VulkanDevice
from runtime.vulkan.kernels import Kernels
from runtime.vulkan.loaded import VulkanArtifact, kernel_binary
from runtime.vulkan.native import Handle, translated
from runtime.vulkan.opened import OpenedDevice
from runtime.vulkan.queue import Frame, Queue
from runtime.vulkan.single import run_pipeline
from runtime.vulkan.staging import VulkanTicket, staging_pool
from runtime.vulkan.timing import time_launches


class VulkanExecutor(DeviceExecutor[VulkanArtifact, VulkanTicket]):
    """An `Executor` (see `runtime.device.executor`) on Vulkan."""

    def __init__(self) -> None:
        """Open a device of the fastest kind that there is. Raises: DeviceError where there is none."""
        super().__init__()
        device = VulkanDevice()
        try:
            with translated(f"opening {device.info.name}"):
                self._opened = OpenedDevice(device, Queue(device), Kernels(device))
        except BaseException:
            device.close()
            raise
        self._pool = staging_pool(device)

    @property
    def opened(self) -> OpenedDevice:
        """The device, its queue and its kernels."""
        return self._opened

    @property
    def info(self) -> DeviceInfo:
        """The device."""
        return self._opened.device.info

    @property
    def staging_bytes(self) -> int:
        """Bytes of the buffers that carry fetched ranges back."""
        return self._pool.created_bytes

    def _load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None
    ) -> VulkanArtifact:
        plan, variants = checked_plan(artifact.manifest, context, roles, self.info)
        loaded = VulkanArtifact(self._opened, artifact, plan, variants, context)
        loaded.load(progress)
        return loaded

    def _close(self) -> None:
        """Release the device and all that was loaded."""
        self._unload()
        self._opened.device.close()

    # ---- running ----

    def _run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch]
    ) -> VulkanTicket:
        """See `runtime.device.executor.Executor.run`."""
        loaded, queue = self._require_loaded(), self._opened.queue
        sizes = [item.bytes for item in fetch]
        staging = self._pool.take(sum(sizes)) if sizes else None
        try:
            with translated("running a step"):
                anew = "recordings" in self.without
                recording = loaded.recording(programs, env) if programs and not anew else None
                frame = queue.take_frame()
                commands = [self._before(loaded, frame, step, programs if anew else (), env)]
                commands += [recording.commands] if recording else []
                commands += [self._after(loaded, frame, fetch, staging)] if staging else []
                number = queue.submit(commands, frame, *([recording] if recording else []))
        except BaseException:
            if staging is not None:
                self._pool.give_back(staging)
            raise
        return VulkanTicket(queue, self._pool, staging, sizes, number)

    def _before(
        self,
        loaded: VulkanArtifact,
        frame: Frame,
        step: bytes,
        programs: Sequence[str],
        env: Mapping[str, int],
    ) -> Handle:
        """Record: wait for all earlier work, write the step block, then run `programs`."""
        queue, buffer = self._opened.queue, loaded.buffers.get(STEP_BUFFER)
        queue.begin(frame.before)
        queue.barrier(frame.before)
        if buffer is not None and step:
            queue.update(frame.before, buffer, 0, step)
            queue.barrier(frame.before)
        loaded.record(frame.before, programs, env)
        queue.end(frame.before)
        return frame.before

    def _after(self, loaded: VulkanArtifact, frame: Frame, fetch: Sequence[Fetch], staging: Buffer) -> Handle:
        """Record: wait for the programs, then copy out what is fetched."""
        queue, at = self._opened.queue, 0
        queue.begin(frame.after)
        queue.barrier(frame.after)
        for item in fetch:
            queue.copy(frame.after, loaded.buffers[item.buffer], item.offset, staging, at, item.bytes)
            at += item.bytes
        queue.barrier_to_host(frame.after)
        queue.end(frame.after)
        return frame.after

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`. The pause after a dispatch counts towards its
        time.
        """
        loaded = self._require_loaded()
        self.run([], env, step)
        launches = [launch for name in programs for launch in loaded.programs[name]]
        return self._times(programs, time_launches(self._opened, launches, env))

    # ---- buffers ----

    def _write_buffer(self, name: str, offset: int, data: bytes) -> None:
        buffer, queue = self._loaded_with(name).buffers[name], self._opened.queue
        with translated("writing a buffer"):
            frame = queue.take_frame()
            queue.begin(frame.before)
            queue.barrier(frame.before)
            queue.update(frame.before, buffer, offset, data)
            queue.end(frame.before)
            queue.submit([frame.before], frame)

    # ---- one kernel alone ----

    def _run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """See `runtime.device.base.DeviceExecutor._run_kernel`."""
        variant, grid = choose_one(artifact.manifest, kernel, env, self.info)
        pipeline = self._opened.kernels.compile(kernel_binary(artifact, kernel, variant))
        try:
            return run_pipeline(self._opened, pipeline, grid, arrays, step)
        finally:
            self._opened.kernels.release(pipeline)
