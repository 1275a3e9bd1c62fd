"""kernelc: compiles language models to readable GPU kernels and packed weights that a small runtime runs.

    import kernelc

    with kernelc.open("smollm2") as model:
        for piece in model.chat("Why is the sky blue?"):
            print(piece, end="")

`kernelc.open` opens a model to talk to, `kernelc.compile` makes a graph of the tensor IR callable, and
`kernelc.kernel` runs a kernel of one's own; docs/python.md shows each. They are loaded when they are first
asked for: importing kernelc loads nothing else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernelc.api.graph import CompiledGraph, compile
    from kernelc.api.kernel import KernelFunction, kernel
    from kernelc.api.model import Conversation, Model, Reply, open

__version__ = "0.2.0"

__all__ = [
    "CompiledGraph",
    "Conversation",
    "KernelFunction",
    "Model",
    "Reply",
    "__version__",
    "compile",
    "kernel",
    "open",
]

_MODULES = {
    "CompiledGraph": "kernelc.api.graph",
    "Conversation": "kernelc.api.model",
    "KernelFunction": "kernelc.api.kernel",
    "Model": "kernelc.api.model",
    "Reply": "kernelc.api.model",
    "compile": "kernelc.api.graph",
    "kernel": "kernelc.api.kernel",
    "open": "kernelc.api.model",
}


def __getattr__(name: str) -> object:
    """Load what is asked for the first time (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'kernelc' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The names to complete, loaded or not."""
    return sorted({*globals(), *__all__})
