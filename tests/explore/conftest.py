"""A compiled model without its weights, which is all that the explorer needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from kernelc.artifact import Manifest, Weights
from kernelc.compile import CompileOptions, compile_model
from kernelc.source import ModelSource
from model.families.registry import find_model

REPO = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Compiled:
    model: ModelSource
    manifest: Manifest
    graph: str


@pytest.fixture(scope="session")
def demo() -> Compiled:
    model = find_model(str(REPO / "model" / "demo"))
    compiled = compile_model(model, CompileOptions("wgsl", "q4").checked(model))
    return Compiled(model, compiled.manifest("demo", Weights()), compiled.graph)
