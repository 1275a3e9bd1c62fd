"""Both WGSL compilers take every kernel of whole models: Tint (Chrome, Dawn) and naga (Firefox, wgpu).

The kernels that all other tests print are compiled with Tint after them: see the Makefile.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.artifact import Variant
from kernelc.compiler import CompileOptions, compile_model
from kernelc.kir.tile_types import F16
from model.families.registry import find_model
from tests.kernels.executors import wgpu_device
from tests.web.tint import compile_all, write_kernel

MODELS = [
    ("llama-2-7b", "q4", "f16"),
    ("llama-3.2-1b", "q8", "f16"),
    pytest.param("llama-2-7b", "f16", "f32", marks=pytest.mark.nightly),
    pytest.param("llama-3.2-1b", "f32", "f32", marks=pytest.mark.nightly),
]


def kernels(model: str, quant: str, kv: str) -> list[tuple[Variant, str]]:
    """All variants with their texts; none binds more than every device can, the last needs no more at all."""
    lowered = compile_model(find_model(model), CompileOptions("wgsl", quant, kv_dtype=kv)).lowered
    variants = [variant for kernel in lowered.kernels.values() for variant in kernel.variants]
    assert max(variant.requires.storage_buffers for variant in variants) <= 8
    assert max(kernel.variants[-1].requires.threads for kernel in lowered.kernels.values()) <= 256
    assert max(kernel.variants[-1].requires.shared_bytes for kernel in lowered.kernels.values()) <= 16 << 10
    return [(variant, lowered.files[variant.file].decode()) for variant in variants]


@pytest.mark.parametrize(("model", "quant", "kv"), MODELS)
def test_tint_compiles_every_kernel_of_a_model(model: str, quant: str, kv: str, tmp_path: Path):
    variants = kernels(model, quant, kv)
    assert len({variant.file for variant, _ in variants}) > 30
    on_matrix_units = [variant for variant, _ in variants if F16.feature in variant.requires.features]
    assert bool(on_matrix_units) == (quant != "f32")
    for _, text in variants:
        write_kernel(tmp_path, text)
    assert "shader-f16, subgroups, chromium-experimental-subgroup-matrix" in compile_all(tmp_path)


@pytest.mark.gpu
@pytest.mark.parametrize(("model", "quant", "kv"), MODELS)
def test_naga_compiles_every_kernel_of_a_model(model: str, quant: str, kv: str):
    device = wgpu_device()
    for variant, text in kernels(model, quant, kv):
        lacking = "enable f16;" in text and "shader-f16" not in device.features
        if not lacking and F16.feature not in variant.requires.features:  # matrices are Tint's alone
            device.create_shader_module(code=text.replace("enable subgroups;\n", ""))


MATRICES = """enable chromium_experimental_subgroup_matrix;
var<workgroup> cells: array<u32, 4000>;
@compute @workgroup_size(128) fn main() {
  let sums = subgroup_matrix_result<u32, 16, 16>();
  subgroupMatrixStore<row_major>(&cells, 0u, sums, 16u);
}"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@compute @workgroup_size(64) fn main() { let x = 1 }", "expected ';'"),
        ("@compute @workgroup_size(2048) fn main() {}", "exceeds the maximum allowed"),
        ("var<workgroup> a: array<u32, 5000>;\n@compute @workgroup_size(64) fn main() { a[0]++; }", "16384"),
        ("@compute @workgroup_size(64) fn main() { _ = subgroupAdd(1u); }", "subgroups"),
        (MATRICES.replace("4000>", "8300>"), "larger than the maximum"),  # halved: see tint.mjs
        (MATRICES.replace("(128)", "(80)"), "must be a multiple"),
    ],
)
def test_tint_refuses_what_a_browser_would(text: str, said: str, tmp_path: Path):
    for threads in (64, 514, 1024):  # the last two are for devices that have so many
        write_kernel(tmp_path, f"@compute @workgroup_size({threads}) fn main() {{}}")
    write_kernel(tmp_path, MATRICES)
    compile_all(tmp_path)
    write_kernel(tmp_path, text)
    with pytest.raises(AssertionError, match=said):
        compile_all(tmp_path)
