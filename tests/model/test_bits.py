from __future__ import annotations

import pytest

from kernelc.compiler import CompileOptions, compile_model
from kernelc.errors import UsageError
from kernelc.ir.packed_matrix import PackedMatrix
from model.bits import MOST_BITS, plan_bits
from model.families.registry import AnyModel, find_model, model_of

SMALL_CHAT: dict[str, object] = {  # the sizes of SmolLM2-135M
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def compiled(model: AnyModel, bits: float | None) -> list[PackedMatrix]:
    """The matrices of a build, which compiles only if what is packed together has one format."""
    options = CompileOptions("opencl", "q4", 64, overrides=plan_bits(model, "q4", bits))
    return list(compile_model(model, options).matrices.values())


def average(matrices: list[PackedMatrix]) -> float:
    sizes = [matrix.stored_rows * matrix.cols for matrix in matrices]
    return sum(s * m.form.bits_per_weight for s, m in zip(sizes, matrices, strict=True)) / sum(sizes)


@pytest.fixture(scope="module")
def model() -> AnyModel:
    return model_of(SMALL_CHAT, "config.json")


def test_head_and_embedding_get_eight_bits_and_the_rest_what_is_left(model: AnyModel) -> None:
    found = compiled(model, None)
    formats = {matrix.name: matrix.format for matrix in found}
    assert formats["model.embed_tokens.weight"] == "q8"
    offsets = [name for name, form in formats.items() if form == "q4a"]
    assert sum("qkv" in name for name in offsets) > 25  # with v_proj, which is sensitive
    assert len(offsets) < 30
    assert "model.layers.0.self_attn.qkv.weight" in offsets
    assert 5.38 < average(found) <= 5.4


@pytest.mark.parametrize("bits", [4.5, 4.6, 4.8, 5.0, 5.4, 6.5, 8.5])
def test_an_average_that_is_asked_for_is_kept_and_used(model: AnyModel, bits: float) -> None:
    assert bits - 0.1 < average(compiled(model, bits)) <= bits


def test_small_models_and_other_formats_stay_as_they_are(model: AnyModel) -> None:
    toy = model_of(SMALL_CHAT | {"vocab_size": 512, "num_hidden_layers": 2}, "config.json")
    assert plan_bits(toy, "q4", None) == ()
    assert plan_bits(toy, "q4", 5.0) != ()
    assert plan_bits(model, "q8", None) == ()


@pytest.mark.parametrize(("quant", "bits"), [("q8", 5.0), ("q4", 4.0), ("q4", 9.0), ("q4", float("nan"))])
def test_bits_that_cannot_be_are_refused(model: AnyModel, quant: str, bits: float) -> None:
    with pytest.raises(UsageError) as caught:
        plan_bits(model, quant, bits)
    assert caught.value.where == "`bits`"


def test_a_model_that_is_mostly_vocabulary_has_no_more_bits_for_it(model: AnyModel) -> None:
    """As Gemma 3 270M is, whose embedding in eight bits would be seven bits on average."""
    found = compiled(model_of(SMALL_CHAT | {"vocab_size": 262144}, "config.json"), None)
    formats = {matrix.name: matrix.format for matrix in found}
    assert formats["model.embed_tokens.weight"] == "q4a"
    assert "q4" not in formats.values() and "q8" in formats.values()
    assert MOST_BITS - 0.05 < average(found) <= MOST_BITS


def test_a_model_of_seven_billion_takes_less_than_five_bits() -> None:
    found = compiled(find_model("llama-2-7b"), None)
    assert {matrix.format for matrix in found} == {"q4", "q4a", "q8"}
    assert 4.65 < average(found) < 4.75
