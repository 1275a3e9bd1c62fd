"""Problems out of a stranger's manifest: refused, or a kernel that stays within the buffers it declares."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ArtifactError
from kernelc.ir.dim import evaluate
from kernelc.ir.expression import Expression
from kernelc.kernels.attention.append_codes import AppendCodesProblem
from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.attention.decode.reduce_splits import AttentionReduceProblem
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import AttentionPrefillProblem
from kernelc.kernels.attention.rotate_and_append import CacheAppendProblem, RopeProblem
from kernelc.kernels.elementwise import ElementwiseProblem
from kernelc.kernels.embedding import EmbeddingProblem
from kernelc.kernels.layer_norm import LayerNormProblem
from kernelc.kernels.linear.epilogues import Coding, HeadEpilogue, PairEpilogue, RowEpilogue
from kernelc.kernels.linear.half_rows import HalfRowsProblem
from kernelc.kernels.linear.int8.code_rows import CodeRowsProblem
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.rotary import Rotary
from kernelc.kernels.registry import SPECS
from kernelc.kernels.rms_norm import RmsNormProblem
from kernelc.kernels.sampling.argmax import ArgmaxBlocksProblem, ArgmaxFinalProblem, ArgmaxProblem
from kernelc.kernels.sampling.mask import MaskProblem
from kernelc.kernels.sampling.penalty import PenaltyProblem
from kernelc.kernels.sampling.row_result import RowResultProblem
from kernelc.kernels.sampling.sample import SampleProblem
from kernelc.kernels.several.families import ROWS_OF
from kernelc.kernels.several.table import FIELDS, TABLE, encoded, sequence_rows
from kernelc.kernels.spec import CONTEXT, empty
from kernelc.native import Library
from kernelc.schedules import RULES
from tests.kernels.executors import run_interpreter
from tests.kernels.harness import VARIANTS
from tests.kernels.several_problems import repeatable, rows_problem

CAPABILITIES = VARIANTS["processor"]
STEPS = ({"seq": 1, "past": 4, "context": 5}, {"seq": 3, "past": 2, "context": 5})
MOST_BYTES, MOST_INVOCATIONS = 1 << 18, 1 << 12  # what the interpreter is asked to run

_RESIDUAL = RowEpilogue(16, Expression(("y", "residual", "add", "v", "mul")), ("residual",), ("v",))
_HEADS = HeadEpilogue(4, 2, 8, Rotary(4, 1e4), "f16")
_LINEAR = (
    LinearProblem("q4", 12, 64, _RESIDUAL, bias=True, row_begin=4),
    LinearProblem("q8", 16, 32, PairEpilogue(8)),
    LinearProblem("q4", 32, 40, _HEADS, row_begin=32),
    LinearProblem("q8", 64, 32, replace(_HEADS, kv_dtype="f32", appends=False)),
)
_HALVES = LinearProblem("q4", 8, 64, RowEpilogue(8), halves=True)
_CODING = Coding(2, weight=True, keeps=True)
_CODED = LinearProblem("q4", 32, 96, RowEpilogue(64, coding=_CODING), norm_eps=1e-5, row_begin=32, terms=1)
_SCALING = Rotary(4, 1e4, "llama3", 8.0, 1.0, 4.0, 8192)
PROBLEMS: dict[str, tuple[Any, ...]] = {
    "embedding": (EmbeddingProblem("q8", 36, 8, 24),),
    "elementwise": (
        ElementwiseProblem(Expression(("a", "b", "mul")), 8, ("b",), 3),
        ElementwiseProblem(Expression(("a",)), 6, rows=2, one_position=True, last=("a",)),
    ),
    "rms_norm": (RmsNormProblem(20, 1e-5, True), RmsNormProblem(6, 1e-5, False, rows=3, one_position=True)),
    "layer_norm": (LayerNormProblem(20, 1e-5), LayerNormProblem(6, 1e-5, False, True, rows=3)),
    "matvec": (*_LINEAR, LinearProblem("f32", 8, 33, RowEpilogue(8), norm_eps=1e-5, last_row=True)),
    "matvec_int8": (
        *(replace(each, terms=2) for each in _LINEAR),
        _CODED,
        LinearProblem("q4a", 64, 32, PairEpilogue(32, coding=Coding(2)), terms=1),
    ),
    "code_rows": (CodeRowsProblem(40, 2, True), CodeRowsProblem(64, 1, last_row=True)),
    "half_rows": (HalfRowsProblem(64),),
    "matmul": (*_LINEAR, LinearProblem("f16", 8, 36, RowEpilogue(8)), _HALVES),
    "rope": (RopeProblem(2, 6, _SCALING),),
    "cache_append": (CacheAppendProblem(CacheShape(2, 6, "f16")),),
    "append_codes": (
        AppendCodesProblem(CacheShape(2, 8, "q8"), both=True),
        AppendCodesProblem(CacheShape(3, 12, "q8", 4), one_position=True),
    ),
    "attention_decode": (
        AttentionDecodeProblem(4, 2, 8, "f16", 0.5, 0, 3),
        AttentionDecodeProblem(4, 2, 16, "f32", 0.5, 2),
        AttentionDecodeProblem(2, 1, 6, "f16", 0.5, 2),
        AttentionDecodeProblem(6, 2, 32, "f16", 0.5, 2, joined=True, codes=2),
        AttentionDecodeProblem(2, 1, 32, "f32", 0.5, 0, codes=1),
        AttentionDecodeProblem(4, 2, 8, "f16", 0.5, 2, joined=True),
        AttentionDecodeProblem(6, 2, 6, "f32", 0.5, 3, 7, joined=True),
        AttentionDecodeProblem(4, 2, 16, "q8", 0.5, 2, joined=True),
    ),
    "attention_reduce": (AttentionReduceProblem(2, 6, 2, 3), AttentionReduceProblem(2, 32, 2, 3, codes=2)),
    "attention_prefill": (
        AttentionPrefillProblem(4, 2, 8, "f16", 0.5, 3),
        AttentionPrefillProblem(2, 1, 6, "f32", 0.5),
        AttentionPrefillProblem(2, 1, 12, "q8", 0.5),
    ),
    "argmax": (ArgmaxProblem(36),),
    "argmax_blocks": (ArgmaxBlocksProblem(36, 8),),
    "argmax_final": (ArgmaxFinalProblem(5),),
    "mask": (MaskProblem(36), MaskProblem(37)),
    "row_result": (RowResultProblem(36),),
    "penalty": (PenaltyProblem(36),),
    "sample": (SampleProblem(36),),
}
PROBLEMS |= {
    rows.name: tuple(rows_problem(rows.inner, each) for each in PROBLEMS[name] if repeatable(each))[:2]
    for name, rows in ROWS_OF.items()
}
CASES = [(family, problem) for family, problems in PROBLEMS.items() for problem in problems]


def stored(family: str, problem: Any) -> dict[str, Any]:
    """The problem as a manifest has it."""
    return json.loads(json.dumps(SPECS[family].problem_json(problem)))


def fields(data: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every number and flag of a problem, as the mapping that holds it and its name there."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from fields(value)
        elif isinstance(value, int | float):
            assert isinstance(data, dict)
            yield data, name


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A family and a problem of it with some of its numbers changed."""
    family, problem = draw(st.sampled_from(CASES))
    data = stored(family, problem)
    for _ in range(draw(st.integers(1, 2))):
        holder, name = draw(st.sampled_from(list(fields(data))))
        old = holder[name]
        small = st.integers(0, 40)
        near = st.sampled_from([old + 1, old - 1, old + 2, old * 2, old // 2, old + 4])
        holder[name] = draw(small | near | st.sampled_from([True, 0.5, 1 << 20, (1 << 31) - 1, 1 << 32, -1]))
    return family, data


def run_in_exact_buffers(family: str, data: Mapping[str, Any]) -> bool:
    """Run a kernel that the library accepts in the interpreter, which checks every access, on buffers of
    exactly the sizes that the library declares. Returns whether it was small enough for that."""
    native = Library().kernel("k", family, data)
    spec = SPECS[family]
    problem = spec.problem_from_json(data)
    schedule = RULES.choose("c", spec, problem, CAPABILITIES)
    native.text()
    kernel = spec.kernel(problem, schedule, CAPABILITIES, "k")
    ran = False
    for env in STEPS if family != "attention_decode" else STEPS[:1]:
        x, y, z = (evaluate(axis, env) for axis in native.grid)
        sizes = [evaluate(size, env) for size in native.binding_bytes]
        if sum(sizes) > MOST_BYTES or x * y * z * native.workgroup > MOST_INVOCATIONS:
            continue
        arrays = {each.name: empty(each, env) for each in spec.bindings(problem)}
        assert [array.nbytes for array in arrays.values()] == sizes
        if TABLE in arrays:  # as a runtime writes it
            first = evaluate(sequence_rows(CONTEXT), env)
            fields = {field.name: 1 for field in FIELDS} | {"past": env["past"]}
            table = encoded([{**fields, "first": row * first} for row in range(env["seq"])])
            arrays[TABLE][: len(table)] = table[: len(arrays[TABLE])]
        if "tokens" in arrays:
            arrays["tokens"][...] = np.arange(len(arrays["tokens"])) * 7
            arrays["tokens"][-1:] = 0xFFFFFFFF
        run_interpreter(kernel, (x, y, z), arrays, spec.params(problem, np.random.default_rng(0), env))
        ran = True
    return ran


def test_every_family_has_problems_that_run() -> None:
    assert PROBLEMS.keys() == SPECS.keys()
    for family, problem in CASES:
        assert run_in_exact_buffers(family, stored(family, problem)), problem


@given(mutated())
def test_mutated_problems_are_refused_or_stay_within_their_buffers(case: tuple[str, dict[str, Any]]) -> None:
    family, data = case
    try:
        run_in_exact_buffers(family, data)
    except ArtifactError as error:
        assert str(error.where).startswith("manifest.json")


@pytest.mark.parametrize(
    ("family", "problem", "change", "message"),
    [
        ("matvec", _LINEAR[0], {"row_begin": 1 << 20}, "rows within the epilogue's 16"),
        ("matvec_int8", _LINEAR[1], {}, "one or two terms"),
        ("matvec_int8", replace(_LINEAR[1], terms=2), {"terms": 3}, "at most two terms"),
        ("matvec", replace(_LINEAR[1], terms=2), {}, "rows of f32"),
        ("matmul", replace(_CODED, terms=0), {}, "rows of f32"),
        ("matvec_int8", _CODED, {"rows": 16}, "rows that begin and end"),
        ("code_rows", CodeRowsProblem(32, 2), {"terms": 0}, "one or two terms"),
        ("half_rows", HalfRowsProblem(64), {"cols": 96}, "a multiple of 64 columns"),
        ("matmul", _HALVES, {"cols": 96}, "blocks of halves of all rows"),
        ("matvec", _HALVES, {}, "rows of f32"),
        ("matvec", _LINEAR[2], {"rows": 64, "row_begin": 0, "kind": ""}, "only fields of LinearProblem"),
        ("matvec", _LINEAR[2], {"rows": 66, "row_begin": 0}, "rows within the epilogue's 64"),
        ("matmul", _LINEAR[1], {"rows": 15}, "a multiple of 2"),
        ("matmul", _LINEAR[1], {"rows": True}, "rows is True"),
        ("matmul", _LINEAR[1], {"cols": 64.0}, "cols is 64.0"),
        ("matmul", _LINEAR[1], {"norm_eps": math.nan}, "a finite number"),
        ("matmul", _LINEAR[1], {"epilogue": {"kind": "triple", "width": 8}}, "one of row, pair, heads"),
        ("matmul", _LINEAR[1], {"epilogue": 3}, "one of row, pair, heads"),
        ("embedding", PROBLEMS["embedding"][0], {"row_end": 8}, "a row_begin below row_end"),
        ("embedding", PROBLEMS["embedding"][0], {"format": "q4" * 200}, "a short text"),
        ("attention_decode", PROBLEMS["attention_decode"][0], {"kv_heads": 3}, "that divide 4 heads"),
        ("attention_decode", PROBLEMS["attention_decode"][3], {"codes": 3}, "at most two terms"),
        ("attention_decode", PROBLEMS["attention_decode"][3], {"codes": -1}, "codes is -1"),
        ("attention_decode", PROBLEMS["attention_decode"][3], {"joined": False}, "where there is a result"),
        ("attention_decode", PROBLEMS["attention_decode"][4], {"head_dim": 40}, "whole groups of 32"),
        ("attention_reduce", PROBLEMS["attention_reduce"][1], {"head_dim": 48}, "whole groups of 32"),
        ("attention_prefill", PROBLEMS["attention_prefill"][0], {"head_dim": 7}, "an even head_dim"),
        ("argmax_blocks", PROBLEMS["argmax_blocks"][0], {"block": 6}, "a block of a multiple of 4"),
    ],
)
def test_numbers_at_odds_are_refused(family: str, problem: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        Library().kernel("k", family, {**stored(family, problem), **change})


@pytest.mark.parametrize("name", ["x", "quants", "out", "y"])
def test_an_epilogue_cannot_take_a_buffer_twice(name: str) -> None:
    data = copy.deepcopy(stored("matvec", LinearProblem("q4", 16, 32, RowEpilogue(16))))
    data["epilogue"] |= {"expression": {"tokens": ["y", name, "add"]}, "rows": [name]}
    with pytest.raises(ArtifactError, match=r"each buffer once|each input once"):
        Library().kernel("k", "matvec", data).text()


def test_more_shared_memory_than_a_stack_has_is_refused() -> None:
    problem = AttentionPrefillProblem(2, 1, 1 << 16, "f32", 0.5)
    with pytest.raises(ArtifactError):
        Library().kernel("k", "attention_prefill", stored("attention_prefill", problem)).text()
