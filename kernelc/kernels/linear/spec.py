"""What every kernel family of the linear problem shares: names, test inputs, golden tiles, tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import lcm
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import CodedRows
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import packed_inputs, tile_rows
from kernelc.kernels.spec import KernelSpec, Tolerance, empty

S = TypeVar("S")


class LinearSpec(KernelSpec[LinearProblem, S]):
    """A family that computes y = x W and an epilogue (see `kernelc.kernels.linear.problem`)."""

    problem_type = LinearProblem

    def inputs(
        self, problem: LinearProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """Random arrays whose products stay of order one."""
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        read = {b.name for b in problem.epilogue.inputs(1)} | {"norm_weight", "bias"}
        if problem.blocks is not None:
            x = rng.normal(size=(env["seq"], problem.cols)).astype(np.float32)
            arrays["x"][...] = problem.blocks.arrange(x)
        elif problem.coded is None:
            read.add("x")
        else:
            rows = arrays["x"].size // problem.coded.words
            row, weight = rng.normal(size=(2, rows, problem.cols)).astype(np.float32)
            coded = problem.coded.code(row, None if problem.norm_eps is None else weight[0])
            arrays["x"][...] = coded.reshape(-1, 4)
        for name in (name for name in arrays if name in read):
            arrays[name][...] = rng.normal(size=arrays[name].shape)
        weights = rng.normal(size=(problem.rows, problem.cols)) / np.sqrt(problem.cols)
        return arrays | packed_inputs(problem.format, weights)

    def tile(self, problem: LinearProblem) -> LinearProblem:
        """The first rows alone."""
        rows = _tile_rows(problem)
        return replace(problem, rows=rows) if problem.rows > 2 * rows else problem

    def pieces(self, problem: LinearProblem) -> tuple[LinearProblem, ...]:
        """Tiles at the first rows, around the epilogue's edges (ends of q and k heads), and at the last
        rows."""
        if self.tile(problem) is problem:
            return (problem,)
        last, tile = problem.rows - 1, _tile_rows(problem)
        edges = [row - problem.row_begin for row in problem.epilogue.edges]
        near = (0, *(row for edge in edges if 0 < edge < last for row in (edge - 1, edge)), last)
        starts = sorted({row // tile * tile for row in near})
        return tuple(
            replace(problem, rows=min(tile, problem.rows - start), row_begin=problem.row_begin + start)
            for start in starts
        )

    def tolerance(self, problem: LinearProblem) -> Tolerance:
        """f32 sums of terms of order 1/sqrt(cols) in another order; a cache of halves rounds once more."""
        if problem.epilogue.packed_halves:
            return Tolerance(relative=1e-3, absolute=5e-5)
        return Tolerance(relative=2e-5, absolute=3e-5 * problem.epilogue.amplification)

    def describe(self, problem: LinearProblem) -> str:
        """Such as "q4_qkv_128x64", and what sets it apart from others of that shape."""
        norm = "norm_" if problem.norm_eps is not None else ""
        short = problem.epilogue.short_name
        epilogue = f"_{short}" if short else ""
        terms = f"_t{problem.terms}" if problem.terms else "_halves" if problem.halves else ""
        return f"{norm}{problem.format}{epilogue}_{problem.rows}x{problem.cols}{terms}"

    def coded_rows(self, problem: LinearProblem) -> Mapping[str, CodedRows]:
        coded = problem.epilogue.coded
        return {} if coded is None else {"coded": coded}

    def coded_inputs(self, problem: LinearProblem) -> Mapping[str, CodedRows]:
        return {} if problem.coded is None else {"x": problem.coded}

    def packed_halves(self, problem: LinearProblem) -> frozenset[str]:
        return problem.epilogue.packed_halves


def _tile_rows(problem: LinearProblem) -> int:
    """Rows of a golden tile: whole groups where results are coded."""
    return lcm(tile_rows(problem.format), problem.result_rows)
