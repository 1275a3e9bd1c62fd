"""Gemma 3 and Phi-3 against the whole model in a few lines of numpy, through packing, kernels and runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from kernelc.compiler import CompileOptions
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.types import DType
from kernelc.kernels.registry import references
from kernelc.pipeline import build_artifact
from model.families.registry import load_model
from runtime.devices import target_for
from runtime.engine.engine import SCORE_ROLES, Engine
from tests.model.tiny_checkpoint import write_tiny_checkpoint
from tests.packed import dequantised

Array = np.ndarray
Weights = dict[str, Array]
SIZES: dict[str, object] = {
    "vocab_size": 40,
    "hidden_size": 36,
    "intermediate_size": 52,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
GEMMA3: dict[str, object] = {
    **SIZES,
    "architectures": ["Gemma3ForCausalLM"],
    "model_type": "gemma3_text",
    "num_hidden_layers": 3,
    "head_dim": 8,
    "query_pre_attn_scalar": 20,
    "sliding_window": 7,
    "sliding_window_pattern": 3,
    "rope_theta": 900.0,
    "rope_local_base_freq": 50.0,
    "rope_scaling": {"rope_type": "linear", "factor": 4.0},
}
PHI3: dict[str, object] = {
    **SIZES,
    "architectures": ["Phi3ForCausalLM"],
    "model_type": "phi3",
    "num_hidden_layers": 2,
    "hidden_size": 48,
    "partial_rotary_factor": 0.5,
    "original_max_position_embeddings": 16,
    "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.5, 2.0], "long_factor": [3.0, 3.5, 4.0]},
}
IDS = np.random.default_rng(9).integers(0, 40, 30).tolist()


def rms(x: Array, gain: Array, eps: float) -> Array:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * gain


def turned(x: Array, frequencies: Array, factor: float = 1.0) -> Array:
    """Rotate the first elements of each head by position * frequency. Shapes: [seq, heads, head_dim]."""
    half = len(frequencies)
    z = x[..., :half] + 1j * x[..., half : 2 * half]
    z = z * factor * np.exp(1j * np.arange(len(x))[:, None, None] * frequencies)
    return np.concatenate([z.real, z.imag, x[..., 2 * half :]], -1)


def attended(q: Array, k: Array, v: Array, scale: float, window: int) -> Array:
    """Shapes: q [seq, heads, head_dim], k and v [seq, kv_heads, head_dim] -> [seq, heads * head_dim]."""
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat(group, 1), v.repeat(group, 1)
    ago = np.arange(len(q))[:, None] - np.arange(len(q))
    powers = np.where((ago >= 0) & (ago < window), np.exp(np.einsum("qhd,khd->hqk", q, k) * scale), 0.0)
    return np.einsum("hqk,khd->qhd", powers / powers.sum(-1, keepdims=True), v).reshape(len(q), -1)


def gemma3(w: Weights, ids: list[int]) -> Array:
    """Two layers with a window of 7, then one without, whose positions are divided by 4."""
    x = w["model.embed_tokens.weight"][ids] * 6.0
    for number in range(3):
        part = {name.split(f"layers.{number}.")[1]: w[name] for name in w if f"layers.{number}." in name}
        gain = {name: 1 + part[name] for name in part if "norm" in name}
        h = rms(x, gain["input_layernorm.weight"], 1e-6)
        q, k, v = (
            (h @ part[f"self_attn.{each}_proj.weight"].T).reshape(len(ids), -1, 8) for each in ("q", "k", "v")
        )
        q, k = (rms(z, gain[f"self_attn.{each}_norm.weight"], 1e-6) for z, each in ((q, "q"), (k, "k")))
        full = number == 2
        frequencies = (900.0 ** -np.arange(0, 1, 0.25)) / 4 if full else 50.0 ** -np.arange(0, 1, 0.25)
        y = attended(turned(q, frequencies), turned(k, frequencies), v, 20**-0.5, len(ids) if full else 7)
        x = x + rms(y @ part["self_attn.o_proj.weight"].T, gain["post_attention_layernorm.weight"], 1e-6)
        h = rms(x, gain["pre_feedforward_layernorm.weight"], 1e-6)
        gate, up = (h @ part[f"mlp.{each}_proj.weight"].T for each in ("gate", "up"))
        gate = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
        y = (gate * up) @ part["mlp.down_proj.weight"].T
        x = x + rms(y, gain["post_feedforward_layernorm.weight"], 1e-6)
    return rms(x, 1 + w["model.norm.weight"], 1e-6) @ w["model.embed_tokens.weight"].T


def phi3(w: Weights, ids: list[int]) -> Array:
    """q, k, v and gate, up lie one after another; 6 of 12 elements rotate, as in sequences longer than 16."""
    x = w["model.embed_tokens.weight"][ids]
    frequencies = 10000.0 ** -(np.arange(3) / 3) / np.array([3.0, 3.5, 4.0])
    factor = np.sqrt(1 + np.log(4) / np.log(16))
    for number in range(2):
        at = f"model.layers.{number}"
        h = rms(x, w[f"{at}.input_layernorm.weight"], 1e-5) @ w[f"{at}.self_attn.qkv_proj.weight"].T
        q, k, v = (z.reshape(len(ids), -1, 12) for z in np.split(h, [48, 72], axis=-1))
        y = attended(turned(q, frequencies, factor), turned(k, frequencies, factor), v, 12**-0.5, 64)
        x = x + y @ w[f"{at}.self_attn.o_proj.weight"].T
        h = rms(x, w[f"{at}.post_attention_layernorm.weight"], 1e-5) @ w[f"{at}.mlp.gate_up_proj.weight"].T
        gate, up = np.split(h, 2, axis=-1)
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[f"{at}.mlp.down_proj.weight"].T
    return rms(x, w["model.norm.weight"], 1e-5) @ w["lm_head.weight"].T


FORMULAS: dict[str, tuple[dict[str, object], Callable[[Weights, list[int]], Array]]] = {
    "gemma3": (GEMMA3, gemma3),
    "phi3": (PHI3, phi3),
}


@pytest.fixture(params=FORMULAS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Array]:
    """A model folder, and the logits of its formula for IDS."""
    config, formula = FORMULAS[request.param]
    (tmp_path / "model").mkdir()
    folder = write_tiny_checkpoint(tmp_path / "model", config)
    weights = {
        name: array.astype(np.float64) for name, array in load_file(folder / "model.safetensors").items()
    }
    return folder, formula(weights, IDS)


@pytest.mark.parametrize("device", ["cpu", pytest.param("wgpu", marks=pytest.mark.gpu)])
def test_logits_are_those_of_the_formula(case: tuple[Path, Array], tmp_path: Path, device: str) -> None:
    folder, wanted = case
    options = CompileOptions(target_for(device), quant="f32")
    artifact = build_artifact(folder, options, out=tmp_path / "artifact")
    with Engine.open(artifact, device=device, roles=SCORE_ROLES, references=references()) as engine:
        for one_by_one in (False, True):
            engine.truncate(0)
            assert np.abs(engine.score(IDS, one_by_one=one_by_one) - wanted).max() < 2e-4


def test_codes_of_four_bits_give_what_they_stand_for(case: tuple[Path, Array], tmp_path: Path) -> None:
    """The q4 build computes the graph of the rounded weights; rows of fused tensors are packed as others."""
    folder, exact = case
    options = CompileOptions("c", activations="f32")
    artifact = build_artifact(folder, options, out=tmp_path / "artifact")
    model = load_model(folder)
    with Engine.open(artifact, device="cpu", roles=SCORE_ROLES, references=references()) as engine:
        got = engine.score(IDS, one_by_one=True)
        weights: dict[str, Any] = dequantised(engine.artifact, model)
    graph = model.graph("score", max_context=64, chunk=64, kv_dtype=DType.F32)
    env = {"seq": len(IDS), "past": 0, "context": 64}
    states = empty_states(graph, env)
    states["tokens"][: len(IDS)] = IDS
    outputs, _ = evaluate(graph, env, weights=weights.__getitem__, states=states)
    assert np.abs(got - outputs["all_logits"]).max() < 1e-3
    assert np.abs(got - exact).max() > 0.01  # rounding is seen, so weights are rounded ones
