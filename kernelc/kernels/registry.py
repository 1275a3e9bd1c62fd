"""All kernel families by name, and their numpy references, which the cpu device runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from kernelc import debug
from kernelc.kernels.attention.append_codes import APPEND_CODES
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.reduce_splits import ATTENTION_REDUCE
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL
from kernelc.kernels.attention.rotate_and_append import CACHE_APPEND, ROPE
from kernelc.kernels.elementwise import ELEMENTWISE
from kernelc.kernels.embedding import EMBEDDING
from kernelc.kernels.interpreted import interpret_family
from kernelc.kernels.layer_norm import LAYER_NORM
from kernelc.kernels.linear.half_rows import HALF_ROWS
from kernelc.kernels.linear.int8.code_rows import CODE_ROWS
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.rms_norm import RMS_NORM
from kernelc.kernels.sampling.argmax import ARGMAX, ARGMAX_BLOCKS
from kernelc.kernels.sampling.argmax_final import ARGMAX_FINAL
from kernelc.kernels.sampling.mask import MASK
from kernelc.kernels.sampling.penalty import PENALTY
from kernelc.kernels.sampling.row_result import ROW_RESULT
from kernelc.kernels.sampling.sample import SAMPLE
from kernelc.kernels.several.families import ROWS_OF
from kernelc.kernels.spec import KernelSpec

SPECS: dict[str, KernelSpec[Any, Any]] = {
    spec.name: spec
    for spec in (
        EMBEDDING,
        ELEMENTWISE,
        RMS_NORM,
        LAYER_NORM,
        MATVEC,
        MATVEC_INT8,
        CODE_ROWS,
        HALF_ROWS,
        MATMUL,
        ROPE,
        CACHE_APPEND,
        APPEND_CODES,
        ATTENTION_DECODE,
        ATTENTION_REDUCE,
        ATTENTION_PREFILL,
        ARGMAX,
        ARGMAX_BLOCKS,
        ARGMAX_FINAL,
        MASK,
        PENALTY,
        SAMPLE,
        ROW_RESULT,
        *ROWS_OF.values(),
    )
}

Reference = Callable[[Mapping[str, Any], Mapping[str, npt.NDArray[Any]], Mapping[str, int | float]], None]


def references() -> dict[str, Reference]:
    """By family name: a function of (the problem as JSON, the bound arrays, the step block).

    With KERNELC_INTERPRET=1 it is the kernel itself in the interpreter, not its reference.
    """
    interpreted = debug.interpret_enabled()
    return {name: _reference(spec, interpreted) for name, spec in SPECS.items()}


def _reference(spec: KernelSpec[Any, Any], interpreted: bool) -> Reference:
    problems: dict[int, Any] = {}  # a manifest's problem objects live as long as it does

    def run(
        problem: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], params: Mapping[str, int | float]
    ) -> None:
        if id(problem) not in problems:
            problems[id(problem)] = spec.problem_from_json(problem)
        if interpreted:
            interpret_family(spec, problems[id(problem)], arrays, params)
        else:
            spec.reference(problems[id(problem)], arrays, params)

    return run
