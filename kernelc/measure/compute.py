"""How fast a device computes, in kernels of our own: see `kernelc.measure.arithmetic`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from kernelc.artifact import STEP_BUFFER, Artifact, Buffer, BufferRange, Dispatch, Kernel, Program
from kernelc.errors import WorkFailed
from kernelc.kernels.spec import KernelSpec
from kernelc.kernels.step_block import STEP
from kernelc.measure.arithmetic import (
    ARITHMETIC,
    KINDS,
    MOST_RESULTS,
    ArithmeticProblem,
    ArithmeticSchedule,
    factors_of,
)
from kernelc.measure.clock import Clock
from kernelc.native import Library
from kernelc.tuning.candidates import capabilities_of
from kernelc.tuning.made import ROLE, made_buffer, made_kernel, made_manifest
from runtime.device.classes import is_software
from runtime.device.executor import DeviceInfo, Executor
from runtime.devices import open_device

SECONDS = 0.5
"""For each kind of numbers."""
_ROUNDS, _ROUNDS_ON_A_PROCESSOR, _ROUNDS_OF_AN_IMITATION = 64, 1024, 2


def compute_of(device: str, seconds: float = SECONDS) -> dict[str, float]:
    """Measure a device, opened by its kind for this alone: operations per second for each kind of numbers
    that it has an instruction for; none for numpy.

    Raises: DeviceError, WorkFailed where the device computes wrongly.
    """
    tried: dict[str, ArithmeticSchedule] = {}

    def choose(name: str, family: KernelSpec[Any, Any], problem: Any) -> ArithmeticSchedule:
        return tried[name]

    library = Library(choose=choose, families={ARITHMETIC.name: ARITHMETIC})
    executor = open_device(device, references={}, library=library)
    try:
        rates = {kind: _rate(executor, kind, tried, seconds) for kind in KINDS if executor.info.target}
        return {kind: rate for kind, rate in rates.items() if rate}
    finally:
        executor.close()


def _rate(executor: Executor, kind: str, tried: dict[str, ArithmeticSchedule], seconds: float) -> float:
    """Of the fastest schedule; 0 where the device has none."""
    info = executor.info
    problem = ArithmeticProblem(kind, _rounds(info))
    capabilities = capabilities_of(info, ARITHMETIC, problem)
    schedules = list(ARITHMETIC.space(capabilities, problem)) if capabilities else []
    if capabilities is None or not schedules:
        return 0.0
    bound = (BufferRange("factors", 0, 8), BufferRange("results", 0, 4 * MOST_RESULTS))
    buffers = {
        STEP_BUFFER: Buffer("state", 4 * len(STEP)),
        "factors": made_buffer(8),
        "results": made_buffer(4 * MOST_RESULTS),
    }
    with tempfile.TemporaryDirectory(prefix="kernelc-compute-") as scratch:
        folder, kernels, programs = Path(scratch), dict[str, Kernel](), dict[str, Program]()
        for at, schedule in enumerate(schedules):
            name = f"{kind}_{at}"
            tried[name] = schedule
            kernels[name] = made_kernel(
                folder, name, info.target, ARITHMETIC, problem, schedule, capabilities
            )
            programs[name] = Program(ROLE, {}, (Dispatch(name, bound, name),))
        executor.load(Artifact(folder, made_manifest(info.target, kernels, buffers, programs)), 1, [ROLE])
    executor.write_buffer("factors", 0, factors_of(problem).tobytes())
    clock = Clock(executor)
    for name in programs:
        clock.run(name)
        _require(executor, problem, name, tried[name])
    times = clock.fastest(list(programs), seconds)
    return max(ARITHMETIC.operations(problem, tried[name]) / taken for name, taken in times.items())


def _rounds(info: DeviceInfo) -> int:
    """So many that a launch takes long enough to be timed, and not long."""
    if info.kind == "cpu":
        return _ROUNDS_ON_A_PROCESSOR
    return _ROUNDS_OF_AN_IMITATION if is_software(info) else _ROUNDS


def _require(executor: Executor, problem: ArithmeticProblem, name: str, schedule: ArithmeticSchedule) -> None:
    """Raise WorkFailed unless every invocation came to what it must."""
    got = np.frombuffer(executor.read_buffer("results", 0, 4 * schedule.threads * schedule.workgroups), "f4")
    if not (got == problem.result).all():
        raise WorkFailed(
            f"{executor.info.name} computes {got[got != problem.result][0]}, wanted {problem.result}",
            where=f"kernel {name} ({schedule})",
        )
