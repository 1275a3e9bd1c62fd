"""Operations that work on rows: the embedding, norms, elementwise formulas, and views of memory."""

from __future__ import annotations

from kernelc.ir.formats import RowOrder
from kernelc.ir.graph import Op
from kernelc.kernels.embedding import EMBEDDING, EmbeddingProblem
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.passes.select.operands import number, static, width_of
from kernelc.passes.select.packing import bound_weights
from kernelc.passes.select.selector import Handler, Selector


def embedding(select: Selector, op: Op) -> None:
    """One kernel for each piece of the table."""
    table = op.inputs["table"]
    rows, cols = static(table.type.shape)
    operands = {"tokens": select.operands.name(op.inputs["tokens"]), "out": select.operands.name(op.result)}
    for piece in select.packing.matrix((table.name,), rows, cols, (RowOrder("identity", rows),)):
        problem = EmbeddingProblem(piece.format, cols, piece.row_begin, piece.end)
        select.call(EMBEDDING, problem, operands | bound_weights(piece), ("out",), op)


def rms_norm(select: Selector, op: Op) -> None:
    """With the residual added first where the operation says so."""
    residual = op.name == "add_rms_norm"
    width = width_of(op.inputs["weight"])
    operands = {"x": select.operands.name(op.inputs["x"]), "weight": select.norm_weight(op, "weight")}
    if residual:
        operands["residual"] = select.operands.name(op.inputs["residual"])
        operands["sum"] = select.operands.name(op.results[0])
    operands["normed"] = select.operands.name(op.results[-1])
    results = ("sum", "normed") if residual else ("normed",)
    select.call(RMS_NORM, RmsNormProblem(width, number(op, "eps"), residual), operands, results, op)


def last_row(select: Selector, op: Op) -> None:
    """No kernel where linear layers read the row in place."""
    select.operands.last_row_of[op.result.name] = op.inputs["x"]


HANDLERS: dict[str, Handler] = {
    "embedding": embedding,
    "rms_norm": rms_norm,
    "add_rms_norm": rms_norm,
    "last_row": last_row,
}
