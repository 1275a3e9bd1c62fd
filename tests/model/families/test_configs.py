"""What families read of a config.json besides what all share, and what they refuse by name."""

from __future__ import annotations

from typing import Any

import pytest

from kernelc.errors import ConfigError
from model.families.registry import FAMILIES, model_of

SIZES: dict[str, object] = {
    "vocab_size": 40,
    "hidden_size": 64,
    "intermediate_size": 80,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
}


def config(model_type: str, **changes: object) -> Any:
    return model_of({"model_type": model_type, **SIZES, **changes}, "config.json").config


@pytest.mark.parametrize("model_type", sorted(FAMILIES.keys() - {"gemma3", "gpt_neox"}))
def test_a_file_with_sizes_alone_is_taken(model_type: str) -> None:
    model = model_of({"model_type": model_type, **SIZES}, "config.json")
    weights, roles = model.weights(), model.roles
    assert roles.embedding in weights and (roles.head in weights) != model.config.tie_word_embeddings
    assert roles.final_norm is None or roles.final_norm in weights
    rows = model.family.rows(model.config)
    matrices = [*(name for name in rows if name.endswith("weight")), *weights]
    for pattern in roles.sensitive:
        assert any(roles.is_sensitive(name) for name in matrices), pattern
    assert set(rows) <= set(model.graph("decode", max_context=8).weights)


def test_windows_are_where_the_family_has_them() -> None:
    assert config("gemma2", sliding_window=5).windows == (5, None, 5, None)
    assert config("gemma3_text", sliding_window=5, sliding_window_pattern=2).windows == (5, None, 5, None)
    assert config("mistral", sliding_window=None).windows == (None,) * 4
    assert config("mistral").windows == (4096,) * 4
    assert config("cohere2", sliding_window=5).windows == (5, 5, 5, None)
    assert config("exaone4", sliding_window=None).windows == (None,) * 4
    assert config("smollm3", use_sliding_window=True, sliding_window=5).windows == (None, None, None, 5)


def test_layers_rotate_where_the_family_does() -> None:
    smollm3 = config("smollm3", no_rope_layers=[1, 0, 1, 0])
    assert [smollm3.layer_rope(layer) is not None for layer in range(4)] == [True, False, True, False]
    cohere2 = config("cohere2")
    assert [cohere2.layer_rope(layer) is not None for layer in range(4)] == [True, True, True, False]
    gemma3 = config("gemma3_text", sliding_window_pattern=2, rope_theta=500.0, rope_local_base_freq=50.0)
    assert [gemma3.layer_rope(layer).theta for layer in range(4)] == [50.0, 500.0, 50.0, 500.0]


def test_gemma3_with_images_reads_its_text_part() -> None:
    text = {key: value for key, value in SIZES.items() if key not in ("num_attention_heads", "vocab_size")}
    data = {"model_type": "gemma3", "text_config": {**text, "head_dim": 6}, "eos_token_id": [1, 106]}
    read = model_of(data, "config.json").config
    assert (read.vocab_size, read.heads, read.eos_token_ids) == (262208, 8, (1, 106))
    assert model_of({**data, "rope_scaling": {"type": "dynamic"}}, "config.json").config == read


@pytest.mark.parametrize(
    ("model_type", "changes", "wanted"),
    [
        ("gemma3_text", {"use_bidirectional_attention": True}, "use_bidirectional_attention: got true"),
        ("gemma3", {}, "text_config: got nothing, wanted an object"),
        ("phi3", {"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_scaling: got scaling linear"),
        ("olmo", {"clip_qkv": 0}, "clip_qkv: got 0, wanted a number from 1e-06"),
        ("apertus", {"hidden_act": "silu"}, 'hidden_act: got "silu", wanted "xielu"'),
        ("stablelm", {"qk_layernorm": True}, "qk_layernorm: got true, wanted false"),
        ("cohere", {"use_qk_norm": True}, "use_qk_norm: got true, wanted false"),
        ("phi", {"qk_layernorm": True}, "qk_layernorm: got true, wanted false"),
        ("helium", {"head_dim": 12}, "head_dim: got 12, wanted hidden_size / num_attention_heads"),
        (
            "gpt_neox",
            {"rotary_pct": 0.5},
            "num_key_value_heads: the family's published code does not read this field",
        ),
        ("smollm3", {"no_rope_layers": [1, 2, 1, 1]}, "no_rope_layers: got a list of 4, wanted a list of 4"),
        ("qwen3", {"layer_types": ["linear_attention"] * 4}, 'layer_types: got "linear_attention"'),
        ("glm", {"partial_rotary_factor": 0.1}, "partial_rotary_factor: got 0.1, rotating 1 of 16 elements"),
        ("granite", {"logits_scaling": 0}, "logits_scaling: got 0, wanted a number from 1e-06"),
        ("hunyuan_v1_dense", {"rope_scaling": {"type": "dynamic", "factor": 2.0}}, 'got "dynamic"'),
    ],
)
def test_what_would_be_computed_wrongly_is_refused(
    model_type: str, changes: dict[str, object], wanted: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        config(model_type, **changes)
    line = caught.value.render()
    assert wanted in line and "\n" not in line
