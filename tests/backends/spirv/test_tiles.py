"""Tiles as SPIR-V prints them: words by the specification's numbers, its memory model, whole kernels."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kernelc.backends.spirv.printer import SpirvBackend
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.embedding import EMBEDDING, EmbeddingProblem
from kernelc.kernels.linear.epilogues import HeadEpilogue, PairEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.rotary import Rotary
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.kir.nodes import Kernel
from kernelc.kir.tile_types import F16, I8, TileKind
from kernelc.kir.types import f16
from kernelc.printing import render
from kernelc.target import Capabilities
from tests.backends.spirv.test_assembler import words
from tests.conformance.tiles import CASES, SMALL_F16
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.linear_problems import linear, residual
from tests.kernels.vulkan_runner import opened

LEADING = VARIANTS["f16-tiles"]
ROTARY = Rotary(16, 10_000.0)
QKV = HeadEpilogue(heads=4, kv_heads=2, head_dim=16, rotary=ROTARY, kv_dtype="f16")
LINEAR = (
    linear("q4", 100, 172, residual(100), bias=True),
    linear("q8", 128, 64, PairEpilogue(64)),
    linear("f16", QKV.width, 64, QKV),
)


def text_of(kernel: Kernel) -> str:
    return SpirvBackend().render(kernel).text


def case_of(name: str) -> str:
    (case,) = (case for case in CASES if case.name == name)
    return text_of(case.kernel())


def test_words_are_those_of_the_specification() -> None:
    """SPV_KHR_cooperative_matrix, sections 3.31, 3.X and 3.42; SPIR-V's Memory Operands."""
    text = """
    OpCapability CooperativeMatrixKHR
    OpCapability VulkanMemoryModel
    OpCapability Int8
    OpMemoryModel Logical Vulkan
    %1 = OpTypeCooperativeMatrixKHR %2 %3 %4 %5 %6
    %7 = OpCooperativeMatrixLoadKHR %1 %8 %9 %10 NonPrivatePointer
    OpCooperativeMatrixStoreKHR %8 %7 %9 %10 NonPrivatePointer
    %11 = OpCooperativeMatrixMulAddKHR %1 %7 %7 %7
    %12 = OpCooperativeMatrixMulAddKHR %1 %7 %7 %7 MatrixBSignedComponentsKHR|MatrixResultSignedComponentsKHR
    %13 = OpLoad %2 %8 NonPrivatePointer
    OpStore %8 %13 NonPrivatePointer
    """
    assert words(text) == [
        2 << 16 | 17, 6022,
        2 << 16 | 17, 5345,
        2 << 16 | 17, 39,
        3 << 16 | 14, 0, 3,
        7 << 16 | 4456, 1, 2, 3, 4, 5, 6,
        7 << 16 | 4457, 1, 7, 8, 9, 10, 0x20,
        6 << 16 | 4458, 8, 7, 9, 10, 0x20,
        6 << 16 | 4459, 1, 11, 7, 7, 7,
        7 << 16 | 4459, 1, 12, 7, 7, 7, 2 | 8,
        5 << 16 | 61, 2, 13, 8, 0x20,
        4 << 16 | 62, 8, 13, 0x20,
    ]  # fmt: skip


def constants(text: str) -> dict[str, int]:
    found = re.findall(r"(%\w+) = OpConstant %u32 (\d+)", text)
    return {name: int(number) for name, number in found}


def operands(text: str, instruction: str) -> list[list[str]]:
    """The operands of an instruction, each time, without its result's type."""
    return [line.split() for line in re.findall(rf"{instruction} %\S+ ([^;\n]*)", text)]


@pytest.mark.parametrize("kind", [F16, I8], ids=["f16", "i8"])
def test_a_subgroup_holds_matrices_of_the_kind(kind: TileKind) -> None:
    text = case_of(f"{kind.feature}_u32x4_nt")
    number, scalars = constants(text), {"f16": "%f16", "f32": "%f32", "i8": "%i8", "i32": "%i32"}
    types = re.findall(r"OpTypeCooperativeMatrixKHR (%\w+) (%\w+) (%\w+) (%\w+) (%\w+)", text)
    subgroup = 3
    wanted = {
        (scalars[kind.operand], subgroup, kind.m, kind.k, 0),
        (scalars[kind.operand], subgroup, kind.k, kind.n, 1),
        (scalars[kind.sum], subgroup, kind.m, kind.n, 2),
    }
    assert {(scalar, *(number[each] for each in rest)) for scalar, *rest in types} == wanted
    (signs,) = {line[3] if len(line) > 3 else "" for line in operands(text, "OpCooperativeMatrixMulAddKHR")}
    assert signs.count("SignedComponentsKHR") == (4 if kind is I8 else 0)


@pytest.mark.parametrize("layouts", ["nn", "nt", "tn", "tt"])
def test_columns_are_loaded_as_columns(layouts: str) -> None:
    text = case_of(f"{F16.feature}_u32x4_{layouts}")
    number = constants(text)
    loads = operands(text, "OpCooperativeMatrixLoadKHR")
    assert [number[layout] for _, layout, *_ in loads] == ["nt".index(each) for each in layouts]
    assert [number[stride] for _, _, stride, _ in loads] == [3, 3]  # words of 16 bytes, not halves


def test_factors_of_rows_are_a_column_again_and_again() -> None:
    text = case_of(f"{F16.feature}_u32x4_nt_3_rounds_scaled")
    number = constants(text)
    loads = operands(text, "OpCooperativeMatrixLoadKHR")
    assert [1, 0] in [[number[layout], number[stride]] for _, layout, stride, _ in loads]
    assert re.search(r"= OpFMul %tile_sum_f32_16x16 %\w+ %factors", text)


def capabilities(text: str) -> set[str]:
    return set(re.findall(r"OpCapability (\w+)", text))


def test_matrices_need_the_vulkan_memory_model() -> None:
    for case in CASES:
        text = text_of(case.kernel())
        assert capabilities(text) >= {"VulkanMemoryModel", "CooperativeMatrixKHR"}
        assert ("Float16" in capabilities(text)) == (case.kind is F16)
        assert ("Int8" in capabilities(text)) == (case.kind is I8)
        assert ("StorageBuffer16BitAccess" in capabilities(text)) == (case.memory == f16)
        assert "OpMemoryModel Logical Vulkan\n" in text
        assert set(re.findall(r'OpExtension "(\w+)"', text)) == {
            "SPV_KHR_vulkan_memory_model",
            "SPV_KHR_cooperative_matrix",
        }


def test_what_is_shared_is_said_to_be() -> None:
    """In this memory model nobody else sees an access that is not said to be for others, and barriers have to
    say that they make it seen: acquire and release, of workgroup memory, available and visible."""
    text = case_of(f"{F16.feature}_u32x4_nt_3_rounds_scaled")
    shared = re.findall(r"(%\w+) = OpAccessChain %workgroup_", text)
    accesses = re.findall(r"Op(?:Load|Store|CooperativeMatrix\w+KHR)\b[^;\n]*", text)
    for cell in shared:
        (access,) = (line for line in accesses if re.search(rf"{cell}\b", line))
        assert access.split()[-1] == "NonPrivatePointer", access
    assert len(shared) == text.count("NonPrivatePointer") == 8
    number = constants(text)
    barriers = re.findall(r"OpControlBarrier (%\w+) (%\w+) (%\w+)", text)
    assert {tuple(number[each] for each in barrier) for barrier in barriers} == {(2, 2, 0x6108)}


def test_kernels_without_tiles_keep_the_simple_memory_model() -> None:
    kernel = MATMUL.kernel(LINEAR[0], MATMUL.default(Capabilities(), LINEAR[0]), Capabilities())
    text = text_of(kernel)
    assert "OpMemoryModel Logical GLSL450\n" in text and "NonPrivatePointer" not in text
    number = constants(text)
    barriers = re.findall(r"OpControlBarrier (%\w+) (%\w+) (%\w+)", text)
    assert {number[barrier[2]] for barrier in barriers} == {0x108}


@pytest.mark.parametrize("problem", LINEAR, ids=[problem.format for problem in LINEAR])
def test_the_matmul_of_the_leading_variant_multiplies_tiles(problem: LinearProblem) -> None:
    schedule = MATMUL.default(LEADING, problem)
    assert schedule.kind == F16
    kernel = MATMUL.kernel(problem, schedule, LEADING)
    products = operands(text_of(kernel), "OpCooperativeMatrixMulAddKHR")
    assert len(products) == schedule.tiles[0] * schedule.tiles[1]  # of a step, in a loop
    assert kernel.shared_bytes <= LEADING.shared_bytes and kernel.asked_subgroup_size() == 32


@pytest.mark.parametrize("head_dim", [32, 64, 128])
def test_attention_of_the_leading_variant_multiplies_tiles(head_dim: int) -> None:
    problem = AttentionPrefillProblem(4, 2, head_dim, "f16", head_dim**-0.5)
    kernel = ATTENTION_PREFILL.kernel(problem, ATTENTION_PREFILL.default(LEADING, problem), LEADING)
    text, steps = text_of(kernel), head_dim // F16.k
    assert len(operands(text, "OpCooperativeMatrixMulAddKHR")) == 2 * steps  # scores, and sums of values
    assert len(re.findall(r"OpFMul %tile_sum_f32_16x16", text)) == 2 * steps
    assert kernel.asked_subgroup_size() == 32


SCHEDULES = ((2, 2), (2, 2), 32, True), ((1, 2), (1, 2), 64, False), ((2, 1), (2, 1), 32, False)


@pytest.mark.parametrize("problem", LINEAR, ids=[problem.format for problem in LINEAR])
@pytest.mark.parametrize("choice", SCHEDULES, ids=[str(at) for at in range(len(SCHEDULES))])
def test_the_matmul_on_a_device_with_small_tiles(problem: LinearProblem, choice: Any) -> None:
    """Lavapipe has matrix units of eight, which the kernel takes as it takes any."""
    on = opened()
    if isinstance(on, str) or SMALL_F16.feature not in on.device.info.features:
        pytest.skip(f"no Vulkan device with {SMALL_F16.feature}: Mesa's lavapipe from 26 on has it")
    assert on.device.info.subgroup_size is not None
    kind = TileKind("f16", "f32", 8, 8, 8, on.device.info.subgroup_size)
    teams, tiles, depth, ahead = choice
    units = Capabilities(f16=True, subgroup_size=kind.lanes, tiles=(kind,), shared_bytes=32 << 10)
    schedule = MatmulSchedule(teams, tiles, kind, depth, ahead, f16=True)
    if not schedule.fits(units, problem):
        pytest.skip("the columns are no whole steps of this depth")
    env = {"seq": 33, "past": 3, "context": 36}
    check_kernel(MATMUL, problem, executor="vulkan", capabilities=units, seed=1, env=env, schedule=schedule)


def test_a_size_of_subgroups_is_asked_for_where_something_depends_on_it() -> None:
    norm, embedded = RmsNormProblem(64, 1e-5, True), EmbeddingProblem("q4", 64, 0, 512)
    for kernel, wanted in (
        (RMS_NORM.kernel(norm, RMS_NORM.default(LEADING, norm), LEADING), 32),
        (EMBEDDING.kernel(embedded, EMBEDDING.default(LEADING, embedded), LEADING), None),
    ):
        assert kernel.subgroup_size == 32 and render("spirv", kernel).requires.subgroup_size == wanted
