"""What scripts that reproduce failures import: they make a kernel, run it, and say how far it is off."""

from __future__ import annotations

import argparse
import base64
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc import debug
from kernelc.artifact import Json
from kernelc.errors import KernelcError, UsageError
from kernelc.ir.dim import evaluate
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import KernelSpec, Tolerance
from kernelc.kir.nodes import Kernel
from kernelc.kir.text import kernel_text
from kernelc.printing import render
from kernelc.target import Capabilities
from kernelc.tuned.schedules import legal_schedule
from kernelc.workshop.bench import Bench
from kernelc.workshop.case import Case, Grid, case_of
from kernelc.workshop.difference import Difference, difference, differences

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

INTERPRETER = "numpy"
"""The device whose kernels the interpreter runs."""
MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Subject:
    """A kernel to run again: how it is launched, and how its results are compared with what is expected.

    `text` is a target's text where it is that which failed; else the traced `kernel` is printed anew.
    """

    kernel: Kernel | None
    grid: Grid
    compare: Callable[[Arrays, Arrays], Sequence[Difference]]
    text: Case | None = None
    outputs: tuple[str, ...] = field(default=())

    def case(self, target: str) -> Case:
        """The kernel for a target. Raises: UsageError where it is a text of another."""
        if self.text is not None:
            if self.text.target != target:
                raise UsageError(
                    f"the script has {self.text.target} text, the device runs {target or 'none'}"
                )
            return self.text
        assert self.kernel is not None
        return case_of(self.kernel, target, self.grid)


def of_family(
    family: str,
    problem: Mapping[str, Json],
    schedule: Mapping[str, Json],
    capabilities: Capabilities,
    env: Mapping[str, int],
) -> Subject:
    """A family's kernel with one of its schedules, in a step with these symbols.

    Raises: UsageError where the family does not list the schedule any more.
    """
    spec: KernelSpec[Any, Any] = SPECS[family]
    read = spec.problem_from_json(problem)
    chosen = legal_schedule(spec, read, capabilities, schedule)
    if chosen is None:
        raise UsageError(f"{family} has no such schedule any more: {dict(schedule)}")
    x, y, z = (evaluate(extent, env) for extent in spec.grid(read, chosen))
    kernel = spec.kernel(read, chosen, capabilities)

    def compare(got: Arrays, wanted: Arrays) -> Sequence[Difference]:
        return differences(spec, read, got, wanted, features=kernel.features())

    return Subject(kernel, (x, y, z), compare)


def of_nodes(kernel: Kernel, grid: Grid, relative: float = 0.0, absolute: float = 0.0) -> Subject:
    """A kernel that no family has; its results may be off by so much (0: not at all)."""
    outputs = [each.name for each in kernel.buffers if each.access != "read"]
    tolerance = Tolerance(relative, absolute)

    def compare(got: Arrays, wanted: Arrays) -> Sequence[Difference]:
        return [difference(name, got[name], wanted[name], tolerance) for name in outputs if name in wanted]

    return Subject(kernel, grid, compare)


def of_text(case: Case, family: str, problem: Mapping[str, Json]) -> Subject:
    """A text of an artifact, compared as its family's kernel for this problem."""
    spec: KernelSpec[Any, Any] = SPECS[family]
    read = spec.problem_from_json(problem)

    def compare(got: Arrays, wanted: Arrays) -> Sequence[Difference]:
        return differences(spec, read, got, wanted, features=case.requires.features)

    return Subject(None, case.grid, compare, case)


def drawn(
    family: str,
    problem: Mapping[str, Json],
    seed: int,
    env: Mapping[str, int],
    params: Mapping[str, int | float],
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Inputs that are too large for a script, drawn again, and what the family's reference makes of them."""
    spec: KernelSpec[Any, Any] = SPECS[family]
    read = spec.problem_from_json(problem)
    arrays = spec.inputs(read, np.random.default_rng(seed), env)
    wanted = {name: array.copy() for name, array in arrays.items()}
    spec.reference(read, wanted, params)
    return dict(arrays), wanted


def unpacked(dtype: str, shape: tuple[int, ...], text: str) -> Array:
    """An array out of a script: base64 of what zlib compressed."""
    data = zlib.decompressobj().decompress(base64.b64decode(text), MOST_BYTES)
    return np.frombuffer(data, np.dtype(dtype)).reshape(shape).copy()


def replay(
    subject: Subject,
    arrays: Arrays,
    params: Mapping[str, int | float],
    expected: Arrays,
    *,
    device: str,
    argv: Sequence[str] | None = None,
) -> int:
    """Run the kernel and print how far each output is off. Return 1 where one is wrong, 0 where none is.

    With KERNELC_INTERPRET=1, and with the option for it, the interpreter runs it. Errors of kernelc are
    printed as one line, and their code is returned.
    """
    parser = argparse.ArgumentParser(description="Runs a kernel, and says how far its results are off.")
    parser.add_argument("-d", dest="device", default=device, help=f"the device (default: {device})")
    parser.add_argument("-i", dest="interpret", action="store_true", help="run it in the interpreter")
    parser.add_argument("-t", dest="text", action="store_true", help="print the kernel, too")
    args = parser.parse_args(argv)
    chosen = INTERPRETER if args.interpret or debug.interpret_enabled() else str(args.device)
    try:
        with Bench(chosen) as bench:
            case = subject.case(bench.target)
            if args.text:
                print(_shown(subject, bench.target))
            got = bench.run(case, arrays, params)
            print(f"{case.name} on {bench.executor.info.kind}: {bench.executor.info.name}")
    except KernelcError as error:
        print(error.render())
        return error.exit_code
    found = subject.compare(got, {**arrays, **expected})
    for each in found:
        print(f"{each.output}: {each.sentence}")
    return int(any(each.wrong for each in found))


def _shown(subject: Subject, target: str) -> str:
    if subject.text is not None:
        return subject.text.data.decode("utf-8", "replace")
    assert subject.kernel is not None
    return render(target, subject.kernel).rendered.text if target else kernel_text(subject.kernel)
