"""The memory that a kernel's signature and body declare, and the Python line that made a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kernelc.kir.types import Type


class SourceLine(NamedTuple):
    """Where in a kernel's Python a node was made; as text the folder and the file: "linear/matvec.py:93"."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{'/'.join(self.file.split('/')[-2:])}:{self.line}"


@dataclass(frozen=True, eq=False)
class Buffer:
    """A storage buffer of the kernel's signature; `access` is "read" or "read_write".

    `constant`: no kernel of the program writes it (a weight).
    """

    name: str
    type: Type
    access: str
    constant: bool = False


@dataclass(frozen=True, eq=False)
class Shared:
    """A static array in workgroup memory of `length` elements, not initialised."""

    name: str
    type: Type
    length: int

    @property
    def bytes(self) -> int:
        return self.type.bytes * self.length


Memory = Buffer | Shared
