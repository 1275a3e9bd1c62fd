"""Small graphs for the tests of passes, and the comparison of two graphs by what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph, Tensor
from kernelc.ir.trace import (
    Linear,
    Norm,
    Tracer,
    attention,
    cache_append,
    embedding,
    linear,
    merge_heads,
    rope,
    split_heads,
    tracer,
)
from kernelc.ir.types import DType

WIDTH, VOCAB, CONTEXT, HEAD_DIM = 8, 10, 4, 4

Block = Callable[[Tensor], "Tensor | Mapping[str, Tensor]"]
"""What a block makes of rows [seq, WIDTH]: one result, or several by name."""


def traced(block: Block, rows: int = 1) -> Graph:
    """An embedding, then the block. Outputs: the block's results; one alone is called "y"."""
    with Tracer("block", {"seq": (1, rows), "past": (0, CONTEXT - rows), "context": (1, CONTEXT)}) as trace:
        tokens = trace.state("tokens", (trace.var("context") + 1,), DType.U32)
        table = trace.weight("embedding", (VOCAB, WIDTH))
        made = block(embedding(tokens, table, seq=trace.var("seq"), past=trace.var("past")))
        return trace.graph({"y": made} if isinstance(made, Tensor) else made)


def layer(name: str, wide_out: int = WIDTH, wide_in: int = WIDTH, bias: bool = False) -> Linear:
    return Linear.declare(name, wide_out, wide_in, bias)


def norm(name: str = "norm", width: int = WIDTH) -> Norm:
    return Norm.declare(name, width, 1e-5)


def vector(name: str, width: int = WIDTH) -> Tensor:
    """A weight that meets every row."""
    return tracer().weight(name, (width,))


def turned(x: Tensor, theta: float = 100.0) -> Tensor:
    """A rotary embedding of all of each head."""
    attrs = {"theta": theta, "rotary_dim": HEAD_DIM, "scaling": "none"}
    return rope(x, past=tracer().var("past"), attrs=attrs)


def projected(x: Tensor, name: str, heads: int = 2, bias: bool = False) -> Tensor:
    """A linear layer, split into heads."""
    wide_in = x.type.shape[1]
    assert isinstance(wide_in, int)
    return split_heads(linear(x, layer(name, heads * HEAD_DIM, wide_in, bias)), HEAD_DIM)


def cache(name: str, kv_heads: int = 2, dtype: DType = DType.F32) -> Tensor:
    return tracer().state(name, (tracer().var("context"), kv_heads, HEAD_DIM), dtype)


def appended(state: Tensor, x: Tensor) -> Tensor:
    return cache_append(state, x, past=tracer().var("past"))


def attend(q: Tensor, k_cache: Tensor, v_cache: Tensor) -> Tensor:
    return attention(q, k_cache, v_cache, scale=0.5, past=tracer().var("past"))


def attention_block(
    x: Tensor, rotate_q: bool = True, rotate_k: bool = True, bias: bool = False, k_theta: float = 100.0
) -> Tensor:
    """Attention of rows to themselves and what came before, as a Llama computes it."""
    q, k, v = (projected(x, name, bias=bias) for name in "qkv")
    q = turned(q) if rotate_q else q
    k = turned(k, k_theta) if rotate_k else k
    return merge_heads(attend(q, appended(cache("k_cache"), k), appended(cache("v_cache"), v)))


def names(graph: Graph) -> list[str]:
    return [op.name for op in graph.ops]


def outcome(graph: Graph, env: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Every output and state after a step over random weights and states, the same for equal declarations."""
    rng = np.random.default_rng(len(graph.weights))
    weights = {
        name: rng.standard_normal([int(str(dim)) for dim in kind.shape]).astype(np.float32)
        for name, kind in graph.weights.items()
    }
    vocab = min(len(table) for table in weights.values() if table.ndim == 2)
    states = empty_states(graph, env)
    for name, array in states.items():
        array[:] = (
            rng.integers(0, vocab, array.shape) if name == "tokens" else rng.standard_normal(array.shape)
        )
    outputs, after = evaluate(graph, env, weights=weights.__getitem__, states=states)
    return {**outputs, **after}


def assert_same(before: Graph, after: Graph, env: Mapping[str, int]) -> None:
    """Both give the same outputs and states, bit for bit."""
    wanted, got = outcome(before, env), outcome(after, env)
    assert wanted.keys() == got.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(got[name], array, err_msg=name)


def steps(rows: int) -> list[dict[str, int]]:
    """The shortest step from an empty cache, and the longest that the context allows."""
    return [
        {"seq": 1, "past": 0, "context": CONTEXT},
        {"seq": rows, "past": CONTEXT - rows, "context": CONTEXT},
    ]
