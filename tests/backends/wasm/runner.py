"""Runs kernels as WebAssembly in Node: many in one module, since compiling takes a second however few."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.backends import backend_named, linker_named
from kernelc.backends.wasm import toolchain
from kernelc.kir.nodes import Kernel

HOST = Path(__file__).parent / "host.mjs"
_VALIDATES = "process.exit(WebAssembly.validate(require('fs').readFileSync(process.argv[1])) ? 0 : 1)"
Arrays = Mapping[str, npt.NDArray[Any]]
_ALIGNMENT = 64


@dataclass(frozen=True)
class Run:
    """A kernel, whose name no other has, with the arrays and the step block that it is run on."""

    kernel: Kernel
    grid: tuple[int, int, int]
    arrays: Arrays
    params: Mapping[str, int | float]


def lacking() -> str | None:
    """Why nothing runs here; None where it does."""
    if importlib.util.find_spec("ziglang") is None and toolchain.VARIABLE not in os.environ:
        return "no compiler for WebAssembly (the extra cpu)"
    return None if node() is not None else "no node"


@functools.cache
def node() -> str | None:
    """The node of this Python's environment, or of the machine."""
    scripts = str(Path(sys.executable).parent)
    return shutil.which("node", path=os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]))


def run_all(runs: Sequence[Run], features: Sequence[str], folder: Path) -> list[dict[str, Any]] | None:
    """Return copies of the arrays as the kernels leave them; None where node lacks the features."""
    backend = backend_named("wasm")
    module = linker_named("wasm").link([backend.render(run.kernel).text for run in runs], features)
    (folder / "module.wasm").write_bytes(module)
    if not validates(folder / "module.wasm"):
        return None
    listed = [_written(run, number, folder) for number, run in enumerate(runs)]
    (folder / "runs.json").write_text(json.dumps(listed))
    subprocess.run([str(node()), str(HOST), str(folder)], check=True, timeout=600)
    return [_read(run, number, folder) for number, run in enumerate(runs)]


def validates(module: Path) -> bool:
    """Whether node knows all that a module uses. (Relaxed vectors behind the flag of Node 20 are none: its
    products of bytes are wrong.)"""
    command = [str(node()), "-e", _VALIDATES, str(module)]
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def _written(run: Run, number: int, folder: Path) -> dict[str, Any]:
    """Write the arrays and the step block, one after the other."""
    block = b"".join(np.array([run.params[p.name]], p.type.dtype).tobytes() for p in run.kernel.params)
    parts = [run.arrays[each.name].tobytes() for each in run.kernel.buffers] + [block or bytes(4)]
    padded = [part + bytes(-len(part) % _ALIGNMENT) for part in parts]
    (folder / f"{number}.bin").write_bytes(b"".join(padded))
    entry = backend_named("wasm").render(run.kernel).entry
    return {"entry": entry, "file": f"{number}.bin", "sizes": [len(p) for p in padded], "grid": run.grid}


def _read(run: Run, number: int, folder: Path) -> dict[str, Any]:
    data, at = (folder / f"{number}.bin").read_bytes(), 0
    found: dict[str, Any] = {}
    for each in run.kernel.buffers:
        array = run.arrays[each.name]
        part = np.frombuffer(data[at : at + array.nbytes], array.dtype)
        found[each.name] = part.reshape(array.shape)
        at += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
    return found
