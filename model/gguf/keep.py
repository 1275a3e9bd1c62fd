"""Stored codes of GGUF in the weight formats of kernelc, without rounding the numbers anew.

    exactly                     Q4_0 -> q4; Q8_0, Q5_0, Q3_K, IQ4_NL -> q8; Q4_1 -> q4a
    but for a scale's last bit  Q4_K -> q4a; IQ4_XS -> q8

Types of the second line multiply an f16 by a factor of six bits, and the product is rounded to f16 here.
Q5_1, Q2_K, Q5_K and Q6_K fit no lattice of kernelc: they are dequantised and rounded to q8, whose steps are
finer than theirs. On Gemma 3 270M the first rounding costs 5e-7 of the weights' power (Q4_K), the second 3e-5
(Q6_K).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError
from kernelc.ir.formats import GROUP, Packed, integer_format
from model.checkpoints.mapped_file import DOWNLOAD_AGAIN
from model.gguf.codes import LATTICES, U8, q3_k_parts

KEPT_AS: dict[str, str] = {
    "Q4_0": "q4", "Q8_0": "q8", "Q5_0": "q8", "Q3_K": "q8", "IQ4_NL": "q8", "IQ4_XS": "q8",
    "Q4_1": "q4a", "Q4_K": "q4a",
}  # fmt: skip
"""The weight format that holds the codes of each type."""


def keep(name: str, blocks: U8, rows: int, where: str) -> Packed:
    """Return blocks of the type `name`, one of `KEPT_AS`, as rows of a packed matrix.

    Shapes: u8 [rows * blocks of a row, bytes of a block] -> see `Packed`.
    Raises: CheckpointError, naming `where`, for a scale that is not finite as f16.
    """
    codes, sides = _q3_k(blocks) if name == "Q3_K" else _by_scale(name, blocks)
    if not np.isfinite(sides).all():
        message = "got a scale that is not finite, or too large for f16"
        raise CheckpointError(message, where=where, help=DOWNLOAD_AGAIN)
    form = integer_format(KEPT_AS[name])
    quants = form.pack_codes(np.ascontiguousarray(codes.reshape(rows, -1, GROUP), np.int8))
    return Packed(quants, (sides.reshape(form.sides[0].shape(rows, quants.shape[1])),))


def _by_scale(name: str, blocks: U8) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float16]]:
    """Codes of groups of 32 as they are, and their factors as f16."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = LATTICES[name](blocks)
        scales = found.scales.astype(np.float16)
        if found.offsets is None:
            return found.codes, scales
        return found.codes, np.stack([scales, found.offsets.astype(np.float16)], axis=-1)


def _q3_k(blocks: U8) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float16]]:
    """The product of a code (-4 to 3) and its factor (-32 to 31) is a code itself: -124 to 128.

    It is stored with the opposite sign, as the scale is, since a signed byte ends at 127.
    """
    codes, factors, scales = q3_k_parts(blocks)
    return -(codes * factors[:, :, None]), np.repeat(-scales, 8, axis=1)
