"""The cpu: compiled C, what it refuses to run, and what happens without a compiler."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact, BufferRange, Manifest
from kernelc.errors import ArtifactError, DeviceError
from kernelc.target import Capabilities
from runtime.cpu import compiler
from runtime.cpu.compiler import find_compiler
from runtime.cpu.executor import CpuExecutor
from runtime.cpu.kernels import compiled_kernels
from runtime.device.executor import Executor
from runtime.device.plan_checks import check_accesses
from runtime.device.program import LoadPlan, Range, ResolvedDispatch
from runtime.devices import Choice, open_device, survey, target_for
from runtime.engine.engine import Engine
from tests.kernels.executors import require
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES, continuation
from tests.runtime.tiny_native import LIBRARY

PROMPT = [3, 9, 4]


@pytest.fixture
def needs_compiler() -> None:
    require("c", Capabilities())


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(compiler.shutil, "which", lambda name: None)
    monkeypatch.setattr(compiler.importlib.util, "find_spec", lambda name: None)


def answer(artifact: Artifact, executor: Executor) -> list[int]:
    with Engine(executor, artifact) as engine:
        engine.feed(PROMPT)
        return [token.id for token in engine.generate(20)]


@pytest.mark.usefixtures("needs_compiler")
@pytest.mark.parametrize("targets", [("c",), ("wgsl",), ("spirv", "c")])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_artifact_runs_on_any_number_of_threads(
    tmp_path: Path, targets: tuple[str, ...], threads: int
) -> None:
    artifact = write_tiny(tmp_path / "toy", targets=targets)
    assert answer(artifact, CpuExecutor(LIBRARY, threads)) == continuation(PROMPT, 20)


# ---- what an artifact cannot make it run


@pytest.mark.usefixtures("needs_compiler")
def test_c_that_is_not_what_kernelc_generates_is_refused(tmp_path: Path) -> None:
    """The stranger changed the text and its hash alike, so that the artifact itself is sound."""
    artifact = write_tiny(tmp_path / "toy", targets=("c",))
    variant = artifact.manifest.kernels["greedy"].variants[0]
    file, manifest = artifact.folder / variant.file, artifact.folder / "manifest.json"
    marker = tmp_path / "ran"
    evil = file.read_text() + f'\n__attribute__((constructor)) void go(void) {{ fopen("{marker}", "w"); }}\n'
    file.write_text(evil)
    data = json.loads(manifest.read_text())
    for each in data["kernels"]["greedy"]["variants"]:
        each["sha256"] = hashlib.sha256(evil.encode()).hexdigest()
    manifest.write_text(json.dumps(data))
    executor = CpuExecutor(LIBRARY)
    with pytest.raises(ArtifactError, match="the C of kernel greedy is not what this kernelc generates"):
        Engine(executor, Artifact.open(artifact.folder))
    executor.close()
    assert not marker.exists()


def ranges_of(manifest: Manifest, program: str, at: int, change: BufferRange, binding: int) -> Manifest:
    """The manifest with one range of a dispatch replaced."""
    old = manifest.programs[program]
    dispatch = old.dispatches[at]
    bindings = list(dispatch.bindings)
    bindings[binding] = change
    dispatches = list(old.dispatches)
    dispatches[at] = dataclasses.replace(dispatch, bindings=tuple(bindings))
    new = dataclasses.replace(old, dispatches=tuple(dispatches))
    return dataclasses.replace(manifest, programs={**manifest.programs, program: new})


@pytest.mark.usefixtures("needs_compiler")
@pytest.mark.parametrize(
    ("program", "at", "binding", "change"),
    [
        ("greedy", 0, 1, BufferRange("mark", 0, 16)),  # tokens: one a position, and this holds four
        ("prefill", 2, 0, BufferRange("slot.0", 64, 64)),  # sums of a few rows alone
    ],
)
def test_ranges_that_a_kernel_would_exceed_are_refused(
    tmp_path: Path, program: str, at: int, binding: int, change: BufferRange
) -> None:
    artifact = write_tiny(
        tmp_path / "toy", change=lambda manifest: ranges_of(manifest, program, at, change, binding)
    )
    executor = CpuExecutor(LIBRARY)
    with pytest.raises(ArtifactError, match="bytes, its kernel accesses up to"):
        Engine(executor, artifact)
    assert executor.allocated_bytes == 0
    executor.close()


@pytest.mark.usefixtures("needs_compiler")
@pytest.mark.parametrize(
    ("binding", "access", "message"),
    [
        (1, "read", "cache is said to be only read, and the kernel writes it"),
        (0, "read_write", "tokens is said to be written, and the kernel only reads it"),
    ],
)
def test_what_is_written_must_be_what_the_manifest_says(
    tmp_path: Path, binding: int, access: str, message: str
) -> None:
    """The reader lets no weight be written, by what the manifest says; and weights are mapped read-only."""

    def changed(manifest: Manifest) -> Manifest:
        kernel = manifest.kernels["store"]
        bindings = list(kernel.bindings)
        bindings[binding] = dataclasses.replace(bindings[binding], access=access)
        kernel = dataclasses.replace(kernel, bindings=tuple(bindings))
        return dataclasses.replace(manifest, kernels={**manifest.kernels, "store": kernel})

    executor = CpuExecutor(LIBRARY)
    with pytest.raises(ArtifactError, match=message):
        Engine(executor, write_tiny(tmp_path / "toy", change=changed))
    executor.close()


@pytest.mark.usefixtures("needs_compiler")
def test_a_weight_is_never_written_even_where_an_equal_dispatch_was_checked(tmp_path: Path) -> None:
    artifact = write_tiny(tmp_path / "toy")
    compiled = compiled_kernels(artifact, ["greedy"], LIBRARY, find_compiler(), 1)
    library = {name: kernel.native for name, kernel in compiled.items()}
    good = ResolvedDispatch("greedy", "good", (Range("logits", 0, 128), Range("tokens", 0, 68)))
    bad = ResolvedDispatch("greedy", "bad", (Range("logits", 0, 128), Range("bias", 0, 68)))
    buffers = {"logits": 128, "tokens": 68, "bias": 128}
    check_accesses(artifact.manifest, LoadPlan(buffers, {"greedy": (good, good)}), library, 16)
    with pytest.raises(ArtifactError, match="bad writes a weight"):
        check_accesses(artifact.manifest, LoadPlan(buffers, {"greedy": (good, bad)}), library, 16)


@pytest.mark.usefixtures("needs_compiler")
def test_memory_is_accessed_within_its_buffers_alone(tmp_path: Path) -> None:
    executor = CpuExecutor(LIBRARY)
    with Engine(executor, write_tiny(tmp_path / "toy")):
        for offset, size in ((-4, 4), (0, -4), (124, 8), (1 << 40, 4)):
            with pytest.raises(ArtifactError, match="buffer logits has 128 bytes, wanted"):
                executor.read_buffer("logits", offset, size)
        with pytest.raises(ArtifactError, match=r"wanted 124\.\.132"):
            executor.write_buffer("logits", 124, bytes(8))
        with pytest.raises(ArtifactError, match=r"wanted 0\.\.36"):
            executor.run(["greedy"], {"seq": 1, "past": 0, "context": 8}, bytes(36))


@pytest.mark.usefixtures("needs_compiler")
def test_a_family_and_a_step_block_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    def renamed(manifest: Manifest) -> Manifest:
        kernel = dataclasses.replace(manifest.kernels["greedy"], spec="toy_spell")
        return dataclasses.replace(manifest, kernels={**manifest.kernels, "greedy": kernel})

    def shorter(manifest: Manifest) -> Manifest:
        return dataclasses.replace(manifest, params=manifest.params[:4])

    executor = CpuExecutor(LIBRARY)
    with pytest.raises(ArtifactError, match="no kernel family 'toy_spell'"):
        Engine(executor, write_tiny(tmp_path / "a", change=renamed))
    with pytest.raises(ArtifactError, match="the step block is not the one"):
        Engine(executor, write_tiny(tmp_path / "b", change=shorter))
    executor.close()


@pytest.mark.usefixtures("needs_compiler")
def test_a_kernel_alone_gets_arrays_that_are_large_enough(tmp_path: Path) -> None:
    executor, artifact = CpuExecutor(LIBRARY), write_tiny(tmp_path / "toy")
    logits, step = np.eye(1, 32, 7, dtype=np.float32)[0], np.array([1, 2], "<u4").tobytes() + bytes(24)
    env = {"seq": 1, "past": 2, "context": 3}
    after = executor.run_kernel(artifact, "greedy", [logits, np.zeros(4, np.uint32)], env, step)
    assert after[1].tolist() == [0, 0, 0, 7]
    with pytest.raises(ArtifactError, match="kernel greedy accesses 16 bytes, and was given 12"):
        executor.run_kernel(artifact, "greedy", [logits, np.zeros(3, np.uint32)], env, step)
    executor.close()


# ---- which device is taken


@pytest.mark.usefixtures("no_compiler")
def test_without_a_compiler_the_cpu_is_numpy_and_says_so(tmp_path: Path) -> None:
    said: list[Choice] = []
    executor = open_device("cpu", references=REFERENCES, library=LIBRARY, explain=said.append)
    assert executor.info.kind == "numpy"
    assert len(said) == 1 and said[0].slow
    assert "there is no C compiler" in said[0].line and "ziglang" in said[0].line
    artifact = write_tiny(tmp_path / "toy", targets=("c",))
    with Engine(executor, artifact) as engine:
        engine.feed(PROMPT)
        assert [token.id for token in engine.generate(5)] == continuation(PROMPT, 5)
    found = {each.kind: each for each in survey()}
    assert found["cpu"].info is None and found["cpu"].missing == "there is no C compiler"
    with pytest.raises(DeviceError, match="there is no C compiler"):
        open_device("cpu", library=LIBRARY)


@pytest.mark.usefixtures("needs_compiler")
def test_a_processor_comes_before_drivers_that_imitate_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime import devices
    from runtime.references.executor import NumpyExecutor

    class Imitation(NumpyExecutor):
        def __init__(self) -> None:
            super().__init__(REFERENCES)
            self.info = dataclasses.replace(
                self.info, kind="vulkan", name="llvmpipe (LLVM 15)", target="spirv"
            )

    def missing() -> Imitation:
        raise DeviceError("no driver")

    kinds = {
        kind: devices.DeviceKind(driven.target, Imitation if kind == "vulkan" else missing)
        for kind, driven in devices.DEVICE_KINDS.items()
    }
    monkeypatch.setattr(devices, "DEVICE_KINDS", kinds)
    said: list[Choice] = []
    executor = open_device("auto", library=LIBRARY, references=REFERENCES, explain=said.append)
    assert executor.info.kind == "cpu"
    executor.close()
    assert "no vulkan: llvmpipe (LLVM 15) runs on the processor" in said[0].line and not said[0].slow
    assert [each.kind for each in survey()] == ["cuda", "wgpu", "opencl", "cpu", "vulkan", "numpy"]
    assert target_for("auto") == "c"
    without_library = open_device("auto", references=REFERENCES)
    assert (type(without_library), without_library.info.kind) == (Imitation, "vulkan")
