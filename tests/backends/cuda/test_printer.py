"""CUDA C as text: spelling, the operators and helpers a module defines, names; NVRTC has the last word."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernelc.backends import backend_named
from kernelc.backends.cuda.keywords import UNUSABLE
from kernelc.errors import DeviceError
from kernelc.kir.functions import (
    absolute,
    bitcast,
    convert,
    maximum,
    select,
    splat,
    subgroup_max,
    subgroup_sum,
    to_f32,
    to_u32,
    unpack_i8x4,
    unpack_u8x4,
)
from kernelc.kir.nodes import Kernel, Param
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f16, f32, f32x4, i32, i32x4, u32, u32x4
from runtime.cuda.compile import CudaSource, compile_kernel, supported_architectures
from tests.kir.random_kernels import random_kernel

STEP = (Param("seq", u32), Param("scale", f32))
Body = Callable[[Tracer], object]


def kernel_of(body: Body, name: str = "example", threads: int = 64) -> Kernel:
    def run(k: Tracer) -> None:
        body(k)

    return verify(trace(name, run, workgroup=threads, step=STEP))


def module(body: Body, **more: Any) -> str:
    return backend_named("cuda").render(kernel_of(body, **more)).text


def statements(text: str) -> list[str]:
    """The entry's lines without comments."""
    body = text[text.index("__global__") :]
    return [re.sub(r" *// .*", "", line).strip() for line in body[body.index(") {") :].splitlines()[1:-1]]


def test_a_module_around_a_body() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32x4), k.output("out", f32x4)
        cells = k.shared("cells", f32, 64)
        cells[k.local_id] = k.param("scale")
        k.barrier()
        out[k.workgroup_id(1)] = x[k.local_id] * cells[0]

    text = module(body)
    assert (
        text
        == """// example

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

struct Step {
  unsigned seq;
  float scale;
};

extern "C" __global__ void __launch_bounds__(64) example(
  const float4* x,
  float4* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ float cells[64];
  inputs_ready();
"""
        + text[text.index("  cells[threadIdx.x]") :]
    )
    assert statements(text)[2:] == [
        "cells[threadIdx.x] = step->scale;",
        "__syncthreads();",
        "out[blockIdx.y] = x[threadIdx.x] * cells[0u];",
    ]


def one(type_: Any, value: Callable[..., Any], result: Any = None) -> list[str]:
    """Statements of a kernel that stores `value` of two elements."""

    def body(k: Tracer) -> None:
        a, b, out = k.input("a", type_), k.input("b", type_), k.output("out", result or type_)
        out[k.local_id] = value(a[k.local_id], b[k.local_id])

    return statements(module(body))


@pytest.mark.parametrize(
    ("type_", "value", "wanted"),
    [
        (f32, lambda a, b: a + b * 2.5, "a[threadIdx.x] + b[threadIdx.x] * 2.5f"),
        (f32, lambda a, b: maximum(a, 1e-7), "fmaxf(a[threadIdx.x], 1e-7f)"),
        (u32, lambda a, b: maximum(a, 3), "max(a[threadIdx.x], 3u)"),
        (u32, lambda a, b: a & 0x0F0F0F0F, "a[threadIdx.x] & 0x0f0f0f0fu"),
        (u32, lambda a, b: absolute(a), "a[threadIdx.x]"),
        (f32, lambda a, b: select(a < b, a, b), "a_1 < b_1 ? a_1 : b_1"),
        (f32, lambda a, b: select(a < b, 1.0, b) + 2.0, "(a[threadIdx.x] < b_1 ? 1.0f : b_1) + 2.0f"),
        (i32, lambda a, b: a + b, "int(unsigned(a[threadIdx.x]) + unsigned(b[threadIdx.x]))"),
        (i32, lambda a, b: a << 3, "int(unsigned(a[threadIdx.x]) << unsigned(3u))"),
        (i32, lambda a, b: -a, "int(0u - unsigned(a[threadIdx.x]))"),
        (i32, lambda a, b: maximum(a, -(1 << 31)), "max(a[threadIdx.x], -2147483647 - 1)"),
        (f32x4, lambda a, b: a - 1.0, "a[threadIdx.x] - 1.0f"),
        (f32x4, lambda a, b: maximum(a, b), "fmaxf(a[threadIdx.x], b[threadIdx.x])"),
        (u32x4, lambda a, b: a >> 5, "a[threadIdx.x] >> splat_uint4(5u)"),
        (f32x4, lambda a, b: select(a < b, a, b), "select(a_1 < b_1, a_1, b_1)"),
    ],
)
def test_spelling(type_: Any, value: Callable[..., Any], wanted: str) -> None:
    assert one(type_, value)[-1] == f"out[threadIdx.x] = {wanted};"


@pytest.mark.parametrize(
    ("source", "value", "result", "wanted"),
    [
        (f32, lambda a, b: to_u32(a), u32, "__float2uint_rz(a[threadIdx.x])"),
        (f32, lambda a, b: convert(a, i32), i32, "__float2int_rz(a[threadIdx.x])"),
        (u32, lambda a, b: to_f32(a), f32, "float(a[threadIdx.x])"),
        (u32, lambda a, b: bitcast(a, f32), f32, "__uint_as_float(a[threadIdx.x])"),
        (u32, lambda a, b: to_f32(a > b), f32, "float(a[threadIdx.x] > b[threadIdx.x])"),
        (i32x4, lambda a, b: to_f32(a), f32x4, "to_float4(a[threadIdx.x])"),
        (u32, lambda a, b: to_f32(unpack_u8x4(a)), f32x4, "u8x4_to_float4(a[threadIdx.x])"),
        (u32, lambda a, b: to_f32(unpack_i8x4(a)), f32x4, "i8x4_to_float4(a[threadIdx.x])"),
        (u32, lambda a, b: to_f32(unpack_u8x4(a)) - 8.0, f32x4, "u8x4_to_float4(a[threadIdx.x], 8.0f)"),
        (u32, lambda a, b: to_f32(unpack_u8x4(a)) - 0.5, f32x4, "u8x4_to_float4(a[threadIdx.x]) - 0.5f"),
        (u32, lambda a, b: unpack_u8x4(a), u32x4, "unpack_u8x4(a[threadIdx.x])"),
    ],
)
def test_conversions(source: Any, value: Callable[..., Any], result: Any, wanted: str) -> None:
    assert one(source, value, result)[-1] == f"out[threadIdx.x] = {wanted};"


def test_only_what_is_used_is_defined() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32x4), k.output("out", f32x4)
        total = k.var(splat(k.constant(0.0, f32), 4))
        total += x[k.local_id] * x[0].x
        out[k.local_id] = total

    text = module(body)
    defined = re.findall(r"__device__ inline \S+ (\S+?\(.*?)\) \{", text)
    assert defined == [
        "splat_float4(float a",
        "operator*(float4 a, float b",
        "operator+(float4 a, float4 b",
        "operator+=(float4& a, float4 b",
        "inputs_ready(",
    ]
    assert "struct Step" not in text and "step" not in text


@pytest.mark.parametrize(("threads", "whole"), [(32, True), (64, True), (8, False), (48, False)])
def test_warps_that_are_not_full_count_their_lanes(threads: int, whole: bool) -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        out[k.local_id] = subgroup_sum(x[k.local_id]) + subgroup_max(x[k.local_id])

    text = module(body, threads=threads)
    assert ("__shfl_xor_sync(0xffffffffu" in text) == whole
    assert (f"min(32u, {threads}u - (threadIdx.x - lane))" in text) != whole


def test_names_that_the_language_has_are_changed() -> None:
    def body(k: Tracer) -> None:
        buffers = [k.input(name, f32) for name in ("float4", "template", "dot", "threadIdx")]
        k.output("out", f32)[0] = buffers[0][0] + buffers[1][0] + buffers[2][0] + buffers[3][0]

    text = module(body, name="class")
    declared = re.findall(r"float\* (?:__restrict__ )?(\w+)", text)
    assert not UNUSABLE & set(declared) and len(set(declared)) == 5
    assert "kernel_class(" in text
    assert backend_named("cuda").render(kernel_of(body, "9 lives")).entry == "kernel_9_lives"


def test_a_1_may_be_called_as_the_kernel() -> None:
    def body(k: Tracer) -> None:
        k.output("out", f32)[0] = k.input("example", f32)[0]

    text = module(body)
    assert "const float* example_1" in text and " example(" in text


def test_only_constants_are_restrict_of_what_is_read() -> None:
    def body(k: Tracer) -> None:
        x, weight = k.input("x", f32), k.input("weight", f32, constant=True)
        out = k.output("out", f32)
        out[k.local_id] = out[k.local_id] + x[k.local_id] * weight[k.local_id]

    text = module(body)
    declared = ["const float* x,", "const float* __restrict__ weight,", "float* __restrict__ out"]
    assert [line.strip() for line in text.splitlines() if re.match(r"  .*float\* ", line)] == declared


def test_halves_are_not_a_type_of_this_target() -> None:
    def body(k: Tracer) -> None:
        k.output("out", f16)[0] = k.input("x", f16)[0]

    with pytest.raises(NotImplementedError, match="printed without f16: use packed halves"):
        module(body)


def test_random_kernels_compile(tmp_path: Path) -> None:
    try:
        supported_architectures()
    except DeviceError as error:
        pytest.skip(f"NVRTC missing: {error.message}")
    for seed in range(12):
        kernel = random_kernel(random.Random(seed), 4 + 3 * seed).kernel
        rendered = backend_named("cuda").render(kernel)
        compile_kernel(CudaSource(kernel.name, rendered.text, rendered.entry), "sm_75", tmp_path)
