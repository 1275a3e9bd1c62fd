"""Runs several schedules of one problem on a device, as the kernels of an artifact made for this alone.

Any executor loads it, so nothing here knows a driver. Inputs are the family's own for tests. What a model
reads once a step lies in memory as often as it takes to be as large as the model's weights, so that it comes
from where it comes from in a model: from memory, or for small models from a cache.
"""

from __future__ import annotations

import tempfile
import time
import zlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import (
    STEP_BUFFER,
    Artifact,
    Buffer,
    BufferRange,
    Dispatch,
    Kernel,
    Manifest,
    Program,
)
from kernelc.errors import DeviceError
from kernelc.ir.dim import evaluate
from kernelc.kernels.compare import compare
from kernelc.kernels.spec import Binding
from kernelc.kernels.step_block import STEP
from kernelc.target import Capabilities
from kernelc.tuning.made import ROLE, made_buffer, made_kernel, made_manifest
from kernelc.tuning.tasks import Task
from runtime.device.executor import Executor
from runtime.device.program import StepBlock

_REPEATED = 16 << 10  # inputs from this size on lie in memory several times
_MOST_COPIES = 256
_FEW_COPIES = 8  # of what is small

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Case:
    """A problem with inputs for all of its symbols at once, and what its reference makes of them for each."""

    task: Task
    arrays: Mapping[str, Array]
    steps: tuple[Mapping[str, int | float], ...]  # the step blocks of the task's symbols, then the odd one
    wanted: tuple[Mapping[str, Array], ...]
    largest: Mapping[str, int]

    @property
    def timed(self) -> int:
        """How many of the steps count for the time."""
        return len(self.task.symbols)

    def env(self, at: int) -> dict[str, int]:
        """The symbols of a step; the context is that of the largest."""
        step = self.steps[at]
        return {"seq": int(step["seq"]), "past": int(step["past"]), "context": self.largest["context"]}


def prepare(task: Task) -> Case:
    """Draw inputs for a task, and compute what must come out of them."""
    symbols = [*task.symbols, *([task.odd] if task.odd not in task.symbols else [])]
    largest = {name: max(each[name] for each in symbols) for name in ("seq", "past")}
    largest["context"] = largest["seq"] + largest["past"]
    seed = zlib.crc32(task.kernel.encode())
    arrays = task.spec.inputs(task.problem, np.random.default_rng(seed), largest)
    steps: list[Mapping[str, int | float]] = []
    wanted: list[Mapping[str, Array]] = []
    written = [each.name for each in task.spec.bindings(task.problem) if each.access != "read"]
    for each in symbols:
        env = {**each, "context": largest["context"]}
        step = task.spec.params(task.problem, np.random.default_rng(seed), env)
        result = {name: array.copy() if name in written else array for name, array in arrays.items()}
        task.spec.reference(task.problem, result, step)
        steps.append(step)
        wanted.append({name: result[name] for name in written})
    return Case(task, arrays, tuple(steps), tuple(wanted), largest)


class Trial:
    """Some schedules of a case, loaded on a device; they are named by their place in the sequence."""

    def __init__(self, executor: Executor, case: Case, artifact: Artifact) -> None:
        self._executor, self._case, self.artifact = executor, case, artifact
        self._block = StepBlock(artifact.manifest.params)
        self._profiles = True

    def fault(self, at: int) -> str:
        """Run one schedule for every step, and return what is wrong with its results, "" for nothing."""
        for step in range(len(self._case.steps)):
            wrong = self._fault(at, step)
            if wrong:
                return wrong
        return ""

    def _fault(self, at: int, step: int) -> str:
        case, executor = self._case, self._executor
        task, wanted = case.task, case.wanted[step]
        for name in wanted:
            executor.write_buffer(name, 0, _padded(case.arrays[name]))
        executor.run([f"once_{at}"], case.env(step), self._block.encode(case.steps[step])).result()
        got = dict(case.arrays)
        for name, array in wanted.items():
            data = np.frombuffer(executor.read_buffer(name), np.uint8)[: array.nbytes]
            got[name] = data.view(array.dtype).reshape(array.shape)
        variants = self.artifact.manifest.kernels[f"schedule_{at}"].variants
        features = variants[0].requires.features if variants else ()
        _, wrong = compare(task.spec, task.problem, got, {**case.arrays, **wanted}, features)
        near = wrong and task.spec.near_tie(task.problem, case.arrays, case.steps[step], got, wanted)
        return "" if near else wrong

    def seconds(self, at: int) -> tuple[float, ...]:
        """Return how long a run of one schedule takes, for each of the task's symbols.

        It is the lower quartile of all copies: what else the machine does only ever adds to some of them.
        """
        return tuple(self._seconds(at, step) for step in range(self._case.timed))

    def _seconds(self, at: int, step: int) -> float:
        program, env = [f"all_{at}"], self._case.env(step)
        block = self._block.encode(self._case.steps[step])
        if self._profiles:
            try:
                times = self._executor.profile(program, env, block)
                return sorted(each.seconds for each in times)[len(times) // 4]
            except DeviceError:  # no timestamps
                self._profiles = False
        count = self._executor.dispatch_count(program)
        began = time.perf_counter()
        self._executor.run(program, env, block).result()
        return (time.perf_counter() - began) / count


@contextmanager
def loaded_trial(
    executor: Executor, case: Case, schedules: Sequence[Any], capabilities: Capabilities, footprint: int
) -> Generator[Trial]:
    """Load schedules of a case on a device. `footprint`: bytes that a model reads in a step.

    Raises: DeviceError, WorkFailed where the device does not take one of them.
    """
    with tempfile.TemporaryDirectory(prefix="kernelc-tune-") as scratch:
        folder = Path(scratch)
        copies = _copies(case, footprint)
        manifest = _manifest(folder, executor.info.target, case, schedules, capabilities, copies)
        artifact = Artifact(folder, manifest)
        executor.load(artifact, case.largest["context"], [ROLE])
        for binding in case.task.spec.bindings(case.task.problem):
            for name in _buffers(binding, case, copies):
                executor.write_buffer(name, 0, _padded(case.arrays[binding.name]))
        yield Trial(executor, case, artifact)


def _copies(case: Case, footprint: int) -> int:
    """How many runs there are in a measurement, each with inputs of its own."""
    bindings = case.task.spec.bindings(case.task.problem)
    large = sum(case.arrays[each.name].nbytes for each in bindings if _is_repeated(each, case))
    if not large:
        return _FEW_COPIES
    most = _MOST_COPIES if case.largest["seq"] == 1 else 1  # many rows share what is read
    return max(1, min(most, footprint // large))


def _is_repeated(binding: Binding, case: Case) -> bool:
    return binding.access == "read" and case.arrays[binding.name].nbytes >= _REPEATED


def _buffers(binding: Binding, case: Case, copies: int) -> list[str]:
    """The names of the buffers that hold a binding's array."""
    if not _is_repeated(binding, case):
        return [binding.name]
    return [f"{binding.name}.{copy}" for copy in range(copies)]


def _padded(array: Array) -> bytes:
    data = array.tobytes()
    return data + bytes(-len(data) % 4)


def _manifest(
    folder: Path,
    target: str,
    case: Case,
    schedules: Sequence[Any],
    capabilities: Capabilities,
    copies: int,
) -> Manifest:
    task, largest = case.task, case.largest
    bindings = task.spec.bindings(task.problem)
    buffers = {STEP_BUFFER: Buffer("state", 4 * len(STEP))}
    for binding in bindings:
        buffer = made_buffer(len(_padded(case.arrays[binding.name])))
        buffers |= dict.fromkeys(_buffers(binding, case, copies), buffer)
    kernels: dict[str, Kernel] = {}
    programs: dict[str, Program] = {}
    symbols = {
        name: (min(int(step[name]) for step in case.steps), max(int(step[name]) for step in case.steps))
        for name in ("seq", "past")
    }
    for at, schedule in enumerate(schedules):
        name = f"schedule_{at}"
        kernels[name] = made_kernel(folder, name, target, task.spec, task.problem, schedule, capabilities)
        runs = [_dispatch(name, bindings, case, copy, copies) for copy in range(copies)]
        programs[f"once_{at}"] = Program(ROLE, symbols, (runs[0],))
        programs[f"all_{at}"] = Program(ROLE, symbols, tuple(runs))
    return made_manifest(target, kernels, buffers, programs, largest["context"])


def _dispatch(kernel: str, bindings: Sequence[Binding], case: Case, copy: int, copies: int) -> Dispatch:
    ranges: list[BufferRange] = []
    for binding in bindings:
        names = _buffers(binding, case, copies)
        size = len(_padded(case.arrays[binding.name]))
        ranges.append(BufferRange(names[copy % len(names)], 0, max(4, size)))
    return Dispatch(kernel, tuple(ranges), kernel)


def footprint_of(manifest: Manifest, most: int = 128 << 20) -> int:
    """Return the bytes of a model's weights, or `most` where it has more: what no cache holds."""
    every = sum(evaluate(each.bytes, {}) for each in manifest.buffers.values() if each.kind == "weight")
    return min(every, most)
