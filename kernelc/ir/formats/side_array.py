"""What stands beside the words of a packed matrix: one element for each group, in an array of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError
from kernelc.ir.formats.arrays import Array, aligned, groups_of

_SCALARS = {"f16": np.dtype("<f2"), "u8": np.dtype("u1")}
_ELEMENT_BYTES = (1, 2, 4)  # a kernel finds an element in one 32-bit word


@dataclass(frozen=True)
class SideArray:
    """A matrix NAME stores it as the tensor `NAME.<name>`; kernels bind it by `name`, as 32-bit words.

    An element has `lanes` scalars, the first in the lowest bits. Elements are stored in C order of
    [rows, groups], padded with zeros to a multiple of 16 bytes.

        f16, lanes 1    word:  | group 2i+1   : group 2i     |      one scale for each group
        f16, lanes 2    word:  | second value : first value  |      scale and offset of group i
        u8,  lanes 1    word:  | 4i+3 : 4i+2 : 4i+1 : 4i     |      one byte for each group
    """

    name: str
    scalar: Literal["f16", "u8"]
    lanes: int = 1

    def __post_init__(self) -> None:
        if self.element_bytes not in _ELEMENT_BYTES:
            raise InternalError(f"{self}: an element of {self.element_bytes} bytes does not lie in one word")

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """numpy's type of a scalar."""
        return _SCALARS[self.scalar]

    @property
    def element_bytes(self) -> int:
        """Bytes for each group."""
        return self.dtype.itemsize * self.lanes

    def shape(self, rows: int, groups: int) -> tuple[int, ...]:
        """The shape of the numpy array: [rows, groups], with the lanes as a third dimension."""
        return (rows, groups) if self.lanes == 1 else (rows, groups, self.lanes)

    def stored_bytes(self, rows: int, cols: int) -> int:
        """Bytes of the stored tensor, padded to a multiple of 16."""
        return aligned(rows * groups_of(cols) * self.element_bytes)

    def to_bytes(self, values: Array) -> bytes:
        """The stored bytes of an array of shape `shape(rows, groups)`."""
        raw = np.ascontiguousarray(values, self.dtype).tobytes()
        return raw.ljust(aligned(len(raw)), b"\0")

    def from_bytes(self, raw: npt.NDArray[np.uint8], rows: int, cols: int) -> Array:
        """The array in stored bytes, not copied, without the padding."""
        groups = groups_of(cols)
        return raw.view(self.dtype)[: rows * groups * self.lanes].reshape(self.shape(rows, groups))
