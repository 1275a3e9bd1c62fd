"""Selection: which kernels an operation becomes, what they bind, and which weights are packed for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernelc.errors import ShapeError
from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.trace import (
    add,
    last_row,
    linear,
    merge_heads,
    mul,
    rms_norm,
    sigmoid,
    silu,
    split_heads,
)
from kernelc.ir.types import DType
from kernelc.kernels.elementwise import ElementwiseProblem
from kernelc.passes.select import HANDLERS, KernelCall, SelectOptions, SplitOptions, select
from tests.passes.blocks import (
    WIDTH,
    appended,
    attend,
    attention_block,
    cache,
    layer,
    norm,
    projected,
    traced,
)
from tests.passes.fuse_cases import ALMOST, MATCHING
from tests.passes.selected import ALL, kernels, selected


def reads(call: KernelCall) -> set[str]:
    return {operand for binding, operand in call.operands.items() if binding not in call.results}


def test_every_operation_has_a_handler() -> None:
    assert HANDLERS.keys() == OPS.keys()


def test_rows_are_made_halves_once_before_matrices_that_are_rounded() -> None:
    def block(x: Tensor) -> Tensor:
        wide = linear(x, layer("wide", 64))
        return add(linear(wide, layer("first", WIDTH, 64)), linear(wide, layer("second", WIDTH, 64)))

    found = selected(block, format="q4", halves=True)
    assert kernels(found) == ["matmul", "half_rows", "matmul", "matmul", "elementwise"]
    wide, halves, first, second, _ = found.calls[1:]
    assert not wide.problem.halves, "its rows are no whole blocks"
    assert halves.operands == {"x": "%wide", "halves": "%wide.halves"} and halves.results == ("halves",)
    assert first.problem.halves and second.problem.halves
    assert first.operands["x"] == second.operands["x"] == "%wide.halves"
    assert "half_rows" not in kernels(selected(block, format="f32", halves=True))
    assert "half_rows" not in kernels(selected(block, format="q4"))


def test_an_operation_is_a_kernel_on_what_it_reads() -> None:
    found = selected(lambda x: mul(silu(linear(x, layer("gate", bias=True))), x))
    assert kernels(found) == ["matmul", "elementwise", "elementwise"]
    product, function, last = found.calls[1:]
    assert product.operands == {
        "x": "%embed_tokens", "out": "%gate", "bias": "gate.bias", "quants": "gate.weight.quants",
    }  # fmt: skip
    assert function.operands == {"x": "%gate", "out": "%silu"} and function.results == ("out",)
    assert last.operands == {"x": "%silu", "y": "%embed_tokens", "out": "y"}
    assert [call.origin for call in found.calls] == ["embed_tokens", "gate", "silu", "mul"]


def test_one_row_is_multiplied_as_a_vector() -> None:
    assert kernels(selected(lambda x: linear(x, layer("w")), rows=1)) == ["matvec"]
    bytes_ = selected(lambda x: linear(x, layer("w")), rows=1, format="q8", terms=2)
    assert kernels(bytes_) == ["code_rows", "matvec_int8"]


# Views


def test_views_are_the_memory_they_are_views_of() -> None:
    found = selected(lambda x: sigmoid(merge_heads(silu(split_heads(sigmoid(x), 4)))))
    assert kernels(found) == ["elementwise"] * 3
    first, heads, last = found.calls[1:]
    assert heads.operands["x"] == first.operands["out"] == "%sigmoid"
    assert last.operands["x"] == heads.operands["out"] == "%silu"
    assert heads.problem.rows == 2 and heads.problem.width == 4


def test_a_view_that_is_an_output_is_copied() -> None:
    found = selected(lambda x: merge_heads(split_heads(silu(x), 4)))
    assert kernels(found) == ["elementwise"] * 2
    assert found.calls[-1].operands == {"x": "%silu", "out": "y"}
    assert found.calls[-1].problem.expression.is_input


def test_a_view_of_an_output_reads_it() -> None:
    def block(x: Tensor) -> dict[str, Tensor]:
        y = silu(x)
        return {"y": y, "z": sigmoid(split_heads(y, 4))}

    assert selected(block).calls[-1].operands == {"x": "y", "out": "z"}


# Outputs


def test_an_output_under_two_names_is_computed_once_and_copied() -> None:
    def block(x: Tensor) -> dict[str, Tensor]:
        y = silu(x)
        return {"first": y, "second": y}

    found = selected(block)
    assert [call.operands for call in found.calls[1:]] == [
        {"x": "%embed_tokens", "out": "first"},
        {"x": "first", "out": "second"},
    ]


def test_an_intermediate_value_may_be_an_output_and_is_read_from_there() -> None:
    def block(x: Tensor) -> dict[str, Tensor]:
        y = silu(x)
        return {"y": y, "z": sigmoid(y)}

    assert selected(block).calls[-1].operands == {"x": "y", "out": "z"}


def test_an_output_may_have_the_name_of_another_tensor() -> None:
    """A layer called "logits" whose soft cap is the output "logits"."""
    found = selected(lambda x: {"logits": sigmoid(linear(x, layer("logits")))})
    assert found.calls[-1].operands == {"x": "%logits", "out": "logits"}
    names = selected(lambda x: {"silu": sigmoid(silu(x)), "sigmoid": silu(x)})
    for call in names.calls:
        assert not reads(call) & {call.operands[binding] for binding in call.results}


# The last row


def test_linear_layers_read_the_last_row_in_place() -> None:
    found = selected(lambda x: linear(last_row(x), layer("w")))
    assert kernels(found) == ["matvec"]
    assert found.calls[1].problem.last_row and found.calls[1].operands["x"] == "%embed_tokens"


@pytest.mark.parametrize("also", ["another operation", "an output", "the same operation"])
def test_otherwise_the_last_row_is_copied(also: str) -> None:
    def block(x: Tensor) -> dict[str, Tensor]:
        row = last_row(x)
        y = linear(row, layer("w"))
        if also == "another operation":
            return {"y": y, "z": silu(row)}
        return {"y": y, "z": row} if also == "an output" else {"y": add(y, row)}

    off = ALL - {"row"} if also == "the same operation" else ALL
    found = selected(block, off=off)
    copied = found.calls[1]
    assert isinstance(copied.problem, ElementwiseProblem) and copied.problem.last == ("x",)
    layers = [call for call in found.calls if call.spec.name == "matvec"]
    assert not layers[0].problem.last_row
    assert layers[0].operands["x"] == copied.operands["out"]


def test_the_last_row_of_one_row_is_that_row() -> None:
    found = selected(lambda x: silu(last_row(x)), rows=1)
    assert [call.operands["x"] for call in found.calls[1:]] == ["%embed_tokens"]


# Attention


@pytest.mark.parametrize(
    ("q", "k", "order"), [(True, True, "pairs of 4"), (False, True, "pairs of 4"), (False, False, "natural")]
)
def test_the_order_within_cached_heads_is_recorded(q: bool, k: bool, order: str) -> None:
    found = selected(lambda x: attention_block(x, q, k), off=frozenset())
    assert found.head_orders["k_cache"] == order
    unfused = selected(lambda x: attention_block(x, q, k))
    assert set(unfused.head_orders.values()) == {"natural"}


def test_caches_are_bound_as_the_states_they_are() -> None:
    found = selected(attention_block)
    for call in found.calls:
        caches = {operand for operand in call.operands.values() if "cache" in operand}
        assert caches <= {"k_cache", "v_cache"}
    attention = found.calls[-2]
    assert {attention.operands["k_cache"], attention.operands["v_cache"]} == {"k_cache", "v_cache"}


def test_a_state_that_is_appended_to_twice_is_one_buffer() -> None:
    def block(x: Tensor) -> Tensor:
        k = appended(appended(cache("k"), projected(x, "a")), projected(x, "b"))
        return merge_heads(attend(projected(x, "q"), k, k))

    found = selected(block)
    assert not any("k_2" in operand for call in found.calls for operand in call.operands.values())


def test_splits_of_decode_attention_are_joined() -> None:
    found = selected(attention_block, rows=1, off=frozenset(), split=SplitOptions(2))
    assert kernels(found) == ["matvec", "attention_decode", "attention_reduce"]
    decode, reduce = found.calls[2:]
    assert decode.operands["partials"] == reduce.operands["partials"]
    assert decode.results == ("partials",) and reduce.results == ("out",)


# Limits and refusals


def test_no_kernel_binds_more_than_a_webgpu_device_offers() -> None:
    cases = [case for cases in MATCHING.values() for case in cases] + list(ALMOST.values())
    for case in cases:
        for off in (frozenset[str](), ALL):
            for format in ("f32", "q4"):
                for call in selected(case.block, case.rows, off, format=format).calls:
                    assert len(call.spec.bindings(call.problem)) <= 8, call
                    assert call.operands.keys() == {b.name for b in call.spec.bindings(call.problem)}


def test_selection_refuses_what_are_no_rows() -> None:
    """The verifier refuses such graphs; a caller that skips it is still told what is wrong."""
    graph = traced(silu)
    wrong = Tensor(graph.ops[1].inputs["x"].name, replace(graph.ops[1].inputs["x"].type, dtype=DType.U32))
    broken = replace(graph, ops=(graph.ops[0], replace(graph.ops[1], inputs={"x": wrong})))
    with pytest.raises(ShapeError, match="wanted rows of the step") as caught:
        select(broken, SelectOptions(FormatTable("f32")))
    assert caught.value.where == "silu" and caught.value.help
    given = replace(graph, outputs={"y": Tensor("tokens", graph.states["tokens"])})
    with pytest.raises(ShapeError, match="output y is tokens, which no operation of the step computes"):
        select(given, SelectOptions(FormatTable("f32")))


def test_norms_of_heads_and_of_rows() -> None:
    found = selected(lambda x: merge_heads(rms_norm(split_heads(rms_norm(x, norm()), 4), norm("h", 4))))
    problems = [call.problem for call in found.calls if call.spec.name == "rms_norm"]
    assert [(problem.rows, problem.width) for problem in problems] == [(1, 8), (2, 4)]
