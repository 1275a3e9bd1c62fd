"""Variants of artifacts that are accepted, on a driver under Khronos' validation layer."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from kernelc.artifact import Artifact
from kernelc.errors import ArtifactError
from kernelc.target import Capabilities
from tests.kernels.executors import require
from tests.runtime.test_vulkan_validation import LAYER, MISTAKE, complaints, output_of
from tools.fuzz import accepted
from tools.fuzz.acceptable import changed
from tools.fuzz.accepted import Run, batch, write_sound, write_variant

REPO = Path(__file__).parents[2]
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
COUNT = 200 if NIGHTLY else 8


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_sound(tmp_path_factory.mktemp("sound"), model=False)


def test_what_is_accepted_runs_without_a_word_of_the_layer(sound: Artifact) -> None:
    require("vulkan", Capabilities())
    if not complaints(output_of(MISTAKE)):
        pytest.skip(f"{LAYER} missing: apt-get install vulkan-validationlayers")
    said, found = batch(sound, Run("vulkan", model=False, seed=3, waits=NIGHTLY), range(COUNT))
    assert found == []
    assert said["accepted"] >= COUNT / 2, "or nothing is tried"


@pytest.mark.nightly
@pytest.mark.parametrize("device", [pytest.param("wgpu", marks=pytest.mark.gpu), "opencl"])
def test_what_is_accepted_runs_on_other_drivers(sound: Artifact, device: str) -> None:
    if device != "wgpu":
        require(device, Capabilities())
    said, found = batch(sound, Run(device, model=False, seed=4), range(40))
    assert (found, said["failed"]) == ([], 0)


@pytest.mark.nightly
def test_a_process_that_ends_is_a_finding(sound: Artifact, tmp_path: Path) -> None:
    said, found = batch(Artifact(tmp_path, sound.manifest), Run("vulkan", model=False, seed=3), [1, 2])
    assert not said and "ended with 1" in found[0]


def test_a_batch_that_hangs_is_a_finding_and_where_none_is_accepted_it_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(accepted, "_PATIENCE", 0.01)
    monkeypatch.setattr("sys.argv", ["accepted", "--device", "vulkan", "--count", "1"])
    assert accepted.main() == 1
    assert "the process took more than 0.01 s" in capsys.readouterr().out


def test_variants_that_are_harmless_open_and_hold_the_same_weights(sound: Artifact, tmp_path: Path) -> None:
    text = (sound.folder / "manifest.json").read_text()
    harmless = moved = 0
    for index in range(60):
        variant = changed(sound.folder, text, random.Random(index))
        if not variant.harmless:
            continue
        write_variant(sound, variant, tmp_path / str(index))
        opened = Artifact.open(tmp_path / str(index))
        for name in sound.manifest.weights.tensors:
            assert opened.tensor(name).tobytes() == sound.tensor(name).tobytes()
        harmless, moved = harmless + 1, moved + bool(variant.shards)
    assert harmless > 15 and moved > 3


def test_others_are_refused_as_a_users_mistake_or_open(sound: Artifact, tmp_path: Path) -> None:
    text = (sound.folder / "manifest.json").read_text()
    opened = 0
    for index in range(60):
        variant = changed(sound.folder, text, random.Random(index))
        write_variant(sound, variant, tmp_path / str(index))
        try:
            opened += Artifact.open(tmp_path / str(index)).manifest.name == json.loads(text)["name"]
        except ArtifactError as error:
            assert error.exit_code == 2
    assert 30 < opened < 60


BEYOND = """
import sys, ctypes
from tools.fuzz.guarded import guarded_array
data = guarded_array(int(sys.argv[1]))
assert not data.any()
data[-1] = 1
print("inside", flush=True)
ctypes.c_uint8.from_address(data.ctypes.data + len(data) + int(sys.argv[2])).value
print("outside")
"""


INSIDE_AND_BEYOND = [(4096, 0, True), (128, 0, True), (40, 8, True), (128, -1, False)]


@pytest.mark.parametrize(("size", "beyond", "ends"), INSIDE_AND_BEYOND)
def test_what_is_behind_a_guarded_buffer_cannot_be_read(size: int, beyond: int, ends: bool) -> None:
    command = [sys.executable, "-c", BEYOND, str(size), str(beyond)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.stdout.split() == (["inside"] if ends else ["inside", "outside"]), done.stderr
    assert (done.returncode < 0) == ends
