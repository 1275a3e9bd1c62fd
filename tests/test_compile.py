"""Compiling a model with no weights at hand: counts of dispatches, exact plans, options that do not fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from kernelc.artifact import Weights
from kernelc.compiler import CompileOptions, compile_model
from kernelc.errors import ShapeError, UsageError
from kernelc.ir.dim import evaluate
from kernelc.ir.formats import Override
from kernelc.ir.graph import Graph
from kernelc.ir.trace import Tracer, attention, cache_append
from kernelc.ir.types import DType, TensorType
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.stored_problem import read_problem
from kernelc.passes.caches import cache_bytes
from kernelc.passes.select import SplitOptions
from kernelc.passes.splits import decode_splits
from kernelc.source import Role
from kernelc.target import TARGETS, Capabilities
from model.families.registry import AnyModel, find_model, model_of

TINY: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 172,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "vocab_size": 512,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
}


GRAPHICS, PROCESSORS = TARGETS["wgsl"].variants, TARGETS["c"].variants


def lengths(
    graph: Graph, context: int, devices: Iterable[Capabilities], joined: bool = False
) -> list[tuple[int, int]]:
    """From how many positions on splits have which length."""
    return [(low, split.length) for low, _, split in decode_splits(graph, context, devices, joined)]


def tiny(**changes: Any) -> AnyModel:
    return model_of(TINY | changes, "config.json")


@pytest.mark.parametrize("quant", ["q4", "q8", "f16", "f32"])
def test_a_token_takes_five_dispatches_a_layer_and_at_most_five_more(quant: str) -> None:
    """Heads and rows are whole groups, as those of real models are. The embedded row is coded by one more."""
    compiled = compile_model(tiny(head_dim=32, intermediate_size=192), CompileOptions(quant=quant))
    programs, coded = compiled.lowered.programs, compiled.options.activations != "f32"
    for sampling in ("sample_greedy", "sample"):
        count = len(programs["decode"].dispatches) + len(programs[sampling].dispatches)
        assert count <= 5 * 3 + (5 if coded else 4)


def test_splitting_the_positions_costs_one_more_dispatch_a_layer() -> None:
    programs = compile_model(tiny(), CompileOptions()).lowered.programs
    assert programs["decode_256"].symbols["past"] == (256, 2047)
    assert len(programs["decode_256"].dispatches) == len(programs["decode"].dispatches) + 3


@pytest.mark.parametrize("context", [1, 128, 129, 512, 513, 4096])
@pytest.mark.parametrize("name", ["llama-2-7b", "llama-3-8b", "tinyllama-1.1b"])
def test_decode_programs_cover_every_position_once(name: str, context: int) -> None:
    graph = find_model(name).graph("decode", max_context=context)
    for devices in (GRAPHICS, PROCESSORS):
        splits = decode_splits(graph, context, devices)
        covered = [past for low, high, _ in splits for past in range(low, high + 1)]
        assert covered == list(range(context))


@pytest.mark.parametrize(
    ("target", "sequences", "activations"),
    [("wgsl+c", 4, "int8"), ("spirv", 8, "int8"), ("wgsl+c", 8, "f32")],
)
def test_all_variants_of_several_rows_bind_the_same(target: str, sequences: int, activations: str) -> None:
    """Of real shapes, where some variants multiply all rows at once and others have a workgroup for each."""
    model = find_model("smollm2")
    few = replace(model, config=replace(model.config, layers=1))
    options = CompileOptions(target, context=64, sequences=sequences, activations=activations)
    kernels = compile_model(few, options).lowered.kernels
    several = [
        kernel for kernel in kernels.values() if kernel.spec.startswith("matvec") and "_rows" in kernel.spec
    ]
    assert several and all(kernel.params for kernel in several)


def test_a_7b_plan_needs_no_weights_and_adds_up() -> None:
    model = find_model("llama-2-7b")
    buffers = compile_model(model, CompileOptions(context=4096)).lowered.buffers
    caches = [buffer for name, buffer in buffers.items() if "cache" in name]
    cache = sum(evaluate(buffer.bytes, {"context": 4096}) for buffer in caches)
    assert cache == 2 * 32 * 4096 * 4096 * 2
    weights = sum(evaluate(buffer.bytes, {}) for buffer in buffers.values() if buffer.kind == "weight")
    matrices = 32 * (4 * 4096 * 4096 + 3 * 4096 * 11008) + 2 * 32000 * 4096
    assert weights == matrices * 18 // 32 + 4 * 4096 * 65


def test_a_cache_of_codes_takes_a_byte_for_a_number_and_four_for_a_head() -> None:
    """Of a 7B at 4,096 positions 1.03 GiB instead of 2; every buffer is planned for any context."""
    model = find_model("llama-2-7b")
    compiled = compile_model(model, CompileOptions(context=4096, kv_dtype="q8"))
    caches = {name: each for name, each in compiled.lowered.buffers.items() if "cache" in name}
    assert {name.rpartition(".")[2] for name in caches} == {"k_cache", "v_cache", "scales"}
    assert {buffer.kind for buffer in caches.values()} == {"state"}
    for context in (1, 4096):
        stored = sum(evaluate(buffer.bytes, {"context": context}) for buffer in caches.values())
        assert stored == 2 * 32 * context * 32 * (128 + 4)
    assert compiled.manifest("llama", Weights()).kv == "q8"
    assert compile_model(tiny(), CompileOptions(kv_dtype="f16")).manifest("tiny", Weights()).kv is None


def test_codes_are_appended_in_one_dispatch_a_layer() -> None:
    def programs(kv: str) -> dict[str, list[str]]:
        lowered = compile_model(tiny(), CompileOptions(kv_dtype=kv)).lowered
        return {
            name: [lowered.kernels[dispatch.kernel].spec for dispatch in program.dispatches]
            for name, program in lowered.programs.items()
        }

    codes, halves = programs("q8"), programs("f16")
    for name in ("decode", "decode_256", "prefill", "score"):
        assert codes[name].count("append_codes") == 3
        assert [spec for spec in codes[name] if spec != "append_codes"] == halves[name]


def test_heads_that_are_no_words_of_codes_are_refused() -> None:
    with pytest.raises(UsageError, match="this model's heads have 6 elements") as caught:
        compile_model(tiny(head_dim=6), CompileOptions(kv_dtype="q8"))
    assert caught.value.where == "`kv_dtype`"
    with pytest.raises(UsageError, match="got 'q4', wanted one of: f16, f32, q8"):
        compile_model(tiny(), CompileOptions(kv_dtype="q4"))


def test_activations_do_not_grow_with_the_context() -> None:
    def slots(context: int) -> int:
        model, options = find_model("tinyllama-1.1b"), CompileOptions(context=context)
        buffers = compile_model(model, options).lowered.buffers
        names = [name for name in buffers if name.startswith("slot.")]
        return sum(evaluate(buffers[name].bytes, {"context": context}) for name in names)

    assert slots(512) == slots(2048)


class OddScore:
    """The tiny model, whose score graph declares a weight that the others lack, or other caches."""

    def __init__(self, extra_weight: bool = False, kv_dtype: DType | None = None) -> None:
        self.model, self.info = tiny(), tiny().info
        self.extra_weight, self.kv_dtype = extra_weight, kv_dtype

    def graph(self, role: Role, *, max_context: int, chunk: int, kv_dtype: DType, spare: int) -> Graph:
        if role != "score":
            return self.model.graph(
                role, max_context=max_context, chunk=chunk, kv_dtype=kv_dtype, spare=spare
            )
        kv_dtype = self.kv_dtype or kv_dtype
        graph = self.model.graph(role, max_context=max_context, chunk=chunk, kv_dtype=kv_dtype, spare=spare)
        extra = {"extra": TensorType((3,))} if self.extra_weight else {}
        return replace(graph, weights={**graph.weights, **extra})


def cached(*kv_heads: int) -> Graph:
    """A decode step of attention layers with this many heads of 128 in each cache."""
    with Tracer("layers", {"seq": (1, 1), "past": (0, 4095), "context": (1, 4096)}) as trace:
        past = trace.var("past")
        for layer, heads in enumerate(kv_heads):
            cell = trace.weight(f"x{layer}", (1, heads, 128))
            shape = (trace.var("context"), heads, 128)
            k, v = (trace.state(f"{layer}.{name}", shape, DType.F16) for name in ("k_cache", "v_cache"))
            y = attention(
                cell, cache_append(k, cell, past=past), cache_append(v, cell, past=past), scale=1.0, past=past
            )
        return trace.graph({"y": y})


def test_caches_are_measured_by_the_states_of_the_graph() -> None:
    graph = cached(8, 4, 2)
    assert cache_bytes(graph, 100) == 100 * (8 + 4 + 2) * 2 * 128 * 2
    assert (
        cache_bytes(tiny().graph("score", max_context=64, kv_dtype=DType.F32), 64) == 3 * 64 * 4 * 8 * 2 * 4
    )


def test_layers_that_differ_split_their_positions_by_the_average() -> None:
    for heads in ((8, 8), (14, 2)):
        assert lengths(cached(*heads), 4097, GRAPHICS) == [(0, 0), (128, 64), (2048, 128), (4096, 256)]
        assert lengths(cached(*heads), 4096, PROCESSORS) == [(0, 0), (128, 32), (1024, 128)]
    assert lengths(cached(8, 7), 2048, GRAPHICS) == [(0, 0), (256, 64)]
    assert lengths(cached(8, 7), 4096, PROCESSORS) == [(0, 0), (512, 256)]


def test_splits_grow_when_there_are_enough_of_them_to_fill_a_device() -> None:
    small = [replace(each, workgroups=16) for each in GRAPHICS]
    wanted = [(0, 0), (128, 64), (512, 128), (1024, 256), (4096, 1024)]
    assert lengths(cached(32), 1 << 20, GRAPHICS) == wanted
    assert lengths(cached(32), 1 << 20, GRAPHICS, joined=True) == [(0, 64), *wanted[2:]]
    assert lengths(cached(32), 1 << 20, small) == [(0, 0), (128, 256), (512, 1024)]
    for low, length in lengths(cached(4), 1 << 20, GRAPHICS)[2:]:
        assert 4 * (low // length) >= 128 > 4 * ((low - 1) // length)


def test_splits_are_joined_where_every_target_can() -> None:
    """No dispatch more, at any position, and a state of zeros in which workgroups count."""
    for target, joined in (("cuda", True), ("cuda+spirv", True), ("spirv+wgsl", False), ("c", False)):
        lowered = compile_model(tiny(), CompileOptions(target, context=2048)).lowered
        decoding = [each for each in lowered.programs.values() if each.role == "decode"]
        kernels = {dispatch.kernel for each in decoding for dispatch in each.dispatches}
        assert any("joined" in name for name in kernels) == joined
        assert any("attention_reduce" in name for name in kernels) != joined
        assert ("attention.arrivals" in lowered.buffers) == joined
        if joined:
            assert len({len(each.dispatches) for each in decoding}) == 1
            assert lowered.buffers["attention.arrivals"].kind == "state"
            assert lowered.buffers["attention.arrivals"].bytes == 4 * 8


def test_prompts_are_multiplied_as_halves_where_every_target_wants_it() -> None:
    source = find_model("llama-3.2-1b")
    for target, quant, wanted in (
        ("cuda", "q4", True),
        ("cuda", "f32", False),
        ("cuda+spirv", "q4", True),
        ("spirv+opencl", "q4", False),
    ):
        lowered = compile_model(source, CompileOptions(target, quant)).lowered
        for program in lowered.programs.values():
            made = any(dispatch.kernel.startswith("half_rows") for dispatch in program.dispatches)
            assert made == (wanted and program.role == "prefill")


def test_a_prompts_rows_are_coded_where_every_target_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernelc.passes.coding.PROMPT_WEIGHTS", 1)
    cases: list[tuple[str, str, dict[str, Any], bool]] = [
        ("wgsl", "q4", {}, True),
        ("wgsl", "q4", {"without": ("prompts",)}, False),
        ("wgsl", "q4", {"activations": "f32"}, False),
        ("wgsl+cuda", "q4", {}, False),
    ]
    for target, quant, more, wanted in cases:
        lowered = compile_model(tiny(), CompileOptions(target, quant, **more)).lowered
        for program in lowered.programs.values():
            specs = {each.kernel: lowered.kernels[each.kernel] for each in program.dispatches}
            products = [each.problem for each in specs.values() if each.spec == "matmul"]
            assert all(bool(each.get("terms")) == (wanted and program.role == "prefill") for each in products)


def test_small_matrices_multiply_a_prompts_rows_as_they_are() -> None:
    """Bytes are faster for 2,048 x 8,192 and 16,384 x 2,048, and not for 2,048 x 2,048 and 3,072 x 2,048."""
    lowered = compile_model(find_model("llama-3.2-1b"), CompileOptions("wgsl", "q4")).lowered
    (prefill,) = (each for each in lowered.programs.values() if each.role == "prefill")
    used = [lowered.kernels[dispatch.kernel] for dispatch in prefill.dispatches]
    products = [each.problem for each in used if each.spec == "matmul"]
    problems: list[LinearProblem] = [read_problem(LinearProblem, each) for each in products]
    assert {problem.terms > 0 for problem in problems} == {True, False}
    assert all((problem.terms > 0) == (problem.rows * problem.cols >= 1 << 24) for problem in problems)


def test_a_window_is_split_finely_whatever_the_other_layers_do() -> None:
    split = SplitOptions(1024, 16)
    assert [split.within(window) for window in (0, 1, 512, 1024, 3000, 4096, 1 << 20)] == [
        1024, 64, 64, 64, 128, 256, 1024
    ]  # fmt: skip
    assert SplitOptions(1024).within(512) == 1024 and SplitOptions(32, 16).within(512) == 32
    assert SplitOptions().within(512) == 0


def test_a_model_without_attention_has_no_cache_to_split() -> None:
    graph = replace(tiny().graph("decode", max_context=2048), ops=(), updates={})
    assert cache_bytes(graph, 2048) == 0
    assert [low for low, *_ in decode_splits(graph, 2048, GRAPHICS)] == [0, 256]


def test_roles_that_declare_different_weights_or_states_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"llama.score declares extra as f32\[3\], .* as None"):
        compile_model(OddScore(extra_weight=True), CompileOptions())
    wanted = r"llama.score declares layers.0.k_cache as f16\[context, 4, 8\], llama.decode as f32"
    with pytest.raises(ShapeError, match=wanted):
        compile_model(OddScore(kv_dtype=DType.F16), CompileOptions())


def test_logits_of_another_vocabulary_are_refused() -> None:
    source = OddScore()
    source.info = replace(source.info, vocab_size=511)
    with pytest.raises(ShapeError, match=r"logits is f32\[1, 512\], .* 511"):
        compile_model(source, CompileOptions())


def test_single_matrices_may_have_another_format() -> None:
    overrides = (Override("q8", role="embedding"), Override("q4a", pattern="*.layers.0.*down_proj.weight"))
    compiled = compile_model(tiny(), CompileOptions(quant="q4", overrides=overrides))
    formats = {matrix.sources: matrix.format for matrix in compiled.matrices.values()}
    assert formats[("model.embed_tokens.weight",)] == "q8"
    assert formats[("model.layers.0.mlp.down_proj.weight",)] == "q4a"
    assert {form for (name, *_), form in formats.items() if ".layers.1." in name} == {"q4"}


def test_matrices_packed_as_one_have_one_format() -> None:
    overrides = (Override("q8", pattern="*.gate_proj.weight"),)
    with pytest.raises(UsageError, match="the formats differ"):
        compile_model(tiny(), CompileOptions(quant="q4", overrides=overrides))


def test_small_caches_are_f32_and_large_ones_halves() -> None:
    assert CompileOptions().checked(tiny()).kv_dtype == "f32"
    assert CompileOptions().checked(find_model("llama-2-7b")).kv_dtype == "f16"
    assert CompileOptions(kv_dtype="f16").checked(tiny()).kv_dtype == "f16"


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (CompileOptions(quant="q3"), "`quant`"),
        (CompileOptions(target="metal"), "`target`"),
        (CompileOptions(context=2049), "`context`"),
        (CompileOptions(context=0), "`context`"),
        (CompileOptions(kv_dtype="q4"), "`kv_dtype`"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(options: CompileOptions, where: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_model(tiny(), options)
    assert caught.value.where == where
    assert caught.value.help
