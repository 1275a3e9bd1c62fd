"""The CUDA executor on a real GPU; skipped where there is none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions
from kernelc.errors import DeviceError
from kernelc.kernels.registry import references
from kernelc.pipeline import build_random
from kernelc.target import Capabilities
from model.families import llama
from runtime.cuda.device import OVERLAP_VARIABLE, CudaDevice, can_overlap
from runtime.cuda.executor import CudaExecutor
from runtime.engine.engine import ALL_ROLES, Engine
from runtime.engine.sampling import SamplingParams
from tests.kernels.executors import require

REPO = Path(__file__).resolve().parents[2]
CONFIG = llama.LlamaConfig(
    vocab_size=1000, hidden_size=256, intermediate_size=352, layers=2, heads=8, kv_heads=2, head_dim=32,
    norm_eps=1e-5, max_position_embeddings=2048, bos_token_id=1, eos_token_ids=(2,),
)  # fmt: skip
# Matrix units round both operands of the prefill's products to f16: done so in numpy, that changes a logit of
# this model by up to 8e-3 (of 5.8); twice that.
HALVES = 1.6e-2


@pytest.fixture(autouse=True)
def cuda() -> None:
    require("cuda", Capabilities())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function (quant, kv, activations) -> artifact with random weights."""

    def build(quant: str, kv: str | None = None, activations: str = "f32") -> Artifact:
        out = tmp_path_factory.mktemp("cuda") / "artifact"
        model = llama.FAMILY.model(CONFIG)
        options = CompileOptions("cuda", quant, kv_dtype=kv, activations=activations)
        return Artifact.open(build_random(model, options, out))

    return build


def engine(artifact: Artifact | Path, device: str = "cuda", context: int | None = None) -> Engine:
    return Engine.open(artifact, device=device, context=context, roles=ALL_ROLES, references=references())


@pytest.mark.parametrize(
    ("quant", "kv"), [("q4", "f16"), ("q4", None), ("q8", None), ("f16", None), ("f32", None)]
)
def test_programs_give_what_the_cpu_gives(built: Any, quant: str, kv: str | None) -> None:
    artifact, ids = built(quant, kv), np.random.default_rng(3).integers(0, 1000, 90).tolist()
    with engine(artifact, "cpu", 128) as cpu:
        wanted = cpu.score(ids)
    with engine(artifact, context=128) as gpu:
        got = gpu.score(ids)
        tiles = quant != "f32" and any(f.startswith("tile_") for f in gpu.executor.info.features)
        gpu.truncate(0)
        stepwise = gpu.score(ids[:40], one_by_one=True)
    limit = 5e-3 if kv == "f16" else 1e-3
    assert np.abs(got - wanted).max() < (limit + HALVES if tiles else limit)
    assert np.abs(stepwise - wanted[:40]).max() < limit


@pytest.mark.parametrize("activations", ["f32", "int8"])
def test_kernels_that_overlap_give_the_same_bits(
    built: Any, activations: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact, ids = built("q4", "f16", activations), np.random.default_rng(4).integers(0, 1000, 200).tolist()

    def logits(overlap: str) -> tuple[Any, bool]:
        monkeypatch.setenv(OVERLAP_VARIABLE, overlap)
        with engine(artifact, context=256) as gpu:
            scored = gpu.score(ids)
            gpu.truncate(0)
            stepwise = gpu.score(ids, one_by_one=True)
            assert isinstance(gpu.executor, CudaExecutor)
            return np.concatenate([scored, stepwise]), gpu.executor.device.overlaps

    wanted, overlapped = logits("off")
    assert not overlapped
    for _ in range(3):
        got, overlapped = logits("on")
        np.testing.assert_array_equal(got, wanted)
    device = CudaDevice()
    version = int(device.driver.get_driver_version())
    assert overlapped == can_overlap(device.capability, version), "the driver refused such a graph"
    device.close()


def test_long_decodes_split_and_stay_the_same(built: Any) -> None:
    """Past the positions where attention is split, the next ids are those of a prefill."""
    artifact, ids = built("f32"), np.random.default_rng(4).integers(0, 1000, 1500).tolist()
    with engine(artifact) as gpu:
        gpu.feed(ids)
        generated = [token.id for token in gpu.generate(40)]
        gpu.truncate(0)
        again: list[int] = []
        for _ in range(3):
            gpu.truncate(0)
            gpu.feed([*ids, *again])
            again += [token.id for token in gpu.generate(1)]
    assert generated[:3] == again


def test_the_same_seed_gives_the_same_text(built: Any) -> None:
    def sampled(seed: int) -> Iterator[int]:
        with engine(artifact, context=128) as gpu:
            gpu.feed([1, 403, 407, 261, 378])
            params = SamplingParams(1.0, top_k=40, top_p=0.9, min_p=0.02, repetition_penalty=1.1, seed=seed)
            yield from (token.id for token in gpu.generate(60, params))

    artifact = built("q4")
    first = list(sampled(7))
    assert first == list(sampled(7)) != list(sampled(8))


def test_every_dispatch_is_timed(built: Any) -> None:
    with engine(built("q4"), context=128) as gpu:
        gpu.feed([1, 2, 3])
        times = gpu.profile("decode")
        assert len(times) == gpu.executor.dispatch_count(["decode"])
        assert all(0 < time.seconds < 0.1 for time in times)


def test_memory_goes_back(built: Any) -> None:
    device = CudaDevice()
    with device.using("asking for free memory"):
        before, _ = device.free_bytes()
    executor = CudaExecutor()
    executor.load(built("q4"), 2048, ALL_ROLES)
    executor.close()
    with device.using("asking for free memory"):
        after, _ = device.free_bytes()
    device.close()
    assert before - after < 32 << 20


def test_more_memory_than_there_is() -> None:
    device = CudaDevice()
    doing = "asking for too much"
    with pytest.raises(DeviceError, match=f"the device is out of memory while {doing}"), device.using(doing):
        device.allocate(2 * (device.info.memory_bytes or 0))
    with device.using("asking for little"):
        device.allocate(1 << 20).free()
    device.close()


LOST = """
from runtime.cuda.compile import CudaSource, compile_kernel, architecture
from runtime.cuda.device import CudaDevice
from runtime.cuda.single import run_image
from kernelc.errors import DeviceError
import numpy as np
device = CudaDevice()
text = 'extern "C" __global__ void wild(float* x) { x[1ll << 40] = 1.0f; }'
image = compile_kernel(CudaSource("wild", text, "wild"), architecture(device.capability))
try:
    run_image(device, image, "wild", (1, 1, 1), 1, [np.zeros(4, np.float32)])
except DeviceError as error:
    print(error.render())
device.close()
"""


def test_a_lost_device_is_one_clear_line() -> None:
    run = subprocess.run([sys.executable, "-c", LOST], cwd=REPO, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("error: the device was lost while running kernel wild"), run.stdout
