"""Stages that bulk copies fill, as CUDA prints them: run on the host, and compiled for each architecture."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from kernelc.backends.cuda.printer import CudaBackend
from kernelc.backends.cuda.stages import STATIC_BYTES, offsets
from kernelc.errors import DeviceError
from kernelc.kir.bulk_stages import BulkStages
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f16, f32, u32, u32x4
from runtime.cuda import device
from runtime.cuda.compile import CudaSource, compile_kernel, supported_architectures
from tests.backends.cuda import host
from tests.kir.test_bulk_stages import COUNT, arrays, kernel_of, rows_kernel, rows_wanted, wanted

SMALL = verify(kernel_of(lambda s: s.run()))


def large() -> Kernel:
    """As `SMALL`, with another array so large that all of shared memory has to come with the launch."""

    def body(k: Tracer) -> None:
        x, out = k.input("x", u32x4, constant=True), k.output("out", u32)
        k.shared("odd", f32, 3)[k.local_id % 3] = 1.0
        stages = BulkStages(k, "weights", 4, x=(u32x4, 1024))
        for step in range(4):
            stages.request(step, x=(x, step * 1024))
        k.inputs_ready()
        total = k.var(0, u32)
        with k.loop(0, 9) as step:
            stages.wait(step)
            with k.loop(k.local_id, 1024, 64) as i:
                total += stages.parts["x"][stages.begin("x", step) + i].y
            stages.release(step)
            with k.when(step + 4 < 9):
                stages.request(step + 4, x=(x, (step + 4) * 1024))
        out[k.local_id] = total

    return verify(trace("large", body, workgroup=64, subgroup_size=32))


@pytest.mark.parametrize("hasty", [False, True])
@pytest.mark.parametrize("architecture", [800, 900])
def test_the_text_means_what_the_kernel_means(architecture: int, hasty: bool) -> None:
    """On the host copies arrive late, the last first, so who does not wait for them reads something else; or
    at once, so who asks before all have released a stage overwrites what others still read."""
    if reason := host.lacking():
        pytest.skip(reason)
    given = arrays()
    got = host.run_on_host(SMALL, (2, 1, 1), given, {}, architecture=architecture, hasty=hasty)
    assert (got["out"] == wanted(given)).all()


@pytest.mark.parametrize("architecture", [800, 900])
def test_the_text_of_a_large_kernel_too(architecture: int) -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    kernel, x = large(), arrays(1024)["w"][: 9 * 1024]
    given = {"x": x, "out": arrays(1)["out"]}
    got = host.run_on_host(kernel, (1, 1, 1), given, {}, architecture=architecture)
    assert (got["out"] == x[:, 1].reshape(-1, 64).sum(axis=0, dtype=x.dtype)).all()


@pytest.mark.parametrize("architecture", [800, 900])
def test_rows_that_every_thread_copies_some_of(architecture: int) -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    x = np.arange(16 * 32 + 8, dtype=np.uint32)
    given = {"x": x, "out": np.zeros(64, np.uint32)}
    got = host.run_on_host(verify(rows_kernel()), (1, 1, 1), given, {}, architecture=architecture)
    assert np.array_equal(got["out"], rows_wanted(x))


def test_a_stage_that_is_not_released_keeps_the_next_request_waiting() -> None:
    """What the interpreter refuses, the host would wait for: its barriers count."""
    if reason := host.lacking():
        pytest.skip(reason)

    def body(s) -> None:
        for step in range(COUNT):
            s.request(step)
        s.stages.wait(0)
        s.request(COUNT)

    with pytest.raises(AssertionError, match="lanes wait for others that never come"):
        host.run_on_host(verify(kernel_of(body)), (1, 1, 1), arrays(1), {}, architecture=900)


def test_a_copy_that_is_not_waited_for_is_noticed() -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    with pytest.raises(AssertionError):
        host.run_on_host(
            verify(kernel_of(lambda s: s.request(0))), (1, 1, 1), arrays(1), {}, architecture=900
        )


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90", "sm_120"])
@pytest.mark.parametrize("kernel", [SMALL, large()], ids=["small", "large"])
def test_it_compiles(kernel: Kernel, arch: str, tmp_path: Path) -> None:
    try:
        supported_architectures()
    except DeviceError as error:
        if "nvrtc" in os.environ.get("KERNELC_REQUIRED_EXECUTORS", "").split():
            pytest.fail(f"NVRTC is required here: {error.message}")
        pytest.skip(f"NVRTC missing: {error.message}")
    rendered = CudaBackend().render(kernel)
    source = CudaSource(kernel.name, rendered.text, rendered.entry)
    assert compile_kernel(source, arch, tmp_path).startswith(b"\x7fELF")


def test_shared_memory_beyond_what_may_be_declared_is_one_array() -> None:
    assert not offsets(SMALL) and "extern __shared__" not in CudaBackend().render(SMALL).text
    kernel = large()
    assert kernel.shared_bytes > STATIC_BYTES == device.STATIC_BYTES
    places = offsets(kernel)
    assert {*places} == {*kernel.shared, *kernel.stages}
    assert (
        "auto& weights_x = *reinterpret_cast<uint4 (*)[4096]>(shared_memory + 0);"
        in CudaBackend().render(kernel).text
    )


def test_pieces_of_shared_memory_do_not_overlap_and_are_aligned() -> None:
    def body(k: Tracer) -> None:
        x = k.input("x", u32x4, constant=True)
        k.shared("halves", f16, 5)
        k.shared("floats", f32, 7)
        k.shared("words", u32x4, 3)
        stages = BulkStages(k, "weights", 3, x=(u32x4, 1280))
        stages.request(0, x=(x, 0))
        stages.wait(0)

    kernel = verify(trace("pieces", body, workgroup=32, subgroup_size=32))
    places = offsets(kernel)
    pieces = sorted(
        [(places[s], s.bytes, s.type.bytes) for s in kernel.shared]
        + [(places[s], s.barrier_bytes, 8) for s in kernel.stages]
    )
    end = 0
    for begin, size, alignment in pieces:
        assert begin >= end and begin % alignment == 0
        end = begin + size
    assert end == kernel.shared_bytes
