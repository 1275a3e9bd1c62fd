"""A family that differs from Llama wherever families do is one file, and right on every device."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from kernelc.compiler import CompileOptions
from kernelc.ir.evaluate import empty_states
from kernelc.ir.types import DType
from kernelc.kernels.registry import references
from kernelc.passes.fuse import PATTERNS
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from model.families.registry import FAMILIES, load_model, register
from runtime.devices import target_for
from runtime.engine.engine import SCORE_ROLES, Engine
from tests.graphs.compiled import Options
from tests.graphs.runner import Runner
from tests.kernels.executors import EXECUTORS, require
from tests.model.tiny_checkpoint import write_tiny_checkpoint
from tests.model.toy_family import FAMILY

CONFIG: dict[str, object] = {
    "architectures": ["ToyForCausalLM"],
    "model_type": "toy",
    "vocab_size": 24,
    "hidden_size": 20,
    "intermediate_size": 28,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "rms_norm_eps": 1e-5,
    "rope_theta": 100.0,
    "max_position_embeddings": 32,
    "sliding_window": 5,
    "tie_word_embeddings": True,
}
IDS = np.random.default_rng(8).integers(0, 24, 19).tolist()
PREFILL = 13


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    register(FAMILY)
    yield write_tiny_checkpoint(tmp_path_factory.mktemp("toy"), CONFIG)
    del FAMILIES[FAMILY.model_type]


def formula(folder: Path, ids: list[int]) -> np.ndarray:
    """The logits of every row [seq, vocab], in float64: the whole sequence at once, without a cache."""
    c, w = json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")
    w = {name: array.astype(np.float64) for name, array in w.items()}
    seq, heads, kv_heads = len(ids), c["num_attention_heads"], c["num_key_value_heads"]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + c["rms_norm_eps"]) * (1 + w[f"{name}.weight"])

    def turn(x: np.ndarray) -> np.ndarray:
        half = x.shape[-1] // 2
        z = x[..., :half] + 1j * x[..., half:]
        z *= np.exp(1j * np.arange(seq)[:, None, None] * c["rope_theta"] ** (-np.arange(half) / half))
        return np.concatenate([z.real, z.imag], -1)

    ago = np.arange(seq)[:, None] - np.arange(seq)
    table = w["model.embed_tokens.weight"]
    x = table[ids] * np.sqrt(c["hidden_size"])
    for layer in range(c["num_hidden_layers"]):
        at = f"model.layers.{layer}"
        h = norm(x, f"{at}.input_layernorm")
        q, k, v = (
            (h @ w[f"{at}.self_attn.{part}_proj.weight"].T).reshape(seq, count, -1)
            for part, count in (("q", heads), ("k", kv_heads), ("v", kv_heads))
        )
        q, k = turn(norm(q, f"{at}.self_attn.q_norm")), turn(norm(k, f"{at}.self_attn.k_norm"))
        k, v = k.repeat(heads // kv_heads, 1), v.repeat(heads // kv_heads, 1)
        scores = 3.0 * np.tanh(np.einsum("qhd,khd->hqk", q, k) * 0.25 / 3.0)
        seen = (ago >= 0) & (ago < c["sliding_window"]) if layer % 2 == 0 else ago >= 0
        weights = np.where(seen, np.exp(scores), 0.0)
        y = np.einsum("hqk,khd->qhd", weights / weights.sum(-1, keepdims=True), v).reshape(seq, -1)
        x = x + norm(y @ w[f"{at}.self_attn.o_proj.weight"].T, f"{at}.post_attention_layernorm")
        h = norm(x, f"{at}.pre_mlp_layernorm")
        gate, up = (h @ w[f"{at}.mlp.{part}_proj.weight"].T for part in ("gate", "up"))
        gate = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
        x = x + norm((gate * up) @ w[f"{at}.mlp.down_proj.weight"].T, f"{at}.post_mlp_layernorm")
    return 4.0 * np.tanh(norm(x, "model.norm") @ table.T / 4.0)


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param("wgpu", marks=pytest.mark.gpu),
        *(pytest.param(slow, marks=pytest.mark.nightly) for slow in ("vulkan", "opencl")),
    ],
)
def test_an_artifact_gives_the_logits_of_the_formula(checkpoint: Path, tmp_path: Path, device: str) -> None:
    if device in EXECUTORS:
        require(device, Capabilities())
    options = CompileOptions(target_for(device), "f32")
    artifact = build_artifact(checkpoint, options, out=tmp_path / "artifact")
    with Engine.open(artifact, device=device, roles=SCORE_ROLES, references=references()) as engine:
        for one_by_one in (False, True):
            engine.truncate(0)
            got = engine.score(IDS, one_by_one=one_by_one)
            assert np.abs(got - formula(checkpoint, IDS)).max() < 1e-4


@pytest.mark.parametrize("off", [frozenset[str](), frozenset(PATTERNS)], ids=["fused", "unfused"])
@pytest.mark.parametrize("executor", ["cpu", "interpreter"])
def test_prefill_then_decode_give_the_logits_of_the_formula(
    checkpoint: Path, executor: str, off: frozenset[str]
) -> None:
    """The caches that prefill fills are what decode reads, with and without fusing."""
    model, context = load_model(checkpoint), len(IDS)
    roles = ("prefill", "decode")
    graphs = {role: model.graph(role, max_context=context, kv_dtype=DType.F32) for role in roles}
    runner = Runner(graphs, load_file(checkpoint / "model.safetensors"), Options(off), executor, context)
    tokens = empty_states(graphs["decode"], {"context": context})["tokens"]
    tokens[: len(IDS)] = IDS
    runner.write_tokens(tokens)
    wanted = formula(checkpoint, IDS)
    steps = [("prefill", PREFILL, 0), *(("decode", 1, past) for past in range(PREFILL, len(IDS)))]
    for role, seq, past in steps:
        outputs, _ = runner.run(role, seq, past)
        assert np.abs(outputs["logits"][0] - wanted[past + seq - 1]).max() < 1e-4
