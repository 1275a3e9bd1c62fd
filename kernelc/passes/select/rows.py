"""Operations that work on rows: the embedding, norms, elementwise formulas, and views of memory."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from kernelc.ir.expression import FUNCTIONS, Expression
from kernelc.ir.graph import Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.ops.fused import expression_of
from kernelc.ir.packed_matrix import RowOrder
from kernelc.kernels.elementwise import ELEMENTWISE, OUT, ElementwiseProblem
from kernelc.kernels.embedding import EMBEDDING, EmbeddingProblem
from kernelc.kernels.layer_norm import LAYER_NORM, LayerNormProblem
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.passes.select.operands import check_rows, number, one_row, static
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
    x, residual = op.inputs["x"], op.name == "add_rms_norm"
    operands = {"x": select.operands.name(x), "normed": select.operands.name(op.results[-1])}
    offset = _norm_weight(select, op, operands)
    if residual:
        operands["residual"] = select.operands.name(op.inputs["residual"])
        operands["sum"] = select.operands.name(op.results[0])
    rows, width = _rows_of_norm(select, op)
    weighted, one = "weight" in op.inputs, one_row(x)
    problem = RmsNormProblem(width, number(op, "eps"), residual, weighted, offset, rows, one)
    results = ("sum", "normed") if residual else ("normed",)
    select.call(RMS_NORM, problem, operands, results, op)


def layer_norm(select: Selector, op: Op) -> None:
    """Weight and bias may be missing."""
    x = op.inputs["x"]
    operands = {"x": select.operands.name(x), "normed": select.operands.name(op.result)}
    offset = _norm_weight(select, op, operands)
    if "bias" in op.inputs:
        operands["bias"] = select.operands.name(op.inputs["bias"])
    rows, width = _rows_of_norm(select, op)
    given = ("weight" in op.inputs, "bias" in op.inputs)
    problem = LayerNormProblem(width, number(op, "eps"), *given, offset, rows, one_row(x))
    select.call(LAYER_NORM, problem, operands, ("normed",), op)


def _norm_weight(select: Selector, op: Op, operands: dict[str, str]) -> float:
    """Bind a norm's weight, if it has one; the constant that the kernel adds to it."""
    if "weight" not in op.inputs:
        return 0.0
    operands["weight"], offset = select.norm_weight(op, "weight")
    return offset


def _rows_of_norm(select: Selector, op: Op) -> tuple[int, int]:
    """How many rows of a position are normalised each by itself, and their width."""
    x = op.inputs["x"]
    check_rows(op, select.graph, x)
    *outer, width = static(x.type.shape if x.type.rank == 1 else x.type.shape[1:])
    return prod(outer), width


def elementwise(select: Selector, op: Op) -> None:
    """One function of `kernelc.ir.expression`, or a fused expression of several."""
    function = OPS[op.name].function
    if function is None:
        expression = expression_of(op.name, op.attrs)
    else:
        parameter = FUNCTIONS[function].parameter
        constant = number(op, parameter) if parameter else None
        expression = Expression.apply(function, *map(Expression.of, op.inputs), parameter=constant)
    compute(select, op, expression, op.inputs, op.result)


def compute(
    select: Selector,
    op: Op,
    expression: Expression,
    inputs: Mapping[str, Tensor],
    result: Tensor,
    out: str | None = None,
) -> None:
    """A kernel for an expression of tensors: rows of the result's shape, or vectors of its last dimension.

    `out` is the operand that is written, where that is not the result's own.
    """
    check_rows(op, select.graph, *inputs.values(), result)
    of_rank_one = result.type.rank == 1
    vectors = tuple(name for name, tensor in inputs.items() if tensor.type.rank < result.type.rank)
    last = tuple(name for name, tensor in inputs.items() if tensor.type.rank > 1 and not one_row(tensor))
    *outer, width = static(result.type.shape if of_rank_one else result.type.shape[1:])
    problem = ElementwiseProblem(
        expression,
        width,
        vectors,
        prod(outer),
        one_row(result),
        last if one_row(result) else (),
    )
    operands = {name: select.operands.name(tensor) for name, tensor in inputs.items()}
    select.call(ELEMENTWISE, problem, operands | {OUT: out or select.operands.name(result)}, (OUT,), op)


def copy(select: Selector, op: Op, tensor: Tensor, result: Tensor, out: str | None = None) -> None:
    """A copy of rows, or of the last of them."""
    compute(select, op, Expression.of("x"), {"x": tensor}, result, out)


def view(select: Selector, op: Op) -> None:
    """Heads split or merged: the same memory, unless the result is to have its own."""
    x = op.inputs["x"]
    if not select.operands.view(op.result, x):
        flat = Tensor(op.result.name, x.type)
        copy(select, op, x, flat)


def last_row(select: Selector, op: Op) -> None:
    """No kernel where the tensor has one row, or where linear layers alone read the row, in place."""
    x, result = op.inputs["x"], op.result
    if one_row(x) and select.operands.view(result, x):
        return
    users = select.users.get(result.name, [])
    linear = all(_reads_in_place(user) and user.inputs["x"] == result for user in users)
    once = all(list(user.inputs.values()).count(result) == 1 for user in users)
    if linear and once and not one_row(x) and not select.is_output(result):
        select.operands.last_row_of[result.name] = x
    else:
        copy(select, op, x, result)


def _reads_in_place(user: Op) -> bool:
    return user.name.startswith("linear") or user.name == "code_rows"


HANDLERS: dict[str, Handler] = {
    **{name: elementwise for name, definition in OPS.items() if definition.function is not None},
    "formula": elementwise,
    "embedding": embedding,
    "rms_norm": rms_norm,
    "layer_norm": layer_norm,
    "add_rms_norm": rms_norm,
    "split_heads": view,
    "merge_heads": view,
    "last_row": last_row,
}
