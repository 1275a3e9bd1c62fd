"""A compiled model without its weights, which is all that the explorer needs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kernelc.artifact import Manifest, Weights
from kernelc.compiler import CompileOptions, compile_model
from kernelc.source import ModelSource
from model.families.registry import model_of

LAYERS = 3
CONFIG = {  # the demo model's shapes, with fewer layers; its kernels are the same
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 2048,
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 32,
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-05,
    "hidden_act": "silu",
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


@dataclass(frozen=True)
class Compiled:
    model: ModelSource
    manifest: Manifest
    graph: str


@pytest.fixture(scope="session")
def demo() -> Compiled:
    model = model_of(CONFIG, "config.json")
    compiled = compile_model(model, CompileOptions("wgsl", "q4").checked(model))
    return Compiled(model, compiled.manifest("demo", Weights()), compiled.graph)
