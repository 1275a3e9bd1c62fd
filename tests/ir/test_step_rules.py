"""What no program can do is refused, at the model's line, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernelc.errors import ShapeError
from kernelc.ir.dim import dim_min
from kernelc.ir.graph import Tensor
from kernelc.ir.trace import (
    Linear,
    Norm,
    Tracer,
    add,
    attention,
    cache_append,
    embedding,
    last_row,
    linear,
    merge_heads,
    rms_norm,
    rope,
    shift,
    silu,
    split_heads,
    tracer,
)
from kernelc.ir.types import DType
from kernelc.source import check_agreement

SYMBOLS = {"seq": (1, 4), "past": (0, 7), "context": (1, 8)}
TURN = {"theta": 100.0, "rotary_dim": 4, "scaling": "none"}


def rows() -> Tensor:
    """[seq, 8]"""
    trace = tracer()
    tokens = trace.state("tokens", (trace.var("context") + 1,), DType.U32)
    return embedding(tokens, trace.weight("table", (5, 8)), seq=trace.var("seq"), past=trace.var("past"))


def cache(name: str, head_dim: int = 4) -> Tensor:
    return tracer().state(name, (tracer().var("context"), 8 // head_dim, head_dim), DType.F32)


def attend(q: Tensor, k_cache: Tensor, v_cache: Tensor) -> Tensor:
    return attention(q, k_cache, v_cache, scale=1.0, past=tracer().var("past"))


def declared_context() -> Tensor:
    """A cache of another length than the context."""
    k_cache = tracer().state("k", (9, 2, 4), DType.F32)
    return attend(split_heads(rows(), 4), k_cache, k_cache)


def ring(length: int, name: str = "ring") -> Tensor:
    return tracer().state(name, (dim_min(tracer().var("context"), length), 2, 4), DType.F32)


def ring_without_a_window() -> Tensor:
    return attend(split_heads(rows(), 4), ring(7), ring(7, "v"))


def short_ring() -> Tensor:
    """A step of 4 rows and the 2 positions before them that a window of 3 sees."""
    past = tracer().var("past")
    q = split_heads(rows(), 4)
    return attention(q, ring(5), ring(5, "v"), scale=1.0, past=past, window=3)


def ring_shorter_than_a_step() -> Tensor:
    x = split_heads(rows(), 4)
    cache_append(ring(3), x, past=tracer().var("past"))
    return merge_heads(x)


def computed_weight() -> Tensor:
    wide = Linear("wide", silu(tracer().weight("w", (1, 8))))
    return linear(rows(), wide)


def computed_bias() -> Tensor:
    bias = shift(tracer().weight("b", (8,)), 1.0)
    return linear(rows(), Linear("l", tracer().weight("w", (8, 8)), bias))


def computed_table() -> Tensor:
    x, trace = rows(), tracer()
    tokens = Tensor("tokens", trace.states["tokens"])
    return add(x, embedding(tokens, last_row(x), seq=trace.var("seq"), past=trace.var("past")))


def attention_over_a_weight() -> Tensor:
    k = tracer().weight("k", (8, 2, 4))
    return attend(split_heads(rows(), 4), k, k)


def position_zero() -> Tensor:
    return rope(split_heads(rows(), 4), past=0, attrs=TURN)


def later_ids() -> Tensor:
    trace = tracer()
    tokens = trace.state("tokens", (trace.var("context") + 1,), DType.U32)
    table = trace.weight("table", (5, 8))
    return embedding(tokens, table, seq=trace.var("seq"), past=trace.var("past") + 1)


def one_id() -> Tensor:
    trace = tracer()
    tokens = trace.state("tokens", (trace.var("context") + 1,), DType.U32)
    return embedding(tokens, trace.weight("table", (5, 8)), seq=1, past=trace.var("past"))


def short_ids() -> Tensor:
    trace = tracer()
    tokens = trace.state("tokens", (trace.var("context"),), DType.U32)
    return embedding(tokens, trace.weight("table", (5, 8)), seq=trace.var("seq"), past=trace.var("past"))


def last_query() -> Tensor:
    q = split_heads(last_row(rows()), 4)
    return attend(q, cache("k"), cache("v"))


def last_key() -> Tensor:
    x = rows()
    k = cache_append(cache("k"), split_heads(last_row(x), 4), past=tracer().var("past"))
    return attend(split_heads(x, 4), k, cache("v"))


def rotated_last_row() -> Tensor:
    return rope(split_heads(last_row(rows()), 4), past=tracer().var("past"), attrs=TURN)


def function_of_a_cache() -> Tensor:
    return merge_heads(silu(cache("k")))


def function_of_an_appended_cache() -> Tensor:
    k = cache_append(cache("k"), split_heads(rows(), 4), past=tracer().var("past"))
    return merge_heads(silu(k))


def rows_of_a_weight() -> Tensor:
    return linear(tracer().weight("x", (3, 8)), Linear.declare("w", 8, 8))


def weight_of_the_context() -> Tensor:
    trace = tracer()
    trace.weight("positions", (trace.var("context"), 8))
    return rows()


REFUSED: dict[str, tuple[Callable[[], Tensor], str, str]] = {
    "computed weight": (computed_weight, r"linear: weight is silu, which is no weight", "product"),
    "computed bias": (computed_bias, r"linear: bias is shift, which is no weight", "product"),
    "computed table": (computed_table, r"embedding: table is last_row, which is no weight", "product"),
    "attention over a weight": (
        attention_over_a_weight,
        r"attention: k_cache is k, which is no state",
        "state",
    ),
    "caches of a fixed length": (
        declared_context,
        r"attention: k_cache is k, f32\[9, 2, 4\]; wanted context positions",
        "first dimension",
    ),
    "a ring without a window": (
        ring_without_a_window,
        r"attention: k_cache is ring, .*, a ring; without a window all positions are read",
        "give the attention a window",
    ),
    "a short ring": (short_ring, r"attention: k_cache is ring, .*; wanted a ring of 6 positions", "rings"),
    "a ring shorter than a step": (
        ring_shorter_than_a_step,
        r"cache_append: cache is ring, .*; wanted a ring of 4 positions",
        "rings",
    ),
    "ids of another length": (
        short_ids,
        r"embedding: tokens is tokens, u32\[context\]; wanted context \+ 1 positions",
        "first dimension",
    ),
    "positions of its own": (position_zero, r"rope: past is 0; wanted the symbol past", "step's own"),
    "ids further on": (later_ids, r"embedding: past is .*past.*1.*; wanted the symbol past", "step's own"),
    "fewer ids": (one_id, r"embedding: seq is 1; wanted the symbol seq", "step's own"),
    "attention of the last row": (
        last_query,
        r"attention: q is .*, f32\[1, 2, 4\]; wanted all seq rows",
        "take the last row after",
    ),
    "append of the last row": (
        last_key,
        r"cache_append: x is .*, f32\[1, 2, 4\]; wanted all seq rows",
        "take the last row after",
    ),
    "rotation of the last row": (
        rotated_last_row,
        r"rope: x is .*; wanted all seq rows",
        "take the last row after",
    ),
    "function of a cache": (function_of_a_cache, r"silu: x is the state k$", "only attention reads caches"),
    "function of an appended cache": (
        function_of_an_appended_cache,
        r"silu: x is the state k$",
        "only attention reads caches",
    ),
    "a weight for rows": (rows_of_a_weight, r"linear: x is x, f32\[3, 8\]; wanted all seq rows", ""),
    "a weight as long as the context": (
        weight_of_the_context,
        r"weight positions is f32\[context, 8\]; wanted a shape of integers",
        "whatever the step",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_program_can_do_is_refused(case: str) -> None:
    build, message, help_ = REFUSED[case]
    with Tracer("wrong", SYMBOLS) as trace:
        y = build()
        with pytest.raises(ShapeError, match=message) as caught:
            trace.graph({"y": y})
    error = caught.value
    assert error.where is not None and error.help is not None and help_ in error.help
    operation = error.message.split(":")[0]
    if operation in {op.name for op in trace.ops}:
        assert error.where.startswith("tests/ir/test_step_rules.py:")
    assert "bug" not in error.render()


@pytest.mark.parametrize("given", ["tokens", "table", "k", "appended"])
def test_outputs_are_what_the_step_computes(given: str) -> None:
    with Tracer("given", SYMBOLS) as trace:
        appended = cache_append(cache("k"), split_heads(rows(), 4), past=trace.var("past"))
        tensors = {name: Tensor(name, kind) for name, kind in (trace.states | trace.weights).items()}
        tensors["appended"] = appended
        with pytest.raises(ShapeError, match=r"output y is .*, which no operation of the step computes"):
            trace.graph({"y": tensors[given]})


@pytest.mark.parametrize("name", ["tokens", "table", "step", "slot.0", "%y"])
def test_outputs_need_names_of_their_own(name: str) -> None:
    with Tracer("names", SYMBOLS) as trace:
        x = rows()
        with pytest.raises(ShapeError, match=f"{name} is the name of another buffer"):
            trace.graph({name: x})


def test_models_take_no_inputs_other_than_states() -> None:
    with Tracer("inputs", SYMBOLS) as trace:
        graph = trace.graph({"y": silu(trace.input("x", (trace.var("seq"), 8)))})
    with pytest.raises(ShapeError, match="the graph takes x as an input") as caught:
        check_agreement(graph, graph, 8)
    assert "tokens" in str(caught.value.help)


@pytest.mark.parametrize("shape", [(8,), (3, 8), ("context", 8), ("seq", "seq")])
def test_inputs_are_rows_of_the_step(shape: tuple[int | str, ...]) -> None:
    with Tracer("inputs", SYMBOLS) as trace:
        dims = tuple(trace.var(each) if isinstance(each, str) else each for each in shape)
        trace.input("x", dims)
        with pytest.raises(ShapeError, match=r"the input x is .*; wanted rows of the step"):
            trace.graph({"y": rows()})


def test_norms_may_have_computed_weights() -> None:
    with Tracer("norm", SYMBOLS) as trace:
        weight = shift(trace.weight("w", (8,)), 1.0)
        trace.graph({"y": rms_norm(rows(), Norm("norm", weight, 1e-5))})


def test_a_ring_that_holds_a_step_and_its_window_is_a_cache() -> None:
    with Tracer("ring", SYMBOLS) as trace:
        past, x = trace.var("past"), split_heads(rows(), 4)
        k, v = (cache_append(ring(6, name), x, past=past) for name in "kv")
        trace.graph({"y": merge_heads(attention(x, k, v, scale=1.0, past=past, window=3))})


def test_a_learned_row_may_stand_for_a_row() -> None:
    with Tracer("row", SYMBOLS) as trace:
        learned = trace.weight("learned", (1, 8))
        trace.graph({"y": linear(add(last_row(rows()), learned), Linear.declare("w", 8, 8))})
