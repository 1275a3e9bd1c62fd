"""The Vulkan executor: variants, replay, uploads, errors of device and driver, interrupts, nothing leaked."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import ArtifactError, DeviceError, WorkFailed
from kernelc.target import Capabilities
from runtime.engine.engine import ALL_ROLES, Engine
from runtime.vulkan import cache as vulkan_cache
from runtime.vulkan import loaded as vulkan_loaded
from runtime.vulkan.cache import cache_file, read_cache, write_cache
from runtime.vulkan.executor import VulkanExecutor
from runtime.vulkan.kernels import KernelBinary
from runtime.vulkan.native import VulkanError, as_kernelc_error
from tests.kernels.executors import require
from tests.runtime.tiny_artifact import BIAS, GAIN, write_tiny
from tests.runtime.tiny_kernels import continuation, expected_logits

REPO = Path(__file__).resolve().parents[2]
PROMPT = [1, 17, 4, 30, 8]


@pytest.fixture(autouse=True, scope="module")
def driver() -> None:
    require("vulkan", Capabilities())


@pytest.fixture(scope="module")
def vulkan() -> Iterator[VulkanExecutor]:
    opened = VulkanExecutor()
    yield opened
    opened.close()


@pytest.fixture
def limited(vulkan: VulkanExecutor, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes the device say less of itself."""

    def limit(**changes: Any) -> VulkanExecutor:
        monkeypatch.setattr(vulkan.opened.device, "info", dataclasses.replace(vulkan.info, **changes))
        return vulkan

    return limit


def ids_of(engine: Engine, count: int) -> list[int]:
    return [token.id for token in engine.generate(count)]


def write_toy(folder: Path, **options: Any) -> Artifact:
    return write_tiny(folder / "toy", targets=("spirv",), **options)


# ---- variants ----


@pytest.mark.parametrize(("features", "mark"), [({"subgroups", "f16"}, 2), (set[str](), 1)])
def test_the_best_variant_runs(
    limited: Any, vulkan: VulkanExecutor, tiny: Artifact, features: set[str], mark: int
) -> None:
    if not features <= vulkan.info.features:
        pytest.skip("the device lacks subgroups or f16")
    engine = Engine(limited(features=frozenset(features)), tiny, roles=ALL_ROLES)
    np.testing.assert_allclose(engine.score(PROMPT), expected_logits(PROMPT, BIAS, GAIN), rtol=1e-6)
    assert int.from_bytes(vulkan.read_buffer("mark", 0, 4), "little") == mark
    assert ids_of(engine, 9) == continuation(PROMPT, 9)


def test_an_artifact_for_another_target_says_how_to_build(vulkan: VulkanExecutor, tmp_path: Path) -> None:
    with pytest.raises(
        DeviceError, match="device vulkan runs spirv kernels, the artifact has wgsl"
    ) as caught:
        Engine(vulkan, write_tiny(tmp_path / "toy"))
    assert caught.value.help == "build with `target` spirv or all"


# ---- replay ----


def test_commands_are_recorded_once_for_each_grid(vulkan: VulkanExecutor, tiny: Artifact) -> None:
    engine = Engine(vulkan, tiny)
    engine.feed(PROMPT)
    assert ids_of(engine, 40) == continuation(PROMPT, 40)
    recordings = vulkan._loaded._recordings  # pyright: ignore[reportOptionalMemberAccess]
    decoding = [grids for programs, grids in recordings if programs[0].startswith("decode")]
    assert len(decoding) == 3 and decoding[0] == ((1, 1, 1),)  # a block of 16 positions each


def test_a_step_may_be_recorded_anew(tiny: Artifact) -> None:
    executor = VulkanExecutor()
    executor.without = frozenset({"recordings"})
    engine = Engine(executor, tiny)
    engine.feed(PROMPT)
    assert ids_of(engine, 40) == continuation(PROMPT, 40)
    assert not executor._loaded._recordings  # pyright: ignore[reportOptionalMemberAccess]
    engine.close()


def test_recordings_do_not_pile_up(
    vulkan: VulkanExecutor, tiny: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vulkan_loaded, "_RECORDINGS", 2)
    engine = Engine(vulkan, tiny)
    for chunk in (1, 2, 3, 5, 2, 4, 1):
        engine.truncate(0)
        engine.feed(PROMPT, chunk=chunk)
        assert ids_of(engine, 20) == continuation(PROMPT, 20)
        assert len(vulkan._loaded._recordings) <= 2  # pyright: ignore[reportOptionalMemberAccess]


def test_every_dispatch_is_timed(vulkan: VulkanExecutor, tiny: Artifact) -> None:
    engine = Engine(vulkan, tiny)
    engine.feed(PROMPT)
    step = np.array([1, 5], "<u4").tobytes() + bytes(24)
    times = vulkan.profile(["decode.short", "greedy"], {"seq": 1, "past": 5, "context": 64}, step)
    assert [each.kernel for each in times] == ["store", "partial", "logits", "greedy"]
    assert all(0 <= each.seconds < 1 for each in times) and sum(each.seconds for each in times) > 0


# ---- loading ----


@pytest.mark.parametrize("max_shard_bytes", [100, 98, 64])
def test_tensors_that_span_shards_arrive_whole(
    tmp_path: Path, vulkan: VulkanExecutor, max_shard_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vulkan_loaded.VulkanArtifact, "part_bytes", 48)
    artifact = write_toy(tmp_path, max_shard_bytes=max_shard_bytes)
    assert len(artifact.manifest.weights.tensors["bias"].segments) > 1
    seen: list[tuple[str, int, int]] = []
    Engine(vulkan, artifact, progress=lambda *step: seen.append(step))
    assert vulkan.read_buffer("bias") == BIAS.tobytes()
    assert vulkan.read_buffer("gain.quants") == GAIN.tobytes()
    assert seen[-1] == ("weights", 192, 192) and len(seen) > 4


def counted(executor: VulkanExecutor) -> Counter[str]:
    """What there is on the device."""
    device, kernels = executor.opened.device, executor.opened.kernels
    return Counter(buffers=len(device._buffers), pipelines=len(kernels._pipelines))


def test_a_failed_load_leaves_nothing(tmp_path: Path, vulkan: VulkanExecutor) -> None:
    vulkan._unload()
    before = counted(vulkan)
    artifact = write_toy(tmp_path)
    shard = tmp_path / "toy" / artifact.manifest.weights.shards[0].file
    data = bytearray(shard.read_bytes())
    data[40] ^= 1
    shard.write_bytes(data)
    with pytest.raises(ArtifactError, match="corrupted"):
        Engine(vulkan, Artifact.open(tmp_path / "toy"))
    assert vulkan.allocated_bytes == 0
    assert counted(vulkan) == before


def test_loading_again_and_again_leaves_nothing(vulkan: VulkanExecutor, tiny: Artifact) -> None:
    Engine(vulkan, tiny)
    before = counted(vulkan)
    Engine(vulkan, tiny)
    vulkan.run_kernel(tiny, "greedy", [np.zeros(32, np.float32), np.zeros(4, np.uint32)], {}, bytes(32))
    assert counted(vulkan) == before


def test_too_little_memory_is_said_before_anything_is_allocated(limited: Any, tiny: Artifact) -> None:
    seen: list[object] = []
    with pytest.raises(DeviceError, match=r"limit for memory: wanted [\d,]+, .* allows 500") as caught:
        Engine(limited(memory_bytes=500), tiny, progress=lambda *step: seen.append(step))
    assert seen == [] and "smaller `context`" in str(caught.value.help)


def test_memory_that_runs_out_while_allocating_says_so(
    vulkan: VulkanExecutor, tiny: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    vulkan._unload()
    before, create, made = counted(vulkan), vulkan.opened.device.vulkan.create, Counter[str]()

    def failing(name: str, *arguments: Any) -> Any:
        made[name] += 1
        if name == "vkAllocateMemory" and made[name] == 4:
            raise VulkanError(name, "VK_ERROR_OUT_OF_DEVICE_MEMORY")
        return create(name, *arguments)

    monkeypatch.setattr(vulkan.opened.device.vulkan, "create", failing)
    with pytest.raises(DeviceError, match=r"out of memory while allocating \d+ bytes for buffer"):
        Engine(vulkan, tiny)
    assert made["vkAllocateMemory"] == 4 and counted(vulkan) == before


def test_a_file_that_is_no_module_is_refused(vulkan: VulkanExecutor) -> None:
    for words in (b"", b"#version", b"\x03\x02\x23\x07\x00"):
        with pytest.raises(
            WorkFailed, match="the driver refuses the kernel: the file is no SPIR-V module"
        ) as caught:
            vulkan.opened.kernels.compile(KernelBinary("scale", words, "main", 1, params=False))
        assert caught.value.where == "kernel scale"


def test_a_pipeline_that_the_driver_refuses_names_its_kernel(
    vulkan: VulkanExecutor, tiny: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = vulkan.opened.device.vulkan.create

    def failing(name: str, *arguments: Any) -> Any:
        if name == "vkCreateComputePipelines":
            raise VulkanError(name, "VK_ERROR_UNKNOWN")
        return create(name, *arguments)

    monkeypatch.setattr(vulkan.opened.device.vulkan, "create", failing)
    with pytest.raises(WorkFailed, match="vkCreateComputePipelines gave VK_ERROR_UNKNOWN") as caught:
        Engine(vulkan, tiny)
    assert str(caught.value.where).startswith("kernel ")


@pytest.mark.parametrize(
    ("result", "kind", "words"),
    [
        ("VK_ERROR_DEVICE_LOST", DeviceError, "the device was lost while running a step"),
        ("VK_ERROR_OUT_OF_HOST_MEMORY", DeviceError, "out of memory while running a step"),
        ("VK_ERROR_INCOMPATIBLE_DRIVER", DeviceError, "running a step failed, no driver works"),
        ("VK_ERROR_UNKNOWN", WorkFailed, "running a step failed: vkX gave VK_ERROR_UNKNOWN"),
    ],
)
def test_results_come_as_kernelc_error(result: str, kind: type[Exception], words: str) -> None:
    error = as_kernelc_error("running a step", VulkanError("vkX", result))
    assert type(error) is kind and words in error.message and "\n" not in error.render()


def test_a_device_lost_in_a_step_says_so_and_nobody_waits_for_it(
    vulkan: VulkanExecutor, tiny: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(vulkan, tiny)
    call = vulkan.opened.device.vulkan.call

    def lost(name: str, *arguments: Any) -> None:
        if name == "vkQueueSubmit":
            raise VulkanError(name, "VK_ERROR_DEVICE_LOST")
        call(name, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(vulkan.opened.device.vulkan, "call", lost)
        for _ in range(10):
            with pytest.raises(DeviceError, match="the device was lost while"):
                engine.feed(PROMPT)
    vulkan.opened.queue.flush()
    engine = Engine(vulkan, tiny)
    engine.feed(PROMPT)
    assert ids_of(engine, 5) == continuation(PROMPT, 5)


def test_closing_twice_does_no_harm() -> None:
    executor = VulkanExecutor()
    executor.close()
    executor.close()


# ---- no driver ----

NO_DRIVER = """
from kernelc.errors import DeviceError
from runtime.devices import open_device
try:
    open_device("vulkan")
except DeviceError as error:
    print(error.render())
"""


def opened_without(tmp_path: Path, **environment: str) -> str:
    env = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", NO_DRIVER], cwd=REPO, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_a_driver_the_error_says_what_to_install(tmp_path: Path) -> None:
    nothing = str(tmp_path / "nothing")
    line = opened_without(tmp_path, VK_DRIVER_FILES=nothing, VK_ICD_FILENAMES=nothing)
    assert line.startswith(
        ("error: starting Vulkan failed, no driver works", "error: no Vulkan device found")
    )
    assert "install a Vulkan driver" in line and len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("ModuleNotFoundError", "error: device vulkan needs the Python package vulkan"),
        ("OSError", "error: the Vulkan loader is not installed"),
    ],
)
def test_without_package_or_loader_the_error_says_so(tmp_path: Path, raised: str, words: str) -> None:
    (tmp_path / "vulkan.py").write_text(f"raise {raised}('not here')")
    paths = os.pathsep.join([str(tmp_path), str(REPO)])
    line = opened_without(tmp_path, PYTHONPATH=paths)
    assert line.startswith(words) and len(line.splitlines()) == 1


# ---- the pipeline cache ----

CACHE_ID = bytes(range(24)) + b"driver 1"


def kept_file() -> Path:
    file = cache_file(CACHE_ID)
    assert file is not None
    return file


DATA = b"\x20\0\0\0\1\0\0\0" + CACHE_ID[:24] + b"compiled"


@pytest.fixture
def cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_what_was_compiled_is_kept_for_the_same_device_and_driver(cache_home: Path) -> None:
    write_cache(CACHE_ID, DATA)
    assert read_cache(CACHE_ID) == DATA
    assert read_cache(CACHE_ID[:-1] + b"2") == b""
    os.utime(kept_file(), (0, 0))
    assert read_cache(CACHE_ID) and kept_file().stat().st_mtime > 0, "it is as new as its last use"
    assert [path.name for path in (cache_home / "kernelc" / "vulkan").iterdir()] == [kept_file().name]


def test_a_cache_that_others_may_write_to_is_neither_read_nor_written(cache_home: Path) -> None:
    write_cache(CACHE_ID, DATA)
    folder = kept_file().parent
    folder.chmod(0o777)
    assert read_cache(CACHE_ID) == b""
    kept_file().unlink()
    write_cache(CACHE_ID, DATA)
    assert not kept_file().exists()
    folder.rmdir()
    elsewhere = cache_home / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    write_cache(CACHE_ID, DATA)
    assert read_cache(CACHE_ID) == b"" and not list(elsewhere.iterdir())


def test_a_cache_that_is_damaged_or_another_devices_is_not_used(
    cache_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cache(CACHE_ID, DATA)
    file = kept_file()
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole[:40], b"", whole[:-1] + b"x"):
        file.write_bytes(damaged)
        assert read_cache(CACHE_ID) == b""
    file.unlink()
    write_cache(CACHE_ID, DATA[:8] + bytes(24) + DATA[32:])
    assert not file.exists()
    monkeypatch.setattr(vulkan_cache, "_MOST_BYTES", len(DATA) - 1)
    write_cache(CACHE_ID, DATA)
    assert not file.exists()


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Artifact
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    executor = VulkanExecutor()
    engine = Engine(executor, tiny)
    engine.feed(PROMPT)
    engine.close()


def test_a_device_opens_with_the_cache_that_it_left(cache_home: Path, tiny: Artifact) -> None:
    for _ in range(2):
        executor = VulkanExecutor()
        engine = Engine(executor, tiny)
        engine.feed(PROMPT)
        assert ids_of(engine, 3) == continuation(PROMPT, 3)
        data = read_cache(executor.opened.device.chosen.cache_id)
        engine.close()
    assert data  # of the first, as the second found it
