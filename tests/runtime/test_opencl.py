"""The OpenCL executor: many steps under way, uploads, errors of device and driver, what is left behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import DeviceError, KernelcError, WorkFailed
from kernelc.target import Capabilities
from runtime.device.executor import DeviceInfo, Fetch
from runtime.engine.engine import Engine
from runtime.opencl import device as opencl_device
from runtime.opencl.device import KernelSource, OpenClDevice, compile_error, find_devices, import_pyopencl
from runtime.opencl.executor import OpenClExecutor
from tests.kernels.executors import require
from tests.runtime.tiny_artifact import write_tiny

PROMPT = [1, 17, 4, 30, 8]


@pytest.fixture(scope="module")
def opencl() -> Iterator[OpenClExecutor]:
    require("opencl", Capabilities())
    opened = OpenClExecutor()
    yield opened
    opened.close()


def write_opencl(out: Path, **options: Any) -> Artifact:
    return write_tiny(out, targets=("opencl",), **options)


def with_text(folder: Path, kernel: str, old: str, new: str) -> str:
    """Change a kernel's text in an artifact's folder as if it had been built so; returns the new text."""
    import hashlib
    import json

    manifest = json.loads((folder / "manifest.json").read_text())
    variant = manifest["kernels"][kernel]["variants"][0]
    file = folder / variant["file"]
    assert file.read_text().count(old) == 1
    text = file.read_text().replace(old, new)
    file.write_text(text)
    variant["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return text


# ---- steps ----


def test_a_device_tells_what_it_is(opencl: OpenClExecutor) -> None:
    info = opencl.info
    assert (info.kind, info.target, info.features) == ("opencl", "opencl", frozenset())
    assert info.name and info.driver and info.memory_bytes and info.limits
    assert info.limits.threads >= 64 and info.limits.storage_buffers >= 8


def test_copies_that_are_done_are_let_go(opencl: OpenClExecutor, tiny: Artifact) -> None:
    Engine(opencl, tiny)
    for _ in range(50):
        opencl.run([], {}, bytes(32), [Fetch("tokens", 0, 4)]).result()
    assert len(opencl._copies) < 5


def test_a_profile_names_every_dispatch(opencl: OpenClExecutor, tiny: Artifact) -> None:
    engine = Engine(opencl, tiny)
    engine.feed(PROMPT)
    times = engine.profile("decode")
    assert [time.kernel for time in times] == ["store", "partial", "logits"]
    assert all(0 < time.seconds < 10 for time in times)


def test_one_kernel_runs_alone_on_copies(opencl: OpenClExecutor, tiny: Artifact) -> None:
    logits, tokens = np.eye(1, 32, 7, dtype=np.float32)[0], np.zeros(4, np.uint32)
    step = np.array([1, 2], "<u4").tobytes() + bytes(24)  # seq 1, past 2
    after = opencl.run_kernel(tiny, "greedy", [logits, tokens], {}, step)
    assert (tokens.tolist(), after[1].tolist()) == ([0, 0, 0, 0], [0, 0, 0, 7])


# ---- loading ----


def smaller(info: DeviceInfo, **limits: int) -> DeviceInfo:
    assert info.limits is not None
    return dataclasses.replace(info, limits=dataclasses.replace(info.limits, **limits))


def test_what_does_not_fit_is_refused_before_the_upload(
    opencl: OpenClExecutor, tiny: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(opencl, "info", dataclasses.replace(opencl.info, memory_bytes=1000))
    with pytest.raises(DeviceError, match=r"all buffers at context 64 exceeds .*: wanted 1,\d+, .* 1,000"):
        Engine(opencl, tiny, progress=lambda *step: seen.append(step))
    monkeypatch.setattr(opencl, "info", smaller(opencl.device.info, threads=32))
    with pytest.raises(DeviceError, match="threads in a workgroup: wanted 64, the limit is 32"):
        Engine(opencl, tiny, progress=lambda *step: seen.append(step))
    assert (seen, opencl.allocated_bytes) == ([], 0)


# ---- the driver's complaints ----


@pytest.mark.parametrize("wrong", ["total += cache[i] +;", "total = nothing(cache[i]);"])
def test_a_kernel_that_does_not_compile_comes_back_with_its_source(
    tmp_path: Path, opencl: OpenClExecutor, wrong: str
) -> None:
    write_opencl(tmp_path / "toy")
    text = with_text(tmp_path / "toy", "partial", "total += cache[i] * (i + 1u);", wrong)
    with pytest.raises(WorkFailed) as caught:
        Engine(opencl, Artifact.open(tmp_path / "toy"))
    line = next(number for number, each in enumerate(text.splitlines(), 1) if wrong in each)
    assert str(caught.value.where).startswith(f"kernel partial: line {line}, column")
    assert "\n" not in caught.value.render()
    excerpt = caught.value.__notes__[0].splitlines()
    assert len(excerpt) == 7
    assert excerpt[3].startswith(f"> {line:4} | ") and wrong in excerpt[3]
    assert opencl.allocated_bytes == 0


def test_an_entry_point_that_is_not_there_is_named(opencl: OpenClExecutor) -> None:
    source = KernelSource("scale", "__kernel void f(__global int *x) { x[0] = 1; }", "other")
    with pytest.raises(WorkFailed, match=r"binding the buffers of scale failed: .*INVALID_KERNEL_NAME"):
        opencl.device.kernel(opencl.device.build(source), source.name, source.entry, [])


def test_a_dispatch_that_the_driver_refuses_is_named(tmp_path: Path, opencl: OpenClExecutor) -> None:
    write_opencl(tmp_path / "toy")
    size = "reqd_work_group_size("
    with_text(tmp_path / "toy", "partial", f"{size}1, 1, 1)", f"{size}1 + 1, 1, 1)")  # not seen before
    engine = Engine(opencl, Artifact.open(tmp_path / "toy"))
    with pytest.raises(WorkFailed, match="INVALID_WORK_GROUP_SIZE") as caught:
        engine.feed(PROMPT)
    assert caught.value.where == "kernel partial in layers.0.partial"
    Engine(opencl, write_opencl(tmp_path / "whole")).feed(PROMPT)


def test_memory_that_is_not_there_says_so(opencl: OpenClExecutor) -> None:
    with pytest.raises(DeviceError, match="out of memory while allocating 1099511627776 bytes for buffer x"):
        opencl.device.create_buffer("x", 1 << 40)


def test_messages_of_other_compilers_are_understood_too() -> None:
    nvidia = compile_error("k", "a\nb\nc", "build log:\n<kernel>:2:7: error: expected ';'\n b\n ^")
    assert (nvidia.where, nvidia.message) == (
        "kernel k: line 2, column 7",
        "the driver refuses the kernel: expected ';'",
    )
    assert nvidia.__notes__[0].splitlines() == ["     1 | a", ">    2 | b", "     3 | c"]
    silent = compile_error("k", "a", "clBuildProgram failed: BUILD_PROGRAM_FAILURE")
    assert (silent.where, hasattr(silent, "__notes__")) == ("kernel k", False)


@pytest.mark.parametrize(
    ("code", "kind", "wanted"),
    [
        ("OUT_OF_RESOURCES", DeviceError, "out of memory while waiting"),
        ("DEVICE_NOT_AVAILABLE", DeviceError, "the device was lost while waiting"),
        ("INVALID_EVENT", WorkFailed, "waiting failed: clWaitForEvents failed: INVALID_EVENT"),
    ],
)
def test_errors_come_in_our_words(code: str, kind: type[KernelcError], wanted: str) -> None:
    error = opencl_device.as_kernelc_error("waiting", f"clWaitForEvents failed: {code}")
    assert type(error) is kind
    assert wanted in error.message


# ---- no device ----


class FakeCl:
    """pyopencl on a machine whose platforms have these devices."""

    Error = RuntimeError

    class device_type:
        GPU, CPU = 4, 2

    def __init__(self, *devices: Any) -> None:
        self.devices = devices

    def get_platforms(self) -> list[Any]:
        if not self.devices:
            raise RuntimeError("clGetPlatformIDs failed: PLATFORM_NOT_FOUND_KHR")
        return [self]

    def get_devices(self) -> list[Any]:
        return list(self.devices)


@dataclasses.dataclass(frozen=True)
class FakeDevice:
    type: int
    available: bool = True
    compiler_available: bool = True
    endian_little: bool = True


def test_graphics_cards_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu, off = FakeDevice(2), FakeDevice(4), FakeDevice(4, available=False)
    monkeypatch.setattr(opencl_device, "import_pyopencl", lambda: FakeCl(off, cpu, gpu))
    assert find_devices() == [gpu, cpu]


def test_no_driver_no_device_and_no_compiler_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencl_device, "import_pyopencl", lambda: FakeCl())
    with pytest.raises(DeviceError, match="there is no OpenCL driver") as caught:
        OpenClDevice()
    assert "pocl-opencl-icd" in str(caught.value.help)
    mute = FakeDevice(2, compiler_available=False)
    monkeypatch.setattr(opencl_device, "import_pyopencl", lambda: FakeCl(mute))
    with pytest.raises(DeviceError, match="no OpenCL device: none of them compiles kernels"):
        OpenClDevice()


def test_without_pyopencl_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyopencl", None)
    with pytest.raises(DeviceError, match="device opencl needs pyopencl") as caught:
        import_pyopencl()
    assert "the extra opencl" in str(caught.value.help)
