"""Tiles in WGSL as Tint has them: their text, and that Tint compiles it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kernelc.backends import backend_named
from kernelc.ir.dim import Dim
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.linear.epilogues import PairEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.nodes import Kernel
from kernelc.kir.tile_types import F16
from kernelc.passes.lower import ProgramSource, lower
from kernelc.passes.select import KernelCall
from kernelc.printing import render
from kernelc.schedules import RULES
from kernelc.target import TARGETS
from tests.conformance.tiles import CASES, TileCase
from tests.kernels.linear_problems import linear, residual
from tests.web.tint import compile_all, write_kernel

MATRICES, HALVES = TARGETS["wgsl"].variants[:2]
PRINTED = [case for case in CASES if not case.scaled]
PROBLEMS = (
    linear("q4", 1024, 172, residual(1024), bias=True),
    linear("q8", 512, 256, PairEpilogue(256)),
    linear("f16", 64, 64),
)


def text_of(kernel: Kernel) -> str:
    return backend_named("wgsl").render(kernel).text


def case_named(name: str) -> TileCase:
    (case,) = (case for case in CASES if case.name == name)
    return case


def body(name: str) -> str:
    """Without comments, each statement on a line of its own."""
    text = re.sub(r" +// .*", "", text_of(case_named(name).kernel()))
    return re.sub(r",\n +", ", ", text)


def test_matrices_are_named_with_their_columns_first() -> None:
    text = body("tile_i8_16x16x32_u32x4_nt")
    assert set(re.findall(r"subgroup_matrix_\w+<[^>]*>", text)) == {
        "subgroup_matrix_left<i8, 32, 16>",
        "subgroup_matrix_right<i8, 16, 32>",
        "subgroup_matrix_result<i32, 16, 16>",
    }


@pytest.mark.parametrize("layouts", ["nn", "nt", "tn", "tt"])
def test_layouts_and_strides_are_those_of_the_memory(layouts: str) -> None:
    text = body(f"{F16.feature}_u32x4_{layouts}")
    loads = re.findall(r"subgroupMatrixLoad<.*?>, (\w+)>\(&(\w+), \w+, (\w+)\)", text)
    wanted = [{"n": "row_major", "t": "col_major"}[each] for each in layouts]
    assert loads == [(wanted[0], "staged_a", "3u"), (wanted[1], "staged_b", "3u")]


def test_a_module_asks_for_matrices_and_halves_where_it_has_them() -> None:
    text = body(f"{F16.feature}_u32x4_nt")
    assert "enable f16;" in text and "enable chromium_experimental_subgroup_matrix;" in text
    assert "enable f16;" not in body("tile_i8_16x16x32_u32x4_nt")
    kernel = MATMUL.kernel(PROBLEMS[0], MATMUL.default(HALVES, PROBLEMS[0]), MATRICES)
    assert "matrix" not in text_of(kernel) and "diagnostic" not in text_of(kernel)


def test_sums_are_not_multiplied_by_factors() -> None:
    with pytest.raises(NotImplementedError, match="element by element"):
        text_of(case_named(f"{F16.feature}_u32x4_nt_3_rounds_scaled").kernel())


def test_tint_compiles_every_operation_on_tiles(tmp_path: Path) -> None:
    for case in PRINTED:
        write_kernel(tmp_path, text_of(case.kernel()))
    assert "chromium-experimental-subgroup-matrix" in compile_all(tmp_path)


@pytest.mark.parametrize("problem", PROBLEMS, ids=[problem.format for problem in PROBLEMS])
def test_tint_compiles_the_matmul(problem: LinearProblem, tmp_path: Path) -> None:
    schedule = MATMUL.default(MATRICES, problem)
    assert schedule.kind == F16
    write_kernel(tmp_path, text_of(MATMUL.kernel(problem, schedule, MATRICES)))
    compile_all(tmp_path)


def test_tint_notices_a_stride_that_is_too_small(tmp_path: Path) -> None:
    """So that the tests above can fail."""
    text = text_of(case_named(f"{F16.feature}_u32x4_nt").kernel())
    write_kernel(tmp_path, text.replace("offset, 3u)", "offset, 1u)"))
    with pytest.raises(AssertionError, match="stride"):
        compile_all(tmp_path)


def variants_of(spec: KernelSpec[Any, Any], problem: Any) -> list[tuple[str, ...]]:
    """What the variants ask for that an artifact has of a problem's kernel."""
    call = KernelCall(spec, problem, {b.name: b.name for b in spec.bindings(problem)}, (), "test")
    source = ProgramSource("prefill", "prefill", {"seq": (1, 8), "past": (0, 7)}, (call,))
    sizes: dict[str, Dim] = {b.name: 1 << 20 for b in spec.bindings(problem) if not b.constant}
    weights = {b.name: 1 << 20 for b in spec.bindings(problem) if b.constant}
    symbols = {"seq": (1, 8), "past": (0, 7), "context": (1, 8)}
    lowered = lower([source], sizes, weights, symbols, [TARGETS["wgsl"]], render, RULES.choose)
    (kernel,) = lowered.kernels.values()
    return [variant.requires.features for variant in kernel.variants]


def test_an_artifact_has_matrices_in_the_kernels_that_multiply_them_alone() -> None:
    """Attention multiplies sums by factors; norms have a variant for subgroups of 32, none with matrices."""
    others = [(), ()]  # for subgroups of 32, and for any device; no halves in either
    assert variants_of(MATMUL, PROBLEMS[0]) == [("f16", F16.feature), *others]
    assert variants_of(MATMUL, linear("f32", 64, 64)) == others
    assert variants_of(ATTENTION_PREFILL, AttentionPrefillProblem(4, 2, 64, "f16", 0.125)) == others
    assert variants_of(ATTENTION_PREFILL, AttentionPrefillProblem(4, 2, 128, "f16", 0.125)) == [()]
    assert variants_of(RMS_NORM, RmsNormProblem(64, 1e-5, True)) == [("subgroups",), ("subgroups",), ()]
