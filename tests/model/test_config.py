"""Configs: real ones load with the right numbers, and every lie gets one line that names the field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kernelc.errors import ConfigError
from model.families.llama import NAMED_CONFIGS, LlamaConfig
from model.families.registry import find_model, load_model, model_of
from model.rope import Rope

BASE: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 172,
    "num_hidden_layers": 2,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "vocab_size": 512,
    "hidden_act": "silu",
}
ORIGINAL = "original_max_position_embeddings"
LLAMA3_ROPE: dict[str, str | float] = {
    "rope_type": "llama3",
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def parse(**changes: object) -> LlamaConfig:
    config = model_of({**BASE, **changes}, "config.json").config
    assert isinstance(config, LlamaConfig)
    return config


def refusal(**changes: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(**changes)
    line = caught.value.render()
    assert "\n" not in line
    return line


def test_the_real_configs_load(shared_data: Path) -> None:
    config = load_model(shared_data / "models" / "stories260K").config
    assert (config.hidden_size, config.intermediate_size, config.layers) == (64, 172, 5)
    assert (config.heads, config.kv_heads, config.head_dim, config.rope) == (8, 4, 8, Rope(rotary_dim=8))
    assert (config.vocab_size, config.max_position_embeddings) == (512, 512)
    assert config.tie_word_embeddings
    assert (config.bos_token_id, config.eos_token_ids) == (1, (2,))


def test_what_is_left_out_takes_the_values_of_transformers() -> None:
    config = parse(num_key_value_heads=None)
    assert (config.kv_heads, config.head_dim, config.rope) == (8, 8, Rope(10000.0, 8))
    assert (config.norm_eps, config.max_position_embeddings, config.activation) == (1e-6, 2048, "silu")
    assert not config.tie_word_embeddings and not config.attention_bias and not config.mlp_bias
    assert (config.bos_token_id, config.eos_token_ids) == (None, ())


def test_a_given_head_dim_need_not_be_hidden_over_heads() -> None:
    assert parse(head_dim=32).head_dim == 32
    assert parse(hidden_size=60, head_dim=16).head_dim == 16


def test_rope_scaling_in_the_spellings_of_old_and_new_files() -> None:
    numbers = {name: number for name, number in LLAMA3_ROPE.items() if not isinstance(number, str)}
    llama3 = Rope(10000.0, 8, "llama3", numbers)
    linear = Rope(10000.0, 8, "linear", {"factor": 2.0})
    assert parse(rope_scaling=LLAMA3_ROPE).rope == llama3
    assert parse(rope_scaling={"type": "linear", "factor": 2}).rope == linear
    newer = parse(rope_theta=1.0, rope_parameters={**LLAMA3_ROPE, "rope_theta": 500000.0})
    assert newer.rope == replace(llama3, theta=500000.0)
    both = parse(rope_scaling={"type": "dynamic", "rope_type": "linear", "factor": 2.0})
    assert both.rope == linear
    older_counts = {"rope_type": "linear", "factor": 8.0}
    assert (
        parse(rope_scaling={"rope_type": "linear", "factor": 2.0}, rope_parameters=older_counts).rope
        == linear
    )
    assert parse(rope_scaling={}, rope_parameters={"type": "linear", "factor": 2.0}).rope == linear
    assert parse(rope_scaling={"factor": 4.0}).rope == parse(rope_scaling={}).rope == Rope(10000.0, 8)


def test_the_length_before_scaling_stands_at_the_top_inside_or_is_the_models_own() -> None:
    inside = {key: value for key, value in LLAMA3_ROPE.items() if key != ORIGINAL}
    assert parse(rope_scaling=inside).rope.parameters[ORIGINAL] == 2048
    assert parse(rope_scaling=LLAMA3_ROPE, **{ORIGINAL: 32}).rope.parameters[ORIGINAL] == 32


def test_scalings_that_depend_on_the_models_length() -> None:
    yarn = parse(max_position_embeddings=64, rope_scaling={"type": "yarn", ORIGINAL: 16, "mscale": 0})
    assert yarn.rope == Rope(10000.0, 8, "yarn", {"factor": 4.0, ORIGINAL: 16})
    lists = {"short_factor": [1, 2, 3, 4], "long_factor": [4.0, 5, 6, 7]}
    longrope = parse(max_position_embeddings=64, rope_scaling={"type": "longrope", ORIGINAL: 16, **lists})
    wanted = {"short_factor": (1.0, 2.0, 3.0, 4.0), "long_factor": (4.0, 5.0, 6.0, 7.0), "factor": 4.0}
    assert longrope.rope == Rope(10000.0, 8, "longrope", {**wanted, ORIGINAL: 16})
    for context, used in ((16, "short_factor"), (17, "long_factor")):
        both = dict.fromkeys(("short_factor", "long_factor"), wanted[used])
        assert longrope.within(context).rope.parameters == {**wanted, **both, ORIGINAL: 16}
    assert longrope.notes(16) == yarn.notes(64) == ()
    assert "as in texts of more than 16 tokens" in longrope.notes(17)[0]


def test_linear_and_yarn_scaling_make_the_context_longer() -> None:
    assert parse(rope_scaling={"type": "linear", "factor": 2}).max_context == 4096
    assert parse(rope_scaling={"type": "linear", "factor": 0.5}).max_context == 2048
    assert parse(rope_scaling={"type": "yarn", "factor": 4, ORIGINAL: 2048}).max_context == 8192
    assert parse(rope_scaling={"type": "yarn", "factor": 4, ORIGINAL: 512}).max_context == 2048
    assert parse(rope_scaling=LLAMA3_ROPE).max_context == 2048


def test_llama_rotates_whole_heads_whatever_the_file_says() -> None:
    assert parse(partial_rotary_factor=0.25, head_dim=64).rope.rotary_dim == 64
    assert parse(rope_parameters={"partial_rotary_factor": 0.5}).rope.rotary_dim == 8
    line = refusal(partial_rotary_factor=0.5, rope_scaling={"type": "linear", "factor": 2})
    assert "partial_rotary_factor: got 0.5 with rope scaling, wanted 1" in line


@pytest.mark.parametrize(
    ("name", "wanted"), [("swish", "silu"), ("gelu_new", "gelu_tanh"), ("gelu", "gelu"), ("relu2", "relu2")]
)
def test_activations_are_those_of_transformers(name: str, wanted: str) -> None:
    assert parse(hidden_act=name).activation == wanted


def test_a_model_saved_without_its_head_is_of_the_same_family() -> None:
    assert parse(architectures=["LlamaModel"]) == parse()


def test_stop_tokens_of_both_files_are_joined(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**BASE, "bos_token_id": 1, "eos_token_id": 2}))
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 2, 7]}))
    assert load_model(tmp_path).info.eos_token_ids == (2, 5, 7)
    assert load_model(tmp_path / "config.json").info.eos_token_ids == (2,)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": 512}))
    with pytest.raises(ConfigError, match="token id from 0 to 511"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (
            {"num_key_value_heads": 3},
            "num_key_value_heads: got 3, wanted a divisor of num_attention_heads = 8",
        ),
        (
            {"num_attention_heads": 7, "num_key_value_heads": 7},
            "num_attention_heads: got 7, wanted a divisor",
        ),
        ({"num_attention_heads": 6, "num_key_value_heads": 6}, "wanted a divisor of hidden_size = 64"),
        ({"num_attention_heads": 128, "num_key_value_heads": 128}, "wanted a divisor of hidden_size = 64"),
        (
            {"num_attention_heads": 64, "num_key_value_heads": 64},
            "head_dim: got 1, wanted a whole number from 2",
        ),
        ({"head_dim": 7}, "head_dim: got 7, wanted an even number"),
        (
            {"architectures": ["MistralForCausalLM"]},
            'architectures: got "MistralForCausalLM", wanted LlamaFor',
        ),
        (
            {"architectures": ["MistralForCausalLM"]},
            "supported model types: llama, mistral, ",
        ),
        ({"architectures": []}, "architectures: got a list of 0"),
        ({"architectures": {"a": 1}}, "architectures: got an object of 1"),
        ({"architectures": None, "model_type": None}, "model_type: got nothing"),
        ({"model_type": "falcon"}, 'model_type: got "falcon", which no family here computes'),
        ({"model_type": 3}, "model_type: got 3, wanted a string"),
        ({"model_type": "qwen2"}, 'architectures: got "LlamaForCausalLM", wanted Qwen2ForCausalLM'),
        (
            {"model_type": None, "architectures": "GPT2LMHeadModel"},
            'architectures: got "GPT2LMHeadModel", which no family here computes',
        ),
        ({"hidden_act": "mish"}, 'hidden_act: got "mish", wanted one of silu, swish, gelu, '),
        (
            {"compression_config": {"format": "x"}},
            "compression_config: the weights are quantised by compressed",
        ),
        ({"quantization_config": {"bits": 4}}, "quantised by a method"),
        ({"hidden_size": "64"}, 'hidden_size: got "64", wanted a whole number'),
        ({"hidden_size": 64.0}, "hidden_size: got 64.0, wanted a whole number"),
        ({"hidden_size": None}, "hidden_size: got nothing"),
        ({"hidden_size": True}, "hidden_size: got true"),
        ({"hidden_size": 1 << 17}, "hidden_size: got 131072, wanted a whole number from 1 to 65536"),
        ({"num_hidden_layers": 0}, "num_hidden_layers: got 0"),
        (
            {"num_hidden_layers": 10**9},
            "num_hidden_layers: got 1000000000, wanted a whole number from 1 to 1024",
        ),
        ({"vocab_size": (1 << 20) + 1}, "vocab_size: got 1048577"),
        (
            {"hidden_size": 1 << 16, "intermediate_size": 1 << 20},
            "intermediate_size: got 1048576, which with hidden_size makes a matrix of 1048576 x 65536",
        ),
        ({"rms_norm_eps": 0}, "rms_norm_eps: got 0"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps: got NaN"),
        ({"rope_theta": float("inf")}, "rope_theta: got Infinity"),
        ({"rope_theta": -1.0}, "rope_theta: got -1.0"),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings: got 1, wanted true or false"),
        ({"eos_token_id": 512}, "eos_token_id: got 512, wanted a token id from 0 to 511"),
        ({"bos_token_id": "1"}, 'bos_token_id: got "1"'),
        ({"eos_token_id": list(range(512)) * 3}, "eos_token_id: got 1536 token ids"),
        ({"rope_scaling": 2}, "rope_scaling: got 2, wanted an object"),
        (
            {"rope_scaling": {"rope_type": "proportional"}},
            'rope_type: got "proportional", wanted default, linear',
        ),
        ({"rope_scaling": {"full_attention": {}}}, "full_attention: got settings of one kind of layers"),
        ({"rope_scaling": {"type": "longrope"}}, "short_factor: got null, wanted a list of 4 numbers"),
        (
            {"rope_scaling": {"type": "longrope", "short_factor": [1, 1, 1, 0], "long_factor": [1] * 4}},
            "short_factor: 3: got 0, wanted a number from 1e-06",
        ),
        ({"rope_scaling": {"type": "dynamic", "factor": 2}}, 'type: got "dynamic", which is not supported'),
        (
            {"rope_scaling": {"type": "dynamic", "factor": 2}},
            'with "default" in its place the model is the same up to 2048',
        ),
        (
            {"rope_theta": 1.0, "rope_scaling": {"type": "yarn", "factor": 2, ORIGINAL: 64}},
            "type: scaling yarn needs a theta above 1, got 1.0",
        ),
        ({"rope_scaling": {"type": "linear"}}, "factor: got nothing"),
        (
            {"rope_scaling": {**LLAMA3_ROPE, "low_freq_factor": 4.0}},
            "low_freq_factor: got 4, wanted less than",
        ),
    ],
)
def test_bad_fields_are_named(changes: dict[str, object], wanted: str) -> None:
    assert wanted in refusal(**changes)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[]", "wanted a JSON object"),
        (b"\xff\xfe{}", "not valid JSON"),
        ("{}".encode("utf-16"), "it is not UTF-8"),
        ("{}".encode("utf-16-le"), "not valid JSON"),
        ("{}".encode("utf-32"), "it is not UTF-8"),
        (b'{"a": 1, "a": 2}', "given twice"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"vocab_size": ' + b"9" * 10_000 + b"}", "not valid JSON"),
        (b" " * ((1 << 20) + 1), "larger than"),
    ],
)
def test_files_that_are_no_config(tmp_path: Path, text: bytes, wanted: str) -> None:
    (tmp_path / "config.json").write_bytes(text)
    with pytest.raises(ConfigError, match=wanted) as caught:
        load_model(tmp_path)
    assert "config.json" in caught.value.render()


def test_a_missing_folder_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as caught:
        load_model(tmp_path / "nowhere")
    assert "Hugging Face model folder" in caught.value.render()


def test_named_configs_stand_for_what_a_file_would_say() -> None:
    for name, config in NAMED_CONFIGS.items():
        assert config.heads % config.kv_heads == 0, name
        assert config.rope.rotary_dim == config.head_dim == config.hidden_size // config.heads, name
    assert find_model("llama-2-7b").config is NAMED_CONFIGS["llama-2-7b"]
    with pytest.raises(ConfigError, match="neither") as caught:
        find_model("llama-9-9b")
    assert "tinyllama-1.1b" in caught.value.render()
