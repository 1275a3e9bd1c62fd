"""Published models against their references, on the devices that a card's own drivers offer.

Where Vulkan has no card, `tests/test_end_to_end.py` has shown the same by day; `run_on_gpu.py` runs both.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kernelc.compiler import CompileOptions
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from runtime.devices import target_for
from runtime.engine.engine import ALL_ROLES, Engine
from tests.kernels.executors import require


@pytest.mark.parametrize("model", ["stories260K", "babyllama105"])
@pytest.mark.parametrize("device", ["cuda", pytest.param("vulkan", marks=pytest.mark.nightly)])
def test_published_models_give_the_references_ids_and_logits(
    shared_data: Path, tmp_path: Path, model: str, device: str
) -> None:
    require(device, Capabilities())
    source, file = shared_data / "models" / model, shared_data / "reference" / model
    artifact = build_artifact(source, CompileOptions(target_for(device), "f32"), out=tmp_path / "artifact")
    runs = json.loads(file.with_suffix(".json").read_text())["runs"]
    wanted = np.load(file.with_suffix(".npz"))["logits"]
    with Engine.open(artifact, device=device, roles=ALL_ROLES) as engine:
        for run in runs:
            prompt = run["prompt_ids"]
            engine.truncate(0)
            engine.feed(prompt)
            found = engine.generate(len(run["ids"]) - len(prompt), stop_ids={1, 2})
            assert [*prompt, *(token.id for token in found)] == run["ids"], run["prompt"]
        for one_by_one in (False, True):
            engine.truncate(0)
            got = engine.score(runs[0]["ids"][: len(wanted)], one_by_one=one_by_one)
            worst = float(np.abs(got - wanted).max())
            how = "one by one" if one_by_one else "in one prefill"
            print(f"{model} on {device}, {engine.executor.info.name}: worst logit error {worst:.2e} {how}")
            assert worst < 1e-3
