"""The numpy references of the tensor IR against the formulas written out once more, a number at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernelc.errors import ShapeError
from kernelc.ir.dim import Var
from kernelc.ir.ops import OPS
from kernelc.ir.types import DType, TensorType

RNG = np.random.default_rng(7)


def randoms(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def run(name: str, inputs: dict[str, np.ndarray], **attrs: object) -> tuple[np.ndarray, ...]:
    types = {role: TensorType(array.shape, DType(_NAMES[array.dtype.name])) for role, array in inputs.items()}
    results = OPS[name].reference(inputs, attrs)
    for result, kind in zip(results, OPS[name].check(types, attrs), strict=True):  # type: ignore[arg-type]
        assert (result.shape, result.dtype) == (kind.shape, kind.dtype.numpy), name
    return results


_NAMES = {"float32": "f32", "float16": "f16", "uint32": "u32", "int32": "i32"}


def test_embedding_reads_the_new_positions() -> None:
    table, tokens = randoms(9, 4), np.array([3, 8, 0, 7, 1], np.uint32)
    (rows,) = run("embedding", {"tokens": tokens, "table": table}, seq=2, past=1)
    assert np.array_equal(rows, np.stack([table[8], table[0]]))
    for wrong in (tokens[:2], np.array([0, 0, 9, 0], np.uint32)):
        with pytest.raises(ShapeError, match="embedding: 3 ids below 9 wanted"):
            OPS["embedding"].reference({"tokens": wrong, "table": table}, {"seq": 2, "past": 1})


def test_rms_norm_divides_by_the_root_mean_square() -> None:
    x, weight = randoms(3, 11), randoms(11)
    (y,) = run("rms_norm", {"x": x, "weight": weight}, eps=0.1)
    for row in range(3):
        mean_square = sum(float(value) ** 2 for value in x[row]) / 11
        assert np.allclose(y[row], x[row] / math.sqrt(mean_square + 0.1) * weight, atol=1e-6)


def test_rms_norm_keeps_small_and_large_rows_apart() -> None:
    """A float32 sum of squares would overflow at 1e20 and vanish at 1e-25."""
    x = np.stack([np.full(8, 1e20, np.float32), np.full(8, 1e-25, np.float32)])
    (y,) = run("rms_norm", {"x": x, "weight": np.ones(8, np.float32)}, eps=1e-60)
    assert np.allclose(y, 1, atol=1e-6)


def test_linear_and_elementwise() -> None:
    x, weight, bias = randoms(3, 5), randoms(7, 5), randoms(7)
    (y,) = run("linear", {"x": x, "weight": weight, "bias": bias})
    assert np.allclose(y, [[sum(a * b for a, b in zip(r, w, strict=True)) for w in weight] for r in x] + bias)
    assert np.allclose(run("linear", {"x": x, "weight": weight})[0], y - bias, atol=1e-6)
    z = randoms(3, 5)
    assert np.array_equal(run("add", {"x": x, "y": z})[0], x + z)
    assert np.array_equal(run("mul", {"x": x, "y": z})[0], x * z)
    assert np.array_equal(run("last_row", {"x": x})[0], x[2:])


def test_silu_at_both_ends() -> None:
    x = np.array([-1000, -90, -3, -0.5, 0, 0.5, 3, 90, 1000], np.float32)
    with np.errstate(over="raise"):
        (y,) = run("silu", {"x": x[None]})
    wanted = [value / (1 + math.exp(-value)) if value > -700 else 0.0 for value in x.tolist()]
    assert np.allclose(y[0], wanted, rtol=1e-6, atol=1e-30)


def test_heads_are_split_and_merged_in_order() -> None:
    x = randoms(3, 12)
    (split,) = run("split_heads", {"x": x}, head_dim=4)
    assert np.array_equal(split[1, 2], x[1, 8:12])
    assert np.array_equal(run("merge_heads", {"x": split})[0], x)


@pytest.mark.parametrize("rotary_dim", [8, 4, 2])
def test_rope_turns_pairs_as_complex_numbers(rotary_dim: int) -> None:
    x, half = randoms(5, 3, 8), rotary_dim // 2
    (y,) = run("rope", {"x": x}, past=1000, theta=10000.0, rotary_dim=rotary_dim, scaling="none")
    for row in range(5):
        for pair in range(half):
            turn = np.exp(1j * (1000 + row) * 10000.0 ** (-2 * pair / rotary_dim))
            turned = (x[row, :, pair] + 1j * x[row, :, pair + half]) * turn
            assert np.allclose(y[row, :, pair], turned.real, atol=3e-4)  # float32 angles near 1000
            assert np.allclose(y[row, :, pair + half], turned.imag, atol=3e-4)
    assert np.array_equal(y[..., rotary_dim:], x[..., rotary_dim:])


def test_rope_at_position_0_changes_nothing_and_keeps_lengths_later() -> None:
    x = randoms(2, 2, 8)
    (y,) = run("rope", {"x": x}, past=0, theta=500000.0, rotary_dim=8, scaling="none")
    assert np.array_equal(y[0], x[0])
    assert not np.allclose(y[1], x[1], atol=1e-3)
    assert np.allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_cache_append_rounds_to_the_cache(dtype: type[np.floating]) -> None:
    cache, x = randoms(6, 2, 4).astype(dtype), randoms(3, 2, 4)
    before = cache.copy()
    (after,) = run("cache_append", {"cache": cache, "x": x}, past=2)
    assert np.array_equal(cache, before)
    assert np.array_equal(after[2:5], x.astype(dtype))
    assert np.array_equal(np.delete(after, (2, 3, 4), 0), np.delete(before, (2, 3, 4), 0))
    (wrapped,) = run("cache_append", {"cache": cache, "x": x}, past=4 + 6)
    assert np.array_equal(wrapped, np.concatenate([x[2:].astype(dtype), before[1:4], x[:2].astype(dtype)]))
    with pytest.raises(ShapeError, match="a step of 3 positions does not fit a cache of 2"):
        OPS["cache_append"].reference({"cache": cache[:2], "x": x}, {"past": 0})


@pytest.mark.parametrize(
    ("seq", "past", "heads", "kv_heads"), [(1, 0, 4, 4), (1, 6, 4, 2), (3, 2, 6, 2), (5, 0, 3, 1)]
)
@pytest.mark.parametrize(("window", "cap"), [(9, None), (3, None), (1, 0.5), (9, 0.5)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_attention_a_row_and_head_at_a_time(
    seq: int,
    past: int,
    heads: int,
    kv_heads: int,
    window: int,
    cap: float | None,
    dtype: type[np.floating],
) -> None:
    context, head_dim = 9, 8
    attrs: dict[str, object] = {"scale": 0.3, "past": past}
    attrs |= {"window": window} if window < context else {}
    attrs |= {"soft_cap": cap} if cap else {}
    q = randoms(seq, heads, head_dim)
    k, v = (
        randoms(context, kv_heads, head_dim).astype(dtype),
        randoms(context, kv_heads, head_dim).astype(dtype),
    )
    k[past + seq :] = np.nan  # what lies after the newest position must not be read
    v[past + seq :] = np.nan
    (y,) = run("attention", {"q": q, "k_cache": k, "v_cache": v}, **attrs)
    for row in range(seq):
        for head in range(heads):
            shared = head // (heads // kv_heads)
            seen = slice(max(0, past + row + 1 - window), past + row + 1)
            scores = k[seen, shared].astype(np.float64) @ q[row, head].astype(np.float64) * 0.3
            scores = cap * np.tanh(scores / cap) if cap else scores
            weights = np.exp(scores - scores.max())
            wanted = weights @ v[seen, shared].astype(np.float64) / weights.sum()
            assert np.allclose(y[row, head], wanted, atol=1e-5)
    (merged,) = run("attention", {"q": q, "k_cache": k, "v_cache": v}, **attrs, merged=True)
    assert np.array_equal(merged, y.reshape(seq, -1))


def test_attention_survives_large_scores() -> None:
    q, k = np.full((1, 1, 4), 200, np.float32), np.full((2, 1, 4), 200, np.float32)
    k[0] = -200
    v = np.stack([np.zeros((1, 4), np.float32), np.ones((1, 4), np.float32)])
    (y,) = run("attention", {"q": q, "k_cache": k, "v_cache": v}, scale=1.0, past=1)
    assert np.array_equal(y, np.ones((1, 1, 4)))


SEQ = Var("seq", 1, 8)
F32 = TensorType
WIDE = {"q": F32((SEQ, 2, 1026)), "k_cache": F32((9, 1, 1026)), "v_cache": F32((9, 1, 1026))}
HEADS = {"q": F32((SEQ, 2, 8)), "k_cache": F32((9, 1, 8)), "v_cache": F32((9, 1, 8))}
ONE_ROW = {**HEADS, "q": F32((1, 2, 8))}
ODD = {"cache": F32((9, 1, 7)), "x": F32((SEQ, 1, 7))}
PLAIN = {"scale": 1.0, "past": 0}


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "message"),
    [
        (
            "linear",
            {"x": F32((SEQ, 64)), "weight": F32((8, 65))},
            {},
            "linear: inner dimensions differ: x has 64, weight has 65",
        ),
        ("attention", WIDE, PLAIN, "attention: head_dim is 1026; kernels take up to 1024"),
        ("attention", HEADS, {**PLAIN, "merged": True, "codes": 1}, "codes needs one row of merged heads"),
        ("attention", ONE_ROW, {**PLAIN, "codes": 1}, "codes needs one row of merged heads"),
        ("attention", ONE_ROW, {**PLAIN, "merged": True, "codes": 3}, "codes is 3; wanted 1 or 2"),
        ("attention", HEADS, {**PLAIN, "window": 0}, "attribute window is 0; wanted a positive integer"),
        ("attention", HEADS, {**PLAIN, "soft_cap": -1.0}, "soft_cap is -1.0; wanted a positive number"),
        (
            "cache_append",
            ODD,
            {"past": 0},
            "wanted an even head_dim, since a cache keeps its elements in pairs",
        ),
        (
            "linear",
            {"x": F32((64,)), "weight": F32((8, 64))},
            {},
            r"linear: x is f32\[64\]; wanted f32\[seq, in\]",
        ),
        ("linear", {"x": F32((SEQ, 64))}, {}, "linear: input weight missing; got x"),
        (
            "linear",
            {"x": F32((SEQ, 4)), "weight": F32((8, 4)), "bias": F32((4,))},
            {},
            "output widths differ: weight has 8, bias has 4",
        ),
        ("silu", {"x": F32((SEQ, 4)), "y": F32((SEQ, 4))}, {}, "silu: unknown input y; it takes x"),
        (
            "add",
            {"x": F32((SEQ, 4)), "y": F32((1, 4))},
            {},
            r"add: y is f32\[1, 4\]; wanted f32\[seq, 4\], as x is, or f32\[4\] for each row of x",
        ),
        (
            "rms_norm",
            {"x": F32((SEQ, 4)), "weight": F32((5,))},
            {"eps": 1e-5},
            "widths differ: x has 4, weight has 5",
        ),
        (
            "rms_norm",
            {"x": F32((SEQ, 4)), "weight": F32((4,))},
            {"eps": 0.0},
            "eps is 0.0; wanted a positive number",
        ),
        (
            "rms_norm",
            {"x": F32((SEQ, 4)), "weight": F32((4,))},
            {},
            "rms_norm: attribute eps missing; got none",
        ),
        ("split_heads", {"x": F32((SEQ, 10))}, {"head_dim": 4}, "width 10 is not a multiple of head_dim 4"),
        (
            "rope",
            {"x": F32((SEQ, 2, 4))},
            {"past": 0, "theta": 1e4, "rotary_dim": 6, "scaling": "none"},
            "rotary_dim is 6; wanted an even number up to head_dim 4",
        ),
        (
            "rope",
            {"x": F32((SEQ, 2, 4))},
            {"past": 0, "theta": 1e4, "rotary_dim": 3, "scaling": "none"},
            "rotary_dim is 3",
        ),
        (
            "rope",
            {"x": F32((SEQ, 2, 4))},
            {"past": 0, "theta": 1e4, "rotary_dim": 4, "scaling": "ntk"},
            "scaling is 'ntk'; wanted none, linear, dynamic, llama3",
        ),
        (
            "rope",
            {"x": F32((SEQ, 2, 4))},
            {"past": 0, "theta": 1e4, "rotary_dim": 4, "scaling": "llama3", "factor": 8.0},
            "attribute low_freq_factor missing for scaling llama3",
        ),
        (
            "cache_append",
            {"cache": F32((9, 2, 4), DType.U32), "x": F32((SEQ, 2, 4))},
            {"past": 0},
            r"cache is u32\[9, 2, 4\]; wanted f16, f32 or q8",
        ),
        (
            "cache_append",
            {"cache": F32((9, 2, 4)), "x": F32((SEQ, 4, 4))},
            {"past": 0},
            "heads and widths differ",
        ),
        (
            "attention",
            {"q": F32((SEQ, 3, 4)), "k_cache": F32((9, 2, 4)), "v_cache": F32((9, 2, 4))},
            {"scale": 1.0, "past": 0},
            "3 query heads cannot share 2 key/value heads evenly",
        ),
        (
            "embedding",
            {"tokens": F32((9,)), "table": F32((9, 4))},
            {"seq": 1, "past": 0},
            r"tokens is f32\[9\]; wanted u32\[context \+ 1\]",
        ),
    ],
)
def test_shape_rules_say_what_they_got_and_wanted(
    op: str, inputs: dict[str, TensorType], attrs: dict[str, float | str], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        OPS[op].check(inputs, attrs)
