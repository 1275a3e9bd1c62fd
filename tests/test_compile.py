"""Compiling a model with no weights at hand: counts of dispatches, exact plans, options that do not fit."""

from __future__ import annotations

from typing import Any

import pytest

from kernelc.compile import CompileOptions, compile_model, decode_splits
from kernelc.errors import UsageError
from kernelc.ir.dim import evaluate
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


def tiny(**changes: Any) -> AnyModel:
    return model_of(TINY | changes, "config.json")


@pytest.mark.parametrize("quant", ["q4", "q8", "f16", "f32"])
def test_a_token_takes_five_dispatches_a_layer_and_at_most_four_more(quant: str) -> None:
    programs = compile_model(tiny(), CompileOptions(quant=quant)).lowered.programs
    for sampling in ("sample_greedy", "sample"):
        assert len(programs["decode"].dispatches) + len(programs[sampling].dispatches) <= 5 * 3 + 4


def test_splitting_the_positions_costs_one_more_dispatch_a_layer() -> None:
    programs = compile_model(tiny(), CompileOptions()).lowered.programs
    assert programs["decode_512"].symbols["past"] == (512, 2047)
    assert len(programs["decode_512"].dispatches) == len(programs["decode"].dispatches) + 3


@pytest.mark.parametrize("context", [1, 128, 129, 512, 513, 4096])
@pytest.mark.parametrize("name", ["llama-2-7b", "llama-3-8b", "tinyllama-1.1b"])
def test_decode_programs_cover_every_position_once(name: str, context: int) -> None:
    splits = decode_splits(find_model(name).graph("decode", max_context=context), context)
    covered = [past for low, high, _ in splits for past in range(low, high + 1)]
    assert covered == list(range(context))


def test_a_7b_plan_needs_no_weights_and_adds_up() -> None:
    model = find_model("llama-2-7b")
    buffers = compile_model(model, CompileOptions(context=4096)).lowered.buffers
    caches = [buffer for name, buffer in buffers.items() if "cache" in name]
    cache = sum(evaluate(buffer.bytes, {"context": 4096}) for buffer in caches)
    assert cache == 2 * 32 * 4096 * 4096 * 2
    weights = sum(evaluate(buffer.bytes, {}) for buffer in buffers.values() if buffer.kind == "weight")
    matrices = 32 * (4 * 4096 * 4096 + 3 * 4096 * 11008) + 2 * 32000 * 4096
    assert weights == matrices * 18 // 32 + 4 * 4096 * 65


def test_activations_do_not_grow_with_the_context() -> None:
    def slots(context: int) -> int:
        model, options = find_model("tinyllama-1.1b"), CompileOptions(context=context)
        buffers = compile_model(model, options).lowered.buffers
        names = [name for name in buffers if name.startswith("slot.")]
        return sum(evaluate(buffers[name].bytes, {"context": context}) for name in names)

    assert slots(512) == slots(2048)


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
