"""Operations that work on rows: lookups, norms, linear layers."""

from __future__ import annotations

import numpy as np

from kernelc.errors import ShapeError
from kernelc.ir.ops.definition import (
    Array,
    Arrays,
    Attrs,
    OpDef,
    Types,
    Values,
    as_f32,
    dim_attr,
    finite_attr,
    number_attr,
    wanted_rank,
    wanted_same,
)
from kernelc.ir.types import DType, TensorType


def _infer_embedding(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    wanted_rank("embedding", "tokens", t["tokens"], "context + 1", dtype=DType.U32)
    wanted_rank("embedding", "table", t["table"], "vocab", "hidden")
    seq = dim_attr("embedding", a, "seq")
    return (TensorType((seq, t["table"].shape[1])),)


def embedding(i: Arrays, a: Values) -> tuple[Array, ...]:
    """Rows of the table for the ids at positions past .. past + seq. Shapes: [seq, hidden]."""
    ids = i["tokens"][a["past"] : a["past"] + a["seq"]]
    if len(ids) != a["seq"] or np.any(ids >= len(i["table"])):
        known, wanted = len(i["tokens"]), a["past"] + a["seq"]
        raise ShapeError(
            f"embedding: {wanted} ids below {len(i['table'])} wanted, got {known} up to {ids.max()}"
        )
    return (as_f32(i["table"])[ids],)


def _infer_norm(op: str, t: Types, a: Attrs) -> tuple[TensorType, ...]:
    x = t["x"]
    if x.rank not in (2, 3) or x.dtype != DType.F32:
        raise ShapeError(f"{op}: x is {x}; wanted f32[seq, hidden] or f32[seq, heads, head_dim]")
    for role in ("weight", "bias"):
        if role in t:
            wanted_rank(op, role, t[role], "hidden")
            wanted_same(op, "widths", ("x", x.shape[-1]), (role, t[role].shape[0]))
    number_attr(op, a, "eps")
    if "weight_offset" in a:
        finite_attr(op, a, "weight_offset")
        if "weight" not in t:
            raise ShapeError(f"{op}: attribute weight_offset needs a weight to be added to")
    return (x,)


def _weighted(normed: Array, i: Arrays, a: Values) -> Array:
    """normed * (weight + weight_offset) + bias, as far as there are such."""
    if "weight" in i:
        normed = normed * (as_f32(i["weight"]) + np.float32(a.get("weight_offset", 0.0)))
    return normed + as_f32(i["bias"]) if "bias" in i else normed


def rms_norm(i: Arrays, a: Values) -> tuple[Array, ...]:
    """x / sqrt(mean(x^2) + eps) * (weight + weight_offset) over the last dimension; the mean in float64.

    Shapes: x [seq, hidden] or [seq, heads, head_dim], weight [hidden] or [head_dim], optional.
    Source: Zhang & Sennrich 2019, arXiv 1910.07467.
    """
    x = as_f32(i["x"])
    mean_square = np.mean(np.square(x, dtype=np.float64), axis=-1, keepdims=True)
    scale = (1.0 / np.sqrt(mean_square + a["eps"])).astype(np.float32)
    return (_weighted(x * scale, i, a),)


def layer_norm(i: Arrays, a: Values) -> tuple[Array, ...]:
    """(x - mean(x)) / sqrt(variance(x) + eps) * (weight + weight_offset) + bias over the last dimension.

    Shapes as in `rms_norm`; weight and bias are optional. Mean and variance in float64.
    Source: Ba, Kiros & Hinton 2016, arXiv 1607.06450.
    """
    x = i["x"].astype(np.float64)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    return (_weighted((centred / np.sqrt(variance + a["eps"])).astype(np.float32), i, a),)


def _infer_linear(t: Types, _: Attrs) -> tuple[TensorType, ...]:
    return (linear_type("linear", t["x"], t["weight"], t.get("bias")),)


def linear_type(op: str, x: TensorType, weight: TensorType, bias: TensorType | None) -> TensorType:
    """Return the type of x W^T + bias. Raises: ShapeError where the three do not fit."""
    wanted_rank(op, "x", x, "seq", "in")
    wanted_rank(op, "weight", weight, "out", "in")
    wanted_same(op, "inner dimensions", ("x", x.shape[1]), ("weight", weight.shape[1]))
    if bias is not None:
        wanted_rank(op, "bias", bias, "out")
        wanted_same(op, "output widths", ("weight", weight.shape[0]), ("bias", bias.shape[0]))
    return TensorType((x.shape[0], weight.shape[0]))


def linear(i: Arrays, _: Values) -> tuple[Array, ...]:
    """x W^T + bias.

    Shapes: x [seq, in], weight [out, in], bias [out] -> [seq, out]. Accumulates in float32.
    """
    y = as_f32(i["x"]) @ as_f32(i["weight"]).T
    return (y + as_f32(i["bias"]) if "bias" in i else y,)


def _infer_last_row(t: Types, _: Attrs) -> tuple[TensorType, ...]:
    wanted_rank("last_row", "x", t["x"], "seq", "hidden")
    return (TensorType((1, t["x"].shape[1]), t["x"].dtype),)


def last_row(i: Arrays, _: Values) -> tuple[Array, ...]:
    """The last row of x. Shapes: [seq, hidden] -> [1, hidden]."""
    return (i["x"][-1:],)


RMS_NORM = OpDef(
    "rms_norm",
    ("x",),
    lambda t, a: _infer_norm("rms_norm", t, a),
    rms_norm,
    optional_roles=("weight",),
    attrs=("eps",),
    optional_attrs=("weight_offset",),
)
LAYER_NORM = OpDef(
    "layer_norm",
    ("x",),
    lambda t, a: _infer_norm("layer_norm", t, a),
    layer_norm,
    optional_roles=("weight", "bias"),
    attrs=("eps",),
    optional_attrs=("weight_offset",),
)

DEFINITIONS = (
    OpDef("embedding", ("tokens", "table"), _infer_embedding, embedding, attrs=("seq", "past")),
    RMS_NORM,
    LAYER_NORM,
    OpDef("linear", ("x", "weight"), _infer_linear, linear, optional_roles=("bias",)),
    OpDef("last_row", ("x",), _infer_last_row, last_row),
)
