"""What the tiny model computes, written down a second time in numpy, and checks of what tests rely on.

An implementation independent of the compiler: its greedy ids and logits are what the browser must give.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tiny_model as tiny

F64 = npt.NDArray[np.float64]
Weights = Mapping[str, F64]

# A short prompt, and one that is long enough for the kernels that take many positions at once.
PROMPTS = (
    (tiny.BOS, 403, 407, 261, 378),
    (tiny.BOS, *(300 + 37 * at % 200 for at in range(70))),
)
NEW_TOKENS = 40
SCORED = 32  # positions of the first run whose logits are compared

# What tests rely on.
LEAST_GAP = 0.005  # between the logits of a step's two likeliest tokens; errors of f32 are far smaller
LEAST_DISTINCT = 20  # tokens in a greedy answer: one that repeats itself shows little
MOST_LIKELY = 1e-9  # probability of drawing the whole greedy answer by chance
TEMPERATURE = 0.9


def forward(weights: Weights, ids: list[int]) -> F64:
    """Return the logits at each position: [positions, vocabulary]."""

    def matrix(name: str) -> F64:
        return weights[f"{name}.weight"]

    hidden = matrix("model.embed_tokens")[ids]
    for layer in range(tiny.LAYERS):
        prefix = f"model.layers.{layer}"
        x = norm(hidden, matrix(f"{prefix}.input_layernorm"))
        query, key, value = (split(x @ matrix(f"{prefix}.self_attn.{part}_proj").T) for part in "qkv")
        mixed = attention(rotated(query), rotated(key), value)
        hidden = hidden + mixed @ matrix(f"{prefix}.self_attn.o_proj").T
        x = norm(hidden, matrix(f"{prefix}.post_attention_layernorm"))
        gate, up = (x @ matrix(f"{prefix}.mlp.{part}_proj").T for part in ("gate", "up"))
        hidden = hidden + (gate / (1 + np.exp(-gate)) * up) @ matrix(f"{prefix}.mlp.down_proj").T
    return norm(hidden, matrix("model.norm")) @ matrix("lm_head").T


def norm(x: F64, weight: F64) -> F64:
    """Return RMSNorm of each row."""
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + tiny.EPSILON) * weight


def split(x: F64) -> F64:
    """Return [positions, heads * width] as [heads, positions, width]."""
    return x.reshape(len(x), -1, tiny.WIDTH // tiny.HEADS).transpose(1, 0, 2)


def rotated(x: F64) -> F64:
    """Apply rotary position embedding to pairs of numbers, one from each half of a head."""
    half = x.shape[-1] // 2
    angles = np.arange(x.shape[1])[:, None] / tiny.THETA ** (np.arange(half) / half)
    cosine, sine = np.cos(angles), np.sin(angles)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1)


def attention(query: F64, key: F64, value: F64) -> F64:
    """Return causal attention in which several query heads share a head of keys and values."""
    shared = tiny.HEADS // tiny.KV_HEADS
    key, value = np.repeat(key, shared, 0), np.repeat(value, shared, 0)
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
    scores += np.triu(np.full(scores.shape[1:], -np.inf), 1)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = weights / weights.sum(-1, keepdims=True) @ value
    return mixed.transpose(1, 0, 2).reshape(query.shape[1], -1)


def greedy(weights: Weights, prompt: tuple[int, ...]) -> tuple[list[int], F64]:
    """Return a prompt with its greedy answer, and the logits that each token of the answer was taken from."""
    ids, rows = list(prompt), []
    for _ in range(NEW_TOKENS):
        rows.append(forward(weights, ids)[-1])
        ids.append(int(rows[-1].argmax()))
    return ids, np.array(rows)


def check(answer: list[int], rows: F64) -> None:
    """Exit with a plain message where an answer has not the properties that tests rely on."""
    first, second = np.sort(rows, -1)[:, ::-1][:, :2].T
    scaled = rows / TEMPERATURE
    drawn = float(np.prod(1 / np.exp(scaled - scaled.max(-1, keepdims=True)).sum(-1)))
    gap, distinct = float((first - second).min()), len(set(answer))
    problems = {
        f"its two likeliest tokens differ by {gap:.5f} only, wanted {LEAST_GAP}": gap < LEAST_GAP,
        f"it has {distinct} different tokens, wanted {LEAST_DISTINCT}": distinct < LEAST_DISTINCT,
        f"it is drawn with probability {drawn:.1e}, wanted {MOST_LIKELY} at most": drawn > MOST_LIKELY,
    }
    for problem, found in problems.items():
        if found:
            sys.exit(
                f"tiny_reference.py: a greedy answer of the tiny model does not suit the tests: {problem}"
                " (take another SEED in tiny_model.py)"
            )


def write(tensors: Mapping[str, tiny.F32], folder: Path) -> tuple[str, str]:
    """Write the reference runs (JSON) and the logits of the first (raw f32); return the two paths."""
    weights = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    runs: list[dict[str, Any]] = []
    for prompt in PROMPTS:
        ids, rows = greedy(weights, prompt)
        check(ids[len(prompt) :], rows)
        runs.append({"prompt": f"{len(prompt)} ids", "prompt_ids": list(prompt), "ids": ids})
    folder.mkdir(parents=True, exist_ok=True)
    listed, logits = folder / "tiny.json", folder / "tiny.logits"
    listed.write_text(json.dumps({"runs": runs}))
    logits.write_bytes(forward(weights, runs[0]["ids"][:SCORED]).astype("<f4").tobytes())
    return str(listed), str(logits)
