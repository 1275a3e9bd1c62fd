"""Which weights a selection packs, in which pieces, orders and formats, and under which names."""

from __future__ import annotations

import numpy as np
import pytest

from kernelc.errors import UsageError
from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Tensor
from kernelc.ir.packed_matrix import RowOrder
from kernelc.ir.trace import Linear, Norm, add, last_row, linear, mul, rms_norm, silu, tracer
from kernelc.passes.fuse import fuse
from kernelc.passes.select import SelectOptions, select
from kernelc.passes.select.packing import joint_name
from kernelc.pipeline import stored_vector
from tests.graphs.compiled import Checkpoint
from tests.passes.blocks import WIDTH, attention_block, layer, traced, vector
from tests.passes.selected import selected


def test_large_matrices_are_cut_into_pieces_with_their_biases() -> None:
    rows, row_bytes = 150, 32 * 4
    wide = lambda x: linear(x, layer("w", rows, bias=True))  # noqa: E731
    found = selected(wide, max_binding_bytes=64 * row_bytes)
    pieces = [found.matrices[f"w.weight.{number}"] for number in range(3)]
    assert [(piece.row_begin, piece.end) for piece in pieces] == [(0, 64), (64, 128), (128, 150)]
    calls = found.calls[1:]
    assert [call.problem.row_begin for call in calls] == [0, 64, 128]
    assert [call.problem.rows for call in calls] == [64, 64, 22]
    assert [call.operands["quants"] for call in calls] == [f"w.weight.{at}.quants" for at in range(3)]
    biases = [found.vectors[call.operands["bias"]] for call in calls]
    assert [(bias.begin, bias.end, bias.sources) for bias in biases] == [
        (begin, end, ("w.bias",)) for begin, end in ((0, 64), (64, 128), (128, 150))
    ]
    assert {call.operands["out"] for call in calls} == {"y"}
    whole = selected(wide)
    assert list(whole.matrices) == ["embedding", "w.weight"] and "w.bias" in whole.vectors


def test_a_large_table_is_looked_up_piece_by_piece() -> None:
    def block(x: Tensor) -> Tensor:
        tokens, trace = Tensor("tokens", tracer().states["tokens"]), tracer()
        table = trace.weight("wide", (100, WIDTH))
        inputs = {"tokens": tokens, "table": table}
        attrs = {"seq": trace.var("seq"), "past": trace.var("past")}
        return add(x, trace.record("embedding", inputs, attrs)[0])

    found = selected(block, max_binding_bytes=64 * 32 * 4)
    problems = [call.problem for call in found.calls[1:3]]
    assert [(problem.row_begin, problem.row_end) for problem in problems] == [(0, 64), (64, 100)]


def test_layers_that_are_one_operation_are_one_matrix() -> None:
    gated = lambda x: mul(silu(linear(x, layer("m.gate_proj"))), linear(x, layer("m.up_proj")))  # noqa: E731
    matrix = selected(gated, off=frozenset()).matrices["m.gate_up.weight"]
    assert matrix.sources == ("m.gate_proj.weight", "m.up_proj.weight")
    assert matrix.order == (RowOrder("interleave", 2 * WIDTH),)
    heads = selected(attention_block, off=frozenset())
    (name,) = (name for name in heads.matrices if name != "embedding")
    assert heads.matrices[name].sources == ("q.weight", "k.weight", "v.weight")
    assert [block.kind for block in heads.matrices[name].order] == ["pairs", "pairs", "identity"]


@pytest.mark.parametrize(
    ("sources", "name"),
    [
        (("a.q_proj.weight", "a.k_proj.weight", "a.v_proj.weight"), "a.qkv.weight"),
        (("a.gate_proj.weight", "a.up_proj.weight"), "a.gate_up.weight"),
        (("gate_proj.bias", "up_proj.bias"), "gate_up.bias"),
        (("a.w.weight",), "a.w.weight"),
        (("a.q_proj.weight", "b.k_proj.weight"), "a.q_proj.weight+b.k_proj.weight"),
        (("a.w1.weight", "a.w3.weight"), "a.w1.weight+a.w3.weight"),
        (("a.x_y_proj.weight", "a.z_proj.weight"), "a.x_y_proj.weight+a.z_proj.weight"),
        (("q", "k"), "q+k"),
    ],
)
def test_joint_names_tell_all_sources_apart(sources: tuple[str, ...], name: str) -> None:
    assert joint_name(sources) == name


def test_a_joint_name_that_the_checkpoint_has_is_not_taken() -> None:
    def block(x: Tensor) -> Tensor:
        gated = mul(silu(linear(x, layer("gate_proj"))), linear(x, layer("up_proj")))
        return linear(gated, layer("gate_up"))

    found = selected(block, off=frozenset())
    assert list(found.matrices) == ["embedding", "gate_proj.weight+up_proj.weight", "gate_up.weight"]


def test_the_constant_added_to_a_norms_weight_is_added_when_it_is_packed() -> None:
    def block(x: Tensor) -> Tensor:
        weight = vector("n")
        gemma = Norm("gemma", weight, 1e-5, weight_offset=1.0)
        return add(rms_norm(x, gemma), rms_norm(silu(x), Norm("plain", weight, 1e-5)))

    found = selected(block)
    norms = [call for call in found.calls if call.spec.name == "rms_norm"]
    stored = [found.vectors[call.operands["weight"]] for call in norms]
    assert [(each.sources, each.shift) for each in stored] == [(("n",), 1.0), (("n",), 0.0)]
    assert all(call.problem.offset == 0.0 for call in norms)
    values = np.arange(WIDTH, dtype=np.float32)
    packed = [stored_vector(each, Checkpoint({"n": values})) for each in stored]  # type: ignore[arg-type]
    assert np.array_equal(packed[0], values + 1) and np.array_equal(packed[1], values)


def test_a_computed_norm_weight_gets_its_constant_in_the_kernel() -> None:
    computed = lambda x: rms_norm(x, Norm("n", silu(vector("w")), 1e-5, weight_offset=1.0))  # noqa: E731
    found = selected(computed)
    assert found.calls[-1].operands["weight"] == "%silu" and found.calls[-1].problem.offset == 1.0


def test_a_learned_row_is_stored_as_a_vector() -> None:
    def block(x: Tensor) -> Tensor:
        return add(last_row(x), tracer().weight("learned", (1, WIDTH)))

    found = selected(block)
    stored = found.vectors[found.calls[-1].operands["y"]]
    assert (stored.sources, stored.length) == (("learned",), WIDTH)
    values = np.arange(WIDTH, dtype=np.float32)[None]
    assert np.array_equal(stored_vector(stored, Checkpoint({"learned": values})), values[0])  # type: ignore[arg-type]


def test_formats_that_differ_within_one_matrix_are_refused() -> None:
    gated = lambda x: mul(silu(linear(x, layer("gate"))), linear(x, layer("up")))  # noqa: E731
    graph = fuse(traced(gated))
    with pytest.raises(UsageError, match=r"the formats differ: gate.weight q8, up.weight f32"):
        select(graph, SelectOptions(FormatTable.parse("f32,gate.*=q8")))


def test_a_tied_table_is_packed_once() -> None:
    def block(x: Tensor) -> Tensor:
        return linear(x, Linear("head", Tensor("embedding", tracer().weights["embedding"])))

    found = selected(block)
    assert list(found.matrices) == ["embedding"]
    assert found.calls[0].operands["quants"] == found.calls[1].operands["quants"]
