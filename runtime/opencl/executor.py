"""Replays programs on an OpenCL device: one in-order queue, arguments set at load, nothing waited for.

A step costs the host one call per dispatch. The step block is written before each step and fetched ranges are
read after it, both without waiting: the queue keeps the order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact
from kernelc.errors import InternalError, WorkFailed
from runtime.device.base import DeviceExecutor
from runtime.device.checks import checked_plan, choose_one
from runtime.device.executor import DispatchTime, Fetch, Progress
from runtime.opencl.device import Handle, OpenClDevice
from runtime.opencl.loaded import OpenClArtifact, OpenClLaunch, invocations, kernel_source

Octets = npt.NDArray[np.uint8]


class OpenClTicket:
    """A step that was handed over. Its fetched ranges are arrays that the queue fills."""

    def __init__(self, executor: OpenClExecutor, arrays: list[Octets], last: Handle) -> None:
        self._executor = executor
        self._arrays: list[Octets] | None = arrays
        self._fetches = bool(arrays)
        self._last = last

    def result(self) -> list[bytes]:
        """See `runtime.device.executor.Ticket`."""
        arrays, self._arrays = self._arrays, None
        if arrays is None and self._fetches:
            raise InternalError("a ticket's result was collected or discarded before")
        with self._executor.device.translated("waiting for a step"):
            self._last.wait()
        return [array.tobytes() for array in arrays or ()]

    def discard(self) -> None:
        """See `runtime.device.executor.Ticket`."""
        self._arrays = None


class OpenClExecutor(DeviceExecutor[OpenClArtifact, OpenClTicket]):
    """An `Executor` (see `runtime.device.executor`) on OpenCL."""

    def __init__(self, device: OpenClDevice | None = None) -> None:
        """Use `device`, or open the first graphics card, else the first device. Raises: DeviceError."""
        super().__init__()
        self.device = device or OpenClDevice()
        self.info = self.device.info
        # Events of pending copies. They keep the host memory alive, and dropping one waits for its copy.
        self._copies: deque[Handle] = deque()

    @property
    def staging_bytes(self) -> int:
        """Always 0: fetched ranges go to plain host memory."""
        return 0

    def _load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None
    ) -> OpenClArtifact:
        plan, variants = checked_plan(artifact.manifest, context, roles, self.info)
        loaded = OpenClArtifact(self.device, artifact, plan, variants, context)
        loaded.load(progress)
        return loaded

    def _close(self) -> None:
        """Release the device and all that was loaded."""
        self._unload()
        self.device.close()

    def _unload(self) -> None:
        super()._unload()
        self._copies.clear()

    # ---- running ----

    def _run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch]
    ) -> OpenClTicket:
        """See `runtime.device.executor.Executor.run`."""
        loaded = self._require_loaded()
        self._write_step(loaded, step)
        for name in programs:
            self._launch(loaded.programs[name], env)
        arrays = [np.empty(item.bytes, np.uint8) for item in fetch]
        last = None
        for item, array in zip(fetch, arrays, strict=True):
            last = self.device.read(self._buffer(item.buffer), item.offset, array, wait=False)
            self._keep(last)
        with self.device.translated("running a step"):
            last = last or self.device.cl.enqueue_marker(self.device.queue)
            self.device.queue.flush()
        return OpenClTicket(self, arrays, last)

    def _launch(self, launches: Sequence[OpenClLaunch], env: Mapping[str, int]) -> None:
        """Enqueue launches. This is the hot loop: one call per dispatch, bound to local names."""
        enqueue, queue = self.device.cl.enqueue_nd_range_kernel, self.device.queue
        launch = None
        try:
            for launch in launches:
                enqueue(queue, launch.kernel, launch.extent(env), launch.threads)
        except self.device.cl.Error as error:
            where = f"kernel {launch.dispatch.kernel} in {launch.dispatch.origin}" if launch else None
            raise WorkFailed(f"running a step failed: {error}", where=where) from error

    def _write_step(self, loaded: OpenClArtifact, step: bytes) -> None:
        buffer = loaded.buffers.get(STEP_BUFFER)
        if buffer is not None and step:
            self._keep(self.device.write(buffer, 0, step, wait=False))

    def _keep(self, copy: Handle) -> None:
        """Keep the event of a pending copy, and drop those that are done."""
        done = self.device.cl.command_execution_status.COMPLETE
        while self._copies and self._copies[0].command_execution_status == done:
            self._copies.popleft()
        self._copies.append(copy)

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`. The times are those of the events' own clocks."""
        loaded, device = self._require_loaded(), self.device
        self._write_step(loaded, step)
        launches = [launch for name in programs for launch in loaded.programs[name]]
        with device.translated("profiling a step"):
            device.queue.finish()
            queue, enqueue = device.timed_queue(), device.cl.enqueue_nd_range_kernel
            events = [enqueue(queue, each.kernel, each.extent(env), each.threads) for each in launches]
            queue.finish()
            seconds = [1e-9 * (event.profile.end - event.profile.start) for event in events]
        return self._times(programs, seconds)

    # ---- buffers ----

    def _write_buffer(self, name: str, offset: int, data: bytes) -> None:
        self._keep(self.device.write(self._buffer(name), offset, bytes(data), wait=False))

    def _buffer(self, name: str) -> Handle:
        return self._loaded_with(name).buffers[name]

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
        device, params = self.device, artifact.manifest.kernels[kernel].params
        variant, grid = choose_one(artifact.manifest, kernel, env, self.info)
        source = kernel_source(artifact, kernel, variant)
        program, buffers = device.build(source), list[Handle]()
        try:
            for data in [*(array.tobytes() for array in arrays), *([step] if params else [])]:
                buffers.append(device.create_buffer(kernel, max(4, len(data))))
                device.write(buffers[-1], 0, data or bytes(4))
            bound = device.kernel(program, kernel, source.entry, buffers)
            size = invocations(grid, variant.workgroup)
            with device.translated(f"running kernel {kernel}"):
                device.cl.enqueue_nd_range_kernel(device.queue, bound, size, variant.workgroup)
            return [self._read_like(array, buffer) for array, buffer in zip(arrays, buffers, strict=False)]
        finally:
            for buffer in buffers:
                buffer.release()

    def _read_like(self, array: npt.NDArray[np.generic], buffer: Handle) -> npt.NDArray[np.generic]:
        data = np.empty(array.nbytes, np.uint8)
        if data.size:
            self.device.read(buffer, 0, data)
        return data.view(array.dtype).reshape(array.shape)
