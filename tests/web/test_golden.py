"""Golden tiles: every variant of every kernel passes its own, and a kernel that computes wrongly does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact, Manifest, Weights
from kernelc.artifact.selfcheck import CODED_PLANES
from kernelc.compiler import CompileOptions, compile_model
from kernelc.ir.dim import evaluate
from kernelc.kernels.golden import golden_tiles
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kir.interpreter.interpret import interpret
from kernelc.pipeline import build_artifact, build_random
from kernelc.target import TARGETS
from model.families.registry import AnyModel, find_model, model_of
from runtime.wgpu.device import WgpuDevice
from tests.web.golden_runner import differing, failures, filled, run_check

REPO = Path(__file__).resolve().parents[2]
ODD = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 257,
    "hidden_size": 48,
    "intermediate_size": 172,
    "num_hidden_layers": 1,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-5,
}


@pytest.fixture(scope="module")
def device() -> Iterator[WgpuDevice]:
    opened = WgpuDevice()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    out = tmp_path_factory.mktemp("golden") / "demo"
    return Artifact.open(build_artifact(REPO / "model" / "demo", CompileOptions("wgsl", "q4"), out=out))


def planned(model: AnyModel, options: CompileOptions) -> Manifest:
    """A manifest without weights: tiles need none."""
    return compile_model(model, options).manifest("planned", Weights())


def test_every_kernel_has_a_check_and_the_file_is_small(demo: Artifact):
    checks = demo.manifest.checks
    assert checks is not None and set(checks.kernels) == set(demo.manifest.kernels)
    assert checks.bytes <= 1 << 20


@pytest.mark.parametrize(
    ("quant", "activations"),
    [("q4", "f32"), ("q8", "int8"), pytest.param("q4a", "int8", marks=pytest.mark.nightly)],
)
def test_the_file_of_a_large_model_is_small_too(quant: str, activations: str):
    options = CompileOptions("wgsl", quant, activations=activations)
    manifest = planned(find_model("llama-2-7b"), options)
    checks, data = golden_tiles(manifest)
    assert set(checks.kernels) == set(manifest.kernels)
    assert len(data) <= (4 << 20 if activations == "f32" else 8 << 20)  # coded results take longer pieces


def test_the_same_manifest_gives_the_same_bytes(demo: Artifact):
    checks, data = golden_tiles(demo.manifest)
    assert checks == demo.manifest.checks
    assert data == demo.read(checks.file)


def test_variants_on_matrix_units_pass_with_the_tolerance_of_halves(demo: Artifact):
    """In the interpreter: no device of these tests has them."""
    checks, browser = demo.manifest.checks, TARGETS["wgsl"].variants[0]
    assert checks is not None
    data, exact = demo.read(checks.file), 0
    named = {name: check for name, check in checks.kernels.items() if check.tile_tolerance is not None}
    assert {demo.manifest.kernels[name].spec for name in named} == {"matmul"}
    for name, check in named.items():
        problem = MATMUL.problem_from_json(demo.manifest.kernels[name].problem)
        schedule = MATMUL.default(browser, problem)
        kernel = MATMUL.kernel(problem, schedule, browser)
        inputs = [filled(data[i.offset : i.offset + i.period], i.bytes).copy() for i in check.inputs]
        views = {b.name: b.type.view(array) for b, array in zip(kernel.buffers, inputs, strict=True)}
        x, y, z = (evaluate(extent, check.symbols) for extent in MATMUL.grid(problem, schedule))
        interpret(kernel, (x, y, z), views, check.params)
        for output in check.outputs:
            raw = inputs[output.binding].tobytes()[output.at : output.at + output.bytes]
            wanted = data[output.offset : output.offset + output.bytes]
            relative, absolute = check.tile_tolerance or (0.0, 0.0)
            assert differing(replace(output, relative=relative, absolute=absolute), raw, wanted) == 0, name
            exact += differing(output, raw, wanted) == 0
    assert exact < len(named)  # the tolerance of f32 would refuse some


@pytest.mark.gpu
def test_every_variant_of_the_demo_model_passes(demo: Artifact, device: WgpuDevice):
    assert list(failures(device, demo)) == []


@pytest.mark.gpu
@pytest.mark.parametrize("quant", ["f32", "q4", "q4a"])
def test_every_variant_of_a_real_model_passes(
    quant: str, shared_data: Path, tmp_path: Path, device: WgpuDevice
):
    model = shared_data / "models" / "stories260K"
    built = build_artifact(model, CompileOptions("wgsl", quant), out=tmp_path / "model")
    assert list(failures(device, Artifact.open(built))) == []


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("quant", "kv", "activations"),
    [
        ("q4", "f16", "int8"),
        pytest.param("q8", "f32", "f32", marks=pytest.mark.nightly),
        pytest.param("f16", "f16", "f32", marks=pytest.mark.nightly),
    ],
)
def test_every_variant_of_odd_shapes_passes(
    quant: str, kv: str, activations: str, tmp_path: Path, device: WgpuDevice
):
    options = CompileOptions("wgsl", quant, None, kv, activations)
    built = build_random(model_of(ODD, "odd"), options, tmp_path / "odd")
    assert list(failures(device, Artifact.open(built))) == []


@pytest.mark.gpu
def test_no_check_passes_with_a_kernel_that_does_nothing(demo: Artifact, device: WgpuDevice):
    checks = demo.manifest.checks
    assert checks is not None
    for name, check in checks.kernels.items():
        variant = demo.manifest.kernels[name].variants[-1]
        text = demo.kernel_text(variant.file)
        head = re.match(r".*fn main\([^{]*\{", text, re.S)
        assert head, name
        idle = head[0] + "}\n"
        wrong = list(run_check(device, demo, name, variant, check, demo.read(checks.file), idle))
        assert wrong, f"{name} passes without doing anything"


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("kernel", "old", "new"),
    [
        ("matvec_int8_norm_q4_qkv_512x256_t2", "select(cosine_1, sine_1, swapped)", "cosine_1"),
        ("matvec_int8_norm_q4_qkv_512x256_t2", "rotated = unit < 192u", "rotated = unit < 191u"),
        ("matvec_int8_norm_q4_2048x256_t2", "* 256i", "* 128i"),
        ("rms_norm_256", "inverseSqrt", "sqrt"),
        ("attention_decode_f32_8_4x32_codes2", "exp2(maximum", "exp(maximum"),
        ("sample_2048", "step.seed", "step.past"),
    ],
)
def test_a_broken_kernel_is_noticed(kernel: str, old: str, new: str, demo: Artifact, device: WgpuDevice):
    checks = demo.manifest.checks
    assert checks is not None
    variant = demo.manifest.kernels[kernel].variants[-1]
    text = demo.kernel_text(variant.file)
    assert old in text
    broken = text.replace(old, new)
    data = demo.read(checks.file)
    assert list(run_check(device, demo, kernel, variant, checks.kernels[kernel], data, broken))


def test_a_tile_repeats_and_its_wanted_rows_are_the_references(demo: Artifact):
    """The pieces' references say of a row what the whole matrix's reference says."""
    from kernelc.kernels import golden
    from kernelc.kernels.registry import SPECS

    checks = demo.manifest.checks
    assert checks is not None
    data, coded = demo.read(checks.file), 0
    for name, entry in demo.manifest.kernels.items():
        spec = SPECS[entry.spec]
        problem = spec.problem_from_json(entry.problem)
        symbols = golden.symbols_of(demo.manifest, name)
        assert symbols is not None
        case = golden.golden_case(name, spec, problem, symbols)
        assert case is not None
        arrays, params, _, wanted = case
        whole = {each: array.copy() for each, array in arrays.items()}
        spec.reference(problem, whole, params)
        names = [binding.name for binding in spec.bindings(problem)]
        for output in checks.kernels[name].outputs:
            if output.element in CODED_PLANES:
                got = whole[names[output.binding]].tobytes()[output.at : output.at + output.bytes]
                assert differing(output, got, data[output.offset : output.offset + output.bytes]) == 0
                coded += 1
        for each in wanted.arrays.keys() - spec.coded_rows(problem):
            array = wanted.arrays[each]
            spoken = np.ones(array.nbytes // 4, bool) if wanted.spoken is None else wanted.spoken[each]
            got, want = (a.reshape(-1).view(np.float32)[spoken] for a in (array, whole[each]))
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5, err_msg=f"{name}.{each}")
    assert coded > 4
