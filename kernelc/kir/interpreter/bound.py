"""The arrays that the interpreter is handed for a kernel's buffers, and its errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from kernelc.errors import InternalError
from kernelc.kir.memory import Buffer
from kernelc.kir.nodes import Kernel
from kernelc.kir.types import Type


class ExecutionError(InternalError):
    """The kernel did something that has no defined meaning."""


def lane_shape(type: Type) -> tuple[int, ...]:
    """The shape of one element: () for a scalar, [lanes] for a vector."""
    return () if type.lanes == 1 else (type.lanes,)


def checked(kernel: Kernel, buffer: Buffer, buffers: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The array for a buffer. Raises: ExecutionError where there is none, or one of another type."""
    if buffer.name not in buffers:
        raise ExecutionError(f"kernel {kernel.name}: no array for {buffer.name}")
    array = buffers[buffer.name]
    if array.dtype != buffer.type.dtype or array.shape[1:] != lane_shape(buffer.type):
        raise ExecutionError(
            f"kernel {kernel.name}: {buffer.name} wants {buffer.type}, got {array.dtype} {array.shape}"
        )
    return array
