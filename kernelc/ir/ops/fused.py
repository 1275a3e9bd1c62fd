"""Operations that `passes/fuse.py` puts in place of several; each reference is the composition of theirs."""

from __future__ import annotations

from kernelc.errors import ShapeError
from kernelc.ir.ops import attention as heads
from kernelc.ir.ops import basic, elementwise
from kernelc.ir.ops.definition import Array, Arrays, Attrs, OpDef, Types, Values, wanted_same
from kernelc.ir.types import TensorType

# The roles of `fused_linear` by epilogue: (required, optional), besides `x` and the optional `norm_weight`.
EPILOGUE_ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "none": (("weight",), ("bias",)),
    "residual": (("weight", "residual"), ("bias",)),
    "gated": (("gate_weight", "up_weight"), ("gate_bias", "up_bias")),
    "qkv": (
        ("q_weight", "k_weight", "v_weight", "k_cache", "v_cache"),
        ("q_bias", "k_bias", "v_bias"),
    ),
}
_QKV_ATTRS = ("head_dim", *heads.ROPE_ATTRS)
_ALL_ROLES = tuple(
    dict.fromkeys(role for groups in EPILOGUE_ROLES.values() for group in groups for role in group)
)


def _infer_add_rms_norm(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    wanted_same("add_rms_norm", "types", ("x", t["x"]), ("residual", t["residual"]))
    basic.RMS_NORM.check({"x": t["x"], "weight": t["weight"]}, a)
    return t["x"], t["x"]


def add_rms_norm(i: Arrays, a: Values) -> tuple[Array, ...]:
    """(x + residual, rms_norm(x + residual)). Shapes: [seq, hidden] each."""
    (total,) = elementwise.OPERATIONS["add"].reference({"x": i["x"], "y": i["residual"]}, {})
    return total, *basic.rms_norm({"x": total, "weight": i["weight"]}, a)


def _infer_fused_linear(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    epilogue = _checked_epilogue(t, a)
    if "norm_weight" in t:
        basic.RMS_NORM.check({"x": t["x"], "weight": t["norm_weight"]}, {"eps": a["eps"]})
    if epilogue == "gated":
        gate, up = (_projection(t, f"{part}_") for part in ("gate", "up"))
        wanted_same("fused_linear", "output types", ("gate_weight", gate), ("up_weight", up))
        return (gate,)
    if epilogue == "qkv":
        return _infer_qkv(t, a)
    y = _projection(t, "")
    if epilogue == "residual":
        wanted_same("fused_linear", "types", ("x W^T", y), ("residual", t["residual"]))
    return (y,)


def _checked_epilogue(t: Types, a: Attrs) -> str:
    epilogue = a["epilogue"]
    if not isinstance(epilogue, str) or epilogue not in EPILOGUE_ROLES:
        raise ShapeError(f"fused_linear: epilogue is {epilogue!r}; wanted {', '.join(EPILOGUE_ROLES)}")
    required, optional = EPILOGUE_ROLES[epilogue]
    attrs = (("eps",) if "norm_weight" in t else ()) + (_QKV_ATTRS if epilogue == "qkv" else ())
    extra = heads.OPTIONAL_ROPE_ATTRS if epilogue == "qkv" else ()
    # Roles and attributes depend on the epilogue: a definition of just this one says which.
    OpDef(
        f"fused_linear {epilogue}",
        ("x", *required),
        lambda _, __: (),
        lambda _, __: (),
        (*optional, "norm_weight"),
        ("epilogue", *attrs),
        extra,
    ).check(t, a)
    return epilogue


def _projection(t: Types, prefix: str) -> TensorType:
    return basic.linear_type("fused_linear", t["x"], t[f"{prefix}weight"], t.get(f"{prefix}bias"))


def _infer_qkv(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    head_dim = heads.int_attr("fused_linear", a, "head_dim")
    heads.check_rope("fused_linear", head_dim, a)
    q, k, v = (heads.heads_type("fused_linear", _projection(t, f"{part}_"), head_dim) for part in "qkv")
    heads.check_cache("fused_linear", "k_cache", t["k_cache"], k)
    heads.check_cache("fused_linear", "v_cache", t["v_cache"], v)
    return q, t["k_cache"], t["v_cache"]


def fused_linear(i: Arrays, a: Values) -> tuple[Array, ...]:
    """norm?(x), then linear layers, then what the epilogue says.

    none: x W^T + bias. residual: that + residual. gated: silu(x gate^T) * (x up^T). qkv: (the rotated queries
    [seq, heads, head_dim], the K cache with the rotated keys appended, the V cache with the values appended).
    """
    i = dict(i)
    if "norm_weight" in i:
        (i["x"],) = basic.rms_norm({"x": i["x"], "weight": i["norm_weight"]}, a)
    return _EPILOGUES[a["epilogue"]](i, a)


def _project(i: Arrays, prefix: str) -> Array:
    inputs = {"x": i["x"], "weight": i[f"{prefix}weight"]}
    if f"{prefix}bias" in i:
        inputs["bias"] = i[f"{prefix}bias"]
    return basic.linear(inputs, {})[0]


def _plain(i: Arrays, _: Values) -> tuple[Array, ...]:
    return (_project(i, ""),)


def _residual(i: Arrays, _: Values) -> tuple[Array, ...]:
    return elementwise.OPERATIONS["add"].reference({"x": _project(i, ""), "y": i["residual"]}, {})


def _gated(i: Arrays, _: Values) -> tuple[Array, ...]:
    (gate,) = elementwise.OPERATIONS["silu"].reference({"x": _project(i, "gate_")}, {})
    return elementwise.OPERATIONS["mul"].reference({"x": gate, "y": _project(i, "up_")}, {})


def _qkv(i: Arrays, a: Values) -> tuple[Array, ...]:
    q, k, v = (heads.split_heads({"x": _project(i, f"{part}_")}, a)[0] for part in "qkv")
    (q,), (k,) = heads.rope({"x": q}, a), heads.rope({"x": k}, a)
    (k_cache,) = heads.cache_append({"cache": i["k_cache"], "x": k}, a)
    (v_cache,) = heads.cache_append({"cache": i["v_cache"], "x": v}, a)
    return q, k_cache, v_cache


_EPILOGUES = {"none": _plain, "residual": _residual, "gated": _gated, "qkv": _qkv}

DEFINITIONS = (
    OpDef("add_rms_norm", ("x", "residual", "weight"), _infer_add_rms_norm, add_rms_norm, attrs=("eps",)),
    OpDef(
        "fused_linear",
        ("x",),
        _infer_fused_linear,
        fused_linear,
        optional_roles=("norm_weight", *_ALL_ROLES),
        attrs=("epilogue",),
        optional_attrs=("eps", *_QKV_ATTRS, *heads.OPTIONAL_ROPE_ATTRS),
        appends={"k_cache": 1, "v_cache": 2},
    ),
)
