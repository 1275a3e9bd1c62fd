"""The SPIR-V text: what is exact, what is asked of a device, what stays as it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kernelc.backends.spirv.printer import SpirvBackend
from kernelc.kernels.parts.precise_math import log, power_of_two, sincos
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.kir.functions import subgroup_sum, to_u32
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f16, f32, u32
from kernelc.target import Capabilities

GOLDEN = Path(__file__).parent / "rms_norm.spvasm"


def text_of(body: Any) -> str:
    return SpirvBackend().render(verify(trace("kernel", body, workgroup=32))).text


def test_emitted_text_is_the_golden_one(update_golden: bool) -> None:
    problem, variant = RmsNormProblem(64, 1e-5, True), Capabilities(subgroups=True)
    kernel = RMS_NORM.kernel(problem, RMS_NORM.default(variant, problem), variant)
    text = re.sub(r"\.py:\d+", ".py", SpirvBackend().render(kernel).text)
    if update_golden:
        GOLDEN.write_text(text)
    assert GOLDEN.read_text() == text, "read the difference; if it is meant, run pytest --update-golden"


@pytest.mark.parametrize(
    "function", [sincos, log, lambda x: power_of_two(x, -0.3)], ids=["sincos", "log", "power"]
)
def test_argument_reductions_are_computed_as_written(function: Any) -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        found = function(x[k.local_id])
        for at, value in enumerate(found if isinstance(found, tuple) else [found]):
            out[k.local_id + 32 * at] = value

    text = text_of(body)
    start = re.search(r"(%\w+) = OpExtInst %f32 %glsl Floor|(%\w+) = OpBitcast %f32", text)
    assert start is not None
    exact = set(re.findall(r"OpDecorate (%\w+) NoContraction", text))
    computed = re.findall(r"(%\w+) = Op(?:FAdd|FSub|FMul) %f32", text[start.end() :])
    # What computes with the argument alone comes before the reduction, or beside it.
    assert len(computed) > 8 and len(set(computed) - exact) <= 2


def test_sums_may_be_contracted() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        total = k.var(0.0, f32)
        with k.loop(0, 8) as i:
            total += x[i] * x[i]
        out[0] = total

    assert "NoContraction" not in text_of(body)


def capabilities(body: Any) -> list[str]:
    return re.findall(r"OpCapability (\w+)", text_of(body))


def test_a_kernel_asks_for_no_more_than_it_uses() -> None:
    def plain(k: Tracer) -> None:
        k.output("out", f32)[k.local_id] = k.input("x", f32)[k.local_id]

    def halves(k: Tracer) -> None:
        k.output("out", f16)[k.local_id] = k.input("x", f16)[k.local_id] * 2.0

    def sums(k: Tracer) -> None:
        k.output("out", u32)[k.local_id] = subgroup_sum(to_u32(k.input("x", f32)[k.local_id]))

    assert capabilities(plain) == ["Shader"]
    assert capabilities(halves) == ["Shader", "Float16", "StorageBuffer16BitAccess"]
    assert capabilities(sums) == ["Shader", "GroupNonUniform", "GroupNonUniformArithmetic"]


def test_only_what_is_written_is_writable() -> None:
    def body(k: Tracer) -> None:
        k.output("out", f32)[k.local_id] = k.input("x", f32)[k.local_id]

    text = text_of(body)
    (read_only,) = re.findall(r"OpMemberDecorate (%\w+) 0 NonWritable", text)
    types = dict(re.findall(r"(%\w+) = OpVariable %storagebuffer_(\w+) StorageBuffer", text))
    assert [name for name, type in types.items() if f"%{type}" == read_only] == ["%x"]


def test_names_that_clash_are_told_apart() -> None:
    def body(k: Tracer) -> None:
        main, f32_array = k.input("main", f32), k.output("f32_array", f32)
        f32_array[k.local_id] = main[k.local_id]

    text = text_of(body)
    assert len(re.findall(r"^%main = ", text, re.MULTILINE)) == 1
    results = re.findall(r"^\s*(%\w+) =", text, re.MULTILINE)
    assert len(results) == len(set(results))
