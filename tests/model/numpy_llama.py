"""A Llama in thirty lines of numpy, independent of the code it checks: f32, whole sequence, no cache.

Linear layers add a bias where the checkpoint has one, so it computes Qwen2 too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

Weights = dict[str, np.ndarray]


def load(folder: Path) -> tuple[dict, Weights]:
    return json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")


def logits(
    config: dict, w: Weights, ids: list[int], cache: Callable[[np.ndarray], np.ndarray] = lambda x: x
) -> np.ndarray:
    """Return the logits of `ids`, f32 [seq, vocab]. Keys and values pass through `cache` before use."""
    seq, heads, kv_heads = len(ids), config["num_attention_heads"], config["num_key_value_heads"]
    x = w["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        here = f"model.layers.{layer}."
        part = {name.removeprefix(here): tensor for name, tensor in w.items() if name.startswith(here)}
        h = rms_norm(x, part["input_layernorm.weight"], config)
        q, k, v = (
            linear(h, part, f"self_attn.{name}_proj").reshape(seq, n, -1)
            for name, n in (("q", heads), ("k", kv_heads), ("v", kv_heads))
        )
        q, k, v = rotate(q, config), cache(rotate(k, config)), cache(v)
        x = x + linear(attention(q, k, v).reshape(seq, -1), part, "self_attn.o_proj")
        h = rms_norm(x, part["post_attention_layernorm.weight"], config)
        gate, up = linear(h, part, "mlp.gate_proj"), linear(h, part, "mlp.up_proj")
        x = x + linear(gate / (1 + np.exp(-gate)) * up, part, "mlp.down_proj")
    head = w.get("lm_head.weight", w["model.embed_tokens.weight"])
    return rms_norm(x, w["model.norm.weight"], config) @ head.T


def linear(x: np.ndarray, part: Weights, name: str) -> np.ndarray:
    return x @ part[f"{name}.weight"].T + part.get(f"{name}.bias", np.float32(0))


def rms_norm(x: np.ndarray, weight: np.ndarray, config: dict) -> np.ndarray:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(config["rms_norm_eps"])) * weight


def rotate(x: np.ndarray, config: dict) -> np.ndarray:
    half = x.shape[2] // 2
    frequency = config["rope_theta"] ** (-np.arange(half) / half)
    angle = (np.arange(len(x))[:, None] * frequency)[:, None, :]
    cos, sin = np.cos(angle).astype("f4"), np.sin(angle).astype("f4")
    a, b = x[:, :, :half], x[:, :, half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=2)


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    seq, group = len(q), q.shape[1] // k.shape[1]
    k, v = k.repeat(group, axis=1), v.repeat(group, axis=1)
    scores = np.einsum("qhd,khd->hqk", q, k) / np.float32(np.sqrt(q.shape[2]))
    scores[:, np.triu(np.ones((seq, seq), bool), 1)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", weights, v)


def mean_nll(logits: np.ndarray, ids: list[int]) -> float:
    """Mean negative log-likelihood in nats of ids[1:], given what precedes each."""
    wide = logits[:-1].astype(np.float64)
    log_sum = np.log(np.exp(wide - wide.max(-1, keepdims=True)).sum(-1)) + wide.max(-1)
    return float((log_sum - wide[np.arange(len(wide)), ids[1:]]).mean())
