"""Tiny models of every family give the logits that transformers gave when they were recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model.families.registry import FAMILIES
from tests.model.families.comparison import compare
from tests.model.families.recorded import LOGITS, recorded, write
from tests.model.families.tiny_models import OTHERS, SAMPLE

NAMES = (*SAMPLE, *OTHERS)


@pytest.mark.parametrize("name", NAMES)
def test_every_family_is_equal(name: str, tmp_path: Path) -> None:
    outcome = compare(write(tmp_path, name))
    assert outcome.kind == "equal", outcome.detail


def test_nothing_is_left_out() -> None:
    models = recorded()
    assert {model["config"]["model_type"] for model in models.values()} == set(FAMILIES)
    assert set(models) == set(NAMES)
    assert set(np.load(LOGITS).files) == {each for name in NAMES for each in (name, f"{name} greedy")}


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("mistral", "sliding_window", 10), ("qwen3", "rms_norm_eps", 1e-3), ("olmo2", "hidden_act", "gelu")],
)
def test_what_differs_is_noticed(name: str, field: str, value: object, tmp_path: Path) -> None:
    path = write(tmp_path, name)
    config = json.loads((path / "config.json").read_text())
    assert config[field] != value
    (path / "config.json").write_text(json.dumps({**config, field: value}))
    assert compare(path).kind == "WRONG"
