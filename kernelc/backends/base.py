"""The interface of a backend: a printer from kernel IR to a target's text."""

from __future__ import annotations

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
