"""What the fuse pass makes of several plain operations: fewer dispatches, the same values.

Their numpy meaning is composed of the plain operations' own, so a fused graph is as good a reference as the
one it came from.
"""

from __future__ import annotations

from kernelc.errors import ShapeError
from kernelc.ir.expression import Expression
from kernelc.ir.ops import attention as heads
from kernelc.ir.ops import basic, coding
from kernelc.ir.ops.definition import Array, Arrays, Attrs, OpDef, Types, Values, wanted_same
from kernelc.ir.types import TensorType

PRODUCT = "y"  # what an expression of linear_row calls the product
FIRST, SECOND = "first", "second"  # and one of linear_pair the two products
OPERANDS = ("residual", "row_1", "row_2", "vector_1", "vector_2")
"""What expressions call their other operands: "row_1" has the result's shape, "vector_1" its
width; a lone row is the "residual"."""

LINEAR = ("linear", "linear_row", "linear_pair", "linear_heads")
"""The operations that multiply by matrices: the plain layer, and what it is fused into."""

_FORMULA_INPUTS = tuple(f"x{number}" for number in range(1, 8))
_ROPE = ("head_dim", "rotated", *heads.ROPE_ATTRS)


def written(expression: Expression) -> str:
    """An expression as an attribute: its tokens with spaces between."""
    return " ".join(expression.tokens)


def expression_of(op: str, attrs: Attrs) -> Expression:
    """The expression in an operation's attributes. Raises: ShapeError where it is none."""
    text = attrs["expression"]
    if not isinstance(text, str):
        raise ShapeError(f"{op}: expression is {text!r}; wanted text")
    return Expression(tuple(text.split())).checked()


# Elementwise formulas


def _infer_formula(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    expression = expression_of("formula", a)
    if set(expression.inputs) != set(t):
        raise ShapeError(f"formula: inputs are {', '.join(t)}; it uses {', '.join(expression.inputs)}")
    largest = max(t.values(), key=lambda kind: kind.rank)
    for name, kind in t.items():
        if kind != largest and kind != _vector_of(largest):
            raise ShapeError(f"formula: {name} is {kind}; wanted {largest} or {_vector_of(largest)}")
    return (largest,)


def _vector_of(kind: TensorType) -> TensorType:
    return TensorType(kind.shape[-1:], kind.dtype)


def formula(i: Arrays, a: Values) -> tuple[Array, ...]:
    """The expression, elementwise; vectors are the same for all rows."""
    return (expression_of("formula", a).reference(i),)


# Norms with a residual


def _infer_add_rms_norm(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    wanted_same("add_rms_norm", "types", ("x", t["x"]), ("residual", t["residual"]))
    basic.RMS_NORM.check({"x": t["x"], "weight": t["weight"]}, a)
    return t["x"], t["x"]


def add_rms_norm(i: Arrays, a: Values) -> tuple[Array, ...]:
    """(x + residual, rms_norm(x + residual)). Shapes: [seq, hidden] each."""
    total = i["x"] + i["residual"]
    return total, *basic.rms_norm({"x": total, "weight": i["weight"]}, a)


# Linear layers


def _normed(i: Arrays, a: Values, weight: str) -> dict[str, Array]:
    """The inputs with x normalised, where there is a norm's weight, or decoded for the matrix `weight`."""
    found = dict(i)
    if "coded" in a:
        found["x"] = coding.decoded(i["x"], a, i[weight].shape[1])
    if "norm_weight" in i:
        attrs = {name: a[name] for name in ("eps", "weight_offset") if name in a}
        (found["x"],) = basic.rms_norm({"x": i["x"], "weight": i["norm_weight"]}, attrs)
    return found


def _check_norm(op: str, t: Types, a: Attrs) -> None:
    if ("norm_weight" in t) != ("eps" in a) and "coded" not in a:
        raise ShapeError(f"{op}: norm_weight and eps go together")
    if "norm_weight" in t:
        attrs = {name: a[name] for name in ("eps", "weight_offset") if name in a}
        basic.RMS_NORM.check({"x": t["x"], "weight": t["norm_weight"]}, attrs)


def _check_biases(op: str, t: Types, parts: tuple[str, ...]) -> None:
    """The layers' matrices become one, which has a bias for each row or for no row."""
    given = [part for part in parts if f"{part}_bias" in t]
    if given and len(given) < len(parts):
        raise ShapeError(f"{op}: {', '.join(given)} has a bias; wanted one for each of {', '.join(parts)}")


def _projection(op: str, t: Types, prefix: str) -> TensorType:
    return basic.linear_type(op, t["x"], t[f"{prefix}weight"], t.get(f"{prefix}bias"))


def _project(i: Arrays, prefix: str) -> Array:
    inputs = {"x": i["x"], "weight": i[f"{prefix}weight"]}
    if f"{prefix}bias" in i:
        inputs["bias"] = i[f"{prefix}bias"]
    return basic.linear(inputs, {})[0]


def _infer_row(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    t = coding.plain_inputs("linear_row", t, a, "weight")
    _check_norm("linear_row", t, a)
    y, expression = _projection("linear_row", t, ""), expression_of("linear_row", a)
    others = [name for name in OPERANDS if name in t]
    if set(expression.inputs) != {PRODUCT, *others}:
        raise ShapeError(
            f"linear_row: the expression uses {', '.join(expression.inputs)};"
            f" it is given {', '.join((PRODUCT, *others))}"
        )
    for name in others:
        wanted = _vector_of(y) if name.startswith("vector") else y
        wanted_same("linear_row", "types", (name, t[name]), ("the expression", wanted))
    return coding.result_types("linear_row", t, a, y)


def linear_row(i: Arrays, a: Values) -> tuple[Array, ...]:
    """norm?(x) W^T + bias, then the expression of it, "y", and of other rows and vectors."""
    i = _normed(i, a, "weight")
    return coding.results(expression_of("linear_row", a).reference({**i, PRODUCT: _project(i, "")}), i, a)


def _infer_pair(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    t = coding.plain_inputs("linear_pair", t, a, f"{FIRST}_weight")
    _check_norm("linear_pair", t, a)
    _check_biases("linear_pair", t, (FIRST, SECOND))
    first, second = (_projection("linear_pair", t, f"{part}_") for part in (FIRST, SECOND))
    wanted_same("linear_pair", "output types", ("first_weight", first), ("second_weight", second))
    used = expression_of("linear_pair", a).inputs
    if set(used) != {FIRST, SECOND}:
        raise ShapeError(f"linear_pair: the expression uses {', '.join(used)}; wanted {FIRST} and {SECOND}")
    return coding.result_types("linear_pair", t, a, first)


def linear_pair(i: Arrays, a: Values) -> tuple[Array, ...]:
    """The expression of two linear layers of norm?(x): silu(first) * second, for one."""
    i = _normed(i, a, f"{FIRST}_weight")
    both = {part: _project(i, f"{part}_") for part in (FIRST, SECOND)}
    return coding.results(expression_of("linear_pair", a).reference(both), i, a)


def _infer_heads(t: Types, a: Attrs) -> tuple[TensorType, ...]:
    op = "linear_heads"
    t = coding.plain_inputs(op, t, a, "q_weight")
    _check_norm(op, t, a)
    _check_biases(op, t, ("q", "k", "v"))
    head_dim = heads.int_attr(op, a, "head_dim")
    if a["rotated"] not in ("qk", "q", "k", "none"):
        raise ShapeError(f"{op}: rotated is {a['rotated']!r}; wanted qk, q, k or none")
    if a["rotated"] != "none":
        missing = [name for name in heads.ROPE_ATTRS if name not in a]
        if missing:
            raise ShapeError(f"{op}: attribute {', '.join(missing)} missing for rotated {a['rotated']}")
        heads.check_rope(op, head_dim, a)
    q, k, v = (heads.heads_type(op, _projection(op, t, f"{part}_"), head_dim) for part in "qkv")
    heads.check_cache(op, "k_cache", t["k_cache"], k)
    heads.check_cache(op, "v_cache", t["v_cache"], v)
    for role in ("k_cache", "v_cache"):
        heads.check_stored(op, t[role], a)
    return q, t["k_cache"], t["v_cache"]


def linear_heads(i: Arrays, a: Values) -> tuple[Array, ...]:
    """The projections of attention, of norm?(x): (queries [seq, heads, head_dim], the K cache with the keys
    appended, the V cache with the values appended). `rotated`: which of queries and keys are rotated."""
    i = _normed(i, a, "q_weight")
    split = {part: heads.split_heads({"x": _project(i, f"{part}_")}, a)[0] for part in "qkv"}
    for part in (part for part in "qk" if part in a["rotated"]):
        (split[part],) = heads.rope({"x": split[part]}, a)
    (k_cache,) = heads.cache_append({"cache": i["k_cache"], "x": split["k"]}, a)
    (v_cache,) = heads.cache_append({"cache": i["v_cache"], "x": split["v"]}, a)
    return split["q"], k_cache, v_cache


_NORM_ATTRS = ("eps", "weight_offset")
_HEADS_ROLES = ("x", "q_weight", "k_weight", "v_weight", "k_cache", "v_cache")

DEFINITIONS = (
    OpDef("formula", (), _infer_formula, formula, _FORMULA_INPUTS, attrs=("expression",)),
    OpDef(
        "add_rms_norm",
        ("x", "residual", "weight"),
        _infer_add_rms_norm,
        add_rms_norm,
        attrs=("eps",),
        optional_attrs=("weight_offset",),
    ),
    OpDef(
        "linear_row",
        ("x", "weight"),
        _infer_row,
        linear_row,
        optional_roles=("bias", "norm_weight", "code_weight", *OPERANDS),
        attrs=("expression",),
        optional_attrs=(*_NORM_ATTRS, *coding.CODE_ATTRS),
    ),
    OpDef(
        "linear_pair",
        ("x", "first_weight", "second_weight"),
        _infer_pair,
        linear_pair,
        optional_roles=("first_bias", "second_bias", "norm_weight", "code_weight"),
        attrs=("expression",),
        optional_attrs=(*_NORM_ATTRS, *coding.CODE_ATTRS),
    ),
    OpDef(
        "linear_heads",
        _HEADS_ROLES,
        _infer_heads,
        linear_heads,
        optional_roles=("q_bias", "k_bias", "v_bias", "norm_weight"),
        attrs=("head_dim", "rotated", "past"),
        optional_attrs=(*_NORM_ATTRS, "coded", "stored", *heads.ROPE_ATTRS, *heads.OPTIONAL_ROPE_ATTRS),
        appends={"k_cache": 1, "v_cache": 2},
    ),
)
