"""The program that leaves final hidden states, and the embeddings that are made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from kernelc.compiler import CompileOptions, compile_model
from kernelc.errors import ShapeError, UsageError
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.types import DType
from kernelc.kernels.registry import references
from kernelc.passes.hidden import hidden_states
from kernelc.pipeline import build_artifact
from model.families.registry import load_model, named_models
from runtime.devices import target_for
from runtime.engine.engine import EMBED_ROLES, Engine
from tests.model.tiny_checkpoint import write_tiny_checkpoint

COMMON: dict[str, Any] = {
    "vocab_size": 40,
    "hidden_size": 36,
    "intermediate_size": 52,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "num_key_value_heads": 3,
    "head_dim": 12,
    "max_position_embeddings": 64,
}
CONFIGS = {
    "llama": {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
    "gemma2": {  # whose logits are capped
        "model_type": "gemma2",
        "architectures": ["Gemma2ForCausalLM"],
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": 12,
        "sliding_window": 64,
        "final_logit_softcapping": 30.0,
        "attn_logit_softcapping": 50.0,
        "tie_word_embeddings": True,
    },
}
IDS = [3, 17, 5, 30, 8, 8, 21]


@pytest.fixture(params=CONFIGS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return write_tiny_checkpoint(tmp_path / "model", {**COMMON, **CONFIGS[request.param]})


def hidden(folder: Path, ids: list[int]) -> np.ndarray:
    """The final hidden states in numpy, and that the logits are what the head makes of them."""
    model, weights = load_model(folder), load_file(folder / "model.safetensors")
    graph = model.graph("score", max_context=64, chunk=64, kv_dtype=DType.F32)
    env = {"seq": len(ids), "past": 0, "context": 64}
    found: dict[str, np.ndarray] = {}
    for each in (graph, hidden_states(graph)):
        states = empty_states(each, env)
        states["tokens"][: len(ids)] = ids
        outputs, _ = evaluate(each, env, weights=weights.__getitem__, states=states)
        found |= outputs
    head = weights.get(model.roles.head, weights[model.roles.embedding])
    order = np.argsort(found["hidden"] @ head.T, axis=-1, kind="stable")
    assert (order == np.argsort(found["all_logits"], axis=-1, kind="stable")).all()
    return found["hidden"]


@pytest.mark.parametrize(
    "device", ["cpu", pytest.param("wgpu", marks=[pytest.mark.gpu, pytest.mark.nightly])]
)
def test_an_embedding_is_the_mean_of_the_hidden_states(folder: Path, tmp_path: Path, device: str) -> None:
    options = CompileOptions(target_for(device), quant="f32", context=64, embeddings=True)
    artifact = build_artifact(folder, options, out=tmp_path / "artifact")
    with Engine.open(artifact, device=device, roles=EMBED_ROLES, references=references()) as engine:
        for ids in (IDS, IDS[:1], IDS * 9):
            mean = hidden(folder, ids).mean(axis=0)
            got = engine.embed(ids)
            assert np.abs(got - mean / np.linalg.norm(mean)).max() < 1e-4
            assert engine.ids == tuple(ids)
        engine.truncate(0)
        engine.feed(IDS)
        assert len([token.id for token in engine.generate(3)]) == 3


@pytest.mark.parametrize("folder", ["llama"], indirect=True)
def test_other_artifacts_are_as_they_were(folder: Path) -> None:
    model = load_model(folder)
    plain, more = (
        compile_model(model, CompileOptions("wgsl", context=64, embeddings=embeddings))
        for embeddings in (False, True)
    )
    assert {*more.lowered.programs} - {*plain.lowered.programs} == {"embed"}
    assert "hidden" not in plain.lowered.buffers
    same = {name: more.lowered.programs[name].role for name in plain.lowered.programs}
    assert same == {name: each.role for name, each in plain.lowered.programs.items()}


@pytest.mark.parametrize("folder", ["llama"], indirect=True)
def test_an_artifact_without_the_program_says_so(folder: Path, tmp_path: Path) -> None:
    artifact = build_artifact(folder, CompileOptions("c", quant="f32"), out=tmp_path / "artifact")
    without = pytest.raises(UsageError, match="no program for embeddings")
    with Engine.open(artifact, device="numpy", references=references()) as engine, without:
        engine.embed(IDS)


def test_every_named_model_has_hidden_states() -> None:
    for name, model in named_models().items():
        if model.config.layers > 40:
            continue  # the others have the same ends
        graph = hidden_states(model.graph("score", max_context=64, chunk=8))
        width = graph.outputs["hidden"].type.shape[-1]
        assert width == model.info.hidden_size, name


@pytest.mark.parametrize("folder", ["llama"], indirect=True)
def test_logits_of_something_else_are_refused(folder: Path) -> None:
    graph = load_model(folder).graph("score", max_context=64, chunk=8)
    others = replace(graph, outputs={"all_logits": graph.ops[0].result})
    with pytest.raises(ShapeError, match=r"wanted the output layer|no linear layer"):
        hidden_states(others)
