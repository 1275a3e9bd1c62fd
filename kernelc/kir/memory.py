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
    """A static array in workgroup memory of `length` elements, not initialised.

    `row`: where it is not 0, a compiler that checks every index may be given the array as rows of so many
    elements. Indices that differ by whole rows are then checked once.
    """

    name: str
    type: Type
    length: int
    row: int = 0

    @property
    def bytes(self) -> int:
        return self.type.bytes * self.length


@dataclass(frozen=True, eq=False)
class Stages:
    """A ring of `count` stages in workgroup memory that bulk copies alone write (see `kir.bulk_stages`).

    Each of the `parts` is an array of `count` equal pieces, one for each stage, of whole `COPY_BYTES`.
    """

    name: str
    count: int
    parts: tuple[Shared, ...]

    @property
    def stage_bytes(self) -> int:
        """Bytes of a stage, which a request copies unless it leaves room between rows."""
        return sum(part.bytes for part in self.parts) // self.count

    @property
    def barrier_bytes(self) -> int:
        """Bytes of workgroup memory beside the parts: two counters of eight bytes for each stage."""
        return 16 * self.count


COPY_BYTES = 16
"""The alignment of bulk copies, in buffers and in workgroup memory, and the unit of their lengths."""

Memory = Buffer | Shared
