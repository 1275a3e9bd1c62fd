"""What there is to tune, at which sizes, and what is worth trying on a device."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.registry import SPECS
from kernelc.kernels.several.rows_problem import RowsProblem
from kernelc.tuning.candidates import candidates, capabilities_of
from kernelc.tuning.tasks import representative, tasks_of
from runtime.device.executor import DeviceInfo, Limits
from tests.kernels.harness import DOT4, VARIANTS

LIMITS = Limits(1 << 30, 1 << 28, 48 << 10, 64, (64, 64, 64), 65535, 16, 256)
CARD = DeviceInfo("wgpu", "a card", "", "wgsl", frozenset({"dot4"}), None, LIMITS)
CPU = DeviceInfo("cpu", "a processor", "", "c")
SPEC = SPECS["matvec"]
PROBLEM = SPEC.problem_from_json(
    {"format": "f32", "rows": 64, "cols": 64, "epilogue": {"kind": "row", "width": 64}}
)


@given(st.data())
def test_sizes_are_ones_that_the_program_takes(data: st.DataObject) -> None:
    longest = data.draw(st.integers(1, 5000))
    most = data.draw(st.integers(1, min(512, longest)))
    low = data.draw(st.integers(0, longest - 1))
    bounds = {"seq": (1, most), "past": (low, longest - 1)}
    for each in representative(bounds, longest, 96):
        assert 1 <= each["seq"] <= most and low <= each["past"]
        assert each["seq"] + each["past"] <= longest


def test_decoding_counts_a_step_of_a_conversation_and_prefill_a_long_and_a_short_prompt() -> None:
    assert representative({"seq": (1, 1), "past": (0, 4095)}, 4096, 96) == [{"seq": 1, "past": 192}]
    found = representative({"seq": (1, 512), "past": (0, 4095)}, 4096, 96)
    assert found == [{"seq": 96, "past": 0}, {"seq": 24, "past": 0}]


def of(info: DeviceInfo) -> tuple[Any, list[Any]]:
    capabilities = capabilities_of(info, SPEC, PROBLEM)
    assert capabilities is not None
    return capabilities, list(candidates(SPEC, PROBLEM, capabilities, info))


def test_the_variant_is_the_first_that_the_device_satisfies() -> None:
    assert of(CARD)[0] == DOT4
    with_halves = dataclasses.replace(CARD, features=frozenset({"dot4", "f16", "subgroups"}))
    assert of(with_halves)[0] == VARIANTS["f16-subgroups"]
    known = dataclasses.replace(with_halves, subgroup_size=32)
    assert of(known)[0] == VARIANTS["f16-subgroups-of-32"]
    assert of(CPU)[0] == VARIANTS["processor"]


@pytest.mark.parametrize("info", [CARD, CPU])
def test_all_that_the_family_lists_is_tried_but_what_cannot_be_good(info: DeviceInfo) -> None:
    capabilities, tried = of(info)
    rule = SPEC.default(capabilities, PROBLEM)
    allowed = [1] if info is CPU else range(65)
    listed = {each for each in SPEC.space(capabilities, PROBLEM) if each.threads in allowed}
    assert set(tried) == listed - {rule} and len(tried) == len(set(tried)) > 10
    assert tried == of(info)[1], "the order is the same every time"


def test_kernels_of_several_rows_are_not_searched_for() -> None:
    """Their schedules follow those of one row."""
    several = RowsProblem(PROBLEM, 2, 16, shared=("weight.quants",))
    rows = SPECS["matvec_rows"]
    kernels = {
        "one": SimpleNamespace(spec="matvec", problem=SPEC.problem_json(PROBLEM)),
        "two": SimpleNamespace(spec="matvec_rows", problem=rows.problem_json(several)),
    }
    dispatches = [SimpleNamespace(kernel=name) for name in kernels]
    symbols = {"seq": (1, 2), "past": (0, 15)}
    program = SimpleNamespace(role="decode", symbols=symbols, dispatches=dispatches)
    model = SimpleNamespace(max_context=16)
    manifest: Any = SimpleNamespace(programs={"a": program}, symbols={}, model=model, kernels=kernels)
    assert [task.kernel for task in tasks_of(manifest, 96)] == ["one"]
