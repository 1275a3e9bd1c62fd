"""The interface of a backend: a printer from kernel IR to a target's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kernelc.kir.memory import SourceLine
from kernelc.kir.nodes import Kernel

Places = tuple[SourceLine, ...]


@dataclass(frozen=True)
class Rendered:
    """A kernel in a target's language: `text` for people, `file` the bytes that a driver takes.

    `places`: for each line of the text the kernel's lines of Python that are written in it: first that of the
    statement, then those of the values that stand in it. Lines of the shell, and brackets, have none.
    """

    text: str
    entry: str
    file: bytes
    places: tuple[Places, ...] = ()


class Backend(Protocol):
    """One target's printer. `render` takes a verified kernel and is deterministic."""

    name: str
    suffix: str

    def render(self, kernel: Kernel) -> Rendered: ...


class Linker(Protocol):
    """A backend that compiles rendered kernels into one file, which may rely on `features` of a device."""

    def check(self) -> None:
        """Look for the compiler. Raises: UsageError where there is none."""
        ...

    def link(self, texts: Sequence[str], features: Sequence[str]) -> bytes:
        """Return the file. Raises: UsageError where there is no compiler, WorkFailed where it fails."""
        ...
