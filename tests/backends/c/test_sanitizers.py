"""The kernels' property tests on C that watches itself: no access outside of an array, nothing undefined."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]


@pytest.mark.nightly
@pytest.mark.parametrize("tests", ["tests/conformance", "tests/kernels", "tests/backends/c/test_random_kernels.py"])
def test_sanitizers_find_nothing(tests: str, tmp_path: Path) -> None:
    """In a process of its own, since the sanitizer has to be loaded before everything else."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("needs gcc")
    found = subprocess.run(
        [gcc, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not os.path.isabs(found):
        pytest.skip("gcc has no address sanitizer")
    env = {
        **os.environ,
        "CC": gcc,
        "LD_PRELOAD": found,
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "KERNELC_TEST_SANITIZE": "1",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "pytest", tests, "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, "-k", "[c- or [c] or -c]"], cwd=REPO, env=env, capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert " passed" in done.stdout
