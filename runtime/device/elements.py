"""Bytes of buffers as arrays of what kernels bind them as."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_SCALARS = {"u32": np.dtype("<u4"), "i32": np.dtype("<i4"), "f32": np.dtype("<f4"), "f16": np.dtype("<f2")}


def element_dtype(element: str) -> tuple[np.dtype[Any], int]:
    """Return the scalar type and the lanes of a binding's element: "f32x4" is (float32, 4)."""
    scalar, _, lanes = element.partition("x")
    return _SCALARS[scalar], int(lanes or 1)


def as_elements(data: bytes | npt.NDArray[np.uint8], element: str) -> npt.NDArray[Any]:
    """Return bytes as an array, without a copy. Shapes: [n] for scalar elements, [n, lanes] for vectors."""
    dtype, lanes = element_dtype(element)
    view: npt.NDArray[Any] = np.frombuffer(data, np.uint8).view(dtype)
    return view.reshape(-1, lanes) if lanes > 1 else view
