"""The C compiler of this machine, and the cache of what it made.

A compiled library depends on the text, the compiler, its flags and the processor, and its file is named by a
hash of all four. Flags ask for the arithmetic of the other targets: no contraction of products and sums, no
assumption about NaNs, whole numbers that wrap.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kernelc.errors import DeviceError, WorkFailed
from runtime.device.failures import kernel_refused

FLAGS = (
    "-std=gnu11", "-O3", "-march=native", "-fPIC", "-shared", "-pthread", "-w", "-Wno-psabi",
    "-fno-strict-aliasing", "-fwrapv", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
)  # fmt: skip
_SECONDS = 300  # for one file
_INSTALL = "install gcc or clang, or kernelc's extra cpu (pip install ziglang), or use `device` numpy"


@dataclass(frozen=True)
class Compiler:
    """A command that compiles C, and what tells it from others (its file, with size and time)."""

    command: tuple[str, ...]
    identity: str

    @property
    def name(self) -> str:
        """The command as a person would write it."""
        return "zig cc" if "ziglang" in self.command else Path(self.command[0]).name


def find_compiler() -> Compiler:
    """Return $CC, cc, gcc, clang or the ziglang package's compiler, whichever there is first.

    Raises: DeviceError where there is none.
    """
    given = shlex.split(os.environ.get("CC", ""))
    for command in (given, ["cc"], ["gcc"], ["clang"]):
        if command and (found := shutil.which(command[0])):
            return Compiler((found, *command[1:]), _identity(Path(found)))
    spec = importlib.util.find_spec("ziglang")
    if spec is not None and spec.origin is not None:
        return Compiler((sys.executable, "-m", "ziglang", "cc"), _identity(Path(spec.origin)))
    raise DeviceError("there is no C compiler", where="`device` cpu", help=_INSTALL)


def _identity(file: Path) -> str:
    real = file.resolve()
    stat = real.stat()
    return f"{real}:{stat.st_size}:{stat.st_mtime_ns}"


def cache_folder() -> Path:
    """Return the folder of compiled libraries. Source: XDG Base Directory Specification."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if os.path.isabs(given) else Path.home() / ".cache") / "kernelc" / "native"


@cache
def processor() -> tuple[str, str]:
    """The processor's name, and a text that changes with the instructions that it has."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    name = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    can = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.MULTILINE)
    return (
        name[1].strip() if name else platform.processor() or platform.machine(),
        f"{platform.machine()} {can[1] if can else platform.processor()}",
    )


def digest(compiler: Compiler, *parts: str) -> str:
    """Return the name of a library: a hash of its `parts` and of all else that decides its contents."""
    every = (compiler.command, compiler.identity, FLAGS, processor()[1], parts)
    return hashlib.sha256(repr(every).encode()).hexdigest()[:40]


def compile_all(compiler: Compiler, sources: Mapping[str, tuple[str, str]], threads: int) -> None:
    """Compile those libraries that the cache lacks. `sources`: (what it is, its C text) by digest.

    Raises: WorkFailed with the lines around the error, DeviceError where the cache cannot be written.
    """
    missing = [(name, *source) for name, source in sources.items() if not library_file(name).is_file()]
    if not missing:
        return
    _make_cache()
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for done in [pool.submit(_compile, compiler, *each) for each in missing]:
            done.result()


def _make_cache() -> None:
    try:
        cache_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DeviceError(
            f"the cache of compiled kernels cannot be written: {error}",
            where=str(cache_folder()),
            help="set XDG_CACHE_HOME to a folder that can be written",
        ) from error


def keep_source(name: str, text: str) -> None:
    """Keep a text under a name of its own, beside the libraries. Raises: DeviceError."""
    _make_cache()
    with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
        source = Path(folder) / "kernel.c"
        source.write_text(text, encoding="utf-8")
        os.replace(source, source_file(name))


def library_file(name: str) -> Path:
    """The compiled library of a digest."""
    return cache_folder() / f"{name}.so"


def source_file(name: str) -> Path:
    """The C text that the library of a digest was compiled from."""
    return cache_folder() / f"{name}.c"


def _compile(compiler: Compiler, name: str, what: str, text: str) -> None:
    """Compile beside the destination and move it there: another process may make the same library."""
    with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
        source, library = Path(folder) / "kernel.c", Path(folder) / "kernel.so"
        source.write_text(text, encoding="utf-8")
        _call([*compiler.command, *FLAGS, "-o", str(library), str(source), "-lm"], what, text, compiler.name)
        os.replace(source, source_file(name))
        os.replace(library, library_file(name))


def _call(command: Sequence[str], what: str, text: str, compiler: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise WorkFailed(f"{compiler} took longer than {_SECONDS} s for {what}") from None
    except OSError as error:
        raise DeviceError(f"{compiler} does not run: {error}", help=_INSTALL) from error
    if done.returncode == 0:
        return
    found = re.search(r"kernel\.c:(\d+):(\d+): (?:fatal )?error: (.*)", done.stderr)
    if found is None:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise kernel_refused(what, last[0], compiler=compiler)
    line, column = int(found[1]), int(found[2])
    raise kernel_refused(what, found[3], compiler=compiler, text=text, line=line, column=column)
