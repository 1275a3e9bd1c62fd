"""Fixtures and settings that all tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from tests.published import Builder

REPO = Path(__file__).resolve().parents[1]

os.environ.setdefault("KERNELC_VERIFY", "1")

# A background job of a shell starts with Ctrl-C ignored, and so would the processes that tests send it to.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

if not os.environ.get("XDG_RUNTIME_DIR"):  # the Vulkan loader's drivers complain on stderr without one
    _runtime_dir = tempfile.mkdtemp(prefix="kernelc-tests-")
    os.environ["XDG_RUNTIME_DIR"] = _runtime_dir  # xdist's workers inherit it
    atexit.register(shutil.rmtree, _runtime_dir, ignore_errors=True)

# What tests build and compile for later is no business of the person's own cache. The folder has to be there:
# Mesa's drivers make no parents, and would keep nothing.
os.environ["XDG_CACHE_HOME"] = str(REPO / "build" / "cache")
(REPO / "build" / "cache").mkdir(parents=True, exist_ok=True)

# The same examples on every run, so that a red test is red for everyone. No deadline and no complaint about
# slow generation: both measure how busy the machine is. No explaining after shrinking: it runs slow kernels
# many more times.
settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
# For tools/mutation_check.py: each fault has to be noticed.
settings.register_profile("more", settings.get_profile("ci"), max_examples=12)
# For tools that make a kernel a hundred times slower.
settings.register_profile("few", settings.get_profile("ci"), max_examples=3)
# New examples every night; a failure prints the line that reproduces it.
settings.register_profile(
    "nightly", settings.get_profile("ci"), derandomize=False, max_examples=500, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from this run")


def pytest_configure() -> None:
    if os.environ.get("KERNELC_WGSL_FOLDER"):
        from tests.web.tint import collect_kernels  # loads the printer: not for every run

        collect_kernels()


@pytest.hookimpl(tryfirst=True)  # before the markers choose
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)
        if not _by_day(item):
            item.add_marker(pytest.mark.nightly)
    wanting = [item for item in items if item.get_closest_marker("gpu")]
    if wanting and not _has_adapter():
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="no wgpu adapter: run `make setup`"))


_ONE_BY_DAY_IN = {"wgpu": 2, "vulkan": 4, "opencl": 4}


def _by_day(item: pytest.Item) -> bool:
    """Whether a test runs by day: of those of a kernel on drivers that take long to compile it, one in two or
    in four, always the same ones. The interpreter and C run all of them."""
    executor = getattr(getattr(item, "callspec", None), "params", {}).get("executor")
    if executor not in _ONE_BY_DAY_IN or "tests/kernels" not in item.path.as_posix():
        return True
    return zlib.crc32(item.nodeid.encode()) % _ONE_BY_DAY_IN[executor] == 0


def _has_adapter() -> bool:
    import wgpu  # not at the top: most test runs need no GPU library

    adapters = wgpu.gpu.enumerate_adapters_sync()
    return any(adapter.info["backend_type"] != "OpenGL" for adapter in adapters)  # as in tools/setup_env.py


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten (`pytest --update-golden`)."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real models, reference outputs, tokenizers and texts, which is no part of the repository.

    It lies beside the checkout in shared/data, or where $KERNELC_TEST_DATA says.
    """
    folder = Path(os.environ.get("KERNELC_TEST_DATA") or REPO.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"test data missing: {folder} (KERNELC_TEST_DATA says where it is)")
    return folder


@pytest.fixture(scope="session")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """A function (model, quant, device, kv, activations) -> folder of an artifact, which builds each once."""
    from tests.published import Builder  # not at the top: it loads the compiler and the runtime

    return Builder(shared_data / "models", tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """The device that a test of a published model names (see `tests.published.cases`)."""
    from tests.published import required

    return required(request.param)
