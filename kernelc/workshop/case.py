"""A kernel ready for one target: what is launched, and with what it is bound."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kernelc.artifact import KernelBinding, Requires
from kernelc.errors import UsageError
from kernelc.kernels.step_block import STEP
from kernelc.kir.nodes import Kernel
from kernelc.kir.text import kernel_text
from kernelc.kir.types import Type
from kernelc.printing import printed_for
from runtime.cpu.kernels import TARGET as CPU_TARGET
from runtime.cpu.kernels import entry_of

Grid = tuple[int, int, int]


USUAL_STEP = tuple((field.name, str(field.type)) for field in STEP)
"""The fields of a model's step block."""
_DEFAULTS = {"top_p": 1.0, "repetition_penalty": 1.0, "seq": 1}
_WORDS = {"u32": "<u4", "i32": "<i4", "f32": "<f4"}


@dataclass(frozen=True)
class Case:
    """A kernel for one target: its file, how it is launched, and what it binds, in order.

    `target` is "" for a kernel that the interpreter runs, which is `traced`. `params`: whether it reads the
    step block, whose fields are `step`, names and types, where they are others than a model's.
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
    step: tuple[tuple[str, str], ...] = USUAL_STEP

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
    step = tuple((field.name, str(field.type)) for field in kernel.params) or USUAL_STEP
    if not target:
        requires = Requires(threads=kernel.workgroup)
        params = bool(kernel.params)
        size = kernel.workgroup
        return Case(kernel.name, "", b"", kernel.name, size, grid, requires, params, bindings, kernel, step)
    printed = printed_for(target, kernel)
    made = printed.rendered
    entry = entry_of(kernel.name) if target == CPU_TARGET else made.entry
    size, params = kernel.workgroup, printed.uses_params
    requires = printed.requires
    return Case(kernel.name, target, made.file, entry, size, grid, requires, params, bindings, None, step)


def _element(type_: Type) -> str:
    """What a manifest calls a buffer's elements, which are no wider than vectors of four there."""
    return str(type_ if type_.lanes <= 4 else type_.element)


def step_words(case: Case, params: Mapping[str, int | float]) -> bytes:
    """The words of the step block for these values. A kernel with fields of its own reads them from the place
    of a model's.

    Raises: UsageError for more fields than there is room for.
    """
    if case.step != USUAL_STEP and len(case.step) > len(STEP):
        got = f"{case.name} reads a step block of {len(case.step)} fields"
        raise UsageError(f"{got}, wanted {len(STEP)} at most")
    values = {**_DEFAULTS, **params}
    words = [np.array(values.get(name, 0), _WORDS[type_]).tobytes() for name, type_ in case.step]
    return b"".join(words).ljust(4 * len(STEP), b"\0")
