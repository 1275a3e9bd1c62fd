"""Qwen2: random weights of a tiny shape, from config.json to logits, against a formula in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kernelc.compiler import CompileOptions
from kernelc.errors import ConfigError
from kernelc.kernels.registry import references
from kernelc.pipeline import build_artifact
from model.families.registry import model_of
from runtime.engine.engine import SCORE_ROLES, Engine
from tests.model.numpy_llama import load, logits
from tests.model.tiny_checkpoint import write_tiny_checkpoint

CONFIG: dict[str, object] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "vocab_size": 40,
    "hidden_size": 36,
    "intermediate_size": 52,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "max_position_embeddings": 64,
    "max_window_layers": 2,
    "sliding_window": 32,
    "use_sliding_window": False,
    "tie_word_embeddings": True,
}


@pytest.mark.parametrize("tied", [True, False])
def test_weights_have_the_names_and_shapes_of_a_checkpoint(tied: bool) -> None:
    weights = model_of({**CONFIG, "tie_word_embeddings": tied}, "config.json").weights()
    shapes = {name.removeprefix("model.layers.1."): kind.shape for name, kind in weights.items()}
    biased = {
        name: shape for name, shape in shapes.items() if name.endswith(".bias") and "layers" not in name
    }
    assert biased == {
        "self_attn.q_proj.bias": (36,),
        "self_attn.k_proj.bias": (12,),
        "self_attn.v_proj.bias": (12,),
    }
    assert shapes["self_attn.o_proj.weight"] == (36, 36) and shapes["mlp.down_proj.weight"] == (36, 52)
    assert len(weights) == 2 + 2 * (9 + 3) + (0 if tied else 1)
    assert ("lm_head.weight" in weights) != tied


@pytest.mark.parametrize("device", ["cpu", pytest.param("wgpu", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("tied", [True, False])
def test_logits_are_those_of_the_formula(tmp_path: Path, tied: bool, device: str) -> None:
    (tmp_path / "model").mkdir()
    folder = write_tiny_checkpoint(tmp_path / "model", {**CONFIG, "tie_word_embeddings": tied})
    artifact = build_artifact(folder, CompileOptions(quant="f32"), out=tmp_path / "artifact")
    ids = np.random.default_rng(6).integers(0, 40, 50).tolist()
    wanted = logits(*load(folder), ids)
    with Engine.open(artifact, device=device, roles=SCORE_ROLES, references=references()) as engine:
        for one_by_one in (False, True):
            engine.truncate(0)
            assert np.abs(engine.score(ids, one_by_one=one_by_one) - wanted).max() < 1e-4


def test_what_is_left_out_takes_the_values_of_transformers() -> None:
    shape = {**CONFIG, "max_position_embeddings": None, "rope_theta": None, "tie_word_embeddings": None}
    config = model_of(shape, "config.json").config
    assert (config.max_position_embeddings, config.rope.theta) == (32768, 10000.0)
    assert not config.tie_word_embeddings


def test_layers_that_all_attend_to_everything_are_taken() -> None:
    config = model_of({**CONFIG, "layer_types": ["full_attention"] * 2}, "config.json").config
    assert config == model_of(CONFIG, "config.json").config


def test_layers_have_windows_where_the_file_asks_for_them() -> None:
    used = {**CONFIG, "use_sliding_window": True, "sliding_window": 9}
    assert model_of({**used, "max_window_layers": 1}, "config.json").config.windows == (None, 9)
    listed = {**used, "layer_types": ["sliding_attention", "full_attention"]}
    assert model_of(listed, "config.json").config.windows == (9, None)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"use_sliding_window": 1}, "use_sliding_window: got 1, wanted true or false"),
        (
            {"layer_types": ["full_attention", "sliding_attention"]},
            "layer_types: got sliding_attention, but sliding_window has no value",
        ),
        ({"layer_types": ["full_attention"]}, "layer_types: got a list of 1, wanted 2 kinds of layers"),
        ({"layer_types": ["full_attention", "chunked_attention"]}, 'layer_types: got "chunked_attention"'),
        ({"layer_types": "sliding_attention"}, 'layer_types: got "sliding_attention"'),
        ({"architectures": ["Qwen2MoeForCausalLM"]}, 'got "Qwen2MoeForCausalLM", wanted Qwen2ForCausalLM'),
    ],
)
def test_what_would_be_computed_wrongly_is_refused(changes: dict[str, object], wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        model_of({**CONFIG, **changes}, "config.json")
    assert wanted in caught.value.render()
