"""A kernel ready for one target: what is launched, and with what it is bound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from kernelc.artifact import KernelBinding, Requires
from kernelc.kir.nodes import Kernel
from kernelc.kir.text import kernel_text
from kernelc.kir.types import Type
from kernelc.printing import printed_for
from runtime.cpu.kernels import TARGET as CPU_TARGET
from runtime.cpu.kernels import entry_of

Grid = tuple[int, int, int]


@dataclass(frozen=True)
class Case:
    """A kernel for one target: its file, how it is launched, and what it binds, in order.

    `target` is "" for a kernel that the interpreter runs, which is `traced`. `params`: whether it reads the
    step block.
    """

    name: str
    target: str
    data: bytes
    entry: str
    workgroup: int
    grid: Grid
    requires: Requires
    params: bool
    bindings: tuple[KernelBinding, ...]
    traced: Kernel | None = None

    @property
    def digest(self) -> str:
        """A hash of all that decides what the kernel does."""
        text = b"" if self.traced is None else kernel_text(self.traced).encode()
        return hashlib.sha256(
            repr((self.target, self.entry, self.grid)).encode() + self.data + text
        ).hexdigest()


def case_of(kernel: Kernel, target: str, grid: Grid) -> Case:
    """Return a traced kernel as a case for a target, "" for the interpreter. Raises: as `printed_for`."""
    bindings = tuple(KernelBinding(b.name, _element(b.type), b.access) for b in kernel.buffers)
    if not target:
        requires = Requires(threads=kernel.workgroup)
        params = bool(kernel.params)
        return Case(
            kernel.name, "", b"", kernel.name, kernel.workgroup, grid, requires, params, bindings, kernel
        )
    printed = printed_for(target, kernel)
    made = printed.rendered
    entry = entry_of(kernel.name) if target == CPU_TARGET else made.entry
    size, params = kernel.workgroup, printed.uses_params
    return Case(kernel.name, target, made.file, entry, size, grid, printed.requires, params, bindings)


def _element(type_: Type) -> str:
    """What a manifest calls a buffer's elements, which are no wider than vectors of four there."""
    return str(type_ if type_.lanes <= 4 else type_.element)
