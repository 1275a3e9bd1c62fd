"""A kernel's text, changed by hand, beside the original: is it right, and which is faster?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kernelc.backends.spirv.assembler import assemble
from kernelc.errors import InternalError, UsageError, WorkFailed
from kernelc.measure.pairs import Comparison, alternated, compared
from kernelc.printing import render
from kernelc.target import TARGETS
from kernelc.workshop.bench import Bench, Loaded
from kernelc.workshop.case import Case, Grid, case_of
from kernelc.workshop.difference import Difference, differences
from kernelc.workshop.subject import Subject
from runtime.device.kernel_checks import workgroup_behind

MOST_TEXT_BYTES = 16 << 20
_BEFORE_WORKGROUP: Mapping[str, bytes] = {
    "wgsl": b"@workgroup_size",
    "cuda": b"__launch_bounds__",
    "opencl": b"reqd_work_group_size",
}
"""What stands before the size of the workgroup in a target's text."""
_LEAST_PAIRS, _MOST_PAIRS, _PAIRS_SECONDS = 6, 25, 2.0


@dataclass(frozen=True)
class Result:
    """What a text computes and how fast: `seconds` of a launch, the original's and its own, and the pairs'
    comparison; the latter are None where it computes something else than it should."""

    differences: tuple[Difference, ...]
    seconds: tuple[float, float] | None = None
    comparison: Comparison | None = None

    @property
    def right(self) -> bool:
        """Whether all outputs are within the tolerance."""
        return not any(each.wrong for each in self.differences)


class Attempts:
    """One kernel on one open device, to be tried with any number of texts."""

    def __init__(self, bench: Bench, subject: Subject) -> None:
        """Print the kernel for the device and compute what must come out.

        Raises: UsageError where the device takes no texts, or no variant of the kernel.
        """
        if not bench.target:
            raise UsageError("`device` numpy takes no texts", help="use another `device`")
        self._bench, self.subject = bench, subject
        traced, grid = subject.traced(bench.executor.info)
        self.original: Case = case_of(traced, bench.target, grid)
        self.text = render(bench.target, traced).rendered.text
        self._features = traced.features()
        self._tile = subject.tile()

    @property
    def grid(self) -> Grid:
        """The workgroups of the original."""
        return self.original.grid

    def run(self, text: str, grid: Grid | None = None, *, timed: bool = True) -> Result:
        """Run a text on the golden tile, and where it is right time it by turns with the original.

        `grid`: its workgroups, where they are others than the original's. Raises: WorkFailed where the
        compiler refuses the text, with the lines around an error as its notes.
        """
        changed = self._changed(text, grid or self.grid)
        arrays, params = self._tile.arrays, self._tile.params
        with self._bench.loaded([self.original, changed], arrays, params, timed=timed) as loaded:
            found = differences(
                self.subject.spec,
                self.subject.problem,
                loaded.results(1),
                {**arrays, **self._tile.wanted.arrays},
                features=self._features,
                spoken=self._tile.wanted.spoken,
            )
            result = Result(found)
            return _timed(result, loaded) if timed and result.right else result

    def _changed(self, text: str, grid: Grid) -> Case:
        data, target = text.encode(), self._bench.target
        if target == "spirv":
            try:
                data = assemble(text)
            except InternalError as error:
                raise WorkFailed(f"the assembler refuses the text: {error.message}") from error
        word = _BEFORE_WORKGROUP.get(target)
        own = None if word is None else workgroup_behind(word, data)
        size = self.original.workgroup if own is None else own[0]
        return replace(self.original, data=data, grid=grid, workgroup=size)


def target_of_suffix(suffix: str) -> str:
    """Return the target whose texts have this suffix, such as ".wgsl". Raises: UsageError for another."""
    known = {
        f".{each.text_suffix or each.suffix}": name for name, each in TARGETS.items() if not each.modules
    }
    if suffix not in known:
        raise UsageError(f"the file's suffix is {suffix!r}, wanted one of {', '.join(known)}")
    return known[suffix]


def suffix_of_target(target: str) -> str:
    """Return the suffix of a target's texts, such as ".wgsl"."""
    return f".{TARGETS[target].text_suffix or TARGETS[target].suffix}"


def _timed(result: Result, loaded: Loaded) -> Result:
    began = time.perf_counter()
    for at in (0, 1):
        loaded.seconds(at)  # the first runs of a kernel are no measure
    pair = time.perf_counter() - began
    pairs = max(_LEAST_PAIRS, min(_MOST_PAIRS, int(_PAIRS_SECONDS / pair)))
    originals, changed = alternated(lambda: loaded.seconds(0), lambda: loaded.seconds(1), pairs)
    comparison = compared([1 / each for each in originals], [1 / each for each in changed])
    middle = pairs // 2
    return replace(
        result, seconds=(sorted(originals)[middle], sorted(changed)[middle]), comparison=comparison
    )
