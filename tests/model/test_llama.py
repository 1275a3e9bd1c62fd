"""The Llama of the tensor IR, run by the numpy evaluator, against references of published models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from kernelc.ir.dim import bounds
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.types import DType
from kernelc.passes.fuse import fuse
from kernelc.source import ROLES, Role
from model.families.family import Model as FamilyModel
from model.families.llama import FAMILY, LlamaConfig
from model.families.registry import find_model, load_model
from model.rope import Rope

MODELS = ("stories260K", "babyllama105")
CONTEXT = 160


def graphs_of(model: FamilyModel[Any], max_context: int, kv_dtype: DType = DType.F16) -> dict[Role, Graph]:
    return {role: model.graph(role, max_context=max_context, kv_dtype=kv_dtype) for role in ROLES}


class Model:
    """A checkpoint with its graphs, fed a chunk at a time."""

    def __init__(self, data: Path, name: str, fused: bool, kv_dtype: DType = DType.F32) -> None:
        folder = data / "models" / name
        model = load_model(folder)
        graphs = graphs_of(model, model.info.max_context, kv_dtype)
        self.graphs: dict[Role, Graph] = {r: fuse(g) if fused else g for r, g in graphs.items()}
        self.weights = load_file(folder / "model.safetensors")
        self.reference = np.load(data / "reference" / f"{name}.npz")
        self.runs = json.loads((data / "reference" / f"{name}.json").read_text())["runs"]
        self.reset()

    def reset(self) -> None:
        self.past = 0
        self.states = empty_states(self.graphs["decode"], {"seq": 1, "past": 0, "context": CONTEXT})

    def step(self, role: Role, ids: list[int]) -> np.ndarray:
        self.states["tokens"][self.past : self.past + len(ids)] = ids
        env = {"seq": len(ids), "past": self.past, "context": CONTEXT}
        outputs, self.states = evaluate(
            self.graphs[role], env, weights=self.weights.__getitem__, states=self.states
        )
        self.past += len(ids)
        (logits,) = outputs.values()
        return logits


@pytest.fixture(scope="module", params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module", params=["as traced", "fused"])
def model(shared_data: Path, name: str, request: pytest.FixtureRequest) -> Iterator[Model]:
    yield Model(shared_data, name, fused=request.param == "fused")


def test_logits_of_every_position_at_once_in_chunks_and_one_by_one(model: Model) -> None:
    ids, wanted = model.reference["ids"].tolist(), model.reference["logits"]
    model.reset()
    assert np.abs(model.step("score", ids) - wanted).max() < 1e-3
    model.reset()
    chunks = [model.step("score", ids[start : start + 37]) for start in range(0, len(ids), 37)]
    assert np.abs(np.concatenate(chunks) - wanted).max() < 1e-3
    model.reset()
    for position, token in enumerate(ids):
        assert np.abs(model.step("decode", [token])[0] - wanted[position]).max() < 1e-3


def test_prefill_gives_the_last_row_and_decode_goes_on_from_it(model: Model) -> None:
    ids, wanted = model.reference["ids"].tolist(), model.reference["logits"]
    model.reset()
    model.step("prefill", ids[:20])
    logits = model.step("prefill", ids[20:50])
    assert logits.shape == (1, wanted.shape[1])
    assert np.abs(logits[0] - wanted[49]).max() < 1e-3
    assert np.abs(model.step("decode", ids[50:51])[0] - wanted[50]).max() < 1e-3


def test_greedy_ids_of_the_reference(model: Model) -> None:
    for run in model.runs[:2]:
        prompt, wanted = run["prompt_ids"], run["ids"][: len(run["prompt_ids"]) + 24]
        model.reset()
        ids, logits = list(prompt), model.step("prefill", prompt)
        while len(ids) < len(wanted):
            ids.append(int(logits[0].argmax()))
            logits = model.step("decode", ids[-1:])
        assert ids == wanted


def test_a_half_precision_cache_moves_logits_a_little(shared_data: Path, name: str) -> None:
    model = Model(shared_data, name, fused=True, kv_dtype=DType.F16)
    ids, wanted = model.reference["ids"].tolist(), model.reference["logits"]
    error = np.abs(model.step("score", ids) - wanted).max()
    assert 1e-5 < error < 3e-2


def test_states_and_weights_are_the_same_for_every_role() -> None:
    graphs = graphs_of(find_model("llama-3.2-1b"), 4096)
    assert tuple(graphs) == ROLES
    for graph in graphs.values():
        assert graph.weights == graphs["decode"].weights
        assert graph.states == graphs["decode"].states
        assert set(graph.updates) == set(graph.states) - {"tokens"}
    assert {role: graph.symbols["seq"] for role, graph in graphs.items()} == {
        "decode": (1, 1), "prefill": (1, 512), "score": (1, 512),
    }  # fmt: skip
    sizes = [bounds(kind.size_bytes) for kind in graphs["decode"].states.values()]
    assert sizes[0] == (8, 4 * 4097)
    assert set(sizes[1:]) == {(8 * 64 * 2, 4096 * 8 * 64 * 2)}
    assert str(graphs["prefill"].outputs["logits"].type) == "f32[1, 128256]"
    assert str(graphs["score"].outputs["all_logits"].type) == "f32[seq, 128256]"


def test_weights_have_the_checkpoints_names_and_shapes(shared_data: Path, name: str) -> None:
    folder = shared_data / "models" / name
    held = {name: list(array.shape) for name, array in load_file(folder / "model.safetensors").items()}
    assert {name: list(kind.shape) for name, kind in load_model(folder).weights().items()} == held


def test_biases_heads_and_untied_embeddings_declare_their_weights() -> None:
    config = LlamaConfig(
        vocab_size=50, hidden_size=24, intermediate_size=40, layers=2, heads=6, kv_heads=2, head_dim=10,
        attention_bias=True, mlp_bias=True, rope=Rope(10000.0, 4, "linear", {"factor": 2.0}),
    )  # fmt: skip
    graph = FAMILY.model(config).graph("prefill", max_context=32, chunk=512)
    shapes = {name.removeprefix("model.layers.1."): kind.shape for name, kind in graph.weights.items()}
    assert shapes["self_attn.q_proj.weight"] == (60, 24) and shapes["self_attn.q_proj.bias"] == (60,)
    assert shapes["self_attn.k_proj.weight"] == (20, 24) and shapes["self_attn.v_proj.bias"] == (20,)
    assert shapes["self_attn.o_proj.weight"] == (24, 60) and shapes["self_attn.o_proj.bias"] == (24,)
    assert shapes["mlp.up_proj.bias"] == shapes["mlp.gate_proj.bias"] == (40,)
    assert shapes["mlp.down_proj.weight"] == (24, 40) and shapes["mlp.down_proj.bias"] == (24,)
    assert shapes["lm_head.weight"] == (50, 24) and "lm_head.bias" not in shapes
    assert graph.symbols == {"seq": (1, 32), "past": (0, 31), "context": (1, 32)}
    turn = next(op for op in graph.ops if op.name == "rope")
    assert (turn.attrs["rotary_dim"], turn.attrs["scaling"], turn.attrs["factor"]) == (4, "linear", 2.0)


def test_a_context_of_one_position() -> None:
    config = LlamaConfig(8, 8, 12, layers=1, heads=2, kv_heads=1, head_dim=4)
    for graph in graphs_of(FAMILY.model(config), 1).values():
        rng = np.random.default_rng(0)
        weights = {
            name: rng.standard_normal([int(str(d)) for d in kind.shape]).astype(np.float32)
            for name, kind in graph.weights.items()
        }
        env = {"seq": 1, "past": 0, "context": 1}
        outputs, _ = evaluate(graph, env, weights=weights.__getitem__, states=empty_states(graph, env))
        assert next(iter(outputs.values())).shape == (1, 8)
