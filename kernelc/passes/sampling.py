"""The calls that turn the logits of a step into its next token id, on the device."""

from __future__ import annotations

from kernelc.artifact.schema import MASK_BUFFER
from kernelc.kernels.sampling.argmax import (
    ARGMAX,
    ARGMAX_BLOCKS,
    BLOCK,
    ONE_DISPATCH,
    ArgmaxBlocksProblem,
    ArgmaxFinalProblem,
    ArgmaxProblem,
)
from kernelc.kernels.sampling.argmax_final import ARGMAX_FINAL
from kernelc.kernels.sampling.mask import MASK, MaskProblem
from kernelc.kernels.sampling.penalty import PENALTY, PenaltyProblem
from kernelc.kernels.sampling.row_result import ROW_RESULT, RowResultProblem
from kernelc.kernels.sampling.sample import SAMPLE, SampleProblem
from kernelc.passes.select import KernelCall

_STATES = {"logits": "logits", "tokens": "tokens"}
_ORIGIN = "sample"


def greedy_calls(vocab: int) -> list[KernelCall]:
    """The id of the greatest logit: one dispatch, or two for a large vocabulary."""
    if vocab <= ONE_DISPATCH:
        return [KernelCall(ARGMAX, ArgmaxProblem(vocab), _STATES, (), _ORIGIN)]
    blocks = ArgmaxBlocksProblem(vocab, BLOCK)
    return [
        KernelCall(ARGMAX_BLOCKS, blocks, {"logits": "logits", "best": "sample.best"}, ("best",), _ORIGIN),
        KernelCall(
            ARGMAX_FINAL,
            ArgmaxFinalProblem(blocks.blocks),
            {"best": "sample.best", "tokens": "tokens"},
            (),
            _ORIGIN,
        ),
    ]


def mask_calls(vocab: int) -> list[KernelCall]:
    """Only the logits of tokens that the host allows, before one of the others."""
    operands = {"mask": MASK_BUFFER, "logits": "logits"}
    return [KernelCall(MASK, MaskProblem(vocab), operands, (), _ORIGIN)]


def result_call(vocab: int, result: str) -> KernelCall:
    """What the host reads of a row of several, to the state `result`."""
    return KernelCall(ROW_RESULT, RowResultProblem(vocab), {**_STATES, "result": result}, (), _ORIGIN)


def sample_calls(vocab: int) -> list[KernelCall]:
    """The repetition penalty on the logits, then one draw."""
    return [
        KernelCall(PENALTY, PenaltyProblem(vocab), _STATES, (), _ORIGIN),
        KernelCall(SAMPLE, SampleProblem(vocab), _STATES, (), _ORIGIN),
    ]
