"""What the benchmark of decode attention tries is what the family lists, with what builds take among it."""

from __future__ import annotations

import pytest

from benchmarks.attention import PASTS, SHAPES
from benchmarks.attention_variants import choices, runs_at
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.target import TARGETS


@pytest.mark.parametrize("target", ["cuda", "spirv", "wgsl"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_variants_are_legal_and_hold_the_usual_ones(target: str, shape: tuple[int, int, int]) -> None:
    capabilities, fences = TARGETS[target].variants[-1], TARGETS[target].fences
    if target == "cuda":
        assert capabilities.subgroup_size == 32
    found = list(choices(shape, capabilities, fences))
    assert len(set(found)) == len(found)
    for choice in found:
        assert choice.schedule in set(ATTENTION_DECODE.space(capabilities, choice.problem))
        assert fences or not choice.problem.joined
    usual = [(each.problem.split, each.problem.joined) for each in found if each.usual]
    assert len(set(usual)) == len(usual) and {joined for split, joined in usual if split} == {fences}
    for past in PASTS:
        assert any(each.usual and runs_at(each, past) for each in found)
