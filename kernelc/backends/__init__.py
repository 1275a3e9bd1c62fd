"""The backends: for each target a printer from kernel IR to its text, found by the target's name."""

from __future__ import annotations

from kernelc.backends.base import Backend, Linker, Rendered
from kernelc.backends.c.printer import CBackend
from kernelc.backends.cuda.printer import CudaBackend
from kernelc.backends.opencl.printer import OpenClBackend
from kernelc.backends.spirv.printer import SpirvBackend
from kernelc.backends.wasm.printer import WasmBackend
from kernelc.backends.wgsl.printer import WgslBackend
from kernelc.errors import InternalError

__all__ = ["Backend", "Linker", "Rendered", "backend_named", "linker_named"]

_WASM = WasmBackend()
_LINKERS: dict[str, Linker] = {"wasm": _WASM}
_BACKENDS: dict[str, Backend] = {
    "wgsl": WgslBackend(),
    "spirv": SpirvBackend(),
    "cuda": CudaBackend(),
    "opencl": OpenClBackend(),
    "c": CBackend(),
    "wasm": _WASM,
}


def backend_named(name: str) -> Backend:
    """The printer of a target of `kernelc.target.TARGETS`. Raises InternalError for any other name."""
    if name not in _BACKENDS:
        raise InternalError(f"target {name} has no backend")
    return _BACKENDS[name]


def linker_named(name: str) -> Linker:
    """What links the kernels of a target that has modules. Raises InternalError for any other name."""
    if name not in _LINKERS:
        raise InternalError(f"the kernels of target {name} are not linked")
    return _LINKERS[name]
