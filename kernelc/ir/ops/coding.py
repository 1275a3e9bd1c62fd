"""Activations as codes of bytes: the operation that makes them, and what linear layers do with them.

`kernelc.ir.coded_rows` says what a coded row is. A linear layer whose attribute `coded` is a number of terms
reads one instead of f32 values; with `eps` it multiplies what it makes by 1/rms of the row, whose squares are
stored beside the codes. One with the attribute `codes` writes its result as a coded row, times `code_weight`
where there is one; with `keeps` it hands out the f32 result as well, before that. Attention of one row takes
`codes`, too, and hands out nothing else then.
"""

from __future__ import annotations

import numpy as np

from kernelc.errors import ShapeError
from kernelc.ir.coded_rows import MOST_TERMS, CodedRows
from kernelc.ir.dim import evaluate
from kernelc.ir.ops.definition import (
    Array,
    Arrays,
    Attrs,
    OpDef,
    Types,
    Values,
    as_f32,
    finite_attr,
    number_attr,
    wanted_rank,
    wanted_same,
)
from kernelc.ir.types import DType, TensorType

CODE_ATTRS = ("coded", "codes", "keeps", "code_offset")
"""What a linear layer may have because of coded rows, besides the role `code_weight`."""


def terms_of(op: str, a: Attrs, name: str) -> int:
    """The number of terms in an attribute. Raises: ShapeError where it is none."""
    terms = a[name]
    if isinstance(terms, bool) or not isinstance(terms, int) or not 1 <= terms <= MOST_TERMS:
        raise ShapeError(f"{op}: attribute {name} is {terms!r}; wanted 1 or 2")
    return terms


def coded_type(x: TensorType, terms: int) -> TensorType:
    """The type of rows [rows, cols] once they are coded."""
    cols = evaluate(x.shape[1], {})
    return TensorType((x.shape[0], CodedRows(cols, terms).words), DType.U32)


def plain_inputs(op: str, t: Types, a: Attrs, weight: str) -> Types:
    """The inputs of a linear layer as if x were f32. Raises: ShapeError where x is not coded for `weight`."""
    if "coded" not in a:
        return t
    wanted_rank(op, weight, t[weight], "out", "in")
    plain = TensorType((t["x"].shape[0], t[weight].shape[1]))
    wanted_same(
        op, "types", ("x", t["x"]), (f"rows for {weight}", coded_type(plain, terms_of(op, a, "coded")))
    )
    if "norm_weight" in t:
        raise ShapeError(f"{op}: a norm's weight multiplies rows before they are coded")
    if "eps" in a:
        number_attr(op, a, "eps")
    return {**t, "x": plain}


def decoded(x: Array, a: Values, cols: int) -> Array:
    """What coded rows stand for, times 1/rms where `eps` is given. Shape: f32 [rows, cols]."""
    values, squares = CodedRows(cols, a["coded"]).decode(x)
    if "eps" not in a:
        return values
    mean = squares.astype(np.float64) / cols
    return values * (1 / np.sqrt(mean + a["eps"])).astype(np.float32)[:, None]


def result_types(op: str, t: Types, a: Attrs, y: TensorType) -> tuple[TensorType, ...]:
    """The types of the results of a layer that makes y. Raises: ShapeError."""
    if "codes" not in a:
        if unexpected := [name for name in ("keeps", "code_offset") if name in a]:
            raise ShapeError(f"{op}: attribute {', '.join(unexpected)} needs codes")
        return (y,)
    _check_weight(op, t, a, "code_weight", "code_offset", y)
    coded = coded_type(y, terms_of(op, a, "codes"))
    return (y, coded) if a.get("keeps") else (coded,)


def results(y: Array, i: Arrays, a: Values) -> tuple[Array, ...]:
    """y, as the attributes ask for it: as it is, coded, or both."""
    if "codes" not in a:
        return (y,)
    coded = _coded(y, i.get("code_weight"), a.get("code_offset", 0.0), a["codes"])
    return (y, coded) if a.get("keeps") else (coded,)


def _infer(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    wanted_rank("code_rows", "x", t["x"], "rows", "cols")
    _check_weight("code_rows", t, a, "weight", "weight_offset", t["x"])
    return (coded_type(t["x"], terms_of("code_rows", a, "terms")),)


def _check_weight(op: str, t: Types, a: Attrs, role: str, offset: str, x: TensorType) -> None:
    if role in t:
        wanted_rank(op, role, t[role], "cols")
        wanted_same(op, "widths", ("the rows", x.shape[-1]), (role, t[role].shape[0]))
    if offset in a:
        finite_attr(op, a, offset)


def code_rows(i: Arrays, a: Values) -> tuple[Array, ...]:
    """The coded rows of x * (weight + weight_offset). Shapes: [rows, cols] -> u32 [rows, words]."""
    return (_coded(i["x"], i.get("weight"), a.get("weight_offset", 0.0), a["terms"]),)


def _coded(x: Array, weight: Array | None, offset: float, terms: int) -> Array:
    factor = None if weight is None else as_f32(weight) + np.float32(offset)
    return CodedRows(x.shape[1], terms).code(as_f32(x), factor)


DEFINITIONS = (
    OpDef(
        "code_rows",
        ("x",),
        _infer,
        code_rows,
        optional_roles=("weight",),
        attrs=("terms",),
        optional_attrs=("weight_offset",),
    ),
)
