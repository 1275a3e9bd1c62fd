"""Numbers that are none reach the scores from wherever they begin, and the error names that kernel."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions
from kernelc.errors import DeviceError
from kernelc.native import Library
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from runtime.device.executor import Executor
from runtime.engine.diagnosis import Diagnosis
from runtime.engine.engine import Engine
from tests.damage import NAN16, with_nan, with_tensor
from tests.kernels.executors import require
from tests.model.tiny_checkpoint import write_tiny_checkpoint
from tests.runtime.tiny_artifact import write_tiny

CONFIG: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 96, "hidden_size": 32,
    "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    "max_position_embeddings": 32, "rms_norm_eps": 1e-5,
}  # fmt: skip
PROMPT = [3, 4, 5]
NAN32 = np.array(np.nan, "<f4").tobytes()
PLACES = {
    "model.embed_tokens": "embed_tokens",
    "model.layers.1.self_attn.qkv": "layers.1.attn.qkv",
    "model.layers.0.self_attn.o_proj": "layers.0.attn.o_proj",
    "model.layers.1.mlp.gate_up": "layers.1.mlp.gate_up",
    "model.layers.0.mlp.down_proj": "layers.0.mlp.down_proj",
    "lm_head": "lm_head",
}
DAILY = ("model.layers.1.mlp.gate_up", False)
SWEEP = [
    pytest.param(*each, marks=() if each == DAILY else pytest.mark.nightly)
    for each in itertools.product(PLACES, (False, True))
]
DEVICES = [("vulkan", "vulkan"), ("opencl", "opencl")]
DEVICES = [*DEVICES, pytest.param("wgpu", "wgpu", marks=pytest.mark.gpu)]


def built(folder: Path, target: str, kv_dtype: str) -> Artifact:
    """A model of two layers with a cache of this kind."""
    (folder / "model").mkdir()
    model = write_tiny_checkpoint(folder / "model", CONFIG)
    options = CompileOptions(target, "q8", 32, kv_dtype=kv_dtype)
    return Artifact.open(build_artifact(model, options, out=folder / "artifact"))


@pytest.fixture(scope="module", params=["f16", pytest.param("q8", marks=pytest.mark.nightly)])
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return built(tmp_path_factory.mktemp("sound"), "c", request.param)


def said(artifact: Artifact, device: str, *, one_by_one: bool = False) -> str:
    """What ends an answer."""
    with Engine.open(artifact, device=device, library=Library()) as engine:
        return said_by(engine, one_by_one=one_by_one)


def said_by(engine: Engine, *, one_by_one: bool = False) -> str:
    with pytest.raises(DeviceError) as error:
        engine.feed(PROMPT, one_by_one=one_by_one)
        list(engine.generate(3))
    return error.value.message


@pytest.mark.parametrize(("tensor", "one_by_one"), SWEEP)
def test_the_layer_is_named_whose_scales_are_none(
    sound: Artifact, tmp_path: Path, tensor: str, one_by_one: bool
) -> None:
    """Also where its results are coded as bytes, which have no NaN."""
    require("c", Capabilities())
    scales = f"{tensor}.weight.scales"
    message = said(with_nan(sound, tmp_path / "a", scales), "cpu", one_by_one=one_by_one)
    assert message.startswith(
        "the model's scores for token 3 are no numbers: the first kernel that leaves any"
    )
    assert f" of {PLACES[tensor]} (dispatch " in message
    assert f"its weights {scales} have such already" in message


def test_every_device_names_it(executor: Executor, tmp_path: Path) -> None:
    """Of the toy model: it takes little to load."""
    toy = write_tiny(tmp_path / "toy", targets=("wgsl", "spirv", "opencl", "cuda", "c"))
    damaged = with_tensor(toy, tmp_path / "a", "bias", lambda data: NAN32 + data[4:])
    engine = Engine(executor, damaged)
    assert "of layers.0.logits (dispatch 2 of prefill), in 1 of 32 numbers of logits" in said_by(engine)


@pytest.mark.nightly
@pytest.mark.parametrize(("executor", "device"), DEVICES)
def test_every_device_names_a_layer(tmp_path: Path, executor: str, device: str) -> None:
    require(executor, Capabilities())
    whole = built(tmp_path, "all", "f16")
    damaged = with_nan(whole, tmp_path / "a", "model.layers.1.mlp.gate_up.weight.scales", 7)
    assert " of layers.1.mlp.gate_up (dispatch " in said(damaged, device)


def test_a_token_of_the_prompt_that_has_no_numbers_is_found_in_the_cache(
    sound: Artifact, tmp_path: Path
) -> None:
    """The step before the scores has none of its own: the row of the cache leads to the step that had."""
    require("c", Capabilities())

    def damaged(data: bytes) -> bytes:
        return data[: 2 * PROMPT[1]] + NAN16 + data[2 * PROMPT[1] + 2 :]

    changed = with_tensor(sound, tmp_path / "a", "model.embed_tokens.weight.scales", damaged)
    with Engine.open(changed, device="cpu", library=Library()) as engine:
        assert " of embed_tokens (dispatch 0 of " in said_by(engine, one_by_one=True)
        assert engine.ids == ()  # what the search left there must not be used


def test_scores_and_hidden_states_of_a_prompt_are_looked_at(sound: Artifact, tmp_path: Path) -> None:
    require("c", Capabilities())
    changed = with_nan(sound, tmp_path / "a", "lm_head.weight.scales", 7)
    roles = ("prefill", "decode", "score")
    with (
        Engine.open(changed, device="cpu", library=Library(), roles=roles) as engine,
        pytest.raises(DeviceError, match=r"scores for token 1 are no numbers.* of lm_head"),
    ):
        engine.score(PROMPT)


def test_nothing_is_found_where_all_is_well(sound: Artifact) -> None:
    require("c", Capabilities())
    with Engine.open(sound, device="cpu", library=Library()) as engine:
        engine.feed(PROMPT)
        wanted = [token.id for token in engine.generate(4)]
        sequence = engine._sequence  # type: ignore[reportPrivateUsage]  # what a diagnosis is made of
        assert Diagnosis(engine.executor, sound, engine.context).culprit(sequence, 5) is None
        engine.truncate(0)
        engine.feed(PROMPT)
        assert [token.id for token in engine.generate(4)] == wanted
        engine.truncate(3)
        assert np.isfinite(engine.executor.read_buffer("logits")[0])
