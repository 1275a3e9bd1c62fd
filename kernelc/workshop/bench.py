"""Runs kernels on given arrays on a device, as the kernels of an artifact that is made for this alone.

So any executor runs them, and nothing here knows a driver. A `Case` is a kernel ready for one target: its
text, or on devices that take none (numpy) the traced kernel, which the interpreter runs.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import (
    STEP_BUFFER,
    Artifact,
    Buffer,
    BufferRange,
    Dispatch,
    KernelBinding,
    Program,
    Variant,
    kernel_file,
)
from kernelc.artifact import Kernel as KernelEntry
from kernelc.errors import ArtifactError, DeviceError, WorkFailed
from kernelc.kernels.step_block import STEP
from kernelc.kir.interpreter.bound import ExecutionError
from kernelc.kir.interpreter.interpret import interpret
from kernelc.target import TARGETS
from kernelc.tuning.made import ROLE, made_buffer, made_manifest
from kernelc.workshop.case import Case, step_words
from runtime.cpu.kernels import TARGET as CPU_TARGET
from runtime.cpu.kernels import NativeKernel
from runtime.device.executor import Executor
from runtime.devices import DEVICE_KINDS, open_device

FAMILY = "workshop"
"""What the manifest calls the family of all kernels here; no stored artifact has it."""
_REPEATED = 16 << 10  # inputs from this size on lie in memory several times while time is measured
_FOOTPRINT, _MOST_COPIES, _FEW_COPIES = 64 << 20, 64, 8

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass
class _Library:
    """Gives the processor the texts of the cases, as `runtime.cpu.kernels.KernelLibrary`."""

    cases: dict[str, Case] = field(default_factory=dict[str, Case])
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    params: Mapping[str, int | float] = field(default_factory=dict[str, int | float])
    """What was given for the step block; its fields may be no model's."""

    @property
    def fingerprint(self) -> str:
        return "workshop 1"  # each case's own hash is in its problem, and so decides what is compiled

    @property
    def step(self) -> Sequence[tuple[str, str]]:
        return [(param.name, str(param.type)) for param in STEP]

    def has(self, spec: str) -> bool:
        return spec == FAMILY

    def kernel(self, name: str, spec: str, problem: Mapping[str, Any]) -> NativeKernel:
        case = self.cases.get(str(problem.get("of")))
        if case is None:
            raise ArtifactError("no such kernel is loaded", where=f"kernel {name}")
        written = tuple(each.access != "read" for each in case.bindings)
        sizes = self.sizes[case.digest]
        return NativeKernel(case.entry, case.workgroup, case.grid, sizes, written, case.data.decode)


class Bench:
    """An open device that runs cases. Close it, or use it in a `with`."""

    def __init__(self, device: str = "auto", *, target: str | None = None) -> None:
        """Open a device by its name. With a `target`, "auto" is the first device that runs its texts.

        Raises: DeviceError where it cannot be opened, UsageError for an unknown name.
        """
        self._library = _Library()
        self._scratch = tempfile.TemporaryDirectory(prefix="kernelc-bench-")
        name = device if target is None or device != "auto" else _device_of(target)
        self.executor: Executor = open_device(
            name, references={FAMILY: self._interpret}, library=self._library
        )

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the device."""
        self.executor.close()
        self._scratch.cleanup()

    @property
    def target(self) -> str:
        """The target whose kernels the device runs, "" for the interpreter."""
        return self.executor.info.target

    def run(
        self, case: Case, arrays: Arrays, params: Mapping[str, int | float] | None = None
    ) -> dict[str, Array]:
        """Run a kernel once on copies of `arrays`, by binding name; return them as it left them.

        Shapes: any, as long as the bytes are those that the kernel accesses. Raises: DeviceError where the
        device cannot run it, WorkFailed where its compiler refuses it.
        """
        with self.loaded([case], arrays, params) as loaded:
            return loaded.results(0)

    def loaded(
        self,
        cases: Sequence[Case],
        arrays: Arrays,
        params: Mapping[str, int | float] | None = None,
        *,
        timed: bool = False,
    ) -> Loaded:
        """Load kernels with the same bindings on the same arrays, in the place of what was loaded before.

        Raises: as `run`.
        """
        self._library.cases.clear()
        self._library.sizes.clear()
        self._library.params = dict(params or {})
        for case in cases:
            if case.target != self.target:
                runs = self.target or "none"
                raise DeviceError(
                    f"the kernel is {case.target}, device {self.executor.info.kind} runs {runs}"
                )
            self._check_grid(case)
            self._library.cases[case.digest] = case
            self._library.sizes[case.digest] = tuple(arrays[b.name].nbytes for b in case.bindings)
        return Loaded(self.executor, Path(self._scratch.name), cases, arrays, params or {}, timed)

    def _check_grid(self, case: Case) -> None:
        limits = self.executor.info.limits
        most = 2**31 - 1 if limits is None else limits.workgroups
        if not all(0 < extent <= most for extent in case.grid):
            wanted = f"wanted 1 to {most} in each axis"
            raise DeviceError(f"the grid of {case.name} is {case.grid}, {wanted}")

    def _interpret(self, problem: Mapping[str, Any], arrays: Any, params: Mapping[str, int | float]) -> None:
        case = self._library.cases[str(problem["of"])]
        assert case.traced is not None
        try:
            interpret(case.traced, case.grid, arrays, {**params, **self._library.params})
        except ExecutionError as error:
            raise WorkFailed(str(error), help="a device would do so, too, and say nothing") from error


class Loaded:
    """Cases on a device, by number, on the same arrays."""

    def __init__(
        self,
        executor: Executor,
        folder: Path,
        cases: Sequence[Case],
        arrays: Arrays,
        params: Mapping[str, int | float],
        timed: bool,
    ) -> None:
        self._executor, self._cases, self._arrays = executor, cases, arrays
        copies = _copies(cases[0], arrays) if timed else 1
        self._names = {each.name: _buffers(each, arrays, copies) for each in cases[0].bindings}
        artifact = self._artifact(folder, copies)
        self._block = step_words(cases[0], params)
        executor.load(artifact, 1, [ROLE])
        for binding in cases[0].bindings:
            for name in self._names[binding.name]:
                executor.write_buffer(name, 0, _padded(arrays[binding.name]))
        self._profiles = True

    def __enter__(self) -> Loaded:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to do: what is loaded next takes its place."""

    def results(self, at: int) -> dict[str, Array]:
        """Run one case on the arrays as they were given; return them as it left them."""
        written = [each.name for each in self._cases[at].bindings if each.access != "read"]
        for name in written:
            self._executor.write_buffer(self._names[name][0], 0, _padded(self._arrays[name]))
        self._executor.run([f"once_{at}"], _ENV, self._block).result()
        results = dict(self._arrays)
        for name in written:
            given = self._arrays[name]
            data = np.frombuffer(self._executor.read_buffer(self._names[name][0]), np.uint8)[: given.nbytes]
            results[name] = data.view(given.dtype).reshape(given.shape).copy()
        return results

    def seconds(self, at: int) -> float:
        """Return how long one launch of a case takes now: the lower quartile, since what else the machine
        does only ever adds to some."""
        program = [f"all_{at}"]
        if self._profiles:
            try:
                times = self._executor.profile(program, _ENV, self._block)
                return sorted(each.seconds for each in times)[len(times) // 4]
            except DeviceError:  # no timestamps
                self._profiles = False
        began = time.perf_counter()
        self._executor.run(program, _ENV, self._block).result()
        return (time.perf_counter() - began) / self._executor.dispatch_count(program)

    def _artifact(self, folder: Path, copies: int) -> Artifact:
        buffers = {STEP_BUFFER: Buffer("state", 4 * len(STEP))}
        for binding, names in self._names.items():
            buffers |= dict.fromkeys(names, made_buffer(len(_padded(self._arrays[binding]))))
        kernels: dict[str, KernelEntry] = {}
        programs: dict[str, Program] = {}
        for at, case in enumerate(self._cases):
            name = f"{case.name}_{at}" if len(self._cases) > 1 else case.name
            kernels[name] = _entry(folder, name, case)
            runs = [self._dispatch(name, case, copy) for copy in range(copies)]
            programs[f"once_{at}"] = Program(ROLE, {"seq": (1, 1), "past": (0, 0)}, (runs[0],))
            programs[f"all_{at}"] = Program(ROLE, {"seq": (1, 1), "past": (0, 0)}, tuple(runs))
        target = self._cases[0].target or "wgsl"
        return Artifact(folder, made_manifest(target, kernels, buffers, programs))

    def _dispatch(self, kernel: str, case: Case, copy: int) -> Dispatch:
        ranges: list[BufferRange] = []
        for binding in case.bindings:
            names, size = self._names[binding.name], len(_padded(self._arrays[binding.name]))
            ranges.append(BufferRange(names[copy % len(names)], 0, max(4, size)))
        return Dispatch(kernel, tuple(ranges), kernel)


_ENV = {"seq": 1, "past": 0, "context": 1}


def _entry(folder: Path, name: str, case: Case) -> KernelEntry:
    problem = {"of": case.digest}
    if not case.target or TARGETS[case.target].printed_where_run:
        return KernelEntry(FAMILY, problem, case.params, case.bindings, ())
    file = kernel_file(name, case.data, TARGETS[case.target].suffix)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(case.data)
    sha256, size = hashlib.sha256(case.data).hexdigest(), (case.workgroup, 1, 1)
    variant = Variant(case.target, file, sha256, case.entry, size, case.grid, case.requires)
    return KernelEntry(FAMILY, problem, case.params, case.bindings, (variant,))


def _copies(case: Case, arrays: Arrays) -> int:
    """How many launches a measurement has. Each has large inputs of its own, so that these come from memory
    and not from a cache."""
    large = sum(arrays[b.name].nbytes for b in case.bindings if _is_repeated(b, arrays))
    return max(1, min(_MOST_COPIES, _FOOTPRINT // large)) if large else _FEW_COPIES


def _is_repeated(binding: KernelBinding, arrays: Arrays) -> bool:
    return binding.access == "read" and arrays[binding.name].nbytes >= _REPEATED


def _buffers(binding: KernelBinding, arrays: Arrays, copies: int) -> list[str]:
    """The buffers of a binding; none is called as the step block's is."""
    repeated = copies > 1 and _is_repeated(binding, arrays)
    return [f"{binding.name}.{copy}" for copy in range(copies if repeated else 1)]


def _padded(array: Array) -> bytes:
    data = array.tobytes()
    return data + bytes(-len(data) % 4)


def _device_of(target: str) -> str:
    """The device that runs a target's texts. Raises: DeviceError where none does."""
    if target == CPU_TARGET:
        return "cpu"
    for kind, driven in DEVICE_KINDS.items():
        if driven.target == target:
            return kind
    raise DeviceError(f"no device here runs {target} kernels")
