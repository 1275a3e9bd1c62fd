"""From a checkpoint to text: greedy ids and logits of published models against an independent fp32
reference.

By day the small model gives its reference's ids and logits on every device, and all else runs on the
processor and on wgpu. At night numpy, which takes longest, and Vulkan, which is the driver behind wgpu, run
everything too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.types import DType
from kernelc.passes.select import SplitOptions
from kernelc.pipeline import build_artifact
from model.families.registry import load_model
from runtime.devices import target_for
from tests.packed import dequantised
from tests.published import ALL_DEVICES, BY_DAY, DEVICES, MODELS, cases, on_devices, open_engine, reference


def on_every_device(device: str, model: str) -> bool:
    return device in BY_DAY or model == MODELS[0]


@cases("device model", product(ALL_DEVICES, MODELS), by_day=on_every_device)
def test_greedy_ids_are_the_references(built: Any, shared_data: Path, device: str, model: str) -> None:
    with open_engine(built(model, "f32", device), device) as engine:
        for run in reference(shared_data, model)["runs"]:
            prompt = run["prompt_ids"]
            engine.truncate(0)
            engine.feed(prompt)
            found = engine.generate(len(run["ids"]) - len(prompt), stop_ids={1, 2})
            assert [*prompt, *(token.id for token in found)] == run["ids"], run["prompt"]


@cases("device model", product(ALL_DEVICES, MODELS), by_day=on_every_device)
@pytest.mark.parametrize("one_by_one", [False, True], ids=["prefill", "one-by-one"])
def test_logits_are_within_a_thousandth_at_every_position(
    built: Any, shared_data: Path, device: str, model: str, one_by_one: bool
) -> None:
    wanted = np.load(shared_data / "reference" / f"{model}.npz")["logits"]
    ids = reference(shared_data, model)["runs"][0]["ids"][: len(wanted)]
    with open_engine(built(model, "f32", device), device) as engine:
        got = engine.score(ids, one_by_one=one_by_one)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() < 1e-3


def model_on_dequantised_weights(folder: Path, source: Path, ids: list[int], kv: DType) -> np.ndarray:
    """Logits [len(ids), vocab] of the traced (unfused) numpy model on what the artifact's packed weights
    stand for.

    The cache is of the artifact's type: rounding keys and values to halves is what the model means.
    """
    artifact, model = Artifact.open(folder), load_model(source)
    graph = model.graph("score", max_context=len(ids), chunk=len(ids), kv_dtype=kv)
    env = {"seq": len(ids), "past": 0, "context": len(ids)}
    states = empty_states(graph, env)
    states["tokens"][: len(ids)] = ids
    outputs, _ = evaluate(graph, env, weights=dequantised(artifact, model).__getitem__, states=states)
    return outputs["all_logits"]


@cases("device", [(device,) for device in ALL_DEVICES], by_day=lambda device: device in ("cpu", "wgpu"))
def test_a_cache_of_codes_gives_the_ids_of_the_numpy_model_with_that_cache(
    built: Any, shared_data: Path, device: str
) -> None:
    """With the same prompts as above; and the logits of a text are far nearer to it than those of floats.

    A value halfway between two codes may be rounded to the other one, which a small model's logits show. So
    the text that is least off says whether codes mean the same; with any other meaning all would be as far
    off as floats are.
    """
    source, folder = shared_data / "models" / MODELS[0], built(MODELS[0], "f32", device, "q8")
    means, shares = partial(model_on_dequantised_weights, folder, source), list[float]()
    with open_engine(folder, device) as engine:
        for run in reference(shared_data, MODELS[0])["runs"][:3]:
            ids, prompt = list(run["prompt_ids"]), len(run["prompt_ids"])
            for _ in range(12):
                ids.append(int(means(ids, DType.Q8)[-1].argmax()))
            engine.truncate(0)
            engine.feed(ids[:prompt])
            assert [token.id for token in engine.generate(12)] == ids[prompt:], run["prompt"]
            wanted = means(ids, DType.Q8)
            rounding = np.abs(means(ids, DType.F32) - wanted).mean()
            for one_by_one in (False, True):
                engine.truncate(0)
                off = np.abs(engine.score(ids, one_by_one=one_by_one) - wanted).mean()
                shares.append(float(off / rounding))
    assert min(shares[::2]) < 0.1 and min(shares[1::2]) < 0.1, shares


@cases(
    "device model quant",
    product(DEVICES, MODELS, ("q4", "q4a", "q8", "f16")),
    by_day=lambda device, model, quant: (
        (device == "cpu" and (model == MODELS[0] or quant == "q4"))
        or (device in BY_DAY and model == MODELS[0] and quant in ("q4", "q8"))
    ),
)
@pytest.mark.parametrize("one_by_one", [False, True], ids=["prefill", "one-by-one"])
def test_quantised_logits_are_those_of_the_numpy_model_on_dequantised_weights(
    built: Any, shared_data: Path, device: str, model: str, quant: str, one_by_one: bool
) -> None:
    ids = reference(shared_data, model)["runs"][0]["ids"]
    folder = built(model, quant, device)
    wanted = model_on_dequantised_weights(folder, shared_data / "models" / model, ids, DType.F32)
    with open_engine(folder, device) as engine:
        got = engine.score(ids, one_by_one=one_by_one)
    assert np.abs(got - wanted).max() < 2e-3


@on_devices
@pytest.mark.parametrize("model", MODELS)
def test_a_cache_of_halves_errs_by_no_more_than_its_rounding(
    built: Any, shared_data: Path, device: str, model: str
) -> None:
    """Keys and values rounded to f16 move these small models' logits by about 0.02. Which way a value next to
    the middle of two halves rounds is chance, another on each processor that drivers compile for, and moves
    all logits after it. So no logit may be further off than the rounding itself moves one, and the text that
    is least off says whether halves mean the same: in the mean over its logits a quarter of the rounding."""
    folder, source = built(model, "q4", device, "f16"), shared_data / "models" / model
    shares = list[float]()
    with open_engine(folder, device) as engine:
        for run in reference(shared_data, model)["runs"][:3]:
            exact = model_on_dequantised_weights(folder, source, run["ids"], DType.F32)
            halves = model_on_dequantised_weights(folder, source, run["ids"], DType.F16)
            engine.truncate(0)
            off, rounding = np.abs(engine.score(run["ids"]) - halves), np.abs(halves - exact)
            assert off.max() < rounding.max()
            shares.append(float(off.mean() / rounding.mean()))
    assert min(shares) < 0.25, shares


@on_devices
def test_the_same_seed_gives_the_same_text(built: Any, device: str) -> None:
    from runtime.engine.sampling import SamplingParams

    def sampled(seed: int) -> Iterator[int]:
        with open_engine(built("stories260K", "q4", device), device) as engine:
            engine.feed([1, 403, 407, 261, 378])
            params = SamplingParams(1.0, top_k=40, top_p=0.9, min_p=0.02, repetition_penalty=1.1, seed=seed)
            yield from (token.id for token in engine.generate(40, params))

    first = list(sampled(7))
    assert first == list(sampled(7))
    assert first != list(sampled(8))


def early_splits(
    graph: Graph, context: int, devices: object, joined: bool
) -> list[tuple[int, int, SplitOptions]]:
    """In the place of `decode_splits`: splits of which a few tokens have several."""
    short, long = (SplitOptions(length, 0, joined) for length in (8, 16))
    return [(0, 15, SplitOptions()), (16, 39, short), (40, 511, long)]


@pytest.mark.parametrize("device", ["cpu", "numpy"], indirect=True)
def test_the_processor_runs_artifacts_whose_workgroups_join_splits(
    built: Any, shared_data: Path, tmp_path: Path, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernelc.compiler.decode_splits", early_splits)
    source = shared_data / "models" / "stories260K"
    artifact = build_artifact(source, CompileOptions("cuda", "f32"), out=tmp_path / "joined")
    assert "attention.arrivals" in Artifact.open(artifact).manifest.buffers
    ids = reference(shared_data, "stories260K")["runs"][0]["ids"]
    with open_engine(built("stories260K", "f32", device), device) as engine:
        wanted = engine.score(ids)
    with open_engine(artifact, device) as engine:
        for _ in range(2):
            engine.truncate(0)
            assert np.abs(engine.score(ids, one_by_one=True) - wanted).max() < 1e-3


@cases(
    "device quant",
    product(DEVICES, ("f32", "q4")),
    by_day=lambda device, quant: (device, quant) in (("cpu", "q4"), ("wgpu", "f32")),
)
def test_matrices_cut_to_a_small_binding_limit_and_attention_split_early_change_nothing(
    built: Any, shared_data: Path, tmp_path: Path, device: str, quant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only large models and long contexts need, on a small one: pieces of matrices, splits of
    positions."""
    monkeypatch.setattr("kernelc.compiler.decode_splits", early_splits)
    monkeypatch.setattr("kernelc.compiler._Builder.largest_binding", 64 * 32)
    source = shared_data / "models" / "stories260K"
    options = CompileOptions(target_for(device), quant, activations="f32")
    cut = build_artifact(source, options, out=tmp_path / "cut")
    programs = Artifact.open(cut).manifest.programs
    assert [name for name, program in programs.items() if program.role == "decode"] == [
        "decode",
        "decode_16",
        "decode_40",
    ]
    assert len(programs["score"].dispatches) > 60
    ids = reference(shared_data, "stories260K")["runs"][0]["ids"]
    with open_engine(built("stories260K", quant, device), device) as engine:
        wanted = engine.score(ids)
    with open_engine(cut, device) as engine:
        assert np.abs(engine.score(ids) - wanted).max() < 1e-3
        engine.truncate(0)
        assert np.abs(engine.score(ids, one_by_one=True) - wanted).max() < 1e-3
