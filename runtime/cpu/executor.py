"""Replays programs on the processor: kernels in compiled C, a pool of threads, one native call a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact
from kernelc.errors import ArtifactError
from kernelc.ir.dim import evaluate
from runtime.cpu.compiler import find_compiler, processor
from runtime.cpu.kernels import TARGET, KernelLibrary, compiled_kernels
from runtime.cpu.loaded import CpuArtifact, CpuLaunch, aligned_zeros, launch_table, pointers
from runtime.cpu.pool import Pool, usable_cores
from runtime.device.base import DeviceExecutor
from runtime.device.checks import check_limits
from runtime.device.executor import DeviceInfo, DispatchTime, Fetch, Progress, physical_memory_bytes
from runtime.device.finished import FinishedTicket
from runtime.device.program import ResolvedDispatch, plan_load
from runtime.device.upload import Octets

_WORD_BYTES = 4


def cpu_info(threads: int | None = None) -> DeviceInfo:
    """Describe the processor with so many threads, by default a usable core each.

    Raises: DeviceError where there is no C compiler.
    """
    count = usable_cores() if threads is None else threads
    return DeviceInfo(
        "cpu",
        f"{processor()[0]}, {count} thread{'s' if count > 1 else ''}",
        f"C compiled by {find_compiler().name}",
        target=TARGET,
        memory_bytes=physical_memory_bytes(),
    )


class CpuExecutor(DeviceExecutor[CpuArtifact]):
    """An `Executor` (see `runtime.device.executor`) in compiled C."""

    def __init__(self, library: KernelLibrary, threads: int | None = None) -> None:
        """`library` prints the kernels; `threads` is by default the number of usable cores.

        Raises: DeviceError where there is no C compiler.
        """
        super().__init__()
        self._library = library
        self._compiler = find_compiler()
        self._pool = Pool(self._compiler, usable_cores() if threads is None else threads)
        self.info = cpu_info(self._pool.threads)

    @property
    def staging_bytes(self) -> int:
        """Always 0: nothing has to be staged."""
        return 0

    def _load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None
    ) -> CpuArtifact:
        manifest = artifact.manifest
        if [(param.name, param.type) for param in manifest.params] != list(self._library.step):
            raise ArtifactError(
                "the step block is not the one that this kernelc's kernels read",
                where="manifest.json: params",
                help="build the artifact again",
            )
        plan = plan_load(manifest, context, roles)
        check_limits(manifest, plan, {}, self.info, context)
        kernels = compiled_kernels(artifact, plan.kernels, self._library, self._compiler, self._pool.threads)
        loaded = CpuArtifact(artifact, plan, kernels, context, self._pool, self._step_bytes)
        loaded.load(progress)
        return loaded

    @property
    def _step_bytes(self) -> int:
        return _WORD_BYTES * len(self._library.step)

    def run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch] = ()
    ) -> FinishedTicket:
        """See `runtime.device.executor.Executor.run`. It returns when the work is done."""
        loaded = self._require_loaded()
        if programs:
            self._write_step(loaded, step)
            self._pool.run(loaded.table(programs, env))
        return FinishedTicket([self.read_buffer(item.buffer, item.offset, item.bytes) for item in fetch])

    def _write_step(self, loaded: CpuArtifact, step: bytes) -> None:
        data = np.frombuffer(step, np.uint8)
        loaded.step[: len(data)] = data
        if "step" in loaded.buffers:
            loaded.buffers["step"][: len(data)] = data

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`."""
        loaded = self._require_loaded()
        self._write_step(loaded, step)
        return self._times(programs, self._pool.time(loaded.table(programs, env)))

    def run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """See `runtime.device.executor.Executor.run_kernel`."""
        compiled = compiled_kernels(artifact, [kernel], self._library, self._compiler, 1)[kernel]
        for array, dim in zip(arrays, compiled.native.binding_bytes, strict=True):
            if array.nbytes < (wanted := evaluate(dim, env)):
                raise ArtifactError(f"kernel {kernel} accesses {wanted} bytes, and was given {array.nbytes}")
        copies = [array.copy() for array in arrays]
        block = aligned_zeros(max(len(step), self._step_bytes))
        block[: len(step)] = np.frombuffer(step, np.uint8)
        x, y, z = (evaluate(extent, env) for extent in compiled.native.grid)
        addresses = pointers([*(copy.ctypes.data for copy in copies), block.ctypes.data])
        launch = CpuLaunch(ResolvedDispatch(kernel, kernel, ()), (x, y, z), compiled, addresses)
        self._pool.run(launch_table(self._pool, [(launch, (x, y, z))]))
        return copies

    def write_buffer(self, name: str, offset: int, data: bytes) -> None:
        """Write into a loaded buffer."""
        self._buffer(name)[offset : offset + len(data)] = np.frombuffer(data, np.uint8)

    def read_buffer(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Return a range of a loaded buffer."""
        memory = self._buffer(name)
        return memory[offset : len(memory) if size is None else offset + size].tobytes()

    def close(self) -> None:
        """Release all that was loaded, and end the threads."""
        self._unload()
        self._pool.close()

    def _buffer(self, name: str) -> Octets:
        return self._loaded_with(name).buffers[name]
