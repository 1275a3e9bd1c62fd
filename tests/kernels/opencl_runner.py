"""Runs one kernel as OpenCL C on the first OpenCL device; pocl's CPU will do."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.backends.opencl.printer import OpenClBackend
from kernelc.kir.nodes import Kernel
from kernelc.target import Capabilities
from runtime.opencl.device import OPTIONS


@functools.cache
def opencl_context() -> Any:
    """A context of the first device of any platform; None without pyopencl or a driver."""
    try:
        import pyopencl as cl

        devices = [device for platform in cl.get_platforms() for device in platform.get_devices()]
    except Exception:  # pyopencl is an extra, and raises a LogicError of its own where there is no driver
        return None
    return cl.Context([devices[0]]) if devices else None


def lacking(capabilities: Capabilities) -> str | None:
    """Why kernels of these capabilities do not run here."""
    if opencl_context() is None:
        return "no OpenCL device (pyopencl and a driver such as pocl-opencl-icd)"
    if capabilities.f16 or capabilities.subgroups or capabilities.dot4 or capabilities.tiles:
        return "kernels of the opencl target use no extensions: no halves, subgroups, dot4 or matrix units"
    return None


_announced: list[Callable[[], Iterable[Kernel]]] = []


def announce(kernels: Callable[[], Iterable[Kernel]]) -> None:
    """Kernels that will be run: of these, those that define no functions are built as one program.

    pocl takes a tenth of a second a program, however small. They need names of their own.
    """
    _announced.append(kernels)


@functools.cache
def _announced_programs() -> dict[str, Any]:
    kernels = [kernel for each in _announced for kernel in each() if not kernel.features()]
    # by name: a test module that pytest and another module both import announces its kernels twice
    texts = {kernel.name: OpenClBackend().render(kernel).text for kernel in kernels}
    plain = [text for text in texts.values() if "struct Step" not in text and "_half2(" not in text]
    if not plain:
        return {}
    return dict.fromkeys(plain, _program("\n".join(plain)))


def _program(text: str) -> Any:
    import pyopencl as cl

    return cl.Program(opencl_context(), text).build(options=list(OPTIONS))


@functools.lru_cache(maxsize=512)
def _built(text: str, entry: str) -> Any:
    return getattr(_announced_programs().get(text) or _program(text), entry)


@functools.cache
def _queue() -> Any:
    import pyopencl as cl

    return cl.CommandQueue(opencl_context())


def run_opencl(
    kernel: Kernel,
    grid: tuple[int, int, int],
    arrays: Mapping[str, npt.NDArray[Any]],
    params: Mapping[str, int | float],
) -> dict[str, npt.NDArray[Any]]:
    """Copies of the arrays as the kernel leaves them."""
    rendered = OpenClBackend().render(kernel)
    bound = {b.name: _buffer(_bytes_of(arrays[b.name])) for b in kernel.buffers}
    args = [*bound.values()]
    if kernel.params:
        block = b"".join(np.array([params[p.name]], p.type.dtype).tobytes() for p in kernel.params)
        args.append(_buffer(bytearray(block)))
    size = (grid[0] * kernel.workgroup, grid[1], grid[2])
    _built(rendered.text, rendered.entry)(_queue(), size, (kernel.workgroup, 1, 1), *args)
    return {name: _read(bound[name], array) for name, array in arrays.items()}


def _bytes_of(array: npt.NDArray[Any]) -> bytearray:
    return bytearray(array.tobytes() or bytes(16))


def _buffer(data: bytearray) -> Any:
    import pyopencl as cl

    flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
    return cl.Buffer(opencl_context(), flags, hostbuf=data)


def _read(buffer: Any, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import pyopencl as cl

    data = np.frombuffer(_bytes_of(like), np.uint8)
    cl.enqueue_copy(_queue(), data, buffer)
    return data[: like.nbytes].view(like.dtype).reshape(like.shape)
