"""A family of another module is built by registering it, and what no family computes is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from safetensors.numpy import load_file

from kernelc.compiler import CompileOptions
from kernelc.errors import ConfigError, InternalError
from kernelc.inputs import inputs_stamp
from kernelc.ir.graph import Tensor
from kernelc.ir.trace import Linear, Norm, embedding, last_row, linear, rms_norm, scale, tracer
from kernelc.ir.types import DType
from kernelc.kernels.registry import references
from kernelc.pipeline import build_artifact
from model.config import DecoderConfig
from model.families import llama, qwen2, registry
from model.families.family import Family, Step, WeightRoles
from model.families.registry import find_model, model_of, named_models, register
from model.json_fields import Fields
from runtime.engine.engine import SCORE_ROLES, Engine
from tests.model.tiny_checkpoint import write_tiny_checkpoint

CONFIG: dict[str, object] = {
    "architectures": ["ToyForCausalLM"],
    "model_type": "toy",
    "vocab_size": 40,
    "hidden_size": 36,
    "intermediate_size": 52,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
    "toy_bias": True,
}


@dataclass(frozen=True)
class ToyConfig(DecoderConfig):
    bias: bool = False

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return replace(super().read(fields), bias=fields.flag("toy_bias", False))


class Toy:
    """Scores the next id by the present one alone: embedding, one linear layer, norm and head."""

    def __init__(self, config: ToyConfig, kv_dtype: DType) -> None:
        self.table = tracer().weight("toy.table", (config.vocab_size, config.hidden_size))
        self.wide = Linear.declare("toy.wide", config.intermediate_size, config.hidden_size, config.bias)
        self.norm = Norm.declare("toy.norm", config.intermediate_size, config.norm_eps)
        self.head = Linear.declare("toy.head", config.vocab_size, config.intermediate_size)

    def __call__(self, tokens: Tensor, step: Step, every_row: bool) -> Tensor:
        x = linear(embedding(tokens, self.table, seq=step.seq, past=step.past), self.wide)
        return linear(rms_norm(x if every_row else last_row(x), self.norm), self.head)


TOY = Family(
    model_type="toy",
    architectures=("ToyForCausalLM",),
    read=ToyConfig.read,
    build=Toy,
    roles=WeightRoles("toy.table", "toy.head.weight", "toy.norm.weight", sensitive=("toy.wide.*",)),
    named={"toy-1b": ToyConfig(40, 36, 52, 1, 2, 2, 18)},
)


@pytest.fixture
def families(monkeypatch: pytest.MonkeyPatch) -> dict[str, Family[Any]]:
    """The registry's table, restored after the test."""
    monkeypatch.setattr(registry, "FAMILIES", dict(registry.FAMILIES))
    return registry.FAMILIES


def toy_logits(folder: Path, ids: list[int]) -> np.ndarray:
    w = load_file(folder / "model.safetensors")
    x = w["toy.table"][ids] @ w["toy.wide.weight"].T + w["toy.wide.bias"]
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(1e-6)) * w["toy.norm.weight"]
    return x @ w["toy.head.weight"].T


@pytest.mark.parametrize("quant", ["f32", "q8"])
def test_a_family_of_another_module_is_built_once_it_is_registered(
    families: dict[str, Family[Any]], tmp_path: Path, quant: str
) -> None:
    with pytest.raises(ConfigError, match='got "toy", which no family here computes'):
        model_of(CONFIG, "config.json")
    register(TOY)
    folder = tmp_path / "model"
    folder.mkdir()
    write_tiny_checkpoint(folder, CONFIG)
    ids = np.random.default_rng(6).integers(0, 40, 50).tolist()
    artifact = build_artifact(folder, CompileOptions(quant=quant), out=tmp_path / "artifact")
    with Engine.open(artifact, device="cpu", roles=SCORE_ROLES, references=references()) as engine:
        assert engine.artifact.manifest.model.architecture == "toy"
        for one_by_one in (False, True):
            engine.truncate(0)
            error = np.abs(engine.score(ids, one_by_one=one_by_one) - toy_logits(folder, ids)).max()
            assert error < (1e-5 if quant == "f32" else 0.03)  # q8: twice what was measured


def test_a_registered_family_has_its_own_fields_names_and_roles(families: dict[str, Family[Any]]) -> None:
    register(TOY)
    model = model_of({**CONFIG, "architectures": None, "toy_bias": None}, "config.json")
    assert (model.family, model.config.bias) == (TOY, False)
    assert list(model.weights()) == ["toy.table", "toy.wide.weight", "toy.norm.weight", "toy.head.weight"]
    assert model.roles.is_sensitive("toy.wide.weight") and not model.roles.is_sensitive("toy.head.weight")
    assert find_model("toy-1b").config is TOY.named["toy-1b"]
    with pytest.raises(ConfigError) as caught:
        model_of({**CONFIG, "toy_bias": 3}, "config.json")
    assert "config.json: toy_bias: got 3, wanted true or false" in caught.value.render()


def test_a_build_is_another_one_once_a_registered_family_records_something_else(
    families: dict[str, Family[Any]], tmp_path: Path
) -> None:
    class Doubled(Toy):
        def __call__(self, tokens: Tensor, step: Step, every_row: bool) -> Tensor:
            return scale(super().__call__(tokens, step, every_row), 2.0)

    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    stamps: list[str] = []
    careful = WeightRoles("toy.table", "toy.head.weight", "toy.norm.weight")
    for family in (TOY, replace(TOY, build=Doubled), replace(TOY, roles=careful), TOY):
        families[TOY.model_type] = family
        stamps.append(inputs_stamp(tmp_path))
    assert len(set(stamps)) == 3 and stamps[0] == stamps[3]


def test_a_model_type_has_one_family(families: dict[str, Family[Any]]) -> None:
    register(llama.FAMILY)  # again: nothing changes
    with pytest.raises(InternalError, match="model_type llama is registered already"):
        register(replace(TOY, model_type="llama"))
    assert families["llama"] is llama.FAMILY


def test_older_files_without_a_model_type_are_found_by_architecture() -> None:
    shape = {**CONFIG, "model_type": None, "architectures": ["Qwen2ForCausalLM"], "num_key_value_heads": 2}
    assert model_of(shape, "config.json").family is qwen2.FAMILY


def test_every_named_model_is_a_sound_one() -> None:
    assert {"llama-2-7b", "llama-3-8b", "llama-3.2-1b", "tinyllama-1.1b"} <= set(named_models())
    for name, model in named_models().items():
        weights = model.weights()
        tied = model.config.tie_word_embeddings
        assert (model.roles.head in weights) != tied, name
        assert {model.roles.embedding, model.roles.final_norm} <= set(weights), name
        assert any(model.roles.is_sensitive(weight) for weight in weights), name


def test_every_family_says_what_it_is() -> None:
    for model_type, family in registry.FAMILIES.items():
        assert family.model_type == model_type and family.architectures, model_type
        assert 4 < len(family.summary) < 100 and "\n" not in family.summary, model_type
        assert all("For" in name for name in family.architectures), model_type
