"""Variants of decode attention as an artifact on a device, for `benchmarks.attention`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kernelc.artifact import STEP_BUFFER, Artifact, BufferRange, Dispatch, Kernel, Program
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.reduce_splits import ATTENTION_REDUCE
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem, usual_schedule
from kernelc.kernels.attention.decode.subgroup_schedule import SubgroupSchedule
from kernelc.kernels.spec import KernelSpec
from kernelc.kernels.step_block import STEP
from kernelc.passes.splits import LENGTHS
from kernelc.target import Capabilities
from kernelc.tuning.made import ROLE, made_buffer, made_kernel, made_manifest
from runtime.device.executor import Executor
from runtime.device.program import StepBlock

CHECKED = (64, 512)  # positions after which results are compared
CACHE_BYTES = 256 << 20  # of keys, and of values: what no second-level cache holds
MOST_LAYERS, DISPATCHES = 64, 256


@dataclass(frozen=True)
class Choice:
    """A variant: a problem and a schedule; `usual` where a build takes them."""

    problem: AttentionDecodeProblem
    schedule: Any
    usual: bool

    @property
    def text(self) -> str:
        """The choice in words."""
        how = type(self.schedule).__name__.removesuffix("Schedule").replace("AttentionDecode", "Tiles")
        fields = " ".join(f"{name} {value}" for name, value in vars(self.schedule).items())
        split = f"split {self.problem.split}" if self.problem.split else "no split"
        return f"{split}{', joined' if self.problem.joined else ''}, {how}: {fields}"


def choices(shape: tuple[int, int, int], capabilities: Capabilities, fences: bool) -> Iterator[Choice]:
    """All variants of a shape."""
    heads, kv_heads, dim = shape
    plain = AttentionDecodeProblem(heads, kv_heads, dim, "f16", dim**-0.5, 0)
    for split in (0, 32, *LENGTHS[:3], 512):
        for joined in (True, False) if split and fences else (False,):
            problem = replace(plain, split=split, joined=joined)
            usual = ATTENTION_DECODE.default(capabilities, problem)
            found = [usual, usual_schedule(capabilities, problem)]
            if isinstance(usual, SubgroupSchedule) and (joined or not split):
                found += _around(usual, problem, capabilities)
            for schedule in dict.fromkeys(found):
                yield Choice(problem, schedule, schedule == usual and (joined or not fences or not split))


def _around(
    usual: SubgroupSchedule, problem: AttentionDecodeProblem, capabilities: Capabilities
) -> Iterator[SubgroupSchedule]:
    for heads in (1, 2, 4):
        for subgroups, fewer in ((4, 1), (4, 2), (8, 2), (2, 1)):
            ahead = max(1, usual.ahead // fewer)
            schedule = replace(usual, heads=heads, subgroups=subgroups, ahead=ahead)
            if heads <= problem.group and schedule.fits(capabilities, problem):
                yield schedule


def runs_at(choice: Choice, past: int) -> bool:
    """Whether a variant makes sense after so many positions."""
    split = choice.problem.split
    return past <= 1024 if split == 0 else split <= past + 1 and past // split <= 64


class Bench:
    """The variants of a shape as an artifact on a device."""

    def __init__(
        self,
        executor: Executor,
        folder: Path,
        shape: tuple[int, int, int],
        every: Sequence[Choice],
        capabilities: Capabilities,
        pasts: Sequence[int],
    ) -> None:
        self.executor, self.folder, self.every, self.capabilities = executor, folder, every, capabilities
        self.pasts = pasts
        self.heads, self.kv_heads, self.dim = shape
        self.context = max(*pasts, *CHECKED) + 1
        self.row = 2 * self.kv_heads * self.dim  # bytes of a position's keys
        self.kernels: dict[str, Kernel] = {}
        self.programs: dict[str, Program] = {}
        self.sizes = {
            STEP_BUFFER: 4 * len(STEP),
            "q": 4 * self.heads * self.dim,
            "out": 4 * self.heads * self.dim,
            "k_cache": max(CACHE_BYTES, self.row * self.context),
            "v_cache": max(CACHE_BYTES, self.row * self.context),
            "arrivals": 4 * self.heads,
            "partials": max(self._bytes(each, "partials") for each in every),
        }
        for at, choice in enumerate(every):
            self._add(at, choice)
        buffers = {name: made_buffer(size) for name, size in self.sizes.items()}
        target = executor.info.target
        manifest = made_manifest(target, self.kernels, buffers, self.programs, self.context)
        self.block = StepBlock(manifest.params)
        executor.load(Artifact(folder, manifest), self.context, [ROLE])
        self.arrays = self._fill()

    def run(self, end: float) -> list[dict[str, Any]]:
        """Check and time all variants, the usual ones first, until the time is up."""
        rows: list[dict[str, Any]] = []
        wrong: dict[int, str] = {}
        order = sorted(range(len(self.every)), key=lambda at: not self.every[at].usual)
        for past in self.pasts:
            for at in order:
                choice = self.every[at]
                if not runs_at(choice, past):
                    continue
                if time.perf_counter() > end:
                    print(f"the time is up after {len(rows)} measurements", flush=True)
                    return rows
                if at not in wrong:
                    wrong[at] = self._fault(at, choice)
                seconds = self._seconds(f"{at}.{past}", past)
                row = {"past": past, "us": round(1e6 * seconds, 3), "choice": choice.text}
                rows.append({**row, "usual": choice.usual, "wrong": wrong[at]})
        return rows

    def layers(self, past: int) -> int:
        """How many layers a measurement has."""
        return max(1, min(MOST_LAYERS, CACHE_BYTES // (self.row * (past + 1))))

    def _bytes(self, choice: Choice, name: str) -> int:
        bindings = ATTENTION_DECODE.bindings(choice.problem)
        return max((b.bytes({"context": self.context}) for b in bindings if b.name == name), default=4)

    def _add(self, at: int, choice: Choice) -> None:
        self._kernel(f"decode_{at}", ATTENTION_DECODE, choice.problem, choice.schedule)
        names = [f"decode_{at}"]
        specs: list[tuple[KernelSpec[Any, Any], Any]] = [(ATTENTION_DECODE, choice.problem)]
        if choice.problem.split and not choice.problem.joined:
            reduce = choice.problem.reduce
            schedule = ATTENTION_REDUCE.default(self.capabilities, reduce)
            self._kernel(f"reduce_{at}", ATTENTION_REDUCE, reduce, schedule)
            names.append(f"reduce_{at}")
            specs.append((ATTENTION_REDUCE, reduce))
        symbols = {"seq": (1, 1), "past": (0, self.context - 1)}

        def program(layers: int, past: int) -> Program:
            calls = [
                Dispatch(name, self._ranges(spec, problem, layer, self.row * (past + 1)), name)
                for layer in range(layers)
                for name, (spec, problem) in zip(names, specs, strict=True)
            ]
            return Program(ROLE, symbols, tuple(calls))

        self.programs[f"{at}.check"] = program(1, max(CHECKED))
        for past in self.pasts:
            if runs_at(choice, past):
                self.programs[f"{at}.{past}"] = program(self.layers(past), past)

    def _ranges(
        self, spec: KernelSpec[Any, Any], problem: Any, layer: int, size: int
    ) -> tuple[BufferRange, ...]:
        """What a layer binds, whose cache has `size` bytes of keys."""
        return tuple(
            BufferRange(each.name, layer * size, size)
            if each.name.endswith("_cache")
            else BufferRange(each.name, 0, self.sizes[each.name])
            for each in spec.bindings(problem)
        )

    def _kernel(self, name: str, spec: KernelSpec[Any, Any], problem: Any, schedule: Any) -> None:
        target = self.executor.info.target
        made = made_kernel(self.folder, name, target, spec, problem, schedule, self.capabilities)
        self.kernels[name] = made

    def _fill(self) -> dict[str, Any]:
        """Write queries, and the positions that are checked; the rest of the caches is zeros."""
        rng = np.random.default_rng(5)
        q = rng.normal(size=self.heads * self.dim).astype(np.float32)
        rows = (max(CHECKED) + 1, self.kv_heads * self.dim)
        caches = {name: rng.normal(size=rows).astype(np.float16) for name in ("k_cache", "v_cache")}
        self.executor.write_buffer("q", 0, q.tobytes())
        for name, array in caches.items():
            self.executor.write_buffer(name, 0, array.tobytes())
        return {"q": q, **{name: array.reshape(-1).view(np.uint32) for name, array in caches.items()}}

    def _fault(self, at: int, choice: Choice) -> str:
        """What is wrong with a variant's results, "" for nothing."""
        whole = replace(choice.problem, split=0, joined=False)
        for past in CHECKED:
            wanted = {**self.arrays, "out": np.zeros(self.heads * self.dim, np.float32)}
            ATTENTION_DECODE.reference(whole, wanted, {"seq": 1, "past": past})
            self._start([f"{at}.check"], past).result()
            got = np.frombuffer(self.executor.read_buffer("out"), np.float32)[: self.heads * self.dim]
            error = float(np.abs(got - wanted["out"]).max())
            if not error <= 1e-4:
                return f"  WRONG by {error:.3g} after {past}"
        return ""

    def _start(self, programs: Sequence[str], past: int) -> Any:
        step: dict[str, int | float] = {field.name: 0 for field in STEP}
        block = self.block.encode({**step, "seq": 1, "past": past, "top_p": 1.0})
        return self.executor.run(programs, {"seq": 1, "past": past, "context": self.context}, block)

    def _seconds(self, program: str, past: int) -> float:
        """The lower quartile of some runs, by the layer. A run costs something itself, hence two lengths."""
        layers = self.layers(past)
        many = max(2, DISPATCHES // layers)
        short, long = ([program] * count for count in (many, 3 * many))
        for programs in (short, long):
            self._start(programs, past).result()
        taken = [sorted(self._timed(programs, past) for _ in range(9))[2] for programs in (short, long)]
        return (taken[1] - taken[0]) / (2 * many * layers)

    def _timed(self, programs: Sequence[str], past: int) -> float:
        began = time.perf_counter()
        self._start(programs, past).result()
        return time.perf_counter() - began
