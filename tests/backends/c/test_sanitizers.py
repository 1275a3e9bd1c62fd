"""The kernels' tests on C that watches itself: no access outside of an array, nothing undefined."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]
SUITES = ("tests/conformance", "tests/kernels", "tests/backends/test_random_kernels.py", "tests/graphs")
ON_C = "[c- or [c] or -c] or -c-"  # in the names of tests that run C
SAMPLE = ("tests/kernels/test_attention_wide.py", "tests/kernels/test_embedding.py")


def pytest_of(suites: Sequence[str], marked: str, *more: str) -> list[str]:
    """The command that runs the tests of C among some files and folders."""
    alone = ("-p", "no:cacheprovider", "-p", "no:xdist")
    return [sys.executable, "-m", "pytest", *suites, "-q", *alone, "-k", ON_C, "-m", marked, *more]


def collected(*suites: str, marked: str = "nightly or not nightly") -> list[str]:
    """The names of the tests that `watched` runs."""
    done = subprocess.run(
        pytest_of(suites, marked, "--collect-only"), cwd=REPO, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


def watched(*suites: str, marked: str, profile: str) -> None:
    """Run the tests of C in a process of its own: the sanitizer has to be loaded before everything else."""
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
        "HYPOTHESIS_PROFILE": profile,
    }
    done = subprocess.run(
        pytest_of(suites, marked, "-x"), cwd=REPO, env=env, capture_output=True, text=True, timeout=7200
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert re.search(r"\d+ passed", done.stdout), done.stdout[-500:]


def test_what_is_watched_is_there() -> None:
    names = collected(*SUITES)
    for suite in SUITES:
        assert any(name.startswith(suite) for name in names), f"no test of {suite} runs C"
    assert all(re.search(r"\[(.*-)?c(-.*)?\]$", name) for name in names)


def test_sanitizers_find_nothing_in_a_sample() -> None:
    watched(*SAMPLE, marked="not nightly", profile="few")


@pytest.mark.nightly
@pytest.mark.parametrize("suite", SUITES)
def test_sanitizers_find_nothing(suite: str) -> None:
    watched(suite, marked="nightly or not nightly", profile="ci")
