"""Tint, the WGSL compiler of Chrome and Dawn, for tests: in npm's webgpu package, with no GPU or driver."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kernelc.backends.wgsl.printer import WgslBackend
from kernelc.kir.nodes import Kernel

REPO = Path(__file__).resolve().parents[2]
SCRIPT = REPO / "web" / "tests" / "node" / "tint.mjs"
FOLDER_VARIABLE = "KERNELC_WGSL_FOLDER"


def compile_all(folder: Path) -> str:
    """Compile every .wgsl file in a folder; returns the line that counts them. Fails or skips the test."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if node is None or not (REPO / "web" / "node_modules" / "webgpu").is_dir():
        missing = "npm's webgpu is missing: run `make setup`"
        if "browser" in os.environ.get("KERNELC_REQUIRED_EXECUTORS", ""):
            pytest.fail(missing)
        pytest.skip(missing)
    run = subprocess.run([node, str(SCRIPT), str(folder)], cwd=SCRIPT.parent, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-4000:] or run.stdout
    return run.stdout


def write_kernel(folder: Path, text: str) -> None:
    """Put a kernel's text into a folder, under a name that is the same for the same text."""
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.wgsl"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.rename(path)


def collect_kernels() -> None:
    """Keep every WGSL text that this process prints, where $KERNELC_WGSL_FOLDER says, for `make test`."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return
    render = WgslBackend.render

    @functools.wraps(render)
    def rendered(self: WgslBackend, kernel: Kernel) -> Any:
        result = render(self, kernel)
        write_kernel(Path(folder), result.text)
        return result

    WgslBackend.render = rendered
