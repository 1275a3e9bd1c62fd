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


def _infer_rms_norm(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    wanted_rank("rms_norm", "x", t["x"], "seq", "hidden")
    wanted_rank("rms_norm", "weight", t["weight"], "hidden")
    wanted_same("rms_norm", "widths", ("x", t["x"].shape[1]), ("weight", t["weight"].shape[0]))
    number_attr("rms_norm", a, "eps")
    return (t["x"],)


def rms_norm(i: Arrays, a: Values) -> tuple[Array, ...]:
    """x / sqrt(mean(x^2) + eps) * weight; the mean in float64.

    Source: Zhang & Sennrich 2019, arXiv 1910.07467.
    """
    x = as_f32(i["x"])
    mean_square = np.mean(np.square(x, dtype=np.float64), axis=-1, keepdims=True)
    scale = (1.0 / np.sqrt(mean_square + a["eps"])).astype(np.float32)
    return (x * scale * as_f32(i["weight"]),)


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


RMS_NORM = OpDef("rms_norm", ("x", "weight"), _infer_rms_norm, rms_norm, attrs=("eps",))

DEFINITIONS = (
    OpDef("embedding", ("tokens", "table"), _infer_embedding, embedding, attrs=("seq", "past")),
    RMS_NORM,
    OpDef("linear", ("x", "weight"), _infer_linear, linear, optional_roles=("bias",)),
    OpDef("last_row", ("x",), _infer_last_row, last_row),
)
