"""Fused operations mean what the plain operations in them mean, and check what they are given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from kernelc.errors import ShapeError
from kernelc.ir.dim import Var
from kernelc.ir.ops import OPS
from kernelc.ir.types import DType, TensorType

RNG = np.random.default_rng(11)
SEQ = Var("seq", 1, 8)
F32 = TensorType
ROPE = {"past": 2, "theta": 100.0, "rotary_dim": 4, "scaling": "none"}

Arrays = Mapping[str, np.ndarray]


def randoms(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def plain(name: str, inputs: Arrays, **attrs: object) -> np.ndarray:
    return OPS[name].reference(inputs, attrs)[0]


def linear(x: np.ndarray, weights: Arrays, prefix: str) -> np.ndarray:
    roles = {"weight": f"{prefix}weight", "bias": f"{prefix}bias"}
    return plain(
        "linear", {"x": x} | {role: weights[name] for role, name in roles.items() if name in weights}
    )


def test_a_formula_is_its_expression() -> None:
    x, y, v = randoms(3, 8), randoms(3, 8), randoms(8)
    (got,) = OPS["formula"].reference(
        {"x1": x, "x2": y, "x3": v}, {"expression": "x1 silu x2 mul x3 add scale(2.0)"}
    )
    gated = plain("add", {"x": plain("mul", {"x": plain("silu", {"x": x}), "y": y}), "y": v})
    assert np.array_equal(got, plain("scale", {"x": gated}, factor=2.0))


@pytest.mark.parametrize("normed", [False, True])
def test_linear_row_is_a_norm_a_product_and_an_expression(normed: bool) -> None:
    i = {"x": randoms(3, 8), "weight": randoms(5, 8), "bias": randoms(5)}
    i |= {"residual": randoms(3, 5), "vector_1": randoms(5)}
    a: dict[str, object] = {"expression": "y vector_1 mul residual add"}
    x = i["x"]
    if normed:
        i["norm_weight"], a["eps"] = randoms(8), 1e-3
        x = plain("rms_norm", {"x": x, "weight": i["norm_weight"]}, eps=1e-3)
    (got,) = OPS["linear_row"].reference(i, a)
    scaled = plain("mul", {"x": linear(x, i, ""), "y": i["vector_1"]})
    assert np.array_equal(got, plain("add", {"x": scaled, "y": i["residual"]}))


def test_linear_pair_is_an_expression_of_two_products() -> None:
    i = {"x": randoms(3, 8), "first_weight": randoms(5, 8), "second_weight": randoms(5, 8)}
    i |= {"first_bias": randoms(5), "second_bias": randoms(5)}
    (got,) = OPS["linear_pair"].reference(i, {"expression": "first gelu second sub first mul"})
    first, second = linear(i["x"], i, "first_"), linear(i["x"], i, "second_")
    less = plain("sub", {"x": plain("gelu", {"x": first}), "y": second})
    assert np.array_equal(got, plain("mul", {"x": less, "y": first}))


@pytest.mark.parametrize("rotated", ["qk", "q", "k", "none"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_linear_heads_projects_rotates_and_appends(rotated: str, dtype: type[np.floating]) -> None:
    i = {"x": randoms(3, 8), "q_weight": randoms(16, 8), "k_weight": randoms(8, 8), "v_weight": randoms(8, 8)}
    i |= {"q_bias": randoms(16), "k_bias": randoms(8), "v_bias": randoms(8)}
    i |= {name: randoms(6, 2, 4).astype(dtype) for name in ("k_cache", "v_cache")}
    rope = ROPE if rotated != "none" else {"past": 2}
    got = OPS["linear_heads"].reference(i, {"head_dim": 4, "rotated": rotated, **rope})
    heads = {part: plain("split_heads", {"x": linear(i["x"], i, f"{part}_")}, head_dim=4) for part in "qkv"}
    for part in "qk":
        if part in rotated:
            heads[part] = plain("rope", {"x": heads[part]}, **ROPE)
    assert np.array_equal(got[0], heads["q"])
    for result, part in ((got[1], "k"), (got[2], "v")):
        cache = {"cache": i[f"{part}_cache"], "x": heads[part]}
        assert result.dtype == dtype
        assert np.array_equal(result, plain("cache_append", cache, past=2))


def test_add_rms_norm_gives_the_sum_and_the_norm() -> None:
    i = {"x": randoms(3, 8), "residual": randoms(3, 8), "weight": randoms(8)}
    total, normed = OPS["add_rms_norm"].reference(i, {"eps": 1e-3})
    assert np.array_equal(total, i["x"] + i["residual"])
    assert np.array_equal(normed, plain("rms_norm", {"x": total, "weight": i["weight"]}, eps=1e-3))


_X, _ROWS, _WEIGHT = F32((SEQ, 4)), F32((SEQ, 8)), F32((8, 4))
_HEADS = {"x": _X, "q_weight": _WEIGHT, "k_weight": _WEIGHT, "v_weight": _WEIGHT}
_CACHES = {"k_cache": F32((9, 2, 4)), "v_cache": F32((9, 2, 4))}


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "message"),
    [
        ("formula", {"x1": _X}, {"expression": "x1 x2 add"}, "inputs are x1; it uses x1, x2"),
        ("formula", {"x1": _X}, {"expression": "x1 add"}, "add lacks an operand"),
        ("formula", {"x1": _X}, {"expression": "x1 x1"}, "wanted one value, got 2"),
        ("formula", {"x1": _X}, {"expression": 1.0}, "formula: expression is 1.0; wanted text"),
        ("formula", {"x1": _X}, {}, "formula: attribute expression missing"),
        (
            "formula",
            {"x1": _X, "x2": F32((8,))},
            {"expression": "x1 x2 add"},
            r"formula: x2 is f32\[8\]; wanted f32\[seq, 4\] or f32\[4\]",
        ),
        (
            "linear_row",
            {"x": _X, "weight": _WEIGHT},
            {"expression": "y residual add"},
            "linear_row: the expression uses y, residual; it is given y",
        ),
        (
            "linear_row",
            {"x": _X, "weight": _WEIGHT, "residual": _ROWS},
            {"expression": "y"},
            "linear_row: the expression uses y; it is given y, residual",
        ),
        (
            "linear_row",
            {"x": _X, "weight": _WEIGHT, "residual": _X},
            {"expression": "y residual add"},
            "linear_row: types differ: residual has",
        ),
        (
            "linear_row",
            {"x": _X, "weight": _WEIGHT, "vector_1": _ROWS},
            {"expression": "y vector_1 add"},
            "linear_row: types differ: vector_1 has",
        ),
        (
            "linear_row",
            {"x": _X, "weight": _WEIGHT, "norm_weight": F32((4,))},
            {"expression": "y"},
            "linear_row: norm_weight and eps go together",
        ),
        (
            "linear_row",
            {"x": _X, "weight": _WEIGHT},
            {"expression": "y", "eps": 1e-5},
            "linear_row: norm_weight and eps go together",
        ),
        (
            "linear_pair",
            {"x": _X, "first_weight": _WEIGHT},
            {"expression": "first"},
            "linear_pair: input second_weight missing",
        ),
        (
            "linear_pair",
            {"x": _X, "first_weight": _WEIGHT, "second_weight": F32((6, 4))},
            {"expression": "first second mul"},
            "linear_pair: output types differ",
        ),
        (
            "linear_pair",
            {"x": _X, "first_weight": _WEIGHT, "second_weight": _WEIGHT},
            {"expression": "first silu"},
            "linear_pair: the expression uses first; wanted first and second",
        ),
        (
            "linear_pair",
            {"x": _X, "first_weight": _WEIGHT, "second_weight": _WEIGHT, "second_bias": F32((8,))},
            {"expression": "first second mul"},
            "linear_pair: second has a bias; wanted one for each of first, second",
        ),
        (
            "linear_heads",
            _HEADS | _CACHES | {"q_bias": F32((8,)), "k_bias": F32((8,))},
            {"head_dim": 4, "rotated": "none", "past": 0},
            "linear_heads: q, k has a bias; wanted one for each of q, k, v",
        ),
        (
            "linear_heads",
            _HEADS | _CACHES,
            {"head_dim": 4, "rotated": "v", "past": 0},
            "linear_heads: rotated is 'v'; wanted qk, q, k or none",
        ),
        (
            "linear_heads",
            _HEADS | _CACHES,
            {"head_dim": 4, "rotated": "qk", "past": 0},
            "linear_heads: attribute theta, rotary_dim, scaling missing for rotated qk",
        ),
        (
            "linear_heads",
            _HEADS | _CACHES,
            {"head_dim": 3, "rotated": "none", "past": 0},
            "linear_heads: width 8 is not a multiple of head_dim 3",
        ),
        (
            "linear_heads",
            _HEADS | _CACHES | {"v_cache": F32((9, 1, 4), DType.F16)},
            {"head_dim": 4, "rotated": "none", "past": 0},
            "linear_heads: heads and widths differ: v_cache has",
        ),
        (
            "add_rms_norm",
            {"x": _X, "residual": _ROWS, "weight": F32((4,))},
            {"eps": 1e-5},
            "add_rms_norm: types differ: x has",
        ),
    ],
)
def test_shape_rules_say_what_they_got_and_wanted(
    op: str, inputs: dict[str, TensorType], attrs: dict[str, float | str], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        OPS[op].check(inputs, attrs)
