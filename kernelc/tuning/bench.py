"""The device of a search: which schedules it may run, and trials of some of them."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from kernelc.artifact import Artifact, Manifest
from kernelc.kernels.registry import references
from kernelc.kernels.spec import KernelSpec
from kernelc.native import CAPABILITIES, Library
from kernelc.target import Capabilities
from kernelc.tuning.candidates import candidates, capabilities_of
from kernelc.tuning.search import Timed
from kernelc.tuning.tasks import Task
from kernelc.tuning.trial import Case, footprint_of, loaded_trial, prepare
from runtime.cpu.compiler import find_compiler
from runtime.cpu.kernels import forget_kernels
from runtime.device.classes import is_software
from runtime.device.executor import Executor
from runtime.device.program import StepBlock
from runtime.devices import open_device

WARM_SECONDS = 0.3
_LEAST_PAIRS, _MOST_PAIRS, _PAIRS_SECONDS = 5, 25, 3.0
_MOST_ROWS = 64
# Rows of a long prompt: a whole chunk on a graphics card; a processor's time grows with them long before.
_LONG, _LONG_ON_A_PROCESSOR = 512, 96


class DeviceBench:
    """A device that is open, as `kernelc.tuning.session.Bench`."""

    def __init__(self, device: str, manifest: Manifest) -> None:
        """Open a device by its name. Raises: DeviceError, UsageError."""
        self._tried: dict[str, Any] = {}  # the cpu's schedules by kernel
        self._library = Library(choose=self._chosen)
        self.executor: Executor = open_device(
            device, references=references(), library=self._library, manifest=manifest
        )
        self._footprint = footprint_of(manifest)
        self._known: dict[tuple[str, str], Capabilities | None] = {}
        self._case: Case | None = None

    def close(self) -> None:
        """Release the device."""
        self.executor.close()

    def _chosen(self, name: str, family: KernelSpec[Any, Any], problem: Any) -> Any:
        return self._tried.get(name) or family.default(CAPABILITIES, problem)

    @property
    def long_prompt(self) -> int:
        """Tokens of a step that stand for a long prompt on this device."""
        info = self.executor.info
        return _LONG_ON_A_PROCESSOR if info.kind == "cpu" or is_software(info) else _LONG

    def weigh(self, artifact: Artifact, tasks: Sequence[Task]) -> None:
        """Fill in each task's weight, from one step of each kind on this device, with the rules' schedules.

        Raises: DeviceError where the artifact does not fit or the device cannot measure.
        """
        context = min(artifact.manifest.model.max_context, 1024)
        manifest = artifact.manifest
        self.executor.load(artifact, context, ("prefill", "decode", "sample_greedy"))
        after = [name for name, program in manifest.programs.items() if program.role == "sample_greedy"]
        of = {name: task for task in tasks for name in task.names}
        for name, program in manifest.programs.items():
            bounds = {**manifest.symbols, **program.symbols}
            seq, past = min(bounds["seq"][1], _MOST_ROWS), bounds["past"][0]
            if program.role not in ("prefill", "decode") or seq + past > context:
                continue
            env = {"seq": seq, "past": past, "context": context}
            self._weigh([name, *after[:1]], env, manifest, of)

    def _weigh(
        self, programs: Sequence[str], env: Mapping[str, int], manifest: Manifest, of: Mapping[str, Task]
    ) -> None:
        values = {param.name: 0 for param in manifest.params} | {"top_p": 1.0, "repetition_penalty": 1.0}
        block = StepBlock(manifest.params).encode({**values, **env})
        seconds: dict[str, list[float]] = {}
        for each in [self.executor.profile(programs, env, block) for _ in range(2)][1]:
            seconds.setdefault(each.kernel, []).append(each.seconds)
        sums = {kernel: median(times) * len(times) for kernel, times in seconds.items()}
        for kernel, taken in ((kernel, taken) for kernel, taken in sums.items() if kernel in of):
            of[kernel].weight = max(of[kernel].weight, taken / sum(sums.values()))

    def capabilities(self, task: Task) -> Capabilities | None:
        """See `kernelc.tuning.session.Bench`."""
        if task.key not in self._known:
            self._known[task.key] = capabilities_of(self.executor.info, task.spec, task.problem)
        return self._known[task.key]

    def candidates(self, task: Task) -> Sequence[Any]:
        """See `kernelc.tuning.session.Bench`."""
        capabilities = self.capabilities(task)
        assert capabilities is not None
        return candidates(task.spec, task.problem, capabilities, self.executor.info)

    @contextmanager
    def trial(self, task: Task, schedules: Sequence[Any]) -> Generator[Timed]:
        """See `kernelc.tuning.session.Bench`."""
        if self._case is None or self._case.task is not task:
            self._case = None  # two of these may not fit
            self._case = prepare(task)
        capabilities = self.capabilities(task)
        assert capabilities is not None
        self._tried = {f"schedule_{at}": schedule for at, schedule in enumerate(schedules)}
        with loaded_trial(self.executor, self._case, schedules, capabilities, self._footprint) as trial:
            try:
                yield trial
            finally:
                if self.executor.info.kind == "cpu":
                    forget_kernels(trial.artifact, list(self._tried), self._library, find_compiler())

    def warm(self, trial: Timed) -> int:
        """See `kernelc.tuning.session.Bench`. On a slow device fewer pairs have to do."""
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < WARM_SECONDS:
            trial.seconds(0)
            count += 1
        pair = 2 * (time.perf_counter() - began) / count
        return max(_LEAST_PAIRS, min(_MOST_PAIRS, int(_PAIRS_SECONDS / pair)))
