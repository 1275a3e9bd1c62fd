"""Replays programs on an NVIDIA GPU: one CUDA graph launch per step, everything resolved at load.

A step costs the host the copy of its step block, the launch of a graph that was captured the first time, and
the copies of what is fetched, all on one stream. Nothing waits until the result of a ticket is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact
from kernelc.errors import KernelcError
from runtime.cuda.beside import WritesBeside
from runtime.cuda.compile import compile_all
from runtime.cuda.device import CudaDevice
from runtime.cuda.graph import timed
from runtime.cuda.loaded import CudaArtifact, kernel_source
from runtime.cuda.single import run_image
from runtime.cuda.staging import CudaTicket, StepRing, staging_pool
from runtime.device.base import DeviceExecutor
from runtime.device.checks import checked_plan, choose_one
from runtime.device.executor import DeviceInfo, DispatchTime, Fetch, Progress

SHORT_BYTES = (32 << 10, 256 << 10)
"""What is written and no longer than the last of these goes through page-locked memory of the first size that
holds it, so that nobody waits: a step of several rows writes its table so, and each token that a grammar
holds its mask, a bit for each of 262,144, or eight of these."""


class CudaExecutor(DeviceExecutor[CudaArtifact, CudaTicket]):
    """An `Executor` (see `runtime.device.executor`) on CUDA."""

    def __init__(self, device: CudaDevice | None = None) -> None:
        """Use `device`, or open the first GPU. Raises: DeviceError where there is none."""
        super().__init__()
        self.device = device or CudaDevice()
        self._pool = staging_pool(self.device)
        self._short: dict[int, StepRing] = {}
        self._beside: WritesBeside | None = None

    @property
    def info(self) -> DeviceInfo:
        """The device."""
        return self.device.info

    @property
    def staging_bytes(self) -> int:
        """Bytes of the page-locked memory that carries fetched ranges back."""
        return self._pool.created_bytes

    def _load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None
    ) -> CudaArtifact:
        plan, variants = checked_plan(artifact.manifest, context, roles, self.info)
        loaded = CudaArtifact(self.device, artifact, plan, variants, context)
        loaded.load(progress)
        with self.device.using("loading the artifact"):
            self._beside = WritesBeside(self.device, plan, SHORT_BYTES[-1])
        return loaded

    def _close(self) -> None:
        """Release the device and all that was loaded. May be called twice."""
        if self.device.closed:
            return
        self._unload()
        with suppress(KernelcError), self.device.using("freeing memory"):
            self._pool.release()
            self._short.clear()
            self._beside = None
        self.device.close()

    # ---- running ----

    def _run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch]
    ) -> CudaTicket:
        """See `runtime.device.executor.Executor.run`."""
        loaded = self._require_loaded()
        sizes = [item.bytes for item in fetch]
        with self.device.using("running a step"):
            self._send_step(loaded, step)
            if self._beside:
                self._beside.before(programs, (item.buffer for item in fetch))
            if "graphs" in self.without:
                loaded.launch(programs, env)
            elif programs:
                loaded.run(programs, env, overlap="overlap" not in self.without)
            if self._beside:
                self._beside.after(programs)
            staging, at = self._pool.take(sum(sizes)), 0
            for item in fetch:
                target = staging.memory[at : at + item.bytes]
                source = int(loaded.buffers[item.buffer]) + item.offset
                self.device.driver.memcpy_dtoh_async(target, source, self.device.stream)
                at += item.bytes
            staging.done.record(self.device.stream)
        return CudaTicket(self.device, self._pool, staging, sizes)

    def _send_step(self, loaded: CudaArtifact, step: bytes) -> None:
        if loaded.steps is not None and step and step != loaded.sent_step:
            loaded.steps.send(int(loaded.buffers[STEP_BUFFER]), step)
            loaded.sent_step = step

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`."""
        loaded = self._require_loaded()
        launches = [launch for name in programs for launch in loaded.programs[name]]
        calls = [
            partial(self.device.launch, each.function, each.extent(env), each.threads, each.addresses)
            for each in launches
        ]
        with self.device.using("profiling a step"):
            self._send_step(loaded, step)
            if self._beside:
                self._beside.before(programs)
            seconds = timed(self.device, calls)
        return self._times(programs, seconds)

    # ---- buffers ----

    def _write_buffer(self, name: str, offset: int, data: bytes) -> None:
        address = self._address(name) + offset
        with self.device.using("writing a buffer"):
            if self._beside and self._beside.takes(name, len(data)):
                self._beside.write(name, address, data)
                return
            size = next((size for size in SHORT_BYTES if len(data) <= size), None)
            if size is None:
                self.device.upload(address, data)
                return
            if size not in self._short:
                self._short[size] = StepRing(self.device, size)
            self._short[size].send(address, data)

    def _read_buffer(self, name: str, offset: int, size: int) -> bytes:
        with self.device.using("reading a buffer"):
            if self._beside:
                self._beside.before((), [name])
            return self.device.download(self._address(name) + offset, size)

    def _address(self, name: str) -> int:
        return int(self._loaded_with(name).buffers[name])

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
        image = compile_all([source], self.device.capability)[source]
        block = step if artifact.manifest.kernels[kernel].params else b""
        threads, shared_bytes = variant.workgroup[0], variant.requires.shared_bytes
        return run_image(self.device, image, source.entry, grid, threads, arrays, block, shared_bytes)
