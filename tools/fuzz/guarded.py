"""Buffers of OpenCL between pages that nobody may touch: what reaches beyond one ends the process.

pocl's devices compute in the memory that they are given (CL_MEM_USE_HOST_PTR), and the end of each buffer is
put at the end of its pages, less what aligns its beginning. So a read or a write beyond the end is a fault of
the processor, also a read that changes no result; one before the beginning is, too, where it is far enough.
"""

from __future__ import annotations

import ctypes
import mmap

import numpy as np
import numpy.typing as npt

from runtime.opencl.device import Handle, OpenClDevice

ALIGNED = 16
"""Bytes that a buffer's beginning is a multiple of: the largest vector that kernels load."""
_PAGE = mmap.PAGESIZE


def guarded_array(size: int) -> npt.NDArray[np.uint8]:
    """Return zeroed bytes that end, up to 15 bytes of alignment, where a page begins that nobody may touch.

    They are never given back: the process that asks tries a few hundred inputs, and ends.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    inside = -(-size // _PAGE) * _PAGE
    at = libc.mmap(None, inside + 2 * _PAGE, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    if at in (None, ctypes.c_void_p(-1).value) or libc.mprotect(
        at + _PAGE, inside, mmap.PROT_READ | mmap.PROT_WRITE
    ):
        raise OSError(ctypes.get_errno(), "no memory between guarded pages")
    begins = at + _PAGE + (inside - size) // ALIGNED * ALIGNED
    return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(begins))


def guard(device: OpenClDevice) -> None:
    """Let a device make its buffers between such pages."""

    def create_buffer(name: str, size: int) -> Handle:
        flags = device.cl.mem_flags
        data = guarded_array(size)
        return device.cl.Buffer(device.context, flags.READ_WRITE | flags.USE_HOST_PTR, hostbuf=data)

    device.create_buffer = create_buffer
