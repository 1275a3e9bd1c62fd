"""Artifacts whose layers keep rings give what those with a row for every position give, on every device."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc import compiler
from kernelc.artifact import Artifact, Ring
from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from runtime.device.program import plan_load
from runtime.devices import target_for
from runtime.engine.engine import ALL_ROLES, Engine
from tests.kernels.executors import EXECUTORS, require
from tests.model.tiny_checkpoint import write_tiny_checkpoint

STEP, WINDOW, RING, CONTEXT = 8, 6, 16, 120
SIZES: dict[str, object] = {
    "vocab_size": 40,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": CONTEXT,
    "sliding_window": WINDOW,
    "tie_word_embeddings": True,
}
MISTRAL = {"architectures": ["MistralForCausalLM"], "model_type": "mistral", **SIZES}
GEMMA3 = {
    "architectures": ["Gemma3ForCausalLM"],
    "model_type": "gemma3_text",
    "layer_types": ["sliding_attention", "full_attention"],
    **SIZES,
}
MODELS = {"mistral": (MISTRAL, "f32"), "gemma3": (GEMMA3, "f16")}
IDS = np.random.default_rng(8).integers(0, 40, 100).tolist()


def build(folder: Path, config: dict[str, object], target: str, kv_dtype: str, *, rings: bool) -> Artifact:
    """Build a tiny model; its rings, if any, are as short as steps of STEP rows allow."""
    model, out = folder / "model", folder / ("rings" if rings else "rows")
    if not model.exists():
        model.mkdir()
        write_tiny_checkpoint(model, config)
    with pytest.MonkeyPatch.context() as patch:
        if rings:
            patch.setattr(compiler, "PREFILL_ROWS", STEP)
            patch.setattr(compiler, "SCORE_ROWS", STEP - 3)
        options = CompileOptions(target, "f32", kv_dtype=kv_dtype)
        return Artifact.open(build_artifact(model, options, out=out))


def opened(artifact: Artifact, device: str) -> Engine:
    return Engine.open(artifact, device=device, roles=ALL_ROLES, references=references())


Wanted = tuple[np.ndarray, list[int]]


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Wanted]:
    """What whole caches give for each model: the logits of IDS, and what continues them."""
    found: dict[str, Wanted] = {}
    for name, (config, kv_dtype) in MODELS.items():
        whole = build(tmp_path_factory.mktemp(name), config, "wgsl", kv_dtype, rings=False)
        with opened(whole, "numpy") as engine:
            found[name] = engine.score(IDS), [token.id for token in engine.generate(20)]
    return found


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "device",
    [
        "numpy",
        "cpu",
        pytest.param("wgpu", marks=pytest.mark.gpu),
        *(pytest.param(slow, marks=pytest.mark.nightly) for slow in ("vulkan", "opencl")),
    ],
)
def test_rings_give_the_logits_of_a_whole_cache(
    device: str, name: str, wanted: dict[str, Wanted], tmp_path: Path
) -> None:
    if device in EXECUTORS:
        require(device, Capabilities())
    config, kv_dtype = MODELS[name]
    logits, continued = wanted[name]
    with opened(build(tmp_path, config, target_for(device), kv_dtype, rings=True), device) as engine:
        for one_by_one in (False, True):
            engine.truncate(0)
            assert np.abs(engine.score(IDS, one_by_one=one_by_one) - logits).max() < 2e-4
        engine.truncate(0)
        engine.feed(IDS[:60])
        engine.feed(IDS[60:], one_by_one=True)
        assert [token.id for token in engine.generate(20)] == continued


def test_only_layers_with_a_window_have_rings_and_only_where_the_context_is_longer(tmp_path: Path) -> None:
    ringed = build(tmp_path, GEMMA3, "wgsl", "f32", rings=True).manifest
    assert ringed.rings == (Ring(WINDOW, RING),)
    row = 2 * 8 * 4  # bytes
    for context in (10, RING, CONTEXT):
        buffers = plan_load(ringed, context, ALL_ROLES).buffers
        sizes = [buffers[f"layers.{layer}.{cache}_cache"] for layer in (0, 1) for cache in "kv"]
        assert sizes == 2 * [min(context, RING) * row] + 2 * [context * row]
    whole = build(tmp_path, GEMMA3, "wgsl", "f32", rings=False)
    assert whole.manifest.rings == ()
    text = json.dumps(whole.manifest.to_json())
    assert "ring" not in text.replace("string", "")


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    """One with rings, one with a row for every position."""
    folder = tmp_path_factory.mktemp("rings")
    ringed, whole = (build(folder, GEMMA3, "wgsl", "f32", rings=rings) for rings in (True, False))
    with opened(ringed, "numpy") as one, opened(whole, "numpy") as other:
        yield one, other


@settings(max_examples=max(4, settings().max_examples // 4))
@given(data=st.data())
def test_sequences_that_are_cut_go_on_as_if_they_never_had_been_longer(
    engines: tuple[Engine, Engine], data: st.DataObject
) -> None:
    """Fed, generated, cut anywhere, and loaded again as a conversation does."""
    ringed, whole = engines
    ids: list[int] = data.draw(st.lists(st.integers(0, 39), min_size=1, max_size=40))
    for _ in range(data.draw(st.integers(1, 6))):
        reused = load(ringed, ids)
        load(whole, ids)
        got, wanted = (list(each.generate(3, logits=True)) for each in engines)
        assert [token.id for token in got] == [token.id for token in wanted]
        for one, other in zip(got, wanted, strict=True):
            assert one.logits is not None and other.logits is not None
            assert np.abs(one.logits - other.logits).max() < 2e-4
        ids = [*ids, *(token.id for token in got)]
        assert reused < len(ids)
        cut = data.draw(st.integers(0, min(len(ids) - 1, data.draw(st.sampled_from([2, STEP, 60])))))
        ids = ids[: len(ids) - cut]
        more = data.draw(st.lists(st.integers(0, 39), max_size=12))
        ids = [*ids, *more][: CONTEXT - 4]


def load(engine: Engine, ids: list[int]) -> int:
    """Make the cache hold `ids`; return how many it held already."""
    kept = engine.truncate(min(engine.common_prefix(ids), len(ids) - 1))
    engine.feed(ids[kept:])
    return kept


def test_as_many_positions_as_a_step_has_rows_may_always_be_cut_off(engines: tuple[Engine, Engine]) -> None:
    ringed, _ = engines
    ringed.truncate(0)
    ringed.feed(IDS)
    assert ringed.truncate(len(IDS) - STEP) == len(IDS) - STEP
    assert ringed.truncate(len(IDS) - 2 * STEP) == 0  # the rows of 7 more positions are taken
    assert ringed.ids == ()
    ringed.feed(IDS[:RING])
    assert ringed.truncate(1) == 1  # nothing was replaced yet
