"""The C compiler of this machine: which it is, and how it is run.

A compiled library depends on the text, the compiler, its flags and the processor, and its name is a hash of
all four. Flags ask for the arithmetic of the other targets: no contraction of products and sums, no
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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kernelc.errors import DeviceError, WorkFailed
from runtime.cpu.processes import Processes
from runtime.device.failures import kernel_refused

FLAGS = (
    "-std=gnu11", "-O3", "-march=native", "-fPIC", "-shared", "-pthread", "-w", "-Wno-psabi",
    "-fno-strict-aliasing", "-fwrapv", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
)  # fmt: skip
_SECONDS = 300  # for one file
_INSTALL = "install gcc or clang, or kernelc's extra cpu (pip install ziglang), or use `device` numpy"


@dataclass(frozen=True)
class Compiler:
    """A command that compiles C, and what tells it from others (its files, with size and time)."""

    command: tuple[str, ...]
    identity: str

    @property
    def name(self) -> str:
        """The command as a person would write it."""
        return "zig cc" if "ziglang" in self.command else Path(self.command[0]).name


def find_compiler() -> Compiler:
    """Return $CC, cc, gcc, clang or the ziglang package's compiler, whichever there is first.

    Raises: DeviceError where there is none, and where $CC is set to something else.
    """
    given = os.environ.get("CC", "").strip()
    if given:
        return _given(given)
    for command in ("cc", "gcc", "clang"):
        if found := shutil.which(command):
            return Compiler((found,), _identity([found]))
    spec = importlib.util.find_spec("ziglang")
    if spec is not None and spec.origin is not None:
        return Compiler((sys.executable, "-m", "ziglang", "cc"), _identity([spec.origin]))
    raise DeviceError("there is no C compiler", where="`device` cpu", help=_INSTALL)


def _given(text: str) -> Compiler:
    """The compiler of $CC: a command, perhaps with a wrapper before it (ccache gcc) and flags after it."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise DeviceError(f"CC is {text!r}: {error}", where="`device` cpu", help=_INSTALL) from error
    found = shutil.which(words[0]) if words else None
    if found is None:
        raise DeviceError(
            f"CC is {text!r}, and there is no command of that name",
            where="`device` cpu",
            help="set CC to a C compiler, or unset it",
        )
    return Compiler((found, *words[1:]), _identity([found, *words[1:]]))


def _identity(words: Sequence[str]) -> str:
    """What changes when one of the files that a command names does."""
    stamps: list[str] = []
    for word in words:
        real = Path(shutil.which(word) or word).resolve()
        try:
            stat = real.stat()
        except (OSError, ValueError):  # a flag
            continue
        stamps.append(f"{real}:{stat.st_size}:{stat.st_mtime_ns}")
    return " ".join(stamps)


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


def compile_file(compiler: Compiler, source: Path, library: Path, what: str, running: Processes) -> None:
    """Compile the C of `source`; `what` names it in errors.

    Raises: WorkFailed with the lines around an error, DeviceError where the compiler does not run.
    """
    command = [*compiler.command, *FLAGS, "-o", str(library), str(source), "-lm"]
    try:
        status, said = running.run(command, _SECONDS)
    except subprocess.TimeoutExpired:
        raise WorkFailed(f"{compiler.name} took longer than {_SECONDS} s for {what}") from None
    except OSError as error:
        raise DeviceError(f"{compiler.name} does not run: {error}", help=_INSTALL) from error
    if status == 0 and library.is_file():
        return
    found = re.search(rf"{re.escape(source.name)}:(\d+):(\d+): (?:fatal )?error: (.*)", said)
    if found is None:
        last = said.strip().splitlines()[-1:] or ["no reason given"]
        raise kernel_refused(what, last[0], compiler=compiler.name)
    line, column, text = int(found[1]), int(found[2]), source.read_text(encoding="utf-8")
    raise kernel_refused(what, found[3], compiler=compiler.name, text=text, line=line, column=column)
