"""OpenCL C's spelling: what it writes otherwise than WGSL, and what it must not write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kernelc.backends.opencl.printer import OpenClBackend
from kernelc.kir import functions as kf
from kernelc.kir.nodes import Kernel, Param
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import Type, f16, f32, f32x4, i32, i32x4, u32, u32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities
from tests.kernels.executors import require, run_interpreter
from tests.kernels.opencl_runner import run_opencl

STEP = (Param("seq", u32), Param("scale", f32))


def kernel_of(body: Callable[..., Any], *types: Type, result: Type) -> Kernel:
    """One element an invocation, inputs `a`, `b` ..."""

    def whole(k: Tracer) -> None:
        inputs = [k.input(name, type) for name, type in zip("abcd", types, strict=False)]
        out, i = k.output("out", result), k.local_id
        out[i] = body(*(array[i] for array in inputs))

    return verify(trace("sample", whole, workgroup=8))


def line_of(body: Callable[..., Any], *types: Type, result: Type) -> str:
    """What is stored, as the text says it."""
    text = OpenClBackend().render(kernel_of(body, *types, result=result)).text
    stored = next(line for line in text.splitlines() if "out[local_id] =" in line)
    return stored.partition("= ")[2].partition(";")[0].replace("[local_id]", "").replace("_1", "")


@pytest.mark.parametrize(
    ("body", "types", "result", "wanted"),
    [
        (lambda a, b: a + b, (u32, u32), u32, "a + b"),
        (lambda a, b: a + b, (i32, i32), i32, "as_int(as_uint(a) + as_uint(b))"),
        (lambda a, b: a * b, (i32x4, i32x4), i32x4, "as_int4(as_uint4(a) * as_uint4(b))"),
        (lambda a: -a, (i32,), i32, "as_int(-as_uint(a))"),
        (lambda a: -a, (f32x4,), f32x4, "-a"),
        (kf.absolute, (i32,), i32, "as_int(abs(a))"),
        (kf.absolute, (f32,), f32, "fabs(a)"),
        (kf.minimum, (f32, f32), f32, "fmin(a, b)"),
        (kf.maximum, (u32x4, u32x4), u32x4, "max(a, b)"),
        (kf.to_u32, (f32,), u32, "convert_uint_sat(a)"),
        (kf.to_i32, (f32x4,), i32x4, "convert_int4_sat(a)"),
        (kf.to_f32, (u32,), f32, "(float)a"),
        (lambda a: kf.to_f32(a + 1), (u32,), f32, "(float)(a + 1u)"),
        (kf.to_f32, (i32x4,), f32x4, "convert_float4(a)"),
        (kf.to_i32, (u32,), i32, "as_int(a)"),
        (lambda a: kf.to_u32(a > 1), (u32,), u32, "(uint)(a > 1u)"),
        (lambda a, b: kf.to_u32(a > b), (f32x4, f32x4), u32x4, "as_uint4((a > b) & 1)"),
        (lambda a, b: kf.select(a > b, a, b), (f32, f32), f32, "a > b ? a : b"),
        (lambda a, b: kf.select(a > b, a, b) + 1.0, (f32, f32), f32, "(a > b ? a : b) + 1.0f"),
        (lambda a, b: kf.select(a > b, a, b), (f32x4, f32x4), f32x4, "select(b, a, a > b)"),
        (lambda a: kf.bitcast(a, u32), (f32x4,), u32x4, "as_uint4(a)"),
        (kf.unpack_u8x4, (u32,), u32x4, "convert_uint4(as_uchar4(a))"),
        (kf.unpack_i8x4, (u32,), i32x4, "convert_int4(as_char4(a))"),
        (lambda a: kf.splat(a, 4) * 2.0, (f32,), f32x4, "(float4)(a) * (float4)(2.0f)"),
        (lambda a: a & 0x0F0F0F0F, (u32,), u32, "a & 0x0f0f0f0fu"),
        (lambda a: kf.minimum(a, -(1 << 31)), (i32,), i32, "min(a, -2147483647 - 1)"),
        (lambda a: a - 8.0, (f32x4,), f32x4, "a - 8.0f"),
    ],
)
def test_spelling(body: Callable[..., Value], types: tuple[Type, ...], result: Type, wanted: str) -> None:
    assert line_of(body, *types, result=result) == wanted


def test_a_sum_of_signed_numbers_is_no_compound_assignment() -> None:
    def body(k: Tracer) -> None:
        a, out = k.input("a", i32), k.output("out", i32)
        total, count = k.var(0, i32), k.var(0, u32)
        total += a[k.local_id]
        count += 1
        out[k.local_id] = total + kf.to_i32(count)

    text = OpenClBackend().render(verify(trace("sums", body, workgroup=8))).text
    assert "total = as_int(as_uint(total) + as_uint(a[local_id]));" in text
    assert "count += 1u;" in text


def test_the_module_around_a_body() -> None:
    def body(k: Tracer) -> None:
        x, halves = k.input("float4", f32x4), k.output("half", u32)
        cells = k.shared("kernel", f32, 8)
        cells[k.local_id] = kf.dot(x[k.local_id], x[k.local_id]) * k.param("scale")
        k.barrier()
        with k.when(k.workgroup_id(1) < k.param("seq")):
            halves[k.local_id] = kf.pack_half2(kf.vector(cells[k.local_id], 1.0))

    rendered = OpenClBackend().render(verify(trace("step", body, workgroup=8, step=STEP)))
    assert rendered.entry == "step_kernel"
    lines = [line.partition("  //")[0].rstrip() for line in rendered.text.splitlines()]
    assert (
        lines
        == """// step

struct Step {
  uint seq;
  float scale;
};

uint pack_half2(float2 pair) {
  uint word;
  vstore_half2_rte(pair, 0, (__private half *)&word);
  return word;
}

__kernel __attribute__((reqd_work_group_size(8, 1, 1)))
void step_kernel(
  __global const float4 *restrict float4_1,
  __global uint *restrict half_1,
  __constant struct Step *step
) {
  __local float kernel_1[8];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  kernel_1[local_id] = dot(float4_1[local_id], float4_1[local_id]) * step->scale;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (workgroup_id.y < step->seq) {
    half_1[local_id] = pack_half2((float2)(kernel_1[local_id], 1.0f));
  }
}""".splitlines()
    )


def test_a_branch_with_a_barrier_ends_with_one() -> None:
    def body(k: Tracer) -> None:
        out, cells = k.output("out", u32), k.shared("cells", u32, 8)
        with k.when(k.param("seq") > 0):
            cells[k.local_id] = 1
            k.barrier()
            out[k.local_id] = cells[0]
        with k.otherwise():
            with k.when(k.param("seq") > 7):
                k.barrier()
            out[k.local_id] = 2
        with k.when(k.param("seq") > 1):
            out[k.local_id] = 3

    text = OpenClBackend().render(verify(trace("branches", body, workgroup=8, step=STEP))).text
    shown = [line.partition("  //")[0].strip() for line in text.splitlines()]
    closing = "barrier(CLK_LOCAL_MEM_FENCE);"
    at = shown.index("out[local_id] = cells[0u];")
    assert shown[at + 1 : at + 3] == [closing, "} else {"]
    at = shown.index("out[local_id] = 2u;")
    assert shown[at + 1 : at + 3] == [closing, "}"]
    at = shown.index("out[local_id] = 3u;")
    assert shown[at + 1] == "}"


@pytest.mark.parametrize("seq", [0, 1, 3, 8])
def test_a_branch_with_a_barrier_may_be_left_by_several_ways(seq: int) -> None:
    require("opencl", Capabilities())

    def body(k: Tracer) -> None:
        x, out = k.input("x", u32), k.output("out", u32)
        cells = k.shared("cells", u32, 64)
        with k.when(k.param("seq") > 0):
            number = k.local_id // 8
            cells[k.local_id] = x[k.local_id]
            k.barrier()
            with k.when(kf.logical_and(k.local_id % 8 < 1, number < k.param("seq"))):
                out[number] = cells[k.local_id + 1] + number

    kernel = verify(trace("leaves", body, workgroup=64, step=STEP))
    arrays = {"x": np.arange(64, dtype=np.uint32), "out": np.zeros(8, np.uint32)}
    params = {"seq": seq, "scale": 1.0}
    wanted = run_interpreter(kernel, (1, 1, 1), arrays, params)["out"]
    assert wanted.tolist() == [9 * n + 1 if n < seq else 0 for n in range(8)]
    assert run_opencl(kernel, (1, 1, 1), arrays, params)["out"].tolist() == wanted.tolist()


def test_what_core_opencl_lacks_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="no numbers of type f16"):
        OpenClBackend().render(kernel_of(lambda a: a + a, f16, result=f16))
    with pytest.raises(NotImplementedError, match="no text for subgroup_sum"):
        OpenClBackend().render(kernel_of(kf.subgroup_sum, f32, result=f32))


def test_the_same_kernel_gives_the_same_text() -> None:
    texts = {OpenClBackend().render(kernel_of(lambda a: a + a, f32, result=f32)).text for _ in range(2)}
    assert len(texts) == 1
