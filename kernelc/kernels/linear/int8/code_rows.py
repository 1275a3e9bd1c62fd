"""Rows of activations to coded rows (see `kernelc.ir.coded_rows`), where what made them could not code them.

An invocation codes a group of 32; the workgroups of a row are many, since nothing else is to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import MOST_TERMS, CodedRows
from kernelc.ir.dim import Dim, ceildiv
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import four_of
from kernelc.kernels.linear.problem import activation_type
from kernelc.kernels.parts.coded_groups import LANES, coded_group, store_group
from kernelc.kernels.parts.wide_rows import works_wide
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import dot
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Value
from kernelc.target import Capabilities


@dataclass(frozen=True)
class CodeRowsProblem:
    """`cols` values of a row, with `terms`. `weight`: whether they are multiplied by a norm's weight first.

    `last_row`: x is [seq, cols] and its last row alone is coded; `one_row`: x is [1, cols].
    """

    cols: int
    terms: int
    weight: bool = False
    last_row: bool = False
    one_row: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError for a row without values, or another number of terms."""
        require(self.cols >= 1, self, "at least one column")
        require(1 <= self.terms <= MOST_TERMS, self, "one or two terms")

    @property
    def coded(self) -> CodedRows:
        return CodedRows(self.cols, self.terms)

    @property
    def rows(self) -> Dim:
        """Rows that are coded."""
        return 1 if self.last_row or self.one_row else SEQ


@dataclass(frozen=True)
class CodeRowsSchedule:
    """`threads` of a workgroup, each of which codes `groups` groups of a row."""

    threads: int
    groups: int
    dot4: bool


class CodeRows(KernelSpec[CodeRowsProblem, CodeRowsSchedule]):
    """x [rows, cols] times code_weight [cols] -> coded [rows, words]."""

    name = "code_rows"
    problem_type = CodeRowsProblem

    def bindings(self, problem: CodeRowsProblem) -> tuple[Binding, ...]:
        type_ = activation_type(problem.cols)
        lanes, rows = type_.lanes, 1 if problem.one_row else SEQ
        found = [Binding("x", type_, "read", rows * (problem.cols // lanes))]
        if problem.weight:
            found.append(Binding("code_weight", type_, "read", problem.cols // lanes, constant=True))
        return (*found, Binding("coded", u32, "read_write", problem.rows * problem.coded.words))

    def reference(self, problem: CodeRowsProblem, arrays: Arrays, params: Params) -> None:
        x, seq = arrays["x"].reshape(-1, problem.cols), int(params["seq"])
        x = x[seq - 1 :][:1] if problem.last_row else x[: 1 if problem.one_row else seq]
        weight = arrays["code_weight"].reshape(-1) if problem.weight else None
        arrays["coded"].reshape(-1, problem.coded.words)[: len(x)] = problem.coded.code(x, weight)

    def space(self, capabilities: Capabilities, problem: CodeRowsProblem) -> Iterable[CodeRowsSchedule]:
        if works_wide(capabilities):
            yield CodeRowsSchedule(1, max(1, problem.coded.groups), True)
        for threads in (32, 64, 128):
            yield CodeRowsSchedule(min(threads, capabilities.max_threads), 1, capabilities.dot4)

    def default(self, capabilities: Capabilities, problem: CodeRowsProblem) -> CodeRowsSchedule:
        return next(iter(self.space(capabilities, problem)))

    def workgroup(self, problem: CodeRowsProblem, schedule: CodeRowsSchedule) -> int:
        return schedule.threads

    def grid(self, problem: CodeRowsProblem, schedule: CodeRowsSchedule) -> Grid:
        return (ceildiv(problem.coded.groups, schedule.threads * schedule.groups), problem.rows, 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: CodeRowsProblem, schedule: CodeRowsSchedule
    ) -> None:
        row = k.workgroup_id(1)
        source = step_block.rows(k).last if problem.last_row else row
        first = k.workgroup_id(0) * (schedule.threads * schedule.groups) + k.local_id * schedule.groups
        if schedule.groups == 1:
            with k.when(first < problem.coded.groups):
                self._code(k, arrays, problem, schedule, source, row, first)
        else:
            with k.loop(0, schedule.groups) as own, k.when(first + own < problem.coded.groups):
                self._code(k, arrays, problem, schedule, source, row, first + own)

    def _code(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: CodeRowsProblem,
        schedule: CodeRowsSchedule,
        source: Value,
        row: Value,
        group: Value,
    ) -> None:
        square, fours = k.constant(0.0, f32), list[Value]()
        for at in range(LANES):
            four = group * LANES + at
            x = four_of(arrays["x"], source, four, problem.cols)
            if problem.weight:
                square = square + dot(x, x)
                x = x * four_of(arrays["code_weight"], 0, four, problem.cols)
            fours.append(x)
        made = coded_group(fours, problem.terms, schedule.dot4)
        store_group(arrays["coded"], problem.coded, row, group, made, square)

    def inputs(
        self, problem: CodeRowsProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        for name in arrays:  # in the bindings' order, so that the numbers are the same in every process
            if name != "coded":
                arrays[name][...] = rng.normal(size=arrays[name].shape)
        return arrays

    def tolerance(self, problem: CodeRowsProblem) -> Tolerance:
        """Codes are exact; the sums of squares are f32 sums of 32 terms."""
        return Tolerance(relative=1e-6, absolute=1e-6)

    def coded_rows(self, problem: CodeRowsProblem) -> Mapping[str, CodedRows]:
        return {"coded": problem.coded}

    def describe(self, problem: CodeRowsProblem) -> str:
        marks = ("_normed" if problem.weight else "") + ("_last_row" if problem.last_row else "")
        return f"{problem.cols}_t{problem.terms}{marks}{'_one_row' if problem.one_row else ''}"


CODE_ROWS = CodeRows()
