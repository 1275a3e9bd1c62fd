"""Replays programs on the processor: kernels in compiled C, a pool of threads, one native call a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact
from kernelc.errors import ArtifactError, InternalError
from kernelc.ir.dim import evaluate
from runtime.cpu.compiler import Compiler, find_compiler, processor
from runtime.cpu.cores import usable_cores
from runtime.cpu.kernels import TARGET, KernelLibrary, compiled_kernels
from runtime.cpu.loaded import CpuArtifact, CpuLaunch, aligned_zeros, launch_table, pointers
from runtime.cpu.pool import Pool
from runtime.device.checks import check_limits, proved_plan
from runtime.device.executor import DeviceInfo, DispatchTime, Fetch, Progress, physical_memory_bytes
from runtime.device.finished import FinishedTicket
from runtime.device.host import HostExecutor
from runtime.device.program import ResolvedDispatch

_WORD_BYTES = 4


def cpu_info() -> DeviceInfo:
    """Describe the processor with as many threads as run at once.

    Raises: DeviceError where there is no C compiler, or none that works.
    """
    compiler = find_compiler()
    Pool(compiler, 1).close()
    return _described(compiler, usable_cores())


def _described(compiler: Compiler, threads: int) -> DeviceInfo:
    return DeviceInfo(
        "cpu",
        f"{processor()[0]}, {threads} thread{'s' if threads > 1 else ''}",
        f"C compiled by {compiler.name}",
        target=TARGET,
        features=frozenset({"dot4"}),  # the C spells it out where a processor has no instruction for it
        memory_bytes=physical_memory_bytes(),
        ready_when_loaded=True,
    )


class CpuExecutor(HostExecutor[CpuArtifact]):
    """An `Executor` (see `runtime.device.executor`) in compiled C."""

    def __init__(self, library: KernelLibrary, threads: int | None = None) -> None:
        """`library` prints the kernels; `threads` is by default the number of usable cores.

        Raises: DeviceError where there is no C compiler, or none that works.
        """
        super().__init__()
        self._library = library
        self._compiler = find_compiler()
        self._pool = Pool(self._compiler, usable_cores() if threads is None else threads)
        self.info = _described(self._compiler, self._pool.threads)

    def _load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None
    ) -> CpuArtifact:
        self._pool.require_open()
        manifest = artifact.manifest
        if [(param.name, param.type) for param in manifest.params] != list(self._library.step):
            raise ArtifactError(
                "the step block is not the one that this kernelc's kernels read",
                where="manifest.json: params",
                help="build the artifact again",
            )
        plan = proved_plan(manifest, context, roles)
        check_limits(manifest, plan, {}, self.info, context)
        kernels = compiled_kernels(artifact, plan.kernels, self._library, self._compiler, self._pool.threads)
        loaded = CpuArtifact(artifact, plan, kernels, context, self._pool, self._step_bytes)
        loaded.load(progress)
        return loaded

    @property
    def _step_bytes(self) -> int:
        return _WORD_BYTES * len(self._library.step)

    def _run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch]
    ) -> FinishedTicket:
        if programs:
            self._pool.run(self._table(programs, env, step))
        return super()._run([], env, step, fetch)

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`."""
        return self._times(programs, self._pool.time(self._table(programs, env, step)))

    def _table(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> Any:
        """The launches of a step, whose block is written."""
        loaded = self._require_loaded()
        data = np.frombuffer(step, np.uint8)
        if len(data) > len(loaded.step):
            raise InternalError(f"a step block has {len(loaded.step)} bytes, got {len(data)}")
        loaded.step[: len(data)] = data
        if STEP_BUFFER in loaded.buffers:
            self.write_buffer(STEP_BUFFER, 0, step)
        return loaded.table(programs, env)

    def _run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """See `runtime.device.base.DeviceExecutor._run_kernel`."""
        self._pool.require_open()
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

    def _close(self) -> None:
        """Release all that was loaded, and end the threads."""
        super()._close()
        self._pool.close()

    def _require_loaded(self) -> CpuArtifact:
        self._pool.require_open()
        return super()._require_loaded()
