"""Blocks that a pattern of the fuse pass matches, and blocks that are almost such.

A case has the rows of its longest step, the block, and the operations after the embedding once it is fused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.ir.graph import Tensor
from kernelc.ir.trace import (
    add,
    gelu,
    linear,
    merge_heads,
    mul,
    relu2,
    rms_norm,
    scale,
    sigmoid,
    silu,
    soft_cap,
    sub,
    tanh,
)
from tests.passes.blocks import (
    Block,
    appended,
    attend,
    attention_block,
    cache,
    layer,
    norm,
    projected,
    turned,
    vector,
)


@dataclass(frozen=True)
class Case:
    """`fused`: the names of the operations that are left, in order, without the embedding."""

    block: Block
    fused: list[str]
    rows: int = 1


def many(count: int, x: Tensor) -> Tensor:
    """A chain of 2 * `count` functions: an expression of 2 * `count` + 1 tokens."""
    for _ in range(count):
        x = sigmoid(silu(x))
    return x


def product_of_vectors(x: Tensor, count: int) -> Tensor:
    """Rows times `count` vectors."""
    y = sigmoid(x)
    for number in range(count):
        y = mul(y, vector(f"v{number}"))
    return y


def gated(x: Tensor, y: Tensor | None = None) -> Tensor:
    """A gated unit's first half; `y`: what the second matrix is multiplied with, if it is not x."""
    return mul(silu(linear(x, layer("gate"))), linear(y or x, layer("up")))


def with_gate(x: Tensor) -> dict[str, Tensor]:
    """A gated unit and one of its projections."""
    gate = linear(x, layer("gate"))
    return {"y": mul(silu(gate), linear(x, layer("up"))), "gate": gate}


def gate_twice(x: Tensor) -> Tensor:
    """The gate's projection is read twice, by one expression."""
    gate = linear(x, layer("gate"))
    return add(mul(silu(gate), linear(x, layer("up"))), sigmoid(gate))


def gate_elsewhere(x: Tensor) -> Tensor:
    """The gate's projection is read by a norm too."""
    gate = linear(x, layer("gate"))
    return rms_norm(add(mul(silu(gate), linear(x, layer("up"))), rms_norm(gate, norm("a"))), norm("b"))


def read_by_norms(x: Tensor) -> Tensor:
    """A sum that two norms read."""
    total = add(linear(x, layer("a")), x)
    return mul(rms_norm(total, norm("first")), rms_norm(total, norm("second")))


def sum_and_norm(x: Tensor) -> dict[str, Tensor]:
    """Both results of a sum and its norm are kept."""
    total = add(linear(x, layer("a")), x)
    return {"sum": total, "normed": rms_norm(total, norm())}


def norm_of_two_uses(x: Tensor) -> Tensor:
    y = rms_norm(x, norm())
    return mul(linear(y, layer("w")), y)


def norm_for_two_layers(x: Tensor) -> Tensor:
    y = rms_norm(x, norm())
    return sub(scale(linear(y, layer("a")), 2.0), tanh(relu2(linear(y, layer("b")))))


def norm_and_output(x: Tensor) -> dict[str, Tensor]:
    y = rms_norm(x, norm())
    return {"y": linear(y, layer("w")), "normed": y}


def product_and_output(x: Tensor) -> dict[str, Tensor]:
    y = linear(x, layer("w"))
    return {"y": soft_cap(y, 5.0), "product": y}


def twice(x: Tensor) -> Tensor:
    y = linear(x, layer("w"))
    return mul(sigmoid(y), y)


def square(x: Tensor) -> Tensor:
    y = linear(x, layer("w"))
    return mul(y, y)


def with_operands(x: Tensor, count: int) -> Tensor:
    """A linear layer's result, and the results of others added to it."""
    y = linear(x, layer("w"))
    for number in range(count):
        y = add(y, rms_norm(x, norm(f"norm_{number}")))
    return y


def q_elsewhere(x: Tensor) -> dict[str, Tensor]:
    """Queries that something else reads too."""
    q, k, v = (projected(x, name) for name in "qkv")
    q = turned(q)
    y = attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), v))
    return {"y": merge_heads(y), "other": sigmoid(merge_heads(q))}


def q_output(x: Tensor) -> dict[str, Tensor]:
    q, k, v = (projected(x, name) for name in "qkv")
    y = attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), v))
    return {"y": merge_heads(y), "q": q}


def two_attentions(x: Tensor) -> Tensor:
    """A second attention reads the same caches."""
    q, k, v, other = (projected(x, name) for name in ("q", "k", "v", "q2"))
    caches = appended(cache("k_cache"), k), appended(cache("v_cache"), v)
    return add(merge_heads(attend(q, *caches)), merge_heads(attend(other, *caches)))


def cache_before(x: Tensor) -> Tensor:
    """The caches are read before this step's keys and values are in them."""
    q, k, v, other = (projected(x, name) for name in ("q", "k", "v", "q2"))
    k_cache, v_cache = cache("k_cache"), cache("v_cache")
    before = attend(other, k_cache, v_cache)
    return add(merge_heads(attend(q, appended(k_cache, k), appended(v_cache, v))), merge_heads(before))


def values_of_another_input(x: Tensor) -> Tensor:
    q, k, v = projected(x, "q"), projected(x, "k"), projected(sigmoid(x), "v")
    return merge_heads(attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), v)))


def values_with_bias(x: Tensor) -> Tensor:
    q, k, v = projected(x, "q"), projected(x, "k"), projected(x, "v", bias=True)
    return merge_heads(attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), v)))


def normed_values(x: Tensor) -> Tensor:
    """Something between a projection and the cache."""
    q, k, v = (projected(x, name) for name in "qkv")
    return merge_heads(attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), silu(v))))


def keys_also_values(x: Tensor) -> Tensor:
    q, k = projected(x, "q"), projected(x, "k")
    return merge_heads(attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), k)))


def merged_twice(x: Tensor) -> Tensor:
    """Heads that are needed as heads, and side by side."""
    q, k, v = (projected(x, name) for name in "qkv")
    y = attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), v))
    return add(merge_heads(y), merge_heads(silu(y)))


_PROJECTIONS = ["linear", "split_heads"] * 3
_APPENDS = ["cache_append"] * 2
_OTHER_HEADS = ["linear", "split_heads", "silu", "merge_heads", "add"]

MATCHING: Mapping[str, list[Case]] = {
    "merged_attention": [Case(attention_block, ["linear_heads", "attention"], 3)],
    "pair": [
        Case(gated, ["linear_pair"], 3),
        Case(lambda x: mul(linear(x, layer("up")), gelu(linear(x, layer("gate")))), ["linear_pair"], 3),
        Case(lambda x: soft_cap(sub(linear(x, layer("a")), linear(x, layer("b"))), 3.0), ["linear_pair"]),
        Case(
            lambda x: mul(linear(x, layer("a", bias=True)), linear(x, layer("b", bias=True))),
            ["linear_pair"],
        ),
        Case(gate_twice, ["linear_pair"], 3),
        Case(lambda x: add(gated(x), x), ["linear_pair", "add"]),
    ],
    "heads": [
        Case(attention_block, ["linear_heads", "attention"], 3),
        Case(lambda x: attention_block(x, rotate_k=False), ["linear_heads", "attention"], 3),
        Case(lambda x: attention_block(x, rotate_q=False, bias=True), ["linear_heads", "attention"]),
        Case(lambda x: attention_block(x, rotate_q=False, rotate_k=False), ["linear_heads", "attention"], 3),
    ],
    "norm_into_linear": [
        Case(lambda x: linear(rms_norm(x, norm()), layer("w")), ["linear_row"]),
        Case(norm_for_two_layers, ["linear_pair"]),
        Case(lambda x: attention_block(rms_norm(x, norm())), ["linear_heads", "attention"]),
        Case(
            lambda x: linear(rms_norm(rms_norm(x, norm("a")), norm("b")), layer("w")),
            ["rms_norm", "linear_row"],
        ),
    ],
    "row_of_vectors": [
        Case(lambda x: rms_norm(add(x, linear(x, layer("w"))), norm()), ["linear_row", "rms_norm"])
    ],
    "add_rms_norm": [
        Case(lambda x: rms_norm(add(linear(x, layer("w")), x), norm()), ["linear", "add_rms_norm"], 3),
        Case(lambda x: rms_norm(add(sigmoid(x), x), norm()), ["sigmoid", "add_rms_norm"]),
        Case(sum_and_norm, ["linear", "add_rms_norm"], 3),
        Case(lambda x: mul(read_by_norms(x), silu(x)), ["linear", "add_rms_norm", "rms_norm", "formula"], 3),
    ],
    "row": [
        Case(lambda x: add(x, linear(x, layer("w"))), ["linear_row"], 3),
        Case(lambda x: soft_cap(linear(x, layer("w")), 30.0), ["linear_row"], 3),
        Case(lambda x: scale(add(mul(linear(x, layer("w")), vector("v")), x), 0.5), ["linear_row"], 3),
        Case(
            lambda x: add(linear(x, layer("a")), linear(sigmoid(x), layer("b"))),
            ["sigmoid", "linear", "linear_row"],
            3,
        ),
        Case(lambda x: with_operands(x, 2), ["rms_norm", "rms_norm", "linear_row"], 3),
        Case(square, ["linear_row"], 3),
    ],
    "formula": [
        Case(lambda x: mul(sigmoid(x), x), ["formula"], 3),
        Case(lambda x: product_of_vectors(x, 6), ["formula"]),
        Case(lambda x: many(11, x), ["formula"]),
    ],
}
"""For each pattern the blocks that it matches; the first of them changes where it is switched off."""

ALMOST: Mapping[str, Case] = {
    "heads are merged, and also needed as heads": Case(
        merged_twice, ["linear_heads", "attention", "merge_heads", "silu", "merge_heads", "add"], 3
    ),
    "gate and up read different values": Case(
        lambda x: gated(x, sigmoid(x)), ["sigmoid", "linear", "linear_row"]
    ),
    "the gate is read by a norm": Case(gate_elsewhere, ["linear", "rms_norm", "linear_row", "rms_norm"], 1),
    "one of two layers has a bias": Case(
        lambda x: mul(linear(x, layer("a", bias=True)), linear(x, layer("b"))), ["linear", "linear_row"], 3
    ),
    "the values alone have a bias": Case(values_with_bias, [*_PROJECTIONS, *_APPENDS, "attention"], 3),
    "the gate is an output": Case(with_gate, ["linear", "linear_row"]),
    "three linear layers in one expression": Case(
        lambda x: mul(gated(x), linear(x, layer("third"))), ["linear_pair", "linear_row"]
    ),
    "an expression of more than 24 tokens": Case(
        lambda x: many(12, linear(x, layer("w"))),
        ["linear_row", "sigmoid"],
    ),
    "queries are read by something else": Case(
        q_elsewhere,
        ["linear", "split_heads"] * 3
        + ["rope", "cache_append", "cache_append", "attention", "merge_heads", "sigmoid"],
    ),
    "queries are an output": Case(q_output, [*_PROJECTIONS, *_APPENDS, "attention"], 3),
    "two attentions read the caches": Case(
        two_attentions,
        ["linear", "split_heads"] * 4 + ["cache_append", "cache_append", "attention", "attention", "add"],
    ),
    "the caches are read before the append": Case(
        cache_before,
        ["linear", "split_heads"] * 4 + ["attention", "cache_append", "cache_append", "attention", "add"],
        3,
    ),
    "keys are rotated by other angles": Case(
        lambda x: attention_block(x, k_theta=50.0),
        [*_PROJECTIONS, "rope", "rope", *_APPENDS, "attention"],
        3,
    ),
    "values are made of another input": Case(
        values_of_another_input,
        [*_PROJECTIONS[:4], "sigmoid", *_PROJECTIONS[4:], *_APPENDS, "attention"],
    ),
    "values go through a function": Case(
        normed_values, [*_PROJECTIONS, "cache_append", "silu", "cache_append", "attention"]
    ),
    "keys are values too": Case(keys_also_values, [*_PROJECTIONS[:4], *_APPENDS, "attention"]),
    "another block has the same weights": Case(
        lambda x: add(attention_block(x), merge_heads(silu(projected(x, "k")))),
        [*_PROJECTIONS, "rope", "rope", *_APPENDS, "attention", *_OTHER_HEADS],
        3,
    ),
    "a norm that more than linear layers read": Case(norm_of_two_uses, ["rms_norm", "linear_row"]),
    "a norm that is an output": Case(norm_and_output, ["rms_norm", "linear"]),
    "a norm before many rows": Case(
        lambda x: linear(rms_norm(x, norm()), layer("w")), ["rms_norm", "linear"], 3
    ),
    "a product that is an output": Case(product_and_output, ["linear", "soft_cap"]),
    "a product that is read twice by its tree": Case(twice, ["linear_row"]),
    "three operands beside the product": Case(
        lambda x: with_operands(x, 3), ["rms_norm", "rms_norm", "linear_row", "rms_norm", "add"]
    ),
    "an addition before a norm over many rows": Case(
        lambda x: linear(rms_norm(add(linear(x, layer("a")), x), norm()), layer("b")),
        ["linear", "add_rms_norm", "linear"],
        3,
    ),
    "one function is no formula": Case(sigmoid, ["sigmoid"]),
    "a formula of more than seven inputs": Case(lambda x: product_of_vectors(x, 7), ["formula", "mul"]),
    "heads are no rows of a linear layer": Case(
        lambda x: merge_heads(silu(projected(x, "w"))), ["linear", "split_heads", "silu", "merge_heads"]
    ),
}
