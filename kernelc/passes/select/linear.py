"""Linear layers: a matvec for one row, a matmul for many, with the epilogue that the operation describes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kernelc.ir.formats import weight_format
from kernelc.ir.graph import Op, Tensor
from kernelc.ir.ops.fused import FIRST, LINEAR, OPERANDS, SECOND, expression_of
from kernelc.ir.rotary import Rotary
from kernelc.ir.types import DType
from kernelc.kernels.attention.append_codes import APPEND_CODES, AppendCodesProblem
from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.linear.epilogues import Coding, HeadEpilogue, PairEpilogue, RowEpilogue
from kernelc.kernels.linear.half_blocks import COLUMNS
from kernelc.kernels.linear.half_rows import HALF_ROWS, HalfRowsProblem
from kernelc.kernels.linear.int8.code_rows import CODE_ROWS, CodeRowsProblem
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.passes.select.attention import NATURAL, cache_operands
from kernelc.passes.select.operands import check_rows, number, one_row, ring_of, static, width_of
from kernelc.passes.select.packing import bound_weights
from kernelc.passes.select.selector import Handler, Selector

_PARTS = {"linear_pair": (f"{FIRST}_", f"{SECOND}_"), "linear_heads": ("q_", "k_", "v_")}


def linear(select: Selector, op: Op) -> None:
    """linear, linear_row, linear_pair, linear_heads."""
    layers = _Layers.of(op)
    x, epilogue = op.inputs["x"], _epilogue(select, op, layers)
    terms = int(number(op, "coded"))
    if not terms:
        check_rows(op, select.graph, x)
    operands, results = _results(select, op)
    last = select.operands.last_row_of.get(x.name)
    operands["x"] = select.operands.name(x if last is None else last)
    for role, shift in (("norm_weight", "weight_offset"), ("code_weight", "code_offset")):
        if role in op.inputs:
            operands[role] = _norm_weight(select, op, role, shift)
    sources = tuple(weight.name for weight in layers.weights)
    for piece in select.packing.matrix(sources, layers.rows, layers.cols, epilogue.row_order):
        problem = LinearProblem(
            piece.format,
            piece.stored_rows,
            layers.cols,
            epilogue,
            bool(layers.biases),
            number(op, "eps") if "eps" in op.attrs else None,
            last is not None,
            piece.row_begin,
            terms,
        )
        if select.options.halves and not one_row(x) and _multiplies_halves(problem):
            problem = replace(problem, halves=True)
            operands["x"] = _half_rows(select, op, problem.cols)
        bound = operands | bound_weights(piece)
        if layers.biases:
            bound["bias"] = select.packing.bias(layers.biases, epilogue.row_order, piece)
        vector = MATVEC_INT8 if terms else MATVEC
        select.call(vector if one_row(x) else MATMUL, problem, bound, results, op)
    if isinstance(epilogue, HeadEpilogue) and not epilogue.appends:
        _append_codes(select, op, epilogue)


def _append_codes(select: Selector, op: Op, epilogue: HeadEpilogue) -> None:
    """Append keys and values, which the epilogue left as they are, to caches of codes."""
    x, cache = op.inputs["x"], op.inputs["k_cache"]
    shape = CacheShape(
        epilogue.kv_heads, epilogue.head_dim, str(cache.type.dtype), ring_of(select.graph, cache)
    )
    operands = _rows_operands(op)
    for role in ("k_cache", "v_cache"):
        operands |= cache_operands(select, role, op.inputs[role])
    select.call(APPEND_CODES, AppendCodesProblem(shape, both=True, one_position=one_row(x)), operands, (), op)


def _rows_operands(op: Op) -> dict[str, str]:
    """The rows that are appended by a kernel of its own, by the bindings' names."""
    return {f"{part}_rows": f"%{op.results[at].name}.rows" for at, part in enumerate("kv", start=1)}


def _multiplies_halves(problem: LinearProblem) -> bool:
    """Whether a matrix, which matrix units multiply as halves, takes rows in blocks of halves."""
    plain = not problem.last_row and not problem.terms and problem.norm_eps is None
    return plain and problem.cols % COLUMNS == 0 and not weight_format(problem.format).exact_in_f32


def _half_rows(select: Selector, op: Op, cols: int) -> str:
    """The name of an operation's rows as blocks of halves, which are made once."""
    x = select.operands.name(op.inputs["x"])
    halves = f"{x}.halves"
    if x not in select.halves:
        select.halves.add(x)
        select.call(HALF_ROWS, HalfRowsProblem(cols), {"x": x, "halves": halves}, ("halves",), op)
    return halves


def code_rows(select: Selector, op: Op) -> None:
    """Code rows that no linear layer codes as it makes them; the last of several in place."""
    x = op.inputs["x"]
    last = select.operands.last_row_of.get(x.name)
    operands = {
        "x": select.operands.name(x if last is None else last),
        "coded": select.operands.name(op.result),
    }
    if "weight" in op.inputs:
        operands["code_weight"] = _norm_weight(select, op, "weight", "weight_offset")
    problem = CodeRowsProblem(
        width_of(x),
        int(number(op, "terms")),
        "weight" in op.inputs,
        last is not None,
        one_row(x) and last is None,
    )
    select.call(CODE_ROWS, problem, operands, ("coded",), op)


def _norm_weight(select: Selector, op: Op, role: str, shift: str) -> str:
    """A norm's weight with its constant, which a kernel multiplies with as it is."""
    name, offset = select.norm_weight(op, role, shift)
    assert offset == 0, "a norm is fused where its weight is one of the checkpoint"
    return name


@dataclass(frozen=True)
class _Layers:
    """The matrices that an operation multiplies by, stacked, and their biases (all or none have one)."""

    weights: tuple[Tensor, ...]
    biases: tuple[str, ...]
    rows: int
    cols: int

    @staticmethod
    def of(op: Op) -> _Layers:
        parts = _PARTS.get(op.name, ("",))
        weights = tuple(op.inputs[f"{part}weight"] for part in parts)
        biases = tuple(op.inputs[f"{part}bias"].name for part in parts if f"{part}bias" in op.inputs)
        shapes = [static(weight.type.shape) for weight in weights]
        return _Layers(weights, biases, sum(rows for rows, _ in shapes), shapes[0][1])


def _epilogue(select: Selector, op: Op, layers: _Layers) -> RowEpilogue | PairEpilogue | HeadEpilogue:
    if op.name == "linear_heads":
        return _head_epilogue(select, op, layers)
    if op.name == "linear_pair":
        return PairEpilogue(layers.rows // 2, expression_of(op.name, op.attrs), coding=_coding(op))
    if op.name == "linear":
        return RowEpilogue(layers.rows)
    operands = [name for name in OPERANDS if name in op.inputs]
    vectors = tuple(name for name in operands if name.startswith("vector"))
    rows = tuple(name for name in operands if name not in vectors)
    return RowEpilogue(layers.rows, expression_of(op.name, op.attrs), rows, vectors, coding=_coding(op))


def _coding(op: Op) -> Coding | None:
    """How an operation codes what it makes."""
    terms = int(number(op, "codes"))
    return Coding(terms, "code_weight" in op.inputs, bool(op.attrs.get("keeps"))) if terms else None


def _head_epilogue(select: Selector, op: Op, layers: _Layers) -> HeadEpilogue:
    head_dim, cache = int(number(op, "head_dim")), op.inputs["k_cache"]
    heads, kv_heads = (static(weight.type.shape)[0] // head_dim for weight in layers.weights[:2])
    rotated, appends = str(op.attrs["rotated"]), _appends(op)
    return HeadEpilogue(
        heads,
        kv_heads,
        head_dim,
        None if rotated == "none" else Rotary.of(op.attrs),
        str(cache.type.dtype if appends else DType.F32),
        "q" in rotated,
        "k" in rotated,
        ring=ring_of(select.graph, cache) if appends else 0,
        appends=appends,
    )


def _appends(op: Op) -> bool:
    """Whether the kernel that projects heads appends them too: codes need whole heads."""
    return op.inputs["k_cache"].type.dtype is not DType.Q8


def _results(select: Selector, op: Op) -> tuple[dict[str, str], tuple[str, ...]]:
    """The operands that the epilogue reads and writes, and the bindings that make new tensors."""
    if op.name != "linear_heads":
        read = {name: select.operands.name(op.inputs[name]) for name in OPERANDS if name in op.inputs}
        codes, keeps = "codes" in op.attrs, bool(op.attrs.get("keeps"))
        names = ("out", "coded") if keeps else ("coded",) if codes else ("out",)
        written = zip(names, op.results, strict=True)
        return read | {name: select.operands.name(tensor) for name, tensor in written}, names
    for name in ("k_cache", "v_cache"):
        rotary = None if op.attrs["rotated"] == "none" else int(number(op, "rotary_dim"))
        select.found.head_orders[op.inputs[name].name] = NATURAL if rotary is None else f"pairs of {rotary}"
    queries = {"q": select.operands.name(op.results[0])}
    if not _appends(op):
        return queries | _rows_operands(op), ("q", "k_rows", "v_rows")
    caches = {name: select.operands.name(op.inputs[name]) for name in ("k_cache", "v_cache")}
    return caches | queries, ("q",)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(LINEAR, linear),
    "code_rows": code_rows,
}
