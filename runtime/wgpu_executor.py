"""Replays programs on a wgpu device: one compute pass a step, everything resolved at load.

What a step costs the host is a loop over (pipeline, bind group, grid) with three native calls each. The
step block is written before every submission; writes and submissions take effect in the order they were
made, so one buffer for it suffices however many steps are under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kernelc.artifact import STEP_BUFFER, Artifact, Variant
from kernelc.errors import InternalError
from kernelc.ir.dim import evaluate
from runtime.executor import DeviceInfo, DispatchTime, Fetch, Progress
from runtime.loading import check_limits, choose_variants
from runtime.program import Extent, Grid, LoadPlan, ResolvedDispatch, plan_load, resolve_grid
from runtime.wgpu_device import KernelSource, WgpuDevice
from runtime.wgpu_native import Handle, native
from runtime.wgpu_single import run_source
from runtime.wgpu_staging import StagingPool, WgpuTicket

_UPLOAD_BYTES = 16 << 20  # what one write copies to the host's side of the device
_QUERIES_AT_ONCE = 2048  # WebGPU's query sets hold 4096, two a dispatch


@dataclass(frozen=True)
class _Launch:
    """A dispatch ready to be recorded. The native handles live as long as the objects beside them."""

    dispatch: ResolvedDispatch
    pipeline: Handle
    group: Handle
    native_pipeline: Handle
    native_group: Handle
    grid: Grid


@dataclass
class _Loaded:
    """Everything that belongs to the loaded artifact."""

    plan: LoadPlan
    buffers: dict[str, Handle]
    native_buffers: dict[str, Handle]
    programs: dict[str, list[_Launch]]
    pipelines: dict[str, Handle] = field(default_factory=dict[str, Handle])  # by kernel file


class WgpuExecutor:
    """An `Executor` (see `runtime.executor`) on wgpu."""

    def __init__(self, device: WgpuDevice | None = None) -> None:
        """Use `device`, or open the fastest adapter. Raises: DeviceError where there is none."""
        self.device = device or WgpuDevice()
        self._pool = StagingPool(self.device)
        self._loaded: _Loaded | None = None

    @property
    def info(self) -> DeviceInfo:
        """The device."""
        return self.device.info

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

    # ---- loading ----

    def load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None = None
    ) -> None:
        """See `runtime.executor.Executor.load`; what was loaded before is released."""
        self._unload()
        manifest = artifact.manifest
        plan = plan_load(manifest, context, roles)
        variants = choose_variants(manifest, plan.kernels, self.info)
        check_limits(manifest, plan, variants, self.info, context)
        buffers: dict[str, Handle] = {}
        try:
            for name, size in plan.buffers.items():
                buffers[name] = self.device.create_buffer(name, size, uniform=name == STEP_BUFFER)
            handles = {name: native(buffer) for name, buffer in buffers.items()}
            loaded = _Loaded(plan, buffers, handles, {})
            self._make_programs(artifact, loaded, variants, context)
            self._upload(artifact, loaded, progress)
        except BaseException:
            for buffer in buffers.values():
                buffer.destroy()
            raise
        self._loaded = loaded

    def _make_programs(
        self, artifact: Artifact, loaded: _Loaded, variants: Mapping[str, Variant], context: int
    ) -> None:
        manifest = artifact.manifest
        sources = {name: kernel_source(artifact, name, variant) for name, variant in variants.items()}
        for name, dispatches in loaded.plan.programs.items():
            symbols = {**manifest.symbols, **manifest.programs[name].symbols}
            loaded.programs[name] = [
                self._launch(
                    loaded,
                    dispatch,
                    sources[dispatch.kernel],
                    variants[dispatch.kernel].file,
                    resolve_grid(variants[dispatch.kernel].grid, symbols, context),
                )
                for dispatch in dispatches
            ]

    def _launch(
        self, loaded: _Loaded, dispatch: ResolvedDispatch, source: KernelSource, file: str, grid: Grid
    ) -> _Launch:
        if file not in loaded.pipelines:
            loaded.pipelines[file] = self.device.compile(source)
        pipeline = loaded.pipelines[file]
        ranges = [(loaded.buffers[item.buffer], item.offset, item.bytes) for item in dispatch.ranges]
        if source.params:
            ranges.append((loaded.buffers[STEP_BUFFER], 0, loaded.plan.buffers[STEP_BUFFER]))
        group = self.device.bind(source, f"{dispatch.origin} ({dispatch.kernel})", ranges)
        return _Launch(dispatch, pipeline, group, native(pipeline), native(group), grid)

    def _upload(self, artifact: Artifact, loaded: _Loaded, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, a bounded piece at a time."""
        tensors = artifact.manifest.weights.tensors
        names = [name for name in loaded.buffers if artifact.manifest.buffers[name].kind == "weight"]
        names.sort(key=lambda name: tensors[name].segments[0])
        total, done, pending = sum(tensors[name].bytes for name in names), 0, 0
        for name in names:
            for offset, part in _upload_parts(artifact, name):
                self.device.write_buffer(loaded.buffers[name], offset, part)
                done, pending = done + len(part), pending + len(part)
                if pending >= _UPLOAD_BYTES:
                    self.device.flush()  # frees the copies that the writes made
                    pending = 0
                if progress:
                    progress("weights", done, total)
        self.device.flush()

    def _unload(self) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            self.device.flush()
            for buffer in loaded.buffers.values():
                buffer.destroy()

    def close(self) -> None:
        """Release the device and all that was loaded."""
        self._loaded = None
        self.device.close()

    # ---- running ----

    def run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch] = ()
    ) -> WgpuTicket:
        """See `runtime.executor.Executor.run`."""
        loaded, library = self._require_loaded(), self.device.library
        sizes = [item.bytes for item in fetch]
        staging = self._pool.take(sum(sizes)) if sizes else None
        with self.device.translated("running a step"):
            self._write_step(loaded, step)
            encoder = library.begin_encoder(self.device.native_device)
            compute_pass = library.begin_pass(encoder)
            for name in programs:
                self._record(compute_pass, loaded.programs[name], env)
            library.end_pass(compute_pass)
            if staging is not None:
                at = 0
                for item in fetch:
                    source = loaded.native_buffers[item.buffer]
                    library.copy(encoder, source, item.offset, staging.native, at, item.bytes)
                    at += item.bytes
            submission = library.submit(self.device.native_queue, encoder)
        return WgpuTicket(self.device, self._pool, staging, sizes, submission)

    def _record(self, compute_pass: Handle, launches: Sequence[_Launch], env: Mapping[str, int]) -> None:
        """The hot loop: calls bound to local names, a pipeline set only where it changes."""
        library = self.device.library
        set_pipeline, set_bind_group, dispatch = (
            library.set_pipeline,
            library.set_bind_group,
            library.dispatch,
        )
        null, last = library.null, None
        for launch in launches:
            pipeline = launch.native_pipeline
            if pipeline is not last:
                set_pipeline(compute_pass, pipeline)
                last = pipeline
            set_bind_group(compute_pass, 0, launch.native_group, 0, null)
            grid = launch.grid
            x, y, z = grid(env) if callable(grid) else grid
            dispatch(compute_pass, x, y, z)

    def _write_step(self, loaded: _Loaded, step: bytes) -> None:
        buffer = loaded.native_buffers.get(STEP_BUFFER)
        if buffer is not None and step:
            self.device.library.write(self.device.native_queue, buffer, step)

    def dispatch_count(self, programs: Sequence[str]) -> int:
        """Dispatches of one run of these programs."""
        loaded = self._require_loaded()
        return sum(len(loaded.programs[name]) for name in programs)

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.executor.Executor.profile`; each dispatch is a pass of its own: gaps do not count."""
        loaded = self._require_loaded()
        with self.device.translated("profiling a step"):
            self._write_step(loaded, step)
        launches = [(name, launch) for name in programs for launch in loaded.programs[name]]
        times: list[DispatchTime] = []
        for start in range(0, len(launches), _QUERIES_AT_ONCE):
            part = launches[start : start + _QUERIES_AT_ONCE]
            timed = self.device.time_dispatches(
                [(x.pipeline, x.group, _extent(x.grid, env)) for _, x in part]
            )
            for (name, launch), seconds in zip(part, timed, strict=True):
                times.append(DispatchTime(name, launch.dispatch.kernel, launch.dispatch.origin, seconds))
        return times

    # ---- buffers ----

    def write_buffer(self, name: str, offset: int, data: bytes) -> None:
        """Write into a loaded buffer, after all work handed over before."""
        self.device.write_buffer(self._buffer(name), offset, data)

    def read_buffer(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Wait for all work handed over before and return a range of a loaded buffer."""
        self._buffer(name)
        length = self.buffers[name] - offset if size is None else size
        return self.run([], {}, b"", [Fetch(name, offset, length)]).result()[0]

    def _buffer(self, name: str) -> Handle:
        buffer = self._require_loaded().buffers.get(name)
        if buffer is None:
            raise InternalError(f"buffer {name} is not loaded; loaded are {', '.join(self.buffers)}")
        return buffer

    def _require_loaded(self) -> _Loaded:
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
        source = kernel_source(artifact, kernel, variant)
        return run_source(self.device, source, (x, y, z), arrays, step)


def kernel_source(artifact: Artifact, name: str, variant: Variant) -> KernelSource:
    """Return what the device needs to compile a variant of a kernel. Raises: ArtifactError."""
    kernel = artifact.manifest.kernels[name]
    access = tuple(binding.access for binding in kernel.bindings)
    return KernelSource(name, artifact.kernel_text(variant.file), variant.entry, access, kernel.params)


def _extent(grid: Grid, env: Mapping[str, int]) -> Extent:
    return grid(env) if callable(grid) else grid


def _upload_parts(artifact: Artifact, name: str) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """A tensor's bytes as (offset, part), no part larger than one write should be."""
    offset = 0
    for piece in _aligned_pieces(artifact, name):
        for start in range(0, len(piece), _UPLOAD_BYTES):
            part = piece[start : start + _UPLOAD_BYTES]
            yield offset, part
            offset += len(part)


def _aligned_pieces(artifact: Artifact, name: str) -> Iterator[npt.NDArray[np.uint8]]:
    """The tensor piece by piece, or whole where a shard's end cuts a word, the least that is written."""
    segments = artifact.manifest.weights.tensors[name].segments
    if all(segment.bytes % 4 == 0 for segment in segments):
        return artifact.tensor_pieces(name)
    return iter([artifact.tensor(name)])
