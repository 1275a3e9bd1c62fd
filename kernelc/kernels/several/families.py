"""The families of steps over several sequences, by the family of the single row's step that each repeats."""

from __future__ import annotations

from typing import Any

from kernelc.kernels.attention.append_codes import APPEND_CODES
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.reduce_splits import ATTENTION_REDUCE
from kernelc.kernels.attention.rotate_and_append import CACHE_APPEND, ROPE
from kernelc.kernels.elementwise import ELEMENTWISE
from kernelc.kernels.embedding import EMBEDDING
from kernelc.kernels.layer_norm import LAYER_NORM
from kernelc.kernels.linear.int8.code_rows import CODE_ROWS
from kernelc.kernels.rms_norm import RMS_NORM
from kernelc.kernels.sampling.argmax import ARGMAX, ARGMAX_BLOCKS
from kernelc.kernels.sampling.argmax_final import ARGMAX_FINAL
from kernelc.kernels.sampling.mask import MASK
from kernelc.kernels.sampling.penalty import PENALTY
from kernelc.kernels.sampling.row_result import ROW_RESULT
from kernelc.kernels.sampling.sample import SAMPLE
from kernelc.kernels.several.attention import AttentionRows
from kernelc.kernels.several.each_row import EachRow
from kernelc.kernels.several.matvec import MATVEC_INT8_ROWS, MATVEC_ROWS

_REPEATED = (
    EMBEDDING, ELEMENTWISE, RMS_NORM, LAYER_NORM, CODE_ROWS, ROPE, CACHE_APPEND, APPEND_CODES,
    ATTENTION_REDUCE, ARGMAX, ARGMAX_BLOCKS, ARGMAX_FINAL, MASK, PENALTY, SAMPLE, ROW_RESULT,
)  # fmt: skip

ROWS_OF: dict[str, EachRow[Any, Any]] = {
    **{spec.name: EachRow(spec) for spec in _REPEATED},
    **{spec.inner.name: spec for spec in (MATVEC_ROWS, MATVEC_INT8_ROWS, AttentionRows(ATTENTION_DECODE))},
}
"""By the name of the single row's family."""
