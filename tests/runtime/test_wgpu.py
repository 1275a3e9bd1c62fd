"""The wgpu executor: variants, portability, uploads, errors of device and driver, interrupts."""

from __future__ import annotations

import dataclasses
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact, Buffer, Manifest
from kernelc.errors import ArtifactError, DeviceError, InternalError, WorkFailed
from kernelc.kir.tile_types import F16
from runtime.engine import ALL_ROLES, Engine
from runtime.executor import Fetch
from runtime.loading import choose_variants
from runtime.wgpu_device import (
    BASELINE_VARIABLE,
    KernelSource,
    WgpuDevice,
    kernel_refused,
    without_subgroups_line,
)
from runtime.wgpu_executor import WgpuExecutor
from runtime.wgpu_single import run_source
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


def test_each_step_sees_its_own_step_block(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    sequence = Engine(wgpu, tiny)._sequence
    sequence.write_tokens([5])
    roles = ["decode", "sample_greedy"]
    tickets = [sequence.run(roles, past, 1, fetch=[Fetch("tokens", 4 * past + 4, 4)]) for past in range(30)]
    got = [int.from_bytes(ticket.result()[0], "little") for ticket in tickets]
    assert got == continuation([5], 30)


def test_tickets_may_be_collected_in_any_order_or_not_at_all(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    Engine(wgpu, tiny)
    tickets = []
    for number in range(6):
        wgpu.write_buffer("tokens", 0, bytes([number, 0, 0, 0]))
        tickets.append(wgpu.run([], {}, b"", [Fetch("tokens", 0, 4), Fetch("tokens", 4, 8)]))
    tickets[3].discard()
    got = {number: tickets[number].result() for number in (5, 0, 4, 1, 2)}
    assert got == {number: [bytes([number, 0, 0, 0]), bytes(8)] for number in got}
    for collected in (tickets[3], tickets[5]):
        with pytest.raises(InternalError, match="collected or discarded before"):
            collected.result()
    created = wgpu.staging_bytes
    wgpu.run([], {}, b"", [Fetch("tokens", 0, 4)]).result()
    assert wgpu.staging_bytes == created  # buffers are used again


def test_work_without_anything_to_fetch_can_be_waited_for(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    Engine(wgpu, tiny)
    assert wgpu.run([], {}, b"").result() == []


def longer(manifest: Manifest) -> Manifest:
    """A decode step of 30 dispatches, as a model of 5 layers has; half of the grids depend on the past."""
    programs = {
        name: dataclasses.replace(program, dispatches=(*program.dispatches[:2] * 13, *program.dispatches))
        for name, program in manifest.programs.items()
        if program.role == "decode"
    }
    return dataclasses.replace(manifest, programs={**manifest.programs, **programs})


def test_a_dispatch_costs_the_host_little(tmp_path: Path, wgpu: WgpuExecutor) -> None:
    engine = Engine(wgpu, write_tiny(tmp_path / "toy", change=longer))
    engine.feed(PROMPT)
    costs: list[float] = []
    for _ in range(5):
        engine.truncate(len(PROMPT))
        timings = engine.start_timing()
        assert ids_of(engine, 59) == continuation(PROMPT, 59)
        costs.append(timings.host_us_per_dispatch)
        assert timings.dispatches == 30 * timings.steps
    assert min(costs) < 25, costs  # microseconds of this thread; 4 to 10 where it was written


# ---- loading ----


@pytest.mark.parametrize("max_shard_bytes", [100, 98, 64])
def test_tensors_that_span_shards_arrive_whole(
    tmp_path: Path, wgpu: WgpuExecutor, max_shard_bytes: int
) -> None:
    artifact = write_tiny(tmp_path / "toy", max_shard_bytes=max_shard_bytes)
    assert len(artifact.manifest.weights.tensors["bias"].segments) > 1
    seen: list[tuple[str, int, int]] = []
    Engine(wgpu, artifact, progress=lambda *step: seen.append(step))
    assert wgpu.read_buffer("bias") == BIAS.tobytes()
    assert wgpu.read_buffer("gain.quants") == GAIN.tobytes()
    assert seen[-1] == ("weights", 192, 192)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_a_corrupted_shard_is_refused_and_nothing_stays_loaded(tmp_path: Path, wgpu: WgpuExecutor) -> None:
    artifact = write_tiny(tmp_path / "toy")
    shard = tmp_path / "toy" / artifact.manifest.weights.shards[0].file
    data = bytearray(shard.read_bytes())
    data[40] ^= 1
    shard.write_bytes(data)
    with pytest.raises(ArtifactError, match="corrupted"):
        Engine(wgpu, Artifact.open(tmp_path / "toy"))
    assert wgpu.allocated_bytes == 0


def test_a_corrupted_kernel_is_refused(tmp_path: Path, wgpu: WgpuExecutor) -> None:
    artifact = write_tiny(tmp_path / "toy")
    file = tmp_path / "toy" / artifact.manifest.kernels["partial"].variants[0].file
    file.write_text(file.read_text() + " ")
    with pytest.raises(ArtifactError, match=r"corrupted.*") as caught:
        Engine(wgpu, Artifact.open(tmp_path / "toy"))
    assert file.name in str(caught.value.where)


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
    first = kernel_refused("k", "a\nb\nc", "Shader 'k' parsing error: bad\n  ┌─ wgsl:1:2\n")
    assert first.__notes__[0].splitlines() == [">    1 | a", "     2 | b", "     3 | c"]
    assert first.message == "the driver refuses the kernel: Shader 'k' parsing error: bad"
    assert not hasattr(kernel_refused("k", "a", "no line"), "__notes__")


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


def test_asking_for_what_is_not_loaded_is_a_bug(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    Engine(wgpu, tiny)
    with pytest.raises(InternalError, match="buffer all_logits is not loaded"):
        wgpu.read_buffer("all_logits")


# ---- interrupts ----


class Interrupted(BaseException):
    """Stands for Ctrl-C, whose own exception would end the test run if it came at the wrong moment."""


def test_an_interrupt_at_any_moment_leaves_a_usable_engine(wgpu: WgpuExecutor, tiny: Artifact) -> None:
    engine = Engine(wgpu, tiny)
    engine.feed(PROMPT)
    wanted = continuation(PROMPT, 58)

    def interrupt(number: int, frame: object) -> None:
        raise Interrupted

    previous = signal.signal(signal.SIGALRM, interrupt)
    caught = 0
    try:
        for delay in np.linspace(0.001, 0.03, 25):
            engine.truncate(len(PROMPT))
            got: list[int] = []
            generation = engine.generate(58)
            try:
                signal.setitimer(signal.ITIMER_REAL, float(delay))
                for token in generation:
                    got.append(token.id)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupted:
                caught += 1
            generation.close()
            known = [*engine.ids, *([] if engine.next_id is None else [engine.next_id])]
            assert known == [*PROMPT, *wanted][: len(known)]
            assert len(known) - 5 - len(got) in (0, 1)  # one may have been received and not given out
            engine.truncate(len(PROMPT))
            assert ids_of(engine, 3) == wanted[:3]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert caught > 0


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
