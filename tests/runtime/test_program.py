"""Programs resolved: which one runs, what is allocated, grids, the step block, the checks before loading."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from kernelc.artifact import Artifact, Manifest, Param
from kernelc.errors import ArtifactError, DeviceError, UsageError
from kernelc.ir.dim import Var, ceildiv
from runtime.device.checks import check_limits, choose_variants
from runtime.device.executor import DeviceInfo, Limits
from runtime.device.program import ProgramTable, StepBlock, plan_load, resolve_grid
from tests.runtime.tiny_artifact import PARAMS
from tests.runtime.tiny_kernels import VOCAB

ROOMY = Limits(1 << 30, 1 << 27, 1 << 15, 1024, (1024, 1024, 64), 65535, 32, 32)
DEVICE = DeviceInfo("wgpu", "test device", "none", "wgsl", frozenset({"f16", "subgroups"}), 32, ROOMY)


def with_limits(**changed: object) -> DeviceInfo:
    return dataclasses.replace(DEVICE, limits=dataclasses.replace(ROOMY, **changed))  # type: ignore[arg-type]


def check(manifest: Manifest, info: DeviceInfo, context: int = 64) -> None:
    plan = plan_load(manifest, context, ["prefill", "decode", "sample_greedy"])
    check_limits(manifest, plan, choose_variants(manifest, plan.kernels, info), info, context)


def test_the_first_program_whose_bounds_contain_the_step_is_selected(tiny: Artifact) -> None:
    table = ProgramTable(tiny.manifest, ["prefill", "decode"])
    assert table.select("decode", 1, 15) == "decode.short"
    assert table.select("decode", 1, 16) == "decode.long"
    assert table.select("prefill", 8, 0) == "prefill"
    assert table.most_rows("prefill", 3) == 8


def test_a_step_that_no_program_takes_is_refused(tiny: Artifact) -> None:
    table = ProgramTable(tiny.manifest, ["prefill", "decode"])
    with pytest.raises(UsageError, match="no prefill program takes 9 tokens after 0"):
        table.select("prefill", 9, 0)
    with pytest.raises(UsageError, match="no score program is loaded, only decode, prefill"):
        table.most_rows("score", 0)


@pytest.mark.parametrize("context", [1, 17, 64])
def test_the_plan_holds_exactly_the_buffers_of_its_roles(tiny: Artifact, context: int) -> None:
    plan = plan_load(tiny.manifest, context, ["prefill", "decode", "sample_greedy", "sample"])
    wanted = {
        "step": 32,
        "tokens": 4 * (context + 1),
        "layers.0.cache": 4 * context,
        "mark": 16,
        "logits": 4 * VOCAB,
        "slot.0": 128,
        "bias": 4 * VOCAB,
        "gain.quants": 2 * VOCAB,
    }
    assert plan.buffers == wanted
    assert plan.total_bytes == sum(wanted.values())
    scored = plan_load(tiny.manifest, context, ["score"])
    assert set(scored.buffers) == set(wanted) - {"logits"} | {"all_logits"}


def test_grids_are_numbers_where_the_program_fixes_their_symbols() -> None:
    seq, past = Var("seq", 1, 8), Var("past", 0, 63)
    symbols = {"seq": (1, 1), "past": (0, 63)}
    assert resolve_grid((ceildiv(seq, 4), seq * 3, 2), symbols, context=64) == (1, 3, 2)
    grid = resolve_grid((ceildiv(past + seq, 16), 1, 1), symbols, context=64)
    assert callable(grid)
    assert grid({"seq": 1, "past": 15, "context": 64}) == (1, 1, 1)
    assert grid({"seq": 1, "past": 16, "context": 64}) == (2, 1, 1)


def test_the_step_block_is_little_endian_in_the_manifests_order() -> None:
    block = StepBlock(PARAMS)
    values = {
        "seq": 3,
        "past": 5,
        "seed": 2**32 - 1,
        "top_k": 40,
        "temperature": 0.5,
        "top_p": 0.25,
        "min_p": 0.0,
    }
    data = block.encode({**values, "repetition_penalty": 1.5, "context": 64})
    assert data == struct.pack("<4I4f", 3, 5, 2**32 - 1, 40, 0.5, 0.25, 0.0, 1.5)
    assert block.decode(data) == {**values, "repetition_penalty": 1.5}


def test_a_step_field_of_another_time_is_refused() -> None:
    with pytest.raises(ArtifactError, match="'beam_width', this runtime knows"):
        StepBlock([Param("beam_width", "u32")])


@pytest.mark.parametrize(
    ("features", "wanted"), [({"f16", "subgroups"}, 0), ({"f16"}, 1), ({"subgroups"}, 0), (set[str](), 1)]
)
def test_the_first_variant_that_the_device_satisfies_is_taken(
    tiny: Artifact, features: set[str], wanted: int
) -> None:
    info = dataclasses.replace(DEVICE, features=frozenset(features))
    chosen = choose_variants(tiny.manifest, ["store"], info)["store"]
    assert chosen == tiny.manifest.kernels["store"].variants[wanted]


@pytest.mark.parametrize(
    ("size", "may_have", "wanted"),
    [(32, (), 0), (8, (), 1), (None, (), 1), (None, (16, 32), 0), (None, (8, 16), 1)],
)
def test_a_subgroup_size_must_be_exact(
    tiny: Artifact, size: int | None, may_have: tuple[int, ...], wanted: int
) -> None:
    kernel = tiny.manifest.kernels["store"]
    needs = dataclasses.replace(kernel.variants[0].requires, subgroup_size=32)
    first = dataclasses.replace(kernel.variants[0], requires=needs)
    kernel = dataclasses.replace(kernel, variants=(first, kernel.variants[1]))
    manifest = dataclasses.replace(tiny.manifest, kernels={"store": kernel})
    info = dataclasses.replace(DEVICE, subgroup_size=size, subgroup_sizes=may_have)
    assert choose_variants(manifest, ["store"], info)["store"] == kernel.variants[wanted]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"threads": 32}, "threads in a workgroup: wanted 64, the limit is 32"),
        ({"workgroup": (32, 64, 64)}, "threads along x: wanted 64, the limit is 32"),
        ({"storage_buffers": 2}, "storage buffers in a kernel: wanted 3, the limit is 2"),
        (
            {"buffer_bytes": 200},
            "layers.0.cache exceeds the device's limit for the size of a buffer: wanted 256",
        ),
        (
            {"binding_bytes": 200},
            "tokens exceeds the device's limit for the size of a storage binding: wanted 260",
        ),
        ({"workgroups": 3}, "limit for workgroups along a dimension: wanted 5, test device allows 3"),
    ],
)
def test_a_limit_that_is_too_small_is_named(tiny: Artifact, limits: dict[str, object], words: str) -> None:
    with pytest.raises(DeviceError) as caught:
        check(tiny.manifest, with_limits(**limits))
    assert words in caught.value.render()
    assert "test device" in caught.value.render()
    assert caught.value.help


def test_shared_memory_counts(tiny: Artifact) -> None:
    kernel = tiny.manifest.kernels["partial"]
    needs = dataclasses.replace(kernel.variants[0].requires, shared_bytes=40000)
    variant = dataclasses.replace(kernel.variants[0], requires=needs)
    kernels = {**tiny.manifest.kernels, "partial": dataclasses.replace(kernel, variants=(variant,))}
    with pytest.raises(DeviceError, match="bytes of shared memory: wanted 40000, the limit is 32768"):
        check(dataclasses.replace(tiny.manifest, kernels=kernels), DEVICE)


def test_a_smaller_context_may_fit_where_a_larger_does_not(tiny: Artifact) -> None:
    small = with_limits(buffer_bytes=200)
    check(tiny.manifest, small, context=40)
    with pytest.raises(DeviceError):
        check(tiny.manifest, small, context=64)


def test_grids_are_checked_for_the_context_that_is_loaded(tiny: Artifact) -> None:
    check(tiny.manifest, with_limits(workgroups=8), context=64)  # rows of a chunk: 8
    with pytest.raises(DeviceError, match="workgroups"):
        check(tiny.manifest, with_limits(workgroups=7), context=64)
    check(tiny.manifest, with_limits(workgroups=7), context=7)  # chunks hold 7 rows at most; no decode.long


def test_the_total_is_checked_where_the_memory_is_known(tiny: Artifact) -> None:
    total = plan_load(tiny.manifest, 64, ["prefill", "decode", "sample_greedy"]).total_bytes
    check(tiny.manifest, dataclasses.replace(DEVICE, memory_bytes=total))
    with pytest.raises(DeviceError, match=f"limit for memory: wanted {total:,}, test device allows"):
        check(tiny.manifest, dataclasses.replace(DEVICE, memory_bytes=total - 1))


def test_an_offset_that_the_device_cannot_bind_is_refused(tiny: Artifact) -> None:
    program = tiny.manifest.programs["greedy"]
    dispatch = program.dispatches[0]
    moved = dataclasses.replace(dispatch.bindings[0], offset=4, bytes=4)
    shifted = dataclasses.replace(dispatch, bindings=(moved, dispatch.bindings[1]))
    programs = {**tiny.manifest.programs, "greedy": dataclasses.replace(program, dispatches=(shifted,))}
    with pytest.raises(DeviceError, match="logits is bound at offset 4, test device wants a multiple of 32"):
        check(dataclasses.replace(tiny.manifest, programs=programs), DEVICE)


def test_an_artifact_for_another_target_says_so(tiny: Artifact) -> None:
    has = "c, cuda, opencl, spirv, wgsl"
    with pytest.raises(DeviceError, match=f"device wgpu runs metal kernels, the artifact has {has}"):
        choose_variants(tiny.manifest, ["store"], dataclasses.replace(DEVICE, target="metal"))
