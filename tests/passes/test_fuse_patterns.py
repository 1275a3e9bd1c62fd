"""Every pattern of the fuse pass matches what it is for, stays away from what only looks like it, can be
switched off, and keeps every value bit for bit."""

from __future__ import annotations

import pytest

from kernelc.ir.graph import Graph
from kernelc.ir.trace import add, linear, mul, rms_norm, silu, sub
from kernelc.ir.verify import verify
from kernelc.passes.fuse import PATTERNS, FuseOptions, fuse
from tests.passes.blocks import assert_same, layer, names, norm, steps, traced, vector
from tests.passes.fuse_cases import ALMOST, MATCHING, Case, with_operands

POSITIVE = [(pattern, at) for pattern, cases in MATCHING.items() for at in range(len(cases))]


def check(case: Case, off: frozenset[str] = frozenset()) -> Graph:
    graph = traced(case.block, case.rows)
    fused = verify(fuse(graph, FuseOptions(off=off)))
    for env in steps(case.rows):
        assert_same(graph, fused, env)
    assert (fused.weights, fused.states, fused.outputs) == (graph.weights, graph.states, graph.outputs)
    return fused


@pytest.mark.parametrize(("pattern", "at"), POSITIVE)
def test_a_pattern_matches(pattern: str, at: int) -> None:
    case = MATCHING[pattern][at]
    assert names(check(case))[1:] == case.fused


@pytest.mark.parametrize("why", ALMOST)
def test_a_pattern_stays_away(why: str) -> None:
    assert names(check(ALMOST[why]))[1:] == ALMOST[why].fused


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_can_be_switched_off(pattern: str) -> None:
    """The first block that it matches is then left with other operations."""
    case = MATCHING[pattern][0]
    assert names(check(case, frozenset({pattern})))[1:] != case.fused


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_alone_keeps_every_value(pattern: str) -> None:
    others = frozenset(PATTERNS) - {pattern}
    for case in (*(each for cases in MATCHING.values() for each in cases), *ALMOST.values()):
        check(case, others)


def test_without_patterns_a_graph_stays_as_it_is() -> None:
    for cases in MATCHING.values():
        graph = traced(cases[0].block, cases[0].rows)
        assert fuse(graph, FuseOptions(off=frozenset(PATTERNS))) == graph


def test_up_to_vector_rows_a_linear_layer_takes_its_norm_in() -> None:
    graph = traced(lambda x: linear(rms_norm(x, norm()), layer("w")), rows=3)
    assert names(fuse(graph, FuseOptions(vector_rows=2)))[1:] == ["rms_norm", "linear"]
    assert names(fuse(graph, FuseOptions(vector_rows=3)))[1:] == ["linear_row"]


def test_the_product_leads_its_expression_where_order_does_not_matter() -> None:
    """Equal formulas are to be one kernel, on whichever side a model writes the residual."""
    left = fuse(traced(lambda x: add(linear(x, layer("w")), x))).ops[1]
    right = fuse(traced(lambda x: add(x, linear(x, layer("w"))))).ops[1]
    assert left.attrs == right.attrs == {"expression": "y residual add"}
    less = fuse(traced(lambda x: sub(x, linear(x, layer("w"))))).ops[1]
    assert less.attrs == {"expression": "residual y sub"}


def test_operands_are_named_by_their_shapes() -> None:
    made = fuse(traced(lambda x: mul(add(linear(x, layer("w")), vector("b")), vector("s")))).ops[1]
    assert made.attrs == {"expression": "y vector_1 add vector_2 mul"}
    assert (made.inputs["vector_1"].name, made.inputs["vector_2"].name) == ("b", "s")
    two = fuse(traced(lambda x: with_operands(x, 2), rows=3)).ops[-1]
    assert {"row_1", "row_2"} < two.inputs.keys()


def test_the_residual_of_a_norm_is_what_no_linear_layer_made() -> None:
    for flip in (False, True):

        def block(x, flip=flip):
            y = linear(x, layer("a"))
            return rms_norm(add(x, y) if flip else add(y, x), norm())

        made = fuse(traced(block, rows=3)).ops[2]
        assert made.name == "add_rms_norm"
        assert (made.inputs["x"].name, made.inputs["residual"].name) == ("a", "embed_tokens")


def test_an_operation_without_a_scope_gets_a_plain_origin() -> None:
    gated = traced(lambda x: mul(silu(linear(x, layer("g"))), linear(x, layer("u"))))
    assert fuse(gated).ops[1].origin == "gu"
