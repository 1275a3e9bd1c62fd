"""Published models, given as their files are: the ids, logits and losses that transformers gives for them.

SmolLM2-135M-Instruct (Q4_1, Q8_0) and Gemma 3 270M (Q5_0, Q4_K, Q6_K, Q8_0) are downloads of 98 and 253 MB:
$KERNELC_TEST_MODELS says in which folder they lie. Their references lie in `real` beside the other data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.commands.evaluate import total_nll
from kernelc.commands.shared.bits import formats_of
from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from model.families.registry import find_model
from model.opening import open_model
from model.text.tokenizer import load_tokenizer
from runtime.devices import target_for
from runtime.engine.engine import ALL_ROLES, Engine
from tests.kernels.executors import EXECUTORS, require
from tests.model.gguf.tiny_models import from_folder
from tests.model.gguf.tokenizers_as_metadata import of_sentencepiece

FILES = {"smollm2-135m": "SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m": "gemma-3-270m-q4_k_m.gguf"}
# Mean loss of the reference over the beginning of wiki.test.raw, in nats.
LOSSES = {"smollm2-135m": (1023, 2.6262), "gemma-3-270m": (767, 2.3139)}
NAMES = ("cpu", "opencl", "wgpu", "vulkan", "cuda")
DEVICES = [pytest.param(name, marks=pytest.mark.gpu if name == "wgpu" else ()) for name in NAMES]
Real = Callable[[str], tuple[Path, dict[str, Any], np.ndarray]]


@pytest.fixture(scope="session")
def real(shared_data: Path) -> Real:
    """A function from a model's name to its file, its reference runs and its reference logits."""
    folder = os.environ.get("KERNELC_TEST_MODELS")

    def find(name: str) -> tuple[Path, dict[str, Any], np.ndarray]:
        places = [Path(folder or shared_data.parent / "real") / FILES[name]]
        references_ = shared_data.parent / "real" / f"{name}.json"
        missing = [path for path in (*places, references_) if not path.is_file()]
        if missing:
            pytest.skip(f"test data missing: {missing[0]} (KERNELC_TEST_MODELS says where models are)")
        logits = np.load(references_.with_suffix(".npz"))["logits"]
        return places[0], json.loads(references_.read_text()), logits

    return find


@pytest.mark.data
def test_the_shapes_of_a_name_are_those_of_the_published_file(real: Real) -> None:
    with open_model(real("smollm2-135m")[0]) as files:
        named = find_model("smollm2").config
        assert replace(files.model.config, eos_token_ids=named.eos_token_ids) == named


def opened(artifact: Path, device: str) -> Engine:
    if device in EXECUTORS:
        require(device, Capabilities())
    return Engine.open(
        Artifact.open(artifact), device=device, roles=ALL_ROLES, references=references(), library=Library()
    )


def rounding(logits: np.ndarray) -> np.ndarray | float:
    """What reference logits may have lost: Gemma's were stored as halves, SmolLM2's as f32."""
    halves = logits.astype(np.float16)
    return np.spacing(np.abs(halves)).astype(np.float32) / 2 if (halves == logits).all() else 0.0


@pytest.mark.parametrize("name", FILES)
def test_texts_of_the_references(real: Real, shared_data: Path, name: str) -> None:
    """The tokenizer out of the metadata encodes as the one that transformers makes of it."""
    path, reference, _ = real(name)
    with open_model(path) as files:
        assert files.checkpoint.check_against(files.model.weights()) == ()
        tokenizer = load_tokenizer(files.text, vocab_size=files.model.info.vocab_size)
    for run in reference["runs"]:
        prompt = [*tokenizer.prompt_prefix, *tokenizer.encode(run["prompt"], parse_special=True)]
        assert prompt == run["prompt_ids"]
    text = (shared_data / "text" / "wiki.test.raw").read_text()[:8000]
    ids = [*tokenizer.prompt_prefix, *tokenizer.encode(text)]
    assert len(ids) > 1100 and ids[: len(reference["wiki_ids"])] == reference["wiki_ids"]


@pytest.mark.nightly
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", FILES)
def test_full_precision_gives_the_reference(real: Real, name: str, device: str, tmp_path: Path) -> None:
    path, reference, logits = real(name)
    options = CompileOptions(target_for(device), "f32", context=256)
    with opened(build_artifact(path, options, out=tmp_path / "f32"), device) as engine:
        got = engine.score(reference["wiki_ids"][: len(logits)])
        assert (np.abs(got - logits) < 1e-3 + rounding(logits)).all()
        for run in reference["runs"]:
            engine.truncate(0)
            engine.feed(run["prompt_ids"])
            wanted = run["ids"][len(run["prompt_ids"]) :]
            with engine.generate(len(wanted)) as tokens:
                assert [token.id for token in tokens] == wanted, run["prompt"]


@pytest.mark.nightly
@pytest.mark.parametrize("device", ["cpu", "opencl"])
@pytest.mark.parametrize("name", FILES)
def test_kept_codes_predict_as_well(real: Real, name: str, device: str, tmp_path: Path) -> None:
    path, reference, _ = real(name)
    options = CompileOptions(target_for(device), "keep", context=1024)
    artifact = build_artifact(path, options, out=tmp_path / "keep")
    prefilled = loss(artifact, device, reference, name)
    assert prefilled == pytest.approx(LOSSES[name][1], abs=0.003)
    if device == "cpu":  # others take minutes; what decoding loses, whose activations are of two bytes
        decoded = loss(artifact, device, reference, name, one_by_one=True)
        print(f"{name}: {decoded - prefilled:.5f} nats more in decoding")
        assert 0 < abs(decoded - prefilled) < 0.001


@pytest.mark.nightly
@pytest.mark.parametrize(("calibrated", "most"), [(False, 0.15), (True, 0.08)], ids=["plain", "calibrated"])
@pytest.mark.parametrize("name", FILES)
def test_four_bits_cost_little(
    real: Real, shared_data: Path, name: str, calibrated: bool, most: float, tmp_path: Path
) -> None:
    """As `--quant q4` builds it, and with `--calibrate` on other pages of the same text."""
    path, reference, _ = real(name)
    pages = (shared_data / "text" / "wiki.test.raw").read_text()[20_000:120_000]
    options = CompileOptions(target_for("cpu"), "q4", context=1024)
    artifact = build_artifact(path, options, out=tmp_path / "q4", calibrate=pages if calibrated else None)
    bits = formats_of(Artifact.open(artifact).manifest).average
    assert bits is not None and bits <= 5.4
    cost = loss(artifact, "cpu", reference, name) - LOSSES[name][1]
    print(f"{name}, {bits:.2f} bits: {cost:.4f} nats more")
    assert cost < most


def loss(
    artifact: Path, device: str, reference: dict[str, Any], name: str, *, one_by_one: bool = False
) -> float:
    """The mean loss over the reference's text, in nats; `one_by_one`: of decode steps."""
    count = LOSSES[name][0]
    ids = reference["wiki_ids"][: count + 1]
    with opened(artifact, device) as engine:
        total, done = 0.0, 0
        for rows in engine.score_chunks(ids, one_by_one=one_by_one):
            total += total_nll(rows, ids[done + 1 : done + 1 + len(rows)])
            done += len(rows)
    return total / count


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0", "Q4_0"])
def test_stories_in_every_type(shared_data: Path, tmp_path: Path, kind: str) -> None:
    """F32 and F16 give the reference's ids. Coarser types give those of the numbers that they hold."""
    folder = shared_data / "models" / "stories260K"
    reference = json.loads((shared_data / "reference" / "stories260K.json").read_text())
    tokenizer = of_sentencepiece(folder / "tokenizer.model")
    path = from_folder(folder, kind, tokenizer).write(tmp_path / "stories260K.gguf")
    runs = reference["runs"] if kind in ("F32", "F16") else reference["runs"][:1]
    kept = build_artifact(path, CompileOptions("opencl", "keep"), out=tmp_path / "keep")
    exact = build_artifact(path, CompileOptions("opencl", "f32"), out=tmp_path / "f32")
    for run in runs:
        count = min(48, len(run["ids"]) - len(run["prompt_ids"]))
        found = [greedy(artifact, run["prompt_ids"], count) for artifact in (kept, exact)]
        assert found[0] == found[1]
        if kind in ("F32", "F16"):
            assert found[1] == run["ids"][len(run["prompt_ids"]) :][:count]


def greedy(artifact: Path, prompt: list[int], count: int) -> list[int]:
    with opened(artifact, "numpy") as engine:
        engine.feed(prompt)
        with engine.generate(count) as tokens:
            return [token.id for token in tokens]
