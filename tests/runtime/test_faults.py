"""Every call of a driver fails once: an error for people comes of it, never a wrong answer.

Each call of a load and an answer fails in turn, on the software drivers; what failed works again afterwards.
"""

from __future__ import annotations

import dataclasses
import errno
import inspect
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernelc.artifact import Artifact, ArtifactWriter, reader
from kernelc.errors import ArtifactError, DeviceError, KernelcError, WorkFailed
from kernelc.target import Capabilities
from runtime.cuda import compile as cuda_compile
from runtime.cuda import device as cuda_device
from runtime.cuda.executor import CudaExecutor
from runtime.engine.engine import Engine
from runtime.opencl.executor import OpenClExecutor
from runtime.vulkan.executor import VulkanExecutor
from runtime.vulkan.native import VulkanError
from runtime.wgpu.executor import WgpuExecutor
from tests.artifact_sample import fill_sample
from tests.kernels.executors import require
from tests.runtime.fake_cuda import FakeDriver, FakeGraphs
from tests.runtime.fake_cuda import MemoryError as FakeMemoryError
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import continuation

PROMPT = [1, 17, 4, 30, 8]
COUNT = 4
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
"""By day every few calls fail, since each takes two loads."""


@dataclasses.dataclass
class Calls:
    """Counts calls, and lets one of them raise."""

    fails_at: int = -1
    error: Callable[[str], Exception] = RuntimeError
    made: int = 0
    failed: str | None = None

    def __call__(self, name: str) -> None:
        """Note a call. Raises: the error, where it is this one's turn."""
        at, self.made = self.made, self.made + 1
        if at == self.fails_at:
            self.failed = name
            raise self.error(name)

    def start(self, fails_at: int) -> None:
        self.fails_at, self.made, self.failed = fails_at, 0, None


def answer(engine: Engine) -> list[int]:
    engine.truncate(0)
    engine.feed(PROMPT)
    return [token.id for token in engine.generate(COUNT)]


def fail_each_call(load: Callable[[], Engine], calls: Calls, every: int, *, goes_on: bool) -> int:
    """Let each call of a load and an answer fail, or some; returns how many failures were seen.

    Where it `goes_on`, the same engine must answer rightly afterwards, unless it failed in its load.
    """
    wanted, seen = continuation(PROMPT, COUNT), 0
    for at in itertools.count(step=1 if NIGHTLY else every):
        calls.start(at)
        engine = None
        try:
            engine = load()
            assert answer(engine) == wanted
        except KernelcError as error:
            assert isinstance(error, DeviceError | WorkFailed) and "\n" not in error.render()
            seen += 1
        if calls.failed is None:
            return seen
        calls.start(-1)
        if engine is not None and goes_on:
            assert answer(engine) == wanted, calls
        assert answer(load()) == wanted, "and a new load works in any case"
    raise AssertionError


@pytest.mark.parametrize(
    ("result", "goes_on"), [("VK_ERROR_OUT_OF_DEVICE_MEMORY", True), ("VK_ERROR_DEVICE_LOST", False)]
)
def test_every_call_of_vulkan(
    tiny: Artifact, monkeypatch: pytest.MonkeyPatch, result: str, goes_on: bool
) -> None:
    require("vulkan", Capabilities())
    executor = VulkanExecutor()
    calls = Calls(error=lambda name: VulkanError(name, result))
    library: Any = executor.opened.device.vulkan
    call = library.call

    def failing(name: str, *arguments: Any) -> None:
        calls(name)
        call(name, *arguments)

    monkeypatch.setattr(library, "call", failing)
    assert fail_each_call(lambda: Engine(executor, tiny), calls, 9, goes_on=goes_on) > 5
    executor.close()


class Failing:
    """A module whose functions count their calls."""

    def __init__(self, module: Any, calls: Calls) -> None:
        self._module, self._calls = module, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        pointer = type(found).__module__ == "_cffi_backend" and not inspect.isroutine(found)
        if (
            isinstance(found, type) or not callable(found) or pointer
        ):  # cffi's pointers can be called, it says
            return found

        def counted(*arguments: Any, **named: Any) -> Any:
            self._calls(name)
            return found(*arguments, **named)

        return counted


def test_every_call_of_opencl(tiny: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    require("opencl", Capabilities())
    executor = OpenClExecutor()
    cl = executor.device.cl
    calls = Calls(error=lambda name: cl.RuntimeError(f"{name} failed: OUT_OF_RESOURCES"))
    monkeypatch.setattr(executor.device, "cl", Failing(cl, calls))
    assert fail_each_call(lambda: Engine(executor, tiny), calls, 13, goes_on=True) > 2
    executor.close()


@pytest.mark.gpu
@pytest.mark.parametrize("wrapped", ["_device", "library"])
@pytest.mark.parametrize("lost", [False, True])
def test_every_call_of_wgpu(
    tiny: Artifact, monkeypatch: pytest.MonkeyPatch, wrapped: str, lost: bool
) -> None:
    """Of wgpu-py's device, and of the native library that is called directly."""
    executor: Any = WgpuExecutor()
    wgpu = executor.device._wgpu
    error = wgpu.GPUError if lost else wgpu.GPUOutOfMemoryError
    calls = Calls(
        error=lambda name: error(f"{name}: Parent device is lost" if lost else f"{name}: no memory")
    )
    whole = getattr(executor.device, wrapped)
    monkeypatch.setattr(executor.device, wrapped, Failing(whole, calls))
    every = 11 if wrapped == "_device" else 31
    assert fail_each_call(lambda: Engine(executor, tiny), calls, every, goes_on=not lost)
    monkeypatch.setattr(executor.device, wrapped, whole)
    executor.close()


def test_every_call_of_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake computes nothing, so that only what is said is looked at, and that nothing stays allocated."""
    artifact = write_tiny(tmp_path / "toy", targets=("cuda",))
    fake = FakeDriver()
    calls = Calls(error=lambda name: FakeMemoryError(f"{name} failed: out of memory"))
    monkeypatch.setattr(cuda_device, "import_driver", lambda: Failing(fake, calls))
    monkeypatch.setattr(cuda_device, "_import_graph_api", lambda: FakeGraphs(fake))
    monkeypatch.setattr(cuda_compile, "compile_kernel", lambda source, arch: source.entry.encode())
    monkeypatch.setattr(cuda_compile, "architecture", lambda capability: "sm_90")
    seen = 0
    for at in itertools.count():
        calls.start(at)
        executor = None
        try:
            executor = CudaExecutor()
            Engine(executor, artifact).feed(PROMPT)
        except DeviceError as error:
            assert "\n" not in error.render()
            seen += 1
        failed = calls.failed
        calls.start(-1)
        if executor is not None:
            executor.close()
        assert not fake.allocated, failed
        if failed is None:
            break
    assert seen > 10


# ---- files that vanish, and disks that are full ----


def test_every_file_of_an_artifact_vanishes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at a file and its reading."""
    from runtime.references.executor import NumpyExecutor
    from tests.runtime.tiny_kernels import REFERENCES

    artifact = write_tiny(tmp_path / "toy")
    names = [path for path in (tmp_path / "toy").rglob("*") if path.is_file()]
    seen = 0
    for path in names:
        if path.name == "manifest.json":
            continue
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(ArtifactError, match=r"cannot open it|cannot read it"):
            Artifact.open(tmp_path / "toy")
        try:
            answer(Engine(NumpyExecutor(REFERENCES), Artifact(tmp_path / "toy", artifact.manifest)))
        except ArtifactError as error:
            assert path.name in str(error.where)
            seen += 1
        path.write_bytes(data)
    assert seen and reader.MANIFEST == "manifest.json"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "Cannot allocate memory"),
        (ValueError("cannot mmap an empty file"), "empty file"),
    ],
)
def test_weights_that_cannot_be_mapped_are_named(
    tiny: Artifact, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    from runtime.references.executor import NumpyExecutor
    from tests.runtime.tiny_kernels import REFERENCES

    def refused(*_: Any, **__: Any) -> None:
        raise error

    artifact = Artifact(tiny.folder, tiny.manifest)
    with monkeypatch.context() as patched:
        patched.setattr(reader.np, "memmap", refused)
        with pytest.raises(ArtifactError, match=f"cannot map it: .*{says}") as raised:
            answer(Engine(NumpyExecutor(REFERENCES), artifact))
    assert str(raised.value.where).endswith(artifact.manifest.weights.shards[0].file)
    assert "\n" not in raised.value.render()
    assert answer(Engine(NumpyExecutor(REFERENCES), artifact)) == continuation(PROMPT, COUNT)


def test_a_disk_that_is_full_at_any_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ArtifactWriter(tmp_path / "a", max_shard_bytes=4096) as writer:
        fill_sample(writer)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    calls = Calls(error=lambda name: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    fsync, opened = os.fsync, Path.open

    def failing_fsync(handle: int) -> None:
        calls("fsync")
        fsync(handle)

    def failing_open(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if "x" in mode or "w" in mode:
            calls(f"open {path.name}")
        return opened(path, mode, *arguments, **named)

    monkeypatch.setattr(os, "fsync", failing_fsync)
    monkeypatch.setattr(Path, "open", failing_open)
    for at in itertools.count():
        calls.start(at)
        try:
            with ArtifactWriter(tmp_path / "a", max_shard_bytes=4096) as writer:
                fill_sample(writer)
        except ArtifactError as error:
            assert "cannot write the artifact: No space left" in error.message and error.help
        failed = calls.failed
        if failed is None:
            break
        calls.start(-1)
        assert [path.name for path in tmp_path.iterdir()] == ["a"], calls
        if failed != "fsync":  # the last is of the folder around it, when the new one is in place
            assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("*")} == before
        assert Artifact.open(tmp_path / "a")
        before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    assert at > 8
