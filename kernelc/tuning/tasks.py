"""What there is to tune in an artifact: each distinct problem once, at sizes that stand for its use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernelc.artifact import Bounds, Kernel, Manifest
from kernelc.errors import ArtifactError
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import KernelSpec
from kernelc.tuned.schedules import problem_key

SHORT = 24
"""Tokens of a step that takes several: a turn's of a chat."""
POSITIONS = 192
"""Positions behind the least that a program starts after: as far as a short conversation goes."""

Symbols = Mapping[str, int]


@dataclass
class Task:
    """A problem of a family, the kernel that first has it, and the symbols at which its time counts.

    Its results are checked for the `odd` symbols too, which are no multiple of any tile. `weight` is its
    largest share of a step's time. `names` are all kernels of the artifact that have the problem.
    """

    kernel: str
    spec: KernelSpec[Any, Any]
    problem: Any
    symbols: tuple[Symbols, ...]
    odd: Symbols
    weight: float = 0.0
    names: list[str] = field(default_factory=list[str])

    @property
    def key(self) -> tuple[str, str]:
        """As `kernelc.tuned.table.Entry.key`."""
        return self.spec.name, problem_key(self.spec.problem_json(self.problem))


def tasks_of(manifest: Manifest, long: int) -> list[Task]:
    """Return the distinct problems of an artifact's programs, in the order of their first use.

    `long` is how many tokens stand for a long prompt.

    Raises: ArtifactError for a kernel of another kernelc.
    """
    found: dict[tuple[str, str], Task] = {}
    for program in manifest.programs.values():
        bounds = {**manifest.symbols, **program.symbols}
        if program.role.startswith("sample"):  # whatever the step, these read the last row's scores
            bounds["seq"] = (bounds["seq"][0], bounds["seq"][0])
        longest = manifest.model.max_context
        for name in dict.fromkeys(dispatch.kernel for dispatch in program.dispatches):
            task = _task(name, manifest.kernels[name], _odd(bounds, longest))
            if task.spec.alone(task.problem) is not None:
                continue  # its schedule is made of another kernel's
            known = found.setdefault(task.key, task)
            known.names += [name] if name not in known.names else []
            new = representative(bounds, longest, long)
            known.symbols += tuple(each for each in new if each not in known.symbols)
    for task in found.values():
        task.symbols = _telling(task.symbols)
    return list(found.values())


def _task(name: str, entry: Kernel, odd: Symbols) -> Task:
    try:
        spec = SPECS[entry.spec]
        problem = spec.problem_from_json(entry.problem)
        spec.bindings(problem)
    except Exception as error:  # the problem is data of a stranger: whatever is wrong with it shows here
        help_ = "tune with the kernelc that built it, or build it again"
        where = f"manifest.json: kernels.{name}"
        raise ArtifactError(f"no kernel {entry.spec} of this kernelc", where=where, help=help_) from error
    return Task(name, spec, problem, (), odd, names=[name])


def representative(bounds: Mapping[str, Bounds], longest: int, long: int) -> list[Symbols]:
    """Return symbols that stand for the steps of a program with these bounds, within the longest context."""
    (least, most), (low, high) = bounds["seq"], bounds["past"]
    found: list[Symbols] = []
    for rows in (long, SHORT) if most > 1 else (1,):
        seq = max(least, min(most, rows, longest - low))
        past = min(high, low + POSITIONS if most == 1 else low, longest - seq)
        step = {"seq": seq, "past": max(low, past)}
        if step not in found:
            found.append(step)
    return found


def _odd(bounds: Mapping[str, Bounds], longest: int) -> Symbols:
    (least, most), (low, high) = bounds["seq"], bounds["past"]
    seq = max(least, min(most, least + 4, longest - low))
    return {"seq": seq, "past": max(low, min(high, low + 7, longest - seq))}


def _telling(symbols: Sequence[Symbols]) -> tuple[Symbols, ...]:
    """The largest and the smallest of the symbols: of programs that differ in positions alone the first
    counts, since what depends on positions is another problem for each of these."""
    rows: dict[int, Symbols] = {}
    for each in symbols:
        rows.setdefault(each["seq"], each)
    return tuple(rows[seq] for seq in sorted({max(rows), min(rows)}, reverse=True))
