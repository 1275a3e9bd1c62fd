"""Kernels of an artifact as one WebAssembly module: the C backend's text, compiled for wasm32.

A kernel is printed as `kernelc.backends.c` prints it, and is an exported function of the module:

    (buffers, grid, first, last)    addresses of the kernel's buffers and of three extents, and workgroups

The module imports one memory, `env.memory`, and nothing else. What it needs of that itself are the pages that
the import asks for at least; all above is free. It exports `__stack_pointer`, so that each thread can have a
stack of its own, and nothing else but the kernels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from kernelc.backends.base import Rendered
from kernelc.backends.c.printer import C, CBody, require_words
from kernelc.backends.c_like import used_builtins
from kernelc.backends.dialect import Text
from kernelc.backends.shell import fill, placed
from kernelc.backends.wasm.toolchain import compiled, compiler
from kernelc.kir.nodes import Kernel

_TEMPLATES = Path(__file__).parent / "templates"
_PRELUDE = Path(__file__).parents[1] / "c" / "templates" / "prelude.h"


class WasmC(C):
    """C without what takes threads: modules are compiled without atomic instructions."""

    def fence(self) -> str:
        raise NotImplementedError("WebAssembly is printed without fences")

    def atomic_add(self, cell: str, amount: Text) -> Text:
        raise NotImplementedError("WebAssembly is printed without atomic operations")


class WasmBackend:
    """Renders verified kernels as functions in C, and links them."""

    name = "wasm"
    suffix = "wasm"

    def render(self, kernel: Kernel) -> Rendered:
        """Return the text of one function, which `link` compiles together with others."""
        require_words(kernel)
        dialect = WasmC()
        printer = CBody(kernel, dialect)
        body = printer.body()
        entry = re.sub(r"\W", "_", f"{kernel.name}_kernel")
        text = fill(
            _TEMPLATES / "kernel.c.j2",
            kernel=kernel,
            entry=entry,
            builtins=used_builtins(kernel),
            names=printer.names,
            type_name=dialect.type_name,
            body=body,
        )
        return Rendered(text, entry, text.encode(), placed(text, body, printer.places))

    def check(self) -> None:
        """Look for the compiler. Raises: UsageError where there is none."""
        compiler()

    def link(self, texts: Sequence[str], features: Sequence[str]) -> bytes:
        """Return the module of some rendered kernels, for engines that have `features`.

        Raises: UsageError where there is no compiler, WorkFailed where it refuses the text.
        """
        shell = fill(_TEMPLATES / "module.c.j2", prelude=_PRELUDE.read_text(encoding="utf-8"), kernels=texts)
        return compiled(shell, features)
