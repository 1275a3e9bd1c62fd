"""The compiler for wasm32: that of the PyPI package `ziglang`, or the command in $KERNELC_WASM_CC.

Flags ask for the arithmetic of the other targets, as `runtime.cpu.compiler` does for this machine: no
contraction of products and sums, no assumption about NaNs, whole numbers that wrap. There is no C library,
and the linker is told of nothing to import but the memory.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kernelc.errors import UsageError, WorkFailed

VARIABLE = "KERNELC_WASM_CC"
_TEMPLATES = Path(__file__).parent / "templates"
_SECONDS = 300
_FLAGS = (
    "-std=gnu11", "-O3", "-ffreestanding", "-nostdlib", "-w", "-msimd128", "-mbulk-memory",
    "-mmutable-globals", "-mnontrapping-fptoint", "-fno-strict-aliasing", "-fwrapv", "-ffp-contract=off",
    "-fno-math-errno", "-fno-trapping-math", "-U__FLT16_MAX__", f"-I{_TEMPLATES}",
    "-Wl,--no-entry", "-Wl,--import-memory", "-Wl,--max-memory=4294901760", "-Wl,--strip-all",
    "-Wl,--export=__stack_pointer", "-Wl,-z,stack-size=65536",
)  # fmt: skip
_OF_FEATURES = {"relaxed_simd": "-mrelaxed-simd"}


def compiler() -> tuple[str, ...]:
    """Return the command that compiles C for wasm32. Raises: UsageError where there is none."""
    given = shlex.split(os.environ.get(VARIABLE, ""))
    if given:
        found = shutil.which(given[0])
        if found is None:
            raise UsageError(f"there is no {given[0]}", where=f"${VARIABLE}", help=_HELP)
        return (found, *given[1:], "--target=wasm32")
    if importlib.util.find_spec("ziglang") is None:
        raise UsageError("WebAssembly needs a compiler, and there is none", where="`target` wasm", help=_HELP)
    return (sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-freestanding")


_HELP = (
    "install kernelc's extra cpu (pip install ziglang), or name a clang of version 18 or later that"
    f" has lld in {VARIABLE}, or build for another `target`"
)


def compiled(text: str, features: Sequence[str]) -> bytes:
    """Return the module of a C text, for engines with `features` of WebAssembly besides 128-bit vectors.

    Raises: UsageError where there is no compiler; WorkFailed where it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, module = Path(folder) / "kernels.c", Path(folder) / "kernels.wasm"
        source.write_text(text, encoding="utf-8")
        more = [_OF_FEATURES[feature] for feature in features]
        _call([*compiler(), *_FLAGS, *more, "-o", str(module), str(source)], text)
        return module.read_bytes()


def _call(command: Sequence[str], text: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise WorkFailed(f"the compiler took longer than {_SECONDS} s for the kernels") from None
    except OSError as error:
        raise UsageError(f"the compiler does not run: {error}", where="`target` wasm", help=_HELP) from error
    if done.returncode == 0:
        return
    found = re.search(r"kernels\.c:(\d+):\d+: (?:fatal )?error: (.*)", done.stderr)
    if found:
        line = text.splitlines()[int(found[1]) - 1].strip()
        raise WorkFailed(f"the compiler refuses the kernels: {found[2]} in `{line}`")
    other = re.search(r"error: (.*)", done.stderr)  # in another file, or of the linker
    said = other[1] if other else (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise WorkFailed(f"the compiler refuses the kernels: {said}", help=f"${VARIABLE} names another compiler")
