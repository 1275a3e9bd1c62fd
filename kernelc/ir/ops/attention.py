"""Operations over heads: splitting, rotary position embedding, the KV cache, attention."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kernelc.errors import ShapeError
from kernelc.ir import cached_rows
from kernelc.ir.dim import Dim
from kernelc.ir.expression import FUNCTIONS
from kernelc.ir.ops import coding
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
from kernelc.ir.rotary import ALL_SCALING_ATTRS, Rotary
from kernelc.ir.types import DType, TensorType

ROPE_ATTRS = ("past", "theta", "rotary_dim", "scaling")
OPTIONAL_ROPE_ATTRS = ALL_SCALING_ATTRS
MAX_HEAD_DIM = 1024  # every device has schedules for heads of up to so many elements


def heads_type(op: str, x: TensorType, head_dim: int) -> TensorType:
    """Return [seq, heads, head_dim] for x [seq, heads * head_dim].

    Raises: ShapeError where it does not divide.
    """
    wanted_rank(op, "x", x, "seq", "heads * head_dim")
    if not isinstance(x.shape[1], int) or x.shape[1] % head_dim:
        raise ShapeError(f"{op}: width {x.shape[1]} is not a multiple of head_dim {head_dim}")
    return TensorType((x.shape[0], x.shape[1] // head_dim, head_dim))


def int_attr(op: str, attrs: Attrs, name: str) -> int:
    """Return an attribute that is a positive int. Raises: ShapeError where it is something else."""
    value = dim_attr(op, attrs, name)
    if not isinstance(value, int) or value < 1:
        raise ShapeError(f"{op}: attribute {name} is {value}; wanted a positive integer")
    return value


def _infer_split_heads(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    return (heads_type("split_heads", t["x"], int_attr("split_heads", a, "head_dim")),)


def split_heads(i: Arrays, a: Values) -> tuple[Array, ...]:
    """Shapes: [seq, heads * head_dim] -> [seq, heads, head_dim]."""
    return (i["x"].reshape(len(i["x"]), -1, a["head_dim"]),)


def _infer_merge_heads(t: Types, _: Attrs) -> tuple[TensorType, ...]:
    wanted_rank("merge_heads", "x", t["x"], "seq", "heads", "head_dim")
    return (merged_type(t["x"]),)


def merged_type(x: TensorType) -> TensorType:
    """Return [seq, heads * head_dim] for [seq, heads, head_dim]."""
    return TensorType((x.shape[0], x.shape[1] * x.shape[2]), x.dtype)


def merge_heads(i: Arrays, _: Values) -> tuple[Array, ...]:
    """Shapes: [seq, heads, head_dim] -> [seq, heads * head_dim]."""
    return (i["x"].reshape(len(i["x"]), -1),)


def _infer_rope(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    wanted_rank("rope", "x", t["x"], "seq", "heads", "head_dim")
    check_rope("rope", t["x"].shape[2], a)
    return (t["x"],)


def check_rope(op: str, head_dim: Dim, attrs: Attrs) -> None:
    """Raise ShapeError unless the rotary attributes are there and fit heads of this width."""
    rotary_dim = int_attr(op, attrs, "rotary_dim")
    if rotary_dim % 2 or not isinstance(head_dim, int) or rotary_dim > head_dim:
        raise ShapeError(f"{op}: rotary_dim is {rotary_dim}; wanted an even number up to head_dim {head_dim}")
    dim_attr(op, attrs, "past")
    number_attr(op, attrs, "theta")
    try:
        Rotary.of(attrs)
    except ShapeError as error:
        raise ShapeError(f"{op}: {error.message}") from None


def rope(i: Arrays, a: Values) -> tuple[Array, ...]:
    """Rotate the pairs (j, j + rotary_dim / 2) of each head by position * frequency; the rest stays.

    Shapes: [seq, heads, head_dim]. Frequencies are those of `kernelc.ir.rotary`, for a sequence of past + seq
    positions. They are rounded to float32 and angles are float32, as in transformers.
    """
    x, rotary = as_f32(i["x"]), Rotary.of(a)
    half = rotary.dim // 2
    positions = np.arange(a["past"], a["past"] + len(x), dtype=np.float32)
    angles = positions[:, None, None] * rotary.frequencies(a["past"] + len(x)).astype(np.float32)
    cos, sin = (part(angles) * np.float32(rotary.attention) for part in (np.cos, np.sin))
    first, second, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return (np.concatenate((first * cos - second * sin, second * cos + first * sin, rest), axis=-1),)


def _infer_cache_append(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    dim_attr("cache_append", a, "past")
    wanted_rank("cache_append", "x", t["x"], "seq", "kv_heads", "head_dim")
    check_cache("cache_append", "cache", t["cache"], t["x"])
    check_stored("cache_append", t["cache"], a)
    return (t["cache"],)


def check_cache(op: str, role: str, cache: TensorType, x: TensorType) -> None:
    """Raise ShapeError unless a cache holds rows of x, as f16, f32 or q8, with heads of a width that fits:
    elements are kept in pairs, those of q8 in fours."""
    if cache.rank != 3 or cache.dtype not in (DType.F16, DType.F32, DType.Q8):
        raise ShapeError(f"{op}: {role} is {cache}; wanted f16, f32 or q8 [context, kv_heads, head_dim]")
    wanted_same(op, "heads and widths", (role, cache.shape[1:]), ("x", x.shape[1:]))
    head_dim, fours = cache.shape[2], cache.dtype is DType.Q8
    if not isinstance(head_dim, int) or head_dim % (cached_rows.CODES_OF_WORD if fours else 2):
        wanted = "a head_dim that 4 divides" if fours else "an even head_dim"
        raise ShapeError(
            f"{op}: {role} is {cache}; wanted {wanted}, since a cache keeps its elements in"
            f" {'fours' if fours else 'pairs'}"
        )


def check_stored(op: str, cache: TensorType, attrs: Attrs) -> None:
    """Raise ShapeError unless the attribute `stored` says that the cache is one of codes, where it is."""
    wanted = cached_rows.CODED if cache.dtype is DType.Q8 else None
    if attrs.get("stored") != wanted:
        raise ShapeError(f"{op}: attribute stored is {attrs.get('stored')!r}, the cache is {cache}")


def cache_append(i: Arrays, a: Values) -> tuple[Array, ...]:
    """The cache with x at positions past .. past + seq - 1, rounded to the cache's type (ties to even).

    Where it is `stored` as q8 they are rounded as `kernelc.ir.cached_rows` says, a head of a position at a
    time. Position p is in row p mod rows: see `kernelc.ir.rings`.
    """
    cache, seq = i["cache"].copy(), len(i["x"])
    if seq > len(cache):
        raise ShapeError(f"cache_append: a step of {seq} positions does not fit a cache of {len(cache)}")
    x = cached_rows.rounded(as_f32(i["x"])) if a.get("stored") == cached_rows.CODED else i["x"]
    cache[np.arange(a["past"], a["past"] + seq) % len(cache)] = x
    return (cache,)


def _infer_attention(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    q, k, v = t["q"], t["k_cache"], t["v_cache"]
    wanted_rank("attention", "q", q, "seq", "heads", "head_dim")
    check_cache("attention", "k_cache", k, TensorType((q.shape[0], k.shape[1], q.shape[2])))
    wanted_same("attention", "caches", ("k_cache", k), ("v_cache", v))
    heads, kv_heads = q.shape[1], k.shape[1]
    if not isinstance(heads, int) or not isinstance(kv_heads, int) or heads % kv_heads:
        raise ShapeError(f"attention: {heads} query heads cannot share {kv_heads} key/value heads evenly")
    if isinstance(q.shape[2], int) and q.shape[2] > MAX_HEAD_DIM:
        raise ShapeError(f"attention: head_dim is {q.shape[2]}; kernels take up to {MAX_HEAD_DIM}")
    number_attr("attention", a, "scale")
    dim_attr("attention", a, "past")
    if "window" in a:
        int_attr("attention", a, "window")
    if "soft_cap" in a:
        number_attr("attention", a, "soft_cap")
    if "codes" in a and (q.shape[0] != 1 or not a.get("merged")):
        raise ShapeError("attention: attribute codes needs one row of merged heads")
    return coding.result_types("attention", t, a, merged_type(q) if a.get("merged") else q)


def attention(i: Arrays, a: Values) -> tuple[Array, ...]:
    """softmax(q k^T * scale) v over positions 0 .. past + row; query head h reads head h * kv_heads // heads.

    With `window` a position sees itself and the window - 1 positions before it. With `soft_cap` the scaled
    scores become cap * tanh(score / cap) before the softmax.

    Shapes: q [seq, heads, head_dim], caches [context, kv_heads, head_dim] -> [seq, heads, head_dim], or
    [seq, heads * head_dim] where `merged`, as a coded row where there are `codes`. Scores in float32; the
    softmax's sum in float64.
    Sources: Vaswani et al. 2017, arXiv 1706.03762; grouped queries: Ainslie et al. 2023, arXiv 2305.13245;
    windows: Beltagy et al. 2020 (Longformer), arXiv 2004.05150; soft cap: Gemma 2 report, arXiv 2408.00118.
    """
    seq, heads, head_dim = i["q"].shape
    total, kv_heads = a["past"] + seq, i["k_cache"].shape[1]
    rows = np.arange(int(total)) % len(i["k_cache"])  # those that none sees may be others'
    k, v = (as_f32(i[role][rows]).transpose(1, 0, 2) for role in ("k_cache", "v_cache"))
    q = as_f32(i["q"]).reshape(seq, kv_heads, -1, head_dim).transpose(1, 2, 0, 3)
    scores = q @ k[:, None].swapaxes(-1, -2) * np.float32(a["scale"])
    if "soft_cap" in a:
        scores = FUNCTIONS["soft_cap"].meaning(scores, a["soft_cap"])
    visible = np.tri(seq, total, a["past"], dtype=np.bool_)
    if "window" in a:
        visible &= ~np.tri(seq, total, a["past"] - a["window"], dtype=np.bool_)
    weights = softmax(np.where(visible, scores, np.float32(-np.inf)))
    y = (weights @ v[:, None]).transpose(2, 0, 1, 3)
    y = np.ascontiguousarray(y).reshape((seq, -1) if a.get("merged") else (seq, heads, head_dim))
    return coding.results(y, i, a)


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return exp(scores) normalised over the last axis; the sum in float64."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True, dtype=np.float64)).astype(np.float32)


DEFINITIONS = (
    OpDef("split_heads", ("x",), _infer_split_heads, split_heads, attrs=("head_dim",)),
    OpDef("merge_heads", ("x",), _infer_merge_heads, merge_heads),
    OpDef("rope", ("x",), _infer_rope, rope, attrs=ROPE_ATTRS, optional_attrs=OPTIONAL_ROPE_ATTRS),
    OpDef(
        "cache_append",
        ("cache", "x"),
        _infer_cache_append,
        cache_append,
        attrs=("past",),
        optional_attrs=("stored",),
        appends={"cache": 0},
    ),
    OpDef(
        "attention",
        ("q", "k_cache", "v_cache"),
        _infer_attention,
        attention,
        attrs=("scale", "past"),
        optional_attrs=("merged", "window", "soft_cap", "codes"),
    ),
)
