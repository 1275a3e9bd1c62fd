"""The CUDA executor's own work, on a driver of Python: what it allocates, captures, copies and frees."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions
from kernelc.errors import DeviceError, WorkFailed
from kernelc.kernels.several.table import MOST_SEQUENCES
from kernelc.pipeline import build_random
from model.families import llama
from runtime.cuda import compile as cuda_compile
from runtime.cuda import device as cuda_device
from runtime.cuda import loaded as cuda_loaded
from runtime.cuda.compile import CudaSource
from runtime.cuda.device import as_kernelc_error
from runtime.cuda.executor import SHORT_BYTES, CudaExecutor
from runtime.cuda.loaded import MOST_ROWS
from runtime.device.executor import Fetch
from runtime.engine.engine import ALL_ROLES
from tests.runtime.fake_cuda import Error, FakeDriver, FakeGraphs, Memory

REPO = Path(__file__).resolve().parents[2]
STEP = np.arange(8, dtype=np.uint32).tobytes()
CONFIG = llama.LlamaConfig(
    vocab_size=96, hidden_size=64, intermediate_size=96, layers=2, heads=4, kv_heads=2, head_dim=16,
    norm_eps=1e-5, max_position_embeddings=2048, bos_token_id=1, eos_token_ids=(2,),
)  # fmt: skip


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    model, out = llama.FAMILY.model(CONFIG), tmp_path_factory.mktemp("cuda") / "artifact"
    return Artifact.open(build_random(model, CompileOptions("cuda"), out))


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver()
    graphs = FakeGraphs(fake)
    monkeypatch.setattr(cuda_device, "import_driver", lambda: fake)
    monkeypatch.setattr(cuda_device, "_import_graph_api", lambda: graphs)
    monkeypatch.setattr(cuda_compile, "compile_kernel", lambda source, arch: source.entry.encode())
    monkeypatch.setattr(cuda_compile, "architecture", lambda capability: "sm_90")
    return fake


@pytest.fixture
def executor(driver: FakeDriver, artifact: Artifact) -> Any:
    executor = CudaExecutor()
    executor.load(artifact, 1024, ALL_ROLES)
    return executor


def graphs_of(executor: CudaExecutor) -> FakeGraphs:
    return executor.device.graph_api


def env(seq: int, past: int) -> dict[str, int]:
    return {"seq": seq, "past": past, "context": 1024}


def test_load_allocates_the_plan_and_uploads_the_weights(
    executor: CudaExecutor, driver: FakeDriver, artifact: Artifact
) -> None:
    assert {each.size for each in driver.allocated.values()} == {
        max(16, size) for size in executor.buffers.values()
    }
    assert executor.allocated_bytes == sum(executor.buffers.values())
    for name in artifact.manifest.weights.tensors:
        assert executor.read_buffer(name) == artifact.tensor(name).tobytes()
    assert not any(executor.read_buffer("logits"))
    assert driver.depth == 0


def test_a_step_is_one_graph_that_is_captured_once(executor: CudaExecutor, driver: FakeDriver) -> None:
    for past in range(5):
        executor.run(["decode", "sample_greedy"], env(1, past), STEP).result()
    assert graphs_of(executor).instantiated == 1
    count = executor.dispatch_count(["decode", "sample_greedy"])
    assert len(driver.launched) == 5 * count
    assert driver.launched[:count] == driver.launched[count : 2 * count]
    assert executor.read_buffer("step") == STEP


def test_kernels_may_be_launched_one_by_one(executor: CudaExecutor, driver: FakeDriver) -> None:
    for without in (frozenset[str](), frozenset({"graphs"})):
        executor.without = without
        executor.run(["decode", "sample_greedy"], env(1, 3), STEP).result()
    assert graphs_of(executor).instantiated == 1
    count = executor.dispatch_count(["decode", "sample_greedy"])
    assert driver.launched[:count] == driver.launched[count : 2 * count]


def test_a_grid_that_depends_on_the_step_makes_another_graph(
    executor: CudaExecutor, driver: FakeDriver
) -> None:
    for seq in (3, 64, 3):
        executor.run(["prefill"], env(seq, 0), STEP).result()
    assert graphs_of(executor).instantiated == 2
    count = executor.dispatch_count(["prefill"])
    first, second, third = (driver.launched[at * count : (at + 1) * count] for at in range(3))
    assert first == third != second
    assert [entry for entry, _ in first] == [entry for entry, _ in second]


def test_old_graphs_are_destroyed(executor: CudaExecutor) -> None:
    for seq in range(1, 101):
        executor.run(["prefill"], env(seq, 0), STEP).discard()
    assert graphs_of(executor).alive <= 64
    executor.close()
    assert graphs_of(executor).alive == 0


def test_kernels_of_a_step_start_while_the_one_before_still_runs(executor: CudaExecutor) -> None:
    executor.run(["decode", "sample_greedy"], env(1, 0), STEP).result()
    (template,) = graphs_of(executor).templates
    entries = [entry for entry, _ in template]
    assert 0 < len(template.early) < len(entries)
    assert all(entry.startswith(("matvec_int8", "attention_decode")) for entry in template.early)
    assert len(template.edges) == executor.dispatch_count(["decode", "sample_greedy"]) - 1


def test_kernels_that_would_only_wait_do_not_start_early(driver: FakeDriver, tmp_path: Path) -> None:
    options = CompileOptions("cuda", activations="f32")
    artifact = Artifact.open(build_random(llama.FAMILY.model(CONFIG), options, tmp_path / "f32"))
    executor = CudaExecutor()
    executor.load(artifact, 1024, ["decode"])
    executor.run(["decode"], env(1, 0), STEP).result()
    (template,) = graphs_of(executor).templates
    assert executor.device.overlaps and any(entry.startswith("matvec") for entry, _ in template)
    assert not any(entry.startswith("matvec") for entry in template.early)


def test_steps_of_many_rows_do_not_overlap(executor: CudaExecutor) -> None:
    executor.run(["prefill"], env(MOST_ROWS + 1, 0), STEP).result()
    assert [template.early for template in graphs_of(executor).templates] == [[]]


def test_timed_kernels_do_not_overlap(executor: CudaExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = graphs_of(executor)
    monkeypatch.setattr(graphs, "cuGraphDestroy", lambda graph: graphs._done())
    executor.profile(["decode"], env(1, 0), STEP)
    assert [template.early for template in graphs.templates] == [[]]


@pytest.mark.parametrize("call", ["cuGraphAddDependencies", "cuGraphInstantiate"])
def test_a_driver_that_takes_no_overlap_is_asked_once(executor: CudaExecutor, call: str) -> None:
    graphs = graphs_of(executor)
    graphs.refuses = call
    executor.run(["decode"], env(1, 0), STEP).result()
    assert not executor.device.overlaps
    executor.run(["prefill"], env(3, 0), STEP).result()
    assert [template.early for template in graphs.templates] == [[], []]
    assert graphs.alive == 2


@pytest.mark.parametrize(
    ("capability", "version", "said", "wanted"),
    [
        ((9, 0), 13000, None, True),
        ((12, 0), 12030, "on", True),
        ((9, 0), 12020, None, False),
        ((8, 9), 13000, None, False),
        ((9, 0), 13000, "off", False),
    ],
)
def test_where_kernels_overlap(
    driver: FakeDriver,
    artifact: Artifact,
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    version: int,
    said: str | None,
    wanted: bool,
) -> None:
    driver.capability, driver.version = capability, version
    monkeypatch.delenv(cuda_device.OVERLAP_VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(cuda_device.OVERLAP_VARIABLE, said)
    executor = CudaExecutor()
    executor.load(artifact, 1024, ["decode"])
    executor.run(["decode"], env(1, 0), STEP).result()
    assert [bool(template.early) for template in graphs_of(executor).templates] == [wanted]


def test_a_kernel_that_does_not_wait_is_not_overlapped(
    driver: FakeDriver, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in artifacts of earlier releases."""
    monkeypatch.setattr(cuda_loaded, "WAIT", "an instruction that no kernel has")
    executor = CudaExecutor()
    executor.load(artifact, 1024, ["decode"])
    executor.run(["decode"], env(1, 0), STEP).result()
    assert executor.device.overlaps
    assert [template.early for template in graphs_of(executor).templates] == [[]]


def test_what_is_fetched_comes_in_order_and_staging_is_used_again(executor: CudaExecutor) -> None:
    executor.write_buffer("tokens", 8, np.array([5, 6, 7], np.uint32).tobytes())
    for _ in range(3):
        parts = [Fetch("tokens", 12, 8), Fetch("tokens", 8, 4)]
        got = executor.run(["decode"], env(1, 0), STEP, parts).result()
        assert [np.frombuffer(part, np.uint32).tolist() for part in got] == [[6, 7], [5]]
    assert executor.staging_bytes == 256


def test_more_steps_under_way_than_the_ring_has_places(executor: CudaExecutor) -> None:
    tickets = [
        executor.run(["decode"], env(1, at), at.to_bytes(4, "little") * 8, [Fetch("step", 0, 4)])
        for at in range(100)
    ]
    assert [int.from_bytes(ticket.result()[0], "little") for ticket in tickets] == list(range(100))


@pytest.mark.parametrize(("size", "waits"), [(1024, False), (1028, False), (4096, False), (4100, True)])
def test_short_writes_do_not_wait_for_the_device(
    executor: CudaExecutor, monkeypatch: pytest.MonkeyPatch, size: int, waits: bool
) -> None:
    waited: list[bool] = []
    assert SHORT_BYTES[-1] >= MOST_SEQUENCES * 128_256 // 8  # masks of a whole step
    monkeypatch.setattr("runtime.cuda.executor.SHORT_BYTES", (1024, 4096))
    monkeypatch.setattr(executor.device.stream, "synchronize", lambda: waited.append(True))
    name, data = executor_buffer(executor, size), bytes(range(256)) * (size // 256) + bytes(size % 256)
    executor.write_buffer(name, 0, data)
    assert bool(waited) == waits
    assert executor.read_buffer(name, 0, size) == data


def test_a_step_block_that_the_device_has_is_not_sent_again(executor: CudaExecutor) -> None:
    def sent(block: bytes) -> int:
        executor.run(["decode"], env(1, 0), block).result()
        steps = executor._require_loaded().steps  # pyright: ignore[reportPrivateUsage]
        assert steps is not None
        return steps._next  # pyright: ignore[reportPrivateUsage]

    other = bytes(len(STEP))
    assert [sent(each) for each in (STEP, STEP, other, other, STEP)] == [1, 1, 2, 2, 3]
    got = executor.run(["decode"], env(1, 0), STEP, [Fetch("step", 0, len(STEP))]).result()[0]
    assert got == STEP


def executor_buffer(executor: CudaExecutor, size: int) -> str:
    """A buffer that holds so many bytes."""
    buffers = executor._require_loaded().buffers  # pyright: ignore[reportPrivateUsage]
    return next(name for name, memory in buffers.items() if memory.size >= size)


def test_every_dispatch_is_timed(executor: CudaExecutor) -> None:
    times = executor.profile(["decode"], env(1, 0), STEP)
    assert len(times) == executor.dispatch_count(["decode"])
    assert {time.seconds for time in times} == {0.25e-3}
    assert graphs_of(executor).alive == 0


def test_all_memory_goes_back(executor: CudaExecutor, driver: FakeDriver) -> None:
    executor.run(["decode"], env(1, 0), STEP).result()
    executor.close()
    assert not driver.allocated and driver.depth == 0


def test_a_model_too_large_is_refused_before_anything_is_allocated(
    driver: FakeDriver, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = CudaExecutor()
    monkeypatch.setattr(driver, "mem_get_info", lambda: (100_000, 1 << 30))
    with pytest.raises(
        DeviceError,
        match=r"at context 64 needs [\d,]+ bytes \(weights [\d,]+, cache .*100,000 of [\d,]+ free",
    ):
        executor.load(artifact, 64, ["decode"])
    assert not driver.allocated and not executor.buffers


def test_a_load_that_fails_half_way_leaves_nothing(
    driver: FakeDriver, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor, calls = CudaExecutor(), iter(range(10))
    allocate = driver.mem_alloc

    def failing(size: int) -> Any:
        if next(calls) == 5:
            raise driver.MemoryError("cuMemAlloc failed: out of memory")
        return allocate(size)

    monkeypatch.setattr(driver, "mem_alloc", failing)
    with pytest.raises(DeviceError, match="out of memory while loading the artifact"):
        executor.load(artifact, 64, ["decode"])
    assert not driver.allocated and driver.depth == 0


def test_a_capture_that_fails_is_ended_and_told(executor: CudaExecutor, driver: FakeDriver) -> None:
    driver.fails = Error("cuLaunchKernel failed: invalid argument")
    with pytest.raises(WorkFailed, match="running a step failed: cuLaunchKernel failed: invalid argument"):
        executor.run(["decode"], env(1, 0), STEP)
    assert driver.captured is None and driver.depth == 0
    driver.fails = None
    executor.run(["decode"], env(1, 0), STEP).result()


def test_a_lost_device_is_closed_quietly(
    executor: CudaExecutor, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> None:
        raise Error("cuMemFree failed: an illegal memory access was encountered")

    monkeypatch.setattr(Memory, "free", lost)
    monkeypatch.setattr(
        driver, "fails", Error("cuLaunchKernel failed: an illegal memory access was encountered")
    )
    with pytest.raises(DeviceError, match="the device was lost while running a step"):
        executor.run(["decode"], env(1, 0), STEP)
    executor.close()
    executor.close()
    assert driver.depth == 0 and not executor.buffers


@pytest.mark.parametrize(
    ("message", "kind", "told"),
    [
        (
            "cuEventSynchronize failed: an illegal memory access was encountered",
            DeviceError,
            "the device was lost",
        ),
        ("cuStreamSynchronize failed: unspecified launch failure", DeviceError, "the device was lost"),
        ("cuGraphLaunch: CUDA_ERROR_LAUNCH_FAILED", DeviceError, "the device was lost"),
        ("cuGraphInstantiate: CUDA_ERROR_OUT_OF_MEMORY", DeviceError, "out of memory"),
        ("cuLaunchKernel failed: invalid argument", WorkFailed, "failed: cuLaunchKernel"),
    ],
)
def test_the_drivers_errors_in_our_words(message: str, kind: type[Exception], told: str) -> None:
    error = as_kernelc_error("running a step", message)
    assert type(error) is kind and told in error.message


def test_a_kernel_alone(driver: FakeDriver, artifact: Artifact) -> None:
    executor = CudaExecutor()
    name, kernel = next((n, k) for n, k in artifact.manifest.kernels.items() if k.spec == "rms_norm")
    arrays = [np.arange(64, dtype=np.float32) + at for at in range(len(kernel.bindings))]
    got = executor.run_kernel(artifact, name, arrays, env(1, 0), STEP)
    assert [array.tolist() for array in got] == [array.tolist() for array in arrays]
    assert [entry for entry, _ in driver.launched] == [name] and not driver.allocated


@pytest.mark.parametrize(("size", "dynamic"), [(48 << 10, 0), ((48 << 10) + 16, (48 << 10) + 16)])
def test_shared_memory_beyond_what_may_be_declared_comes_with_the_launch(
    driver: FakeDriver, size: int, dynamic: int
) -> None:
    device = CudaExecutor().device
    with device.using("launching"):
        function = device.function(b"", "kernel", 0, size)
        device.launch(function, (1, 1, 1), 32, ())
    assert driver.shared_sizes == {"kernel": dynamic}
    assert device.info.limits is not None and device.info.limits.shared_bytes == 227 << 10


def test_what_a_capability_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cuda_device.BULK_COPIES_VARIABLE, raising=False)
    offered = [cuda_device._features(*capability) for capability in ((7, 0), (7, 5), (8, 9), (9, 0))]
    assert ["bulk_copies" in features for features in offered] == [False, False, False, True]
    assert [any(f.startswith("tile") for f in features) for features in offered] == [False, True, True, True]


def test_bulk_copies_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cuda_device.BULK_COPIES_VARIABLE, "off")
    assert "bulk_copies" not in cuda_device._features(9, 0)


NO_DRIVER = """
import sys
sys.modules["pycuda"] = None
from kernelc.errors import DeviceError
from runtime.devices import open_device
try:
    open_device("cuda")
except DeviceError as error:
    print(error.render())
"""


def test_without_a_driver_there_is_one_clear_line() -> None:
    run = subprocess.run(
        [sys.executable, "-c", NO_DRIVER], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("error: device cuda: PyCUDA is missing (")
    assert "pip install 'kernelc[cuda]'" in run.stdout and run.stdout.count("\n") == 1


def test_a_machine_without_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def init() -> None:
        raise Error("cuInit failed: no CUDA-capable device is detected")

    fake = SimpleNamespace(Error=Error, init=init)
    monkeypatch.setattr("importlib.import_module", lambda name: fake)
    with pytest.raises(DeviceError, match=r"CUDA finds no GPU .cuInit failed: no CUDA-capable device"):
        cuda_device.import_driver()


def test_cubins_that_others_may_have_written_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def compiled(source: CudaSource, arch: str) -> bytes:
        made.append(arch)
        return b"image"

    monkeypatch.setattr(cuda_compile, "_compile", compiled)
    monkeypatch.setattr(cuda_compile, "_file_name", lambda source, arch: f"kernel.{arch}")
    source, folder = CudaSource("kernel", "text", "kernel"), tmp_path / "cubins"
    for _ in range(2):
        assert cuda_compile.compile_kernel(source, "sm_90", folder) == b"image"
    assert made == ["sm_90"] and stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    for _ in range(2):
        cuda_compile.compile_kernel(source, "sm_90", folder)
    cuda_compile.compile_kernel(source, "sm_80", folder)
    assert made == ["sm_90", "sm_90", "sm_90", "sm_80"]
    assert [path.name for path in folder.iterdir()] == ["kernel.sm_90"]
