"""Both WGSL compilers take every kernel of whole models: Tint (Chrome, Dawn) and naga (Firefox, wgpu).

The kernels that all other tests print are compiled with Tint after them: see the Makefile.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.compile import CompileOptions, compile_model
from model.config import find_config
from tests.kernels.executors import wgpu_device
from tests.web.tint import compile_all, write_kernel

MODELS = [
    ("llama-2-7b", "q4", "f16"),
    ("llama-2-7b", "f16", "f32"),
    ("llama-3.2-1b", "q8", "f16"),
    ("llama-3.2-1b", "f32", "f32"),
]


def kernels(model: str, quant: str, kv: str) -> dict[str, str]:
    """The texts of all variants, by file; none binds more than every device can."""
    compiled = compile_model(find_config(model), CompileOptions("wgsl", quant, kv_dtype=kv))
    variants = [variant for kernel in compiled.lowered.kernels.values() for variant in kernel.variants]
    assert max(variant.requires.storage_buffers for variant in variants) <= 8
    return {file: data.decode() for file, data in compiled.lowered.files.items()}


@pytest.mark.parametrize(("model", "quant", "kv"), MODELS)
def test_tint_compiles_every_kernel_of_a_model(model: str, quant: str, kv: str, tmp_path: Path):
    texts = kernels(model, quant, kv)
    assert len(texts) > 30
    for text in texts.values():
        write_kernel(tmp_path, text)
    assert "shader-f16, subgroups" in compile_all(tmp_path)


@pytest.mark.gpu
@pytest.mark.parametrize(("model", "quant", "kv"), MODELS)
def test_naga_compiles_every_kernel_of_a_model(model: str, quant: str, kv: str):
    device = wgpu_device()
    for text in kernels(model, quant, kv).values():
        lacking = "enable f16;" in text and "shader-f16" not in device.features
        if not lacking:
            device.create_shader_module(code=text.replace("enable subgroups;\n", ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@compute @workgroup_size(64) fn main() { let x = 1 }", "expected ';'"),
        ("@compute @workgroup_size(512) fn main() {}", "exceeds the maximum allowed"),
        ("var<workgroup> a: array<u32, 5000>;\n@compute @workgroup_size(64) fn main() { a[0]++; }", "16384"),
        ("@compute @workgroup_size(64) fn main() { _ = subgroupAdd(1u); }", "subgroups"),
    ],
)
def test_tint_refuses_what_a_browser_would(text: str, said: str, tmp_path: Path):
    write_kernel(tmp_path, "@compute @workgroup_size(64) fn main() {}")
    compile_all(tmp_path)
    write_kernel(tmp_path, text)
    with pytest.raises(AssertionError, match=said):
        compile_all(tmp_path)
