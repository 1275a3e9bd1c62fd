"""Replays programs on a wgpu device: one compute pass per step, everything resolved at load.

A step costs the host a loop over (pipeline, bind group, grid) with up to three native calls per dispatch. The
step block is written before every submission. Writes and submissions take effect in the order in which they
were made, so one buffer for it is enough however many steps are in flight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact
from kernelc.errors import WorkFailed
from runtime.device.base import DeviceExecutor
from runtime.device.checks import checked_plan, choose_one
from runtime.device.executor import DeviceInfo, DispatchTime, Fetch, Progress
from runtime.wgpu.device import WgpuDevice
from runtime.wgpu.loaded import WgpuArtifact, WgpuLaunch, kernel_source
from runtime.wgpu.native import Handle
from runtime.wgpu.single import run_source
from runtime.wgpu.staging import Staging, WgpuTicket, staging_pool

_QUERIES_AT_ONCE = 2048  # WebGPU's query sets hold 4096, and a dispatch takes two


class WgpuExecutor(DeviceExecutor[WgpuArtifact, WgpuTicket]):
    """An `Executor` (see `runtime.device.executor`) on wgpu."""

    def __init__(self, device: WgpuDevice | None = None) -> None:
        """Use `device`, or open the fastest adapter. Raises: DeviceError where there is none."""
        super().__init__()
        self.device = device or WgpuDevice()
        self._pool = staging_pool(self.device)

    @property
    def info(self) -> DeviceInfo:
        """The device."""
        return self.device.info

    @property
    def staging_bytes(self) -> int:
        """Bytes of the buffers that carry fetched ranges back."""
        return self._pool.created_bytes

    def _load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None
    ) -> WgpuArtifact:
        plan, variants = checked_plan(artifact.manifest, context, roles, self.info)
        loaded = WgpuArtifact(self.device, artifact, plan, variants, context)
        loaded.load(progress)
        return loaded

    def _unload(self) -> None:
        if self._loaded is not None:
            self.device.flush()
        super()._unload()

    def _close(self) -> None:
        """Release the device and all that was loaded."""
        self._loaded = None
        self.device.close()

    # ---- running ----

    def _run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch]
    ) -> WgpuTicket:
        """See `runtime.device.executor.Executor.run`."""
        loaded = self._require_loaded()
        sizes = [item.bytes for item in fetch]
        staging = self._pool.take(sum(sizes)) if sizes else None
        try:
            with self.device.translated("running a step"):
                self._write_step(loaded, step)
                encoder = self._encode((loaded.programs[name] for name in programs), env)
                if staging is not None:
                    self._copy_out(loaded, encoder, fetch, staging)
                submission = self.device.library.submit(self.device.native_queue, encoder)
        except WorkFailed as error:
            error.where = self._culprit(loaded, programs, env)
            raise
        return WgpuTicket(self.device, self._pool, staging, sizes, submission)

    def _encode(self, programs: Iterable[Sequence[WgpuLaunch]], env: Mapping[str, int]) -> Handle:
        library = self.device.library
        encoder = library.begin_encoder(self.device.native_device)
        compute_pass = library.begin_pass(encoder)
        for launches in programs:
            self._record(compute_pass, launches, env)
        library.end_pass(compute_pass)
        return encoder

    def _record(self, compute_pass: Handle, launches: Sequence[WgpuLaunch], env: Mapping[str, int]) -> None:
        """Record launches. This is the hot loop: calls are bound to local names, and a pipeline is set only
        if it changes.
        """
        library = self.device.library
        set_pipeline, set_bind_group = library.set_pipeline, library.set_bind_group
        dispatch, null, last = library.dispatch, library.null, None
        for launch in launches:
            pipeline = launch.native_pipeline
            if pipeline is not last:
                set_pipeline(compute_pass, pipeline)
                last = pipeline
            set_bind_group(compute_pass, 0, launch.native_group, 0, null)
            grid = launch.grid
            x, y, z = grid(env) if callable(grid) else grid
            dispatch(compute_pass, x, y, z)

    def _copy_out(
        self, loaded: WgpuArtifact, encoder: Handle, fetch: Sequence[Fetch], staging: Staging
    ) -> None:
        at = 0
        for item in fetch:
            source = loaded.native_buffers[item.buffer]
            self.device.library.copy(encoder, source, item.offset, staging.native, at, item.bytes)
            at += item.bytes

    def _write_step(self, loaded: WgpuArtifact, step: bytes) -> None:
        buffer = loaded.native_buffers.get(STEP_BUFFER)
        if buffer is not None and step:
            self.device.library.write(self.device.native_queue, buffer, step)

    def _culprit(self, loaded: WgpuArtifact, programs: Sequence[str], env: Mapping[str, int]) -> str | None:
        """Return the dispatch at which a step failed, found by recording each by itself: the library does not
        say.
        """
        for name in programs:
            for launch in loaded.programs[name]:
                try:
                    with self.device.translated("recording"):
                        self.device.library.drop(self._encode([[launch]], env))
                except WorkFailed:
                    return f"kernel {launch.dispatch.kernel} in {launch.dispatch.origin}"
        return None

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`. Each dispatch has its own pass, so gaps do not
        count.
        """
        loaded = self._require_loaded()
        with self.device.translated("profiling a step"):
            self._write_step(loaded, step)
        launches = [launch for name in programs for launch in loaded.programs[name]]
        seconds: list[float] = []
        for start in range(0, len(launches), _QUERIES_AT_ONCE):
            part = launches[start : start + _QUERIES_AT_ONCE]
            seconds += self.device.time_dispatches([(x.pipeline, x.group, x.extent(env)) for x in part])
        return self._times(programs, seconds)

    # ---- buffers ----

    def _write_buffer(self, name: str, offset: int, data: bytes) -> None:
        self.device.write_buffer(self._loaded_with(name).buffers[name], offset, data)

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
        source = kernel_source(artifact, kernel, variant)
        return run_source(self.device, source, grid, arrays, step)
