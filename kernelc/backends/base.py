"""The interface of a backend: a printer from kernel IR to a target's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kernelc.kir.nodes import Kernel


@dataclass(frozen=True)
class Rendered:
    """A kernel in a target's language: `text` for people, `file` the bytes that a driver takes."""

    text: str
    entry: str
    file: bytes


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
