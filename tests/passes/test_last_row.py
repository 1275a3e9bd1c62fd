"""The last row of a prompt, taken as early as can be: where, and that the graph computes the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kernelc.ir.evaluate import empty_states
from kernelc.ir.graph import Graph, Tensor
from kernelc.ir.trace import add, last_row, linear, mul, rms_norm, scope, silu
from kernelc.ir.verify import verify
from kernelc.passes.last_row import last_row_early
from tests.graphs.meaning import meaning
from tests.graphs.strategy import CHUNK, CONTEXT, VOCAB, Program, programs, random_weights
from tests.passes.blocks import Block, attention_block, layer, names, norm, outcome, steps, traced, vector

ROWS = 3
LARGEST = 1e4  # values beyond are no test of arithmetic


def feed_forward(x: Tensor, name: str) -> Tensor:
    normed = rms_norm(x, norm(f"{name}.norm"))
    gate, up = linear(normed, layer(f"{name}.gate", 16)), linear(normed, layer(f"{name}.up", 16))
    return add(x, linear(mul(silu(gate), up), layer(f"{name}.down", 8, 16)))


def model(x: Tensor) -> Tensor:
    """A layer of attention, and the head, as a language model ends."""
    y = add(x, linear(attention_block(rms_norm(x, norm("before"))), layer("o", bias=True)))
    return linear(rms_norm(last_row(feed_forward(y, "mlp")), norm("final")), layer("head", 10))


def assert_close(before: Graph, after: Graph) -> None:
    """Both give the same, but for the order in which numpy sums the products of one row and of several."""
    for env in steps(ROWS):
        wanted, got = outcome(before, env), outcome(after, env)
        assert wanted.keys() == got.keys()
        for name, array in wanted.items():
            np.testing.assert_allclose(got[name], array, rtol=1e-5, atol=1e-5, err_msg=name)


def one_row(graph: Graph) -> list[str]:
    """Names of the operations that work on one row, but for last rows taken."""
    rows = [op for op in graph.ops if op.name != "last_row" and op.result.type.shape[0] == 1]
    return [op.name for op in rows]


def test_what_follows_the_last_attention_is_done_for_one_row() -> None:
    graph = traced(model, rows=ROWS)
    early = last_row_early(graph)
    taken = [op.inputs["x"] for op in early.ops if op.name == "last_row"]
    by = {op.result.name: op.name for op in early.ops}
    assert [by[each.name] for each in taken] == ["merge_heads", "embedding"]  # and the residual around it
    wanted = [
        "linear",
        "add",
        "rms_norm",
        "linear",
        "linear",
        "silu",
        "mul",
        "linear",
        "add",
        "rms_norm",
        "linear",
    ]
    assert one_row(early) == wanted
    assert_close(graph, early)


def other_rows_are_an_output(x: Tensor) -> dict[str, Tensor]:
    y = feed_forward(x, "mlp")
    return {"rows": y, "y": linear(last_row(y), layer("head", 10))}


def other_rows_are_read(x: Tensor) -> Tensor:
    y = linear(x, layer("first"))
    return add(linear(attention_block(y), layer("o")), y)


@pytest.mark.parametrize("block", [other_rows_are_an_output, other_rows_are_read])
def test_rows_that_something_reads_are_all_computed(block: Block) -> None:
    graph = traced(block, rows=ROWS)
    assert last_row_early(graph) == graph


def read_in_part(x: Tensor) -> Tensor:
    """The first layer's rows make keys; its last row goes on."""
    y = linear(x, layer("first"))
    return last_row(add(linear(attention_block(y), layer("o")), mul(y, vector("scale"))))


def test_rows_that_are_read_elsewhere_are_taken_one_of() -> None:
    graph = traced(read_in_part, rows=ROWS)
    early = last_row_early(graph)
    assert next(op for op in early.ops if op.name == "linear").result.type.shape[0] != 1
    assert one_row(early) == ["linear", "mul", "add"]
    assert_close(graph, early)


def test_a_last_row_itself_may_be_an_output() -> None:
    graph = traced(lambda x: {"y": last_row(feed_forward(x, "mlp"))}, rows=ROWS)
    early = last_row_early(graph)
    assert names(early)[-1] == "add" and early.outputs["y"] == early.ops[-1].result
    assert_close(graph, early)


def test_a_graph_of_one_row_stays_as_it_is() -> None:
    graph = traced(model, rows=1)
    assert last_row_early(graph) == graph


def named_as_the_pass_would(x: Tensor) -> Tensor:
    """A layer's rows are read by attention, too, and another layer has the name of their last row."""
    y = linear(x, layer("first"))
    attended = attention_block(y)
    with scope("first"):
        other = linear(attended, layer("last"))
    return add(last_row(add(attended, y)), last_row(linear(silu(other), layer("o"))))


def test_a_last_row_gets_a_name_of_its_own() -> None:
    graph = traced(named_as_the_pass_would, rows=ROWS)
    assert {"first", "first.last"} <= set(graph.producers())
    early = verify(last_row_early(graph))
    assert "first.last_2" in early.producers()
    assert_close(graph, early)


@given(programs(), st.integers(1, CHUNK), st.integers(0, 99))
def test_a_random_graph_means_the_same_with_last_rows_early(program: Program, rows: int, seed: int) -> None:
    graph = program.graphs["prefill"]
    early = verify(last_row_early(graph))
    weights = random_weights(graph, seed)
    env = {"seq": rows, "past": 2, "context": CONTEXT}
    rng = np.random.default_rng(seed)
    states = empty_states(graph, env)
    states["tokens"][:] = rng.integers(0, VOCAB, CONTEXT + 1)
    with np.errstate(all="ignore"):
        wanted, got = (meaning(each, env, weights, states) for each in (graph, early))
    values = [*wanted.outputs.values(), *wanted.states.values()]
    assume(all(np.all(np.abs(array) < LARGEST) for array in values))
    after = {**got.outputs, **got.states}
    for name, array in {**wanted.outputs, **wanted.states}.items():
        assert after[name].shape == array.shape
        error = np.max(np.abs(after[name].astype(np.float64) - array), initial=0.0)
        assert error <= wanted.tolerance[name], f"{name} differs by {error:.3g}"
