"""An artifact is the same from build to build, byte for byte, whatever order a process keeps its sets in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def build(out: Path, seed: int) -> dict[str, bytes]:
    """The files of an artifact that a process of its own built."""
    command = [sys.executable, "-m", "kernelc.build", "--target", "wgsl+c", "--out", str(out)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True)
    files = [each for each in out.rglob("*") if each.is_file()]
    return {str(each.relative_to(out)): each.read_bytes() for each in files}


@pytest.mark.nightly
def test_two_processes_build_the_same_artifact(tmp_path: Path) -> None:
    assert build(tmp_path / "one" / "demo", 1) == build(tmp_path / "other" / "demo", 2)
