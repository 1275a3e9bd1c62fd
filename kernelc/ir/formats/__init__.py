"""Weight formats: how the numbers of a matrix are stored, as one descriptor for each format.

    name   bits   words of a group of 32   beside each group            a weight is
    q4     4.5    4                        scale (f16)                  (nibble - 8) * scale
    q4a    5      4                        scale and offset (f16 each)  nibble * scale + offset
    q8     8.5    8                        scale (f16)                  signed byte * scale
    f16    16     16                       nothing                      a half
    f32    32     32                       nothing                      an f32

`weight_format.py` says what a descriptor is, `side_array.py` what stands beside the words; each format's own
file draws its words. A new format is one file in this folder: nothing else in the compiler names formats.

Kernels load words 16 bytes at a time where a group is a multiple of that. Widths that 32 does not divide are
padded to whole groups; kernels multiply the padding by zeros, so that what it stands for does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError, ShapeError
from kernelc.ir.formats.arrays import F16, F32, GROUP, I8, U32, Array, Index, Packed, groups_of, pad_groups
from kernelc.ir.formats.integer_codes import IntegerCodes
from kernelc.ir.formats.kernel_language import KernelFunctions, KernelValue
from kernelc.ir.formats.registry import FORMATS, register, unregister, weight_format
from kernelc.ir.formats.side_array import SideArray
from kernelc.ir.formats.table import FormatTable, Override
from kernelc.ir.formats.weight_format import QUANTS, Factors, WeightFormat

__all__ = [
    "F16", "F32", "FORMATS", "GROUP", "I8", "QUANTS", "U32", "Array", "Factors", "FormatTable", "Index",
    "IntegerCodes", "KernelFunctions", "KernelValue", "Override", "Packed", "SideArray", "WeightFormat",
    "encodings", "groups_of", "integer_format", "pack", "packed_from_bytes", "pad_groups", "register",
    "tensor_bytes", "unpack", "unregister", "weight_format",
]  # fmt: skip


def integer_format(name: str) -> IntegerCodes:
    """The format called `name`, for callers that only choose formats of integer codes.

    Raises InternalError where it is another, ShapeError for an unknown name.
    """
    form = weight_format(name)
    if not isinstance(form, IntegerCodes):
        raise InternalError(f"got the weight format {name}, wanted one of integer codes")
    return form


def pack(fmt: str, values: F32) -> Packed:
    """Pack a matrix in the plainest way: good enough for tests of kernels.

    What a build uses is `model.quantize.quantize`, which searches for scales and offsets.

    Shapes: f32 [rows, cols] -> see `Packed`. Raises ShapeError where `values` is not a matrix.
    """
    form = weight_format(fmt)
    if values.ndim != 2:
        raise ShapeError(f"pack {fmt}: wanted a matrix [rows, cols], got shape {list(values.shape)}")
    return form.pack(np.asarray(values, dtype=np.float32))


def unpack(fmt: str, packed: Packed, cols: int) -> F32:
    """The numbers that packed data stands for. Shape: f32 [rows, cols].

    Raises ShapeError where the shapes do not belong together.
    """
    form, rows = weight_format(fmt), packed.quants.shape[0]
    groups = groups_of(cols)
    wanted = (rows, groups, form.words_per_group)
    if packed.quants.shape != wanted:
        got = list(packed.quants.shape)
        raise ShapeError(f"unpack {fmt}: quants are {got}, wanted {list(wanted)} for {cols} columns")
    got_sides = [list(side.shape) for side in packed.sides]
    wanted_sides = [list(side.shape(rows, groups)) for side in form.sides]
    if got_sides != wanted_sides:
        names = ", ".join(side.name for side in form.sides) or "no side arrays"
        raise ShapeError(
            f"unpack {fmt}: side arrays have shapes {got_sides}, wanted {wanted_sides} ({names})"
        )
    values = form.unpack_groups(packed).reshape(rows, groups * GROUP)
    return np.ascontiguousarray(values[:, :cols])


def packed_from_bytes(fmt: str, stored: Mapping[str, npt.NDArray[np.uint8]], rows: int, cols: int) -> Packed:
    """The arrays in stored bytes, not copied; `stored` has the names of `WeightFormat.stored_arrays`."""
    form = weight_format(fmt)
    sides = tuple(side.from_bytes(stored[side.name], rows, cols) for side in form.sides)
    return Packed(form.quants_from_bytes(stored[QUANTS], rows, cols), sides)


# ---- the names of encodings in an artifact's manifest


def encodings() -> tuple[str, ...]:
    """The encodings of a stored tensor: "FORMAT.ARRAY" for packed matrices, "f32" for plain tensors."""
    packed = [f"{name}.{array}" for name, form in FORMATS.items() for array in form.stored_arrays(1, 1)]
    return (*sorted(packed, key=lambda encoding: not encoding.endswith(QUANTS)), "f32")


def tensor_bytes(encoding: str, shape: tuple[int, ...]) -> int:
    """Bytes of a stored tensor of one of `encodings`: packed matrices by their shape [rows, cols].

    Raises ShapeError for an unknown encoding.
    """
    name, _, array = encoding.partition(".")
    if not array:
        count = 1
        for size in shape:
            count *= size
        return 4 * count
    rows, cols = shape
    stored = weight_format(name).stored_arrays(rows, cols)
    if array not in stored:
        raise ShapeError(f"unknown encoding {encoding!r}, wanted one of {', '.join(encodings())}")
    return stored[array]
