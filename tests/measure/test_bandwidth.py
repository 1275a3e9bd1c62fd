"""The yardstick: what it measures is checked, fits the device, and is never exceeded by what it measures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernelc.errors import WorkFailed
from kernelc.kir.trace import Array
from kernelc.kir.values import Value
from kernelc.measure import bandwidth
from kernelc.measure.bandwidth import Bandwidth, BandwidthMeter, bandwidth_of, share_of
from kernelc.measure.clock import Clock
from kernelc.measure.stream import STREAM, Stream
from kernelc.target import Capabilities
from runtime.device.executor import DeviceInfo, Limits
from tests.kernels.executors import require

DEVICES = ("cpu", pytest.param("wgpu", marks=pytest.mark.gpu), "vulkan", "opencl", "cuda")
EXECUTOR_OF = {"cpu": "c"}
SMALL = bandwidth._Layout(1 << 20, 2)
KNOWN = Bandwidth("a card", "its driver", 100.0, 90.0, 1 << 30)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little memory and little time: what is measured then says nothing, but all of it is done."""
    monkeypatch.setattr(bandwidth, "_far", lambda info: SMALL)
    monkeypatch.setattr(bandwidth, "Clock", lambda executor: Clock(executor, 0.0))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.usefixtures("small")
def test_a_device_is_measured_by_kernels_of_our_own(device: str) -> None:
    require(EXECUTOR_OF.get(device, device), Capabilities())
    found = bandwidth_of(device, 300_000, seconds=0.02)
    assert found is not None and found.device and found.driver
    assert found.read > 0 and found.copy > 0 and found.most >= found.read
    assert found.bytes == SMALL.bytes
    assert found.read_again is not None and found.again_bytes <= 300_000


def test_numpy_has_no_kernels_to_measure() -> None:
    assert bandwidth_of("numpy") is None


def of_size(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """A size of its own for each wrong kernel: compiled ones are kept by their problem and schedule."""
    monkeypatch.setattr(bandwidth, "_far", lambda info: bandwidth._Layout(size, 2))


@pytest.mark.usefixtures("small")
def test_a_device_that_forgets_a_place_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    require("c", Capabilities())
    of_size(monkeypatch, 80 << 10)

    def fill(self: Stream, data: Array, at: Value) -> None:
        data[at] = data[at]

    monkeypatch.setattr(Stream, "_fill", fill)
    with BandwidthMeter("cpu") as meter, pytest.raises(WorkFailed, match="adds up memory to 0, wanted"):
        meter.measure(seconds=0.01)


@pytest.mark.usefixtures("small")
def test_a_copy_that_copies_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    require("c", Capabilities())
    of_size(monkeypatch, 96 << 10)
    trace = STREAM.trace

    def stays(self: Stream, k: object, arrays: dict[str, Array], problem: object, schedule: object) -> None:
        if "target" in arrays:
            arrays = {"source": arrays["target"], "target": arrays["target"]}
        trace(k, arrays, problem, schedule)  # type: ignore[arg-type]

    monkeypatch.setattr(Stream, "trace", stays)
    with BandwidthMeter("cpu") as meter, pytest.raises(WorkFailed) as caught:
        meter.measure(seconds=0.01)
    assert "kernel copy_0" in (caught.value.where or "")


def test_buffers_fit_the_device() -> None:
    limits = Limits(256 << 20, 128 << 20, 16384, 256, (256, 256, 64), 65535, 8, 256)
    card = DeviceInfo("vulkan", "a card", "", "spirv", limits=limits, memory_bytes=64 << 30)
    for info in (
        card,
        replace(card, memory_bytes=256 << 20),
        replace(card, limits=None),
        replace(card, kind="cpu"),
    ):
        layout = bandwidth._far(info)
        assert layout.count >= 2 and layout.bytes <= (info.memory_bytes or 0) // 4
        if info.limits is not None:
            assert layout.size <= info.limits.binding_bytes
    assert bandwidth._far(card).bytes >= 1 << 30  # far beyond caches
    near = bandwidth._near(bandwidth._far(card), 200 << 20)
    assert near is not None and near.size <= limits.binding_bytes and abs(near.bytes - (200 << 20)) < 1 << 20
    assert bandwidth._near(bandwidth._far(card), 4 << 30) is None


def test_no_share_is_above_all_of_it() -> None:
    assert share_of(50.0, KNOWN) == 0.5
    assert share_of(100.0, KNOWN) == 1.0
    assert share_of(100.1, KNOWN) is None
    assert share_of(150.0, replace(KNOWN, read_again=200.0)) == 0.75


def test_a_second_measurement_only_adds() -> None:
    better = KNOWN.better(replace(KNOWN, read=80.0, copy=120.0))
    assert (better.read, better.copy, better.most) == (100.0, 120.0, 120.0)


def test_what_comes_from_a_cache() -> None:
    assert not KNOWN.from_cache and not replace(KNOWN, read_again=110.0).from_cache
    assert replace(KNOWN, read_again=300.0).from_cache
