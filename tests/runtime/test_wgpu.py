"""The wgpu executor: variants, portability, uploads, errors of device and driver, interrupts."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact, Buffer, Manifest
from kernelc.errors import DeviceError, WorkFailed
from kernelc.kir.tile_types import F16
from runtime.device.checks import choose_variants
from runtime.device.executor import Fetch
from runtime.engine.engine import ALL_ROLES, Engine
from runtime.wgpu.device import (
    BASELINE_VARIABLE,
    KernelSource,
    WgpuDevice,
    compile_error,
    without_subgroups_line,
)
from runtime.wgpu.executor import WgpuExecutor
from runtime.wgpu.single import run_source
from tests.runtime.tiny_artifact import BIAS, GAIN, write_tiny
from tests.runtime.tiny_kernels import PARTIAL, continuation, expected_logits

pytestmark = pytest.mark.gpu

PROMPT = [1, 17, 4, 30, 8]


@pytest.fixture(scope="module")
def wgpu() -> Iterator[WgpuExecutor]:
    opened = WgpuExecutor()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def baseline() -> Iterator[WgpuExecutor]:
    opened = WgpuExecutor(WgpuDevice(baseline=True))
    yield opened
    opened.close()


def ids_of(engine: Engine, count: int) -> list[int]:
    return [token.id for token in engine.generate(count)]


def mark(executor: WgpuExecutor) -> int:
    """Which variant of the kernel "store" ran: 1 the plain one, 2 the one with subgroups."""
    return int.from_bytes(executor.read_buffer("mark", 0, 4), "little")


# ---- variants and portability ----


def test_kernels_keep_the_checks_of_a_library_that_cannot_leave_them_out(
    tiny: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = WgpuDevice()
    with monkeypatch.context() as older:
        older.setattr(device.library, "_bare", object())
        assert device.library.unchecked_module(None, "kernel", "") is None
    monkeypatch.setattr(device.library, "unchecked_module", lambda *arguments: None)
    with Engine(WgpuExecutor(device), tiny) as engine:
        engine.feed(PROMPT)
        assert ids_of(engine, 9) == continuation(PROMPT, 9)


def test_the_best_variant_runs(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    if "subgroups" not in wgpu.info.features:
        pytest.skip("the adapter has no subgroups")
    engine = Engine(wgpu, tiny)
    engine.feed(PROMPT)
    assert mark(wgpu) == 2
    assert ids_of(engine, 9) == continuation(PROMPT, 9)


def test_variants_on_matrix_units_are_left_to_browsers(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    kernel = tiny.manifest.kernels["store"]
    needs = dataclasses.replace(kernel.variants[1].requires, features=("f16", F16.feature))
    on_matrix_units = dataclasses.replace(kernel.variants[1], requires=needs)
    kernel = dataclasses.replace(kernel, variants=(on_matrix_units, kernel.variants[1]))
    manifest = dataclasses.replace(tiny.manifest, kernels={"store": kernel})
    assert choose_variants(manifest, ["store"], wgpu.info)["store"] == kernel.variants[1]


def test_a_baseline_device_runs_the_plain_variants(baseline: WgpuExecutor, tiny: Artifact) -> None:
    assert baseline.info.features == {"dot4"}
    assert baseline.info.limits is not None
    assert baseline.info.limits.storage_buffers == 8
    assert baseline.info.limits.binding_bytes == 128 << 20
    assert baseline.info.limits.offset_alignment_bytes == 256
    engine = Engine(baseline, tiny, roles=ALL_ROLES)
    np.testing.assert_allclose(engine.score(PROMPT), expected_logits(PROMPT, BIAS, GAIN), rtol=1e-6)
    assert mark(baseline) == 1
    assert ids_of(engine, 9) == continuation(PROMPT, 9)


def test_the_environment_asks_for_a_baseline_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASELINE_VARIABLE, "1")
    device = WgpuDevice()
    assert device.info.features == {"dot4"}
    device.close()


def test_the_line_that_only_tint_wants_is_dropped_in_place() -> None:
    text = "// head\n  enable subgroups ;\nenable f16;\nfn main() {}\n"
    assert without_subgroups_line(text).splitlines() == ["// head", "", "enable f16;", "fn main() {}"]
    kept = "// do not enable subgroups; here\n"
    assert without_subgroups_line(kept) == kept


# ---- many steps under way ----


def test_work_without_anything_to_fetch_can_be_waited_for(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    Engine(wgpu, tiny)
    assert wgpu.run([], {}, b"").result() == []


# ---- loading ----


def huge(manifest: Manifest) -> Manifest:
    """The logits of a step become larger than any binding that WebGPU guarantees."""
    buffers = {**manifest.buffers, "all_logits": Buffer("state", 200 << 20)}
    program = manifest.programs["score"]
    last = program.dispatches[-1]
    wide = dataclasses.replace(last.bindings[-1], bytes=200 << 20)
    dispatch = dataclasses.replace(last, bindings=(*last.bindings[:-1], wide))
    changed = dataclasses.replace(program, dispatches=(*program.dispatches[:-1], dispatch))
    return dataclasses.replace(manifest, buffers=buffers, programs={**manifest.programs, "score": changed})


def test_a_device_that_is_too_small_is_refused_before_the_upload(
    tmp_path: Path, baseline: WgpuExecutor
) -> None:
    artifact = write_tiny(tmp_path / "toy", change=huge)
    seen: list[object] = []
    with pytest.raises(DeviceError) as caught:
        Engine(baseline, artifact, roles=ALL_ROLES, progress=lambda *step: seen.append(step))
    assert "size of a storage binding: wanted 209,715,200" in caught.value.message
    assert "allows 134,217,728" in caught.value.message
    assert (seen, baseline.allocated_bytes) == ([], 0)
    Engine(baseline, artifact)  # without the role that needs it


# ---- the driver's complaints ----


def broken(text: str, wrong: str) -> str:
    assert "sum += cache[i]" in text
    return text.replace("sum += cache[i]", wrong)


@pytest.mark.parametrize("wrong", ["sum += cache[i] +;", "sum += 1.5f * cache[i]", "sum = nothing(cache[i])"])
def test_a_kernel_that_does_not_compile_comes_back_with_its_source(
    tmp_path: Path, wgpu: WgpuExecutor, wrong: str
) -> None:
    artifact = write_tiny(tmp_path / "toy", texts={"partial": broken(PARTIAL, wrong)})
    with pytest.raises(WorkFailed) as caught:
        Engine(wgpu, artifact)
    line = next(number for number, text in enumerate(PARTIAL.splitlines(), 1) if "sum += cache" in text)
    assert str(caught.value.where).startswith(f"kernel partial: line {line}, column")
    assert "\n" not in caught.value.render()
    excerpt = caught.value.__notes__[0].splitlines()
    assert len(excerpt) == 7
    assert excerpt[3].startswith(f"> {line:4} | ") and wrong in excerpt[3]
    assert "1.5f" not in wrong or "Operation Multiply can't work with" in caught.value.message
    assert wgpu.allocated_bytes == 0


def test_an_entry_point_that_is_not_there_is_named(wgpu: WgpuExecutor) -> None:
    source = KernelSource("scale", "@compute @workgroup_size(1) fn main() {}", "other", (), params=False)
    with pytest.raises(WorkFailed, match="Unable to find entry point 'other'") as caught:
        wgpu.device.compile(source)
    assert caught.value.where == "kernel scale"


def test_a_binding_that_the_manifest_calls_read_only_but_the_kernel_writes_is_refused(
    wgpu: WgpuExecutor,
) -> None:
    text = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
    text += "@compute @workgroup_size(1) fn main() { x[0] = 1u; }"
    with pytest.raises(WorkFailed, match="kernel"):
        wgpu.device.compile(KernelSource("writes", text, "main", ("read",), params=False))


def test_the_excerpt_stops_at_the_ends_of_the_source() -> None:
    first = compile_error("k", "a\nb\nc", "Shader 'k' parsing error: bad\n  ┌─ wgsl:1:2\n")
    assert first.__notes__[0].splitlines() == [">    1 | a", "     2 | b", "     3 | c"]
    assert first.message == "the driver refuses the kernel: Shader 'k' parsing error: bad"
    assert not hasattr(compile_error("k", "a", "no line"), "__notes__")


def test_a_dispatch_that_the_driver_refuses_is_named(tmp_path: Path, wgpu: WgpuExecutor) -> None:
    # The recording calls themselves report nothing; what is wrong must still come out of `run`.
    larger = PARTIAL.replace(
        "repetition_penalty: f32,", "repetition_penalty: f32, more: array<vec4<f32>, 2>,"
    )
    engine = Engine(wgpu, write_tiny(tmp_path / "toy", texts={"partial": larger}))
    with pytest.raises(WorkFailed) as caught:
        engine.feed(PROMPT)
    assert caught.value.message.startswith("running a step failed")
    assert "size 32 where the shader expects 64" in caught.value.message
    assert caught.value.where == "kernel partial in layers.0.partial"
    engine = Engine(wgpu, write_tiny(tmp_path / "toy"))
    engine.feed(PROMPT)
    assert ids_of(engine, 5) == continuation(PROMPT, 5)


def test_a_lost_device_says_so(tiny: Artifact) -> None:
    executor = WgpuExecutor()
    engine = Engine(executor, tiny)
    engine.feed(PROMPT)
    executor.device.close()
    with pytest.raises(DeviceError, match="the device was lost while"):
        engine.feed(PROMPT)


def test_an_error_outside_of_any_call_is_raised_by_the_next(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    Engine(wgpu, tiny)
    logging.getLogger("wgpu").error(
        "Validation Error\n\nCaused by:\n  In wgpuQueueSubmit\n    it is all wrong"
    )
    logging.getLogger("wgpu").error("nothing to do with us")
    with pytest.raises(WorkFailed, match="it is all wrong"):
        wgpu.run([], {}, b"").result()
    assert wgpu.run([], {}, b"").result() == []


def test_memory_that_is_not_there_says_so(wgpu: WgpuExecutor) -> None:
    with pytest.raises((DeviceError, WorkFailed), match="allocating 1099511627776 bytes for buffer x"):
        wgpu.device.create_buffer("x", 1 << 40)


# ---- interrupts ----


class Interrupted(BaseException):
    """Stands for Ctrl-C, whose own exception would end the test run if it came at the wrong moment."""


def test_an_interrupt_while_the_library_waits_is_raised_after_it(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    Engine(wgpu, tiny)
    ticket = wgpu.run([], {}, b"", [Fetch("tokens", 0, 4)])
    before = wgpu.staging_bytes
    # What the callback does when a signal's exception strikes in it.
    wgpu.device.library._callback_failed(Interrupted, Interrupted(), None)
    with pytest.raises(Interrupted):
        ticket.result()
    assert wgpu.staging_bytes < before  # the buffer of unknown state is gone
    assert wgpu.read_buffer("tokens", 0, 4) == bytes(4)


# ---- one kernel alone ----


def test_a_source_runs_alone_on_odd_sizes(wgpu: WgpuExecutor) -> None:
    if "f16" not in wgpu.info.features:
        pytest.skip("the adapter has no f16")
    text = """enable f16; @group(0) @binding(0) var<storage, read> x: array<f16>; @group(0) @binding(1)
var<storage, read_write> y: array<f32>; @group(0) @binding(2) var<uniform> factor: f32; @compute
@workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) { y[id.x] = f32(x[id.x]) * factor; }
"""
    x, y = np.array([1, 2, 3], np.float16), np.zeros(3, np.float32)
    source = KernelSource("scale", text, "main", ("read", "read_write"), params=True)
    after = run_source(wgpu.device, source, (3, 1, 1), [x, y], np.float32(2.5).tobytes())
    assert after[0].tolist() == [1, 2, 3]
    assert after[1].tolist() == [2.5, 5.0, 7.5]
    assert y.tolist() == [0, 0, 0]
