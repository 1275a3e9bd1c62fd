"""Replays programs with the kernels' numpy references: it needs no driver and defines what an artifact means.

The references are passed in by kernel spec, so that the runtime needs nothing of the compiler. Buffers are
plain bytes. A dispatch sees each bound range as an array of its binding's element type, read-only where the
kernel only reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact, Kernel, KernelBinding, Manifest
from kernelc.errors import DeviceError, InternalError, KernelcError
from runtime.device.checks import check_limits, proved_plan
from runtime.device.elements import as_elements
from runtime.device.executor import (
    DeviceInfo,
    DispatchTime,
    Progress,
    Reference,
    physical_memory_bytes,
)
from runtime.device.host import HostExecutor
from runtime.device.program import LoadPlan, Range, ResolvedDispatch, StepBlock
from runtime.device.upload import Octets

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Loaded:
    manifest: Manifest
    plan: LoadPlan
    buffers: dict[str, Octets]
    block: StepBlock

    def release(self) -> None:
        """Do nothing: memory is freed when nothing refers to it."""


class NumpyExecutor(HostExecutor[_Loaded]):
    """An `Executor` (see `runtime.device.executor`) in numpy."""

    def __init__(self, references: Mapping[str, Reference]) -> None:
        """`references` are the numpy kernels by spec name."""
        super().__init__()
        self._references = references
        memory_bytes = physical_memory_bytes()
        self.info = DeviceInfo(
            "numpy",
            "numpy",
            f"numpy {np.__version__}",
            target="",
            memory_bytes=memory_bytes,
            ready_when_loaded=True,
        )

    def _load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None
    ) -> _Loaded:
        """Load the artifact. Weights that lie whole in one shard are mapped, not copied."""
        manifest = artifact.manifest
        plan = proved_plan(manifest, context, roles)
        check_limits(manifest, plan, {}, self.info, context)
        for kernel in plan.kernels:
            self._reference(manifest.kernels[kernel].spec)
        weights = [name for name in plan.buffers if manifest.buffers[name].kind == "weight"]
        total, done = sum(plan.buffers[name] for name in weights), 0
        memory: dict[str, Octets] = {}
        for name in weights:
            memory[name] = artifact.tensor(name)
            done += plan.buffers[name]
            if progress:
                progress("weights", done, total)
        memory |= {
            name: np.zeros(size, np.uint8) for name, size in plan.buffers.items() if name not in memory
        }
        return _Loaded(manifest, plan, memory, StepBlock(manifest.params))

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`."""
        loaded = self._require_loaded()
        if STEP_BUFFER in loaded.buffers:
            self.write_buffer(STEP_BUFFER, 0, step)
        params = loaded.block.decode(step)
        times: list[DispatchTime] = []
        for name in programs:
            for dispatch in loaded.plan.programs[name]:
                began = perf_counter()
                self._dispatch(loaded, dispatch, params)
                times.append(DispatchTime(name, dispatch.kernel, dispatch.origin, perf_counter() - began))
        return times

    def _dispatch(
        self, loaded: _Loaded, dispatch: ResolvedDispatch, params: Mapping[str, int | float]
    ) -> None:
        kernel = loaded.manifest.kernels[dispatch.kernel]
        arrays = {
            binding.name: _view(loaded.buffers, binding, item)
            for binding, item in zip(kernel.bindings, dispatch.ranges, strict=True)
        }
        self._call(kernel, dispatch.origin, arrays, params)

    def _call(
        self, kernel: Kernel, origin: str, arrays: dict[str, Array], params: Mapping[str, int | float]
    ) -> None:
        try:
            self._reference(kernel.spec)(kernel.problem, arrays, params)
        except KernelcError:
            raise
        except Exception as error:
            message = f"the numpy reference of {kernel.spec} failed in {origin}: {error}"
            raise InternalError(message, ir=str(kernel.problem)) from error

    def _reference(self, spec: str) -> Reference:
        if spec not in self._references:
            known = ", ".join(sorted(self._references)) or "none"
            raise DeviceError(
                f"there is no numpy kernel {spec!r}; known are {known}",
                where="`device` numpy",
                help="use the kernelc that built this artifact, or another `device`",
            )
        return self._references[spec]

    def _run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """See `runtime.device.base.DeviceExecutor._run_kernel`."""
        entry = artifact.manifest.kernels[kernel]
        copies = [array.copy() for array in arrays]
        named = {binding.name: copy for binding, copy in zip(entry.bindings, copies, strict=True)}
        params = StepBlock(artifact.manifest.params).decode(step) if step else {}
        self._call(entry, kernel, dict(named), params)
        return list(copies)


def _view(memory: Mapping[str, Octets], binding: KernelBinding, item: Range) -> Array:
    """Return a bound range as an array. Shapes: [n] for scalar elements, [n, lanes] for vectors."""
    view = as_elements(memory[item.buffer][item.offset : item.offset + item.bytes], binding.element)
    if binding.access == "read":
        view.flags.writeable = False
    return view
