"""Replays programs on a Vulkan device: commands recorded once, submitted for every step.

A step hands over three command buffers: one that writes the step block, the recorded programs, one that
copies out what is fetched. The step block travels in the command itself, so any number of steps may be under
way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact
from kernelc.errors import InternalError
from kernelc.ir.dim import evaluate
from runtime.executor import DeviceInfo, DispatchTime, Fetch, Progress
from runtime.loading import check_limits, choose_variants
from runtime.program import plan_load
from runtime.vulkan_device import Buffer, VulkanDevice
from runtime.vulkan_kernels import Kernels
from runtime.vulkan_loaded import LoadedArtifact, kernel_binary
from runtime.vulkan_native import Handle, translated
from runtime.vulkan_queue import Frame, On, Queue
from runtime.vulkan_single import run_pipeline
from runtime.vulkan_staging import StagingPool, VulkanTicket
from runtime.vulkan_timing import time_launches


class VulkanExecutor:
    """An `Executor` (see `runtime.executor`) on Vulkan."""

    def __init__(self) -> None:
        """Open the fastest kind of device there is. Raises: DeviceError where there is none."""
        device = VulkanDevice()
        try:
            with translated(f"opening {device.info.name}"):
                self._on = On(device, Queue(device), Kernels(device))
        except BaseException:
            device.close()
            raise
        self._pool = StagingPool(device)
        self._loaded: LoadedArtifact | None = None

    @property
    def on(self) -> On:
        """The device, its queue and its kernels."""
        return self._on

    @property
    def info(self) -> DeviceInfo:
        """The device."""
        return self._on.device.info

    @property
    def buffers(self) -> Mapping[str, int]:
        """Bytes of every allocated buffer by name."""
        return self._loaded.plan.buffers if self._loaded else {}

    @property
    def allocated_bytes(self) -> int:
        """Bytes of the loaded artifact's buffers."""
        return sum(self.buffers.values())

    @property
    def staging_bytes(self) -> int:
        """Bytes of the buffers that carry fetched ranges back."""
        return self._pool.created_bytes

    def load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None = None
    ) -> None:
        """See `runtime.executor.Executor.load`; what was loaded before is released."""
        self._unload()
        manifest = artifact.manifest
        plan = plan_load(manifest, context, roles)
        variants = choose_variants(manifest, plan.kernels, self.info)
        check_limits(manifest, plan, variants, self.info, context)
        self._loaded = LoadedArtifact(self._on, artifact, plan, variants, context, progress)

    def _unload(self) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.release()

    def close(self) -> None:
        """Release the device and all that was loaded."""
        self._unload()
        self._on.device.close()

    # ---- running ----

    def run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch] = ()
    ) -> VulkanTicket:
        """See `runtime.executor.Executor.run`."""
        loaded, queue = self._require_loaded(), self._on.queue
        sizes = [item.bytes for item in fetch]
        staging = self._pool.take(sum(sizes)) if sizes else None
        try:
            with translated("running a step"):
                recording = loaded.recording(programs, env) if programs else None
                frame = queue.take_frame()
                commands = [self._before(loaded, frame, step)]
                commands += [recording.commands] if recording else []
                commands += [self._after(loaded, frame, fetch, staging)] if staging else []
                number = queue.submit(commands, frame, *([recording] if recording else []))
        except BaseException:
            if staging is not None:
                self._pool.give_back(staging)
            raise
        return VulkanTicket(queue, self._pool, staging, sizes, number)

    def _before(self, loaded: LoadedArtifact, frame: Frame, step: bytes) -> Handle:
        """Wait for all before, then write the step block."""
        queue, buffer = self._on.queue, loaded.buffers.get(STEP_BUFFER)
        queue.begin(frame.before)
        queue.barrier(frame.before)
        if buffer is not None and step:
            queue.update(frame.before, buffer, 0, step)
            queue.barrier(frame.before)
        queue.end(frame.before)
        return frame.before

    def _after(self, loaded: LoadedArtifact, frame: Frame, fetch: Sequence[Fetch], staging: Buffer) -> Handle:
        """Copy out what is fetched; the programs' own last barrier makes it wait for them."""
        queue, at = self._on.queue, 0
        queue.begin(frame.after)
        for item in fetch:
            queue.copy(frame.after, loaded.buffers[item.buffer], item.offset, staging, at, item.bytes)
            at += item.bytes
        queue.barrier(frame.after)
        queue.end(frame.after)
        return frame.after

    def dispatch_count(self, programs: Sequence[str]) -> int:
        """Dispatches of one run of these programs."""
        loaded = self._require_loaded()
        return sum(len(loaded.programs[name].launches) for name in programs)

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.executor.Executor.profile`; the pause behind a dispatch counts as its time."""
        loaded = self._require_loaded()
        self.run([], env, step)
        launches = [(name, launch) for name in programs for launch in loaded.programs[name].launches]
        times = time_launches(self._on, [launch for _, launch in launches], env)
        return [
            DispatchTime(name, launch.dispatch.kernel, launch.dispatch.origin, seconds)
            for (name, launch), seconds in zip(launches, times, strict=True)
        ]

    # ---- buffers ----

    def write_buffer(self, name: str, offset: int, data: bytes) -> None:
        """Write into a loaded buffer, after all work handed over before."""
        buffer, queue = self._buffer(name), self._on.queue
        with translated("writing a buffer"):
            frame = queue.take_frame()
            queue.begin(frame.before)
            queue.barrier(frame.before)
            queue.update(frame.before, buffer, offset, data)
            queue.end(frame.before)
            queue.submit([frame.before], frame)

    def read_buffer(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Wait for all work handed over before and return a range of a loaded buffer."""
        self._buffer(name)
        length = self.buffers[name] - offset if size is None else size
        return self.run([], {}, b"", [Fetch(name, offset, length)]).result()[0]

    def _buffer(self, name: str) -> Buffer:
        buffer = self._require_loaded().buffers.get(name)
        if buffer is None:
            raise InternalError(f"buffer {name} is not loaded; loaded are {', '.join(self.buffers)}")
        return buffer

    def _require_loaded(self) -> LoadedArtifact:
        if self._loaded is None:
            raise InternalError("nothing is loaded on this executor")
        return self._loaded

    # ---- one kernel alone ----

    def run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """See `runtime.executor.Executor.run_kernel`."""
        variant = choose_variants(artifact.manifest, [kernel], self.info)[kernel]
        x, y, z = (evaluate(extent, env) for extent in variant.grid)
        pipeline = self._on.kernels.compile(kernel_binary(artifact, kernel, variant))
        try:
            return run_pipeline(self._on, pipeline, (x, y, z), arrays, step)
        finally:
            self._on.kernels.release(pipeline)
