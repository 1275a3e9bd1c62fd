"""From a checkpoint to text: greedy ids and logits of published models against an independent fp32
reference.

By day the small model gives its reference's ids and logits on every device, and all else runs on the
processor and on wgpu. At night numpy, which takes longest, and Vulkan, which is the driver behind wgpu, run
everything too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.compile import CompileOptions
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.types import DType
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.passes.select import SplitOptions
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from model.families.registry import load_model
from runtime.engine.engine import ALL_ROLES, Engine
from tests import commands
from tests.kernels.executors import EXECUTORS, require
from tests.packed import dequantised

MODELS = ("stories260K", "babyllama105")
DEVICES = ("cpu", "wgpu", "numpy", "vulkan")
BY_DAY = DEVICES[:2]
# pocl takes a second to compile a kernel: on OpenCL the two tests that say most.
ALL_DEVICES = (*DEVICES, "opencl")


def case(device: str, *rest: object, by_day: bool = True) -> Any:
    """Parameters of a test, the device first, with the marks that say where and when it runs."""
    marks = [pytest.mark.gpu] if device == "wgpu" else []
    return pytest.param(device, *rest, marks=marks if by_day else [*marks, pytest.mark.nightly])


def cases(names: str, wanted: Iterable[tuple[str, ...]], by_day: Callable[..., bool]) -> Any:
    """Parametrize a test over these rows; `by_day` says of each whether it runs by day."""
    rows = [case(*row, by_day=by_day(*row)) for row in wanted]
    return pytest.mark.parametrize(names.split(), rows, indirect=["device"])


def on_every_device(device: str, model: str) -> bool:
    return device in BY_DAY or model == MODELS[0]


TARGET_OF = {"numpy": "wgsl", "cpu": "c", "wgpu": "wgsl", "vulkan": "spirv", "opencl": "opencl"}


@pytest.fixture(scope="session")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function (model, quant, device, kv, activations) -> artifact folder that builds each once.

    Artifacts of quant f32 are for all targets, so that one is seen to run everywhere.
    """
    folder, done = tmp_path_factory.mktemp("artifacts"), dict[Path, Path]()

    def build(model: str, quant: str, device: str, kv: str | None = None, activations: str = "f32") -> Path:
        target = "all" if quant == "f32" else TARGET_OF[device]
        out = folder / f"{model}-{quant}-{target}-{kv}-{activations}"
        if out not in done:
            options = CompileOptions(target, quant, kv_dtype=kv, activations=activations)
            done[out] = build_artifact(shared_data / "models" / model, options, out=out)
        return done[out]

    return build


@pytest.fixture(params=[case(device, by_day=device in BY_DAY) for device in DEVICES])
def device(request: pytest.FixtureRequest) -> str:
    executor = "c" if request.param == "cpu" else request.param
    if executor in EXECUTORS:
        require(executor, Capabilities())
    return request.param


def open_engine(folder: Path, device: str) -> Engine:
    return Engine.open(folder, device=device, roles=ALL_ROLES, references=references(), library=Library())


def reference(shared_data: Path, model: str) -> dict[str, Any]:
    return json.loads((shared_data / "reference" / f"{model}.json").read_text())


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


@cases(
    "device model quant",
    product(DEVICES, MODELS, ("q4", "q4a", "q8", "f16")),
    by_day=lambda device, model, quant: device == "cpu" or (device in BY_DAY and model == MODELS[0]),
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


@pytest.mark.parametrize("model", MODELS)
def test_a_cache_of_halves_errs_by_no_more_than_its_rounding(
    built: Any, shared_data: Path, device: str, model: str
) -> None:
    """Keys and values rounded to f16 move these small models' logits by about 0.02. Which way a value next to
    the middle of two halves rounds is chance, and may move one logit by as much; in the mean over all logits
    the kernels are held to a quarter of what the rounding itself does."""
    ids = reference(shared_data, model)["runs"][0]["ids"]
    folder, source = built(model, "q4", device, "f16"), shared_data / "models" / model
    exact = model_on_dequantised_weights(folder, source, ids, DType.F32)
    halves = model_on_dequantised_weights(folder, source, ids, DType.F16)
    with open_engine(folder, device) as engine:
        got = engine.score(ids)
    rounding = np.abs(halves - exact)
    assert np.abs(got - halves).max() < rounding.max()
    assert np.abs(got - halves).mean() < rounding.mean() / 4


def one_by_one(folder: Path, device: str, ids: list[int]) -> np.ndarray:
    with open_engine(folder, device) as engine:
        return engine.score(ids, one_by_one=True)


@pytest.fixture(scope="session")
def by_numpy(built: Any, shared_data: Path) -> Any:
    """A function (model, quant) -> logits of numpy, activations as they are and rounded, made once."""
    done: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}

    def logits(model: str, quant: str) -> tuple[np.ndarray, np.ndarray]:
        if (model, quant) not in done:
            ids = reference(shared_data, model)["runs"][0]["ids"]
            plain, rounded = (built(model, quant, "numpy", activations=kind) for kind in ("f32", "int8-fast"))
            done[model, quant] = one_by_one(plain, "numpy", ids), one_by_one(rounded, "numpy", ids)
        return done[model, quant]

    return logits


# Positions before the first activation that lies so close to the middle between two codes that devices round
# it differently. From there on, one code more or less moves all later roundings, and logits differ by what
# rounding itself does to them. Which position that is, is chance: with these weights it is the second at the
# earliest (the cpu, stories260K in q4), and the first is within 2e-5.
SAME_POSITIONS = 1


@cases(
    "device model quant",
    [
        (device, model, quant)
        for device in DEVICES
        for model, quant in [*product(MODELS[:1], ("q4", "q8", "q4a")), (MODELS[1], "q4")]
    ],
    by_day=lambda device, model, quant: (
        model == MODELS[0] and (device == "cpu" or (device, quant) == ("wgpu", "q4"))
    ),
)
def test_int8_activations_are_the_references_and_then_as_far_from_f32(
    built: Any, by_numpy: Any, shared_data: Path, device: str, model: str, quant: str
) -> None:
    """Measured on stories260K and babyllama105: one term moves logits by 0.035 to 0.061 in the mean, and by
    0.21 to 0.41 at most; two terms by a hundredth of that."""
    ids = reference(shared_data, model)["runs"][0]["ids"]
    exact, wanted = by_numpy(model, quant)
    got = one_by_one(built(model, quant, device, activations="int8-fast"), device, ids)
    assert np.abs(got - wanted)[:SAME_POSITIONS].max() < 2e-3
    rounding, ours = np.abs(wanted - exact), np.abs(got - exact)
    assert 0.02 < ours.mean() < 1.25 * rounding.mean() < 0.1
    assert ours.max() < 1.5 * rounding.max() < 0.7
    two = np.abs(one_by_one(built(model, quant, device, activations="int8"), device, ids) - exact)
    assert 0 < two.mean() < 0.02 * rounding.mean() and two.max() < 0.02 * rounding.max()


@pytest.mark.parametrize("text", ["tinystories_train_sample.txt", "wiki.test.raw"])
@pytest.mark.parametrize("model", MODELS)
def test_int8_activations_hardly_change_how_well_a_text_is_predicted(
    built: Any, shared_data: Path, model: str, text: str
) -> None:
    """Two terms not by a thousandth of a nat. Measured with q4 and one term: 1.5398 nats become 1.5397
    (stories260K, stories) and 4.7429 become 4.7484 (wiki), 0.6442 become 0.6465 (babyllama105, stories) and
    3.1149 become 3.1144 (wiki)."""
    nll: dict[str, float] = {}
    for activations in ("f32", "int8", "int8-fast"):
        folder = built(model, "q4", "cpu", activations=activations)
        options = ("--device", "cpu", "--text", shared_data / "text" / text, "--json")
        nll[activations] = json.loads(commands.run("evaluate", folder, *options)[1])["nll"]
    assert 1e-6 < abs(nll["int8-fast"] - nll["f32"]) < 0.01
    assert 0 < abs(nll["int8"] - nll["f32"]) < 0.001


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
    monkeypatch.setattr("kernelc.compile.decode_splits", early_splits)
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
    monkeypatch.setattr("kernelc.compile.decode_splits", early_splits)
    monkeypatch.setattr("kernelc.compile._Builder.largest_binding", 64 * 32)
    source = shared_data / "models" / "stories260K"
    cut = build_artifact(source, CompileOptions(TARGET_OF[device], quant), out=tmp_path / "cut")
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
