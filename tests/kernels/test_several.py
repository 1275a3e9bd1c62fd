"""Steps over several sequences: what a row gets is what it would get alone, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kernelc.errors import ArtifactError, ShapeError
from kernelc.ir.dim import evaluate
from kernelc.kernels import golden
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.decode.subgroup_schedule import SubgroupSchedule
from kernelc.kernels.linear.epilogues import PairEpilogue, RowEpilogue
from kernelc.kernels.linear.epilogues.base import Coding
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.several import matvec, wide_int8
from kernelc.kernels.several.each_row import EachRow
from kernelc.kernels.several.families import ROWS_OF
from kernelc.kernels.several.matvec import MATVEC_INT8_ROWS
from kernelc.kernels.several.rows_problem import RowsProblem
from kernelc.kernels.several.table import TABLE, decoded
from kernelc.target import Capabilities
from tests.golden.cases import CASES
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.several_problems import ENV, Spec, repeatable, rows_problem


def _problems() -> list[Any]:
    """The problems whose texts are kept, once each, but those that no step of one row has."""
    found: dict[tuple[str, Any], Any] = {}
    for case in CASES:
        name, problem = case.spec.name, case.problem
        if name in ROWS_OF and repeatable(problem):
            found.setdefault((name, problem), pytest.param(case.spec, problem, id=f"{name}-{case.label}"))
    return list(found.values())


def _by_day(every: list[Any]) -> list[Any]:
    """The first of each family by day, the others at night."""
    seen: set[str] = set()
    marked: list[Any] = []
    for each in every:
        spec, problem = each.values
        marks = [pytest.mark.nightly] if spec.name in seen else []
        seen.add(spec.name)
        marked.append(pytest.param(spec, problem, id=each.id, marks=marks))
    return marked


@pytest.mark.parametrize(("spec", "problem"), _by_day(_problems()))
def test_rows_equal_the_reference_of_each(spec: Spec, problem: Any) -> None:
    rows = ROWS_OF[spec.name]
    for variant, executor in (("processor", "c"), ("subgroups", "interpreter")):
        check_kernel(
            rows,
            rows_problem(spec, problem),
            executor=executor,
            capabilities=VARIANTS[variant],
            seed=1,
            env=ENV,
        )


@pytest.mark.parametrize(("spec", "problem"), _by_day(_problems()))
def test_rows_of_one_sequence_equal_the_reference_of_each(spec: Spec, problem: Any) -> None:
    """At positions that follow each other, as where a draft's guesses are checked."""
    rows = ROWS_OF[spec.name]
    of_one = rows.bounded(replace(rows_problem(spec, problem), sequences=1, rows=4))
    check_kernel(rows, of_one, executor="interpreter", capabilities=VARIANTS["subgroups"], seed=6, env=ENV)


def test_nothing_of_a_cache_is_loaded_before_the_rows_beside_have_appended() -> None:
    problem, warps = AttentionDecodeProblem(4, 2, 16, "f32", 0.25, 0), VARIANTS["warps"]
    overlapping = replace(warps, overlaps=True)
    alone = ATTENTION_DECODE.default(overlapping, problem)
    assert isinstance(alone, SubgroupSchedule) and alone.early
    rows, of_each = ROWS_OF["attention_decode"], rows_problem(ATTENTION_DECODE, problem)
    default = rows.default(overlapping, of_each)
    assert isinstance(default, SubgroupSchedule)
    assert default.early  # rows of other sequences have nothing to wait for
    of_rows = replace(of_each, rows=4)
    assert of_rows.every_row
    for schedule in (rows.default(overlapping, of_rows), *rows.space(overlapping, of_rows)):
        assert not getattr(schedule, "early", False)


def alone_and_together(
    rows: EachRow[Any, Any], problem: RowsProblem[Any], variant: str, executor: str, seed: int
) -> None:
    """Run a step of several rows, then each row by the single row's kernel with the same schedule."""
    capabilities = VARIANTS[variant]
    require(executor, capabilities)
    rng = np.random.default_rng(seed)
    arrays, step = rows.inputs(problem, rng, ENV), rows.params(problem, rng, ENV)
    schedule = rows.default(capabilities, problem)
    together = run_step(rows, problem, schedule, capabilities, executor, arrays, step)
    for row in range(ENV["seq"]):
        before, fields = rows._of_row(problem, arrays, row)
        after, _ = rows._of_row(problem, together, row)
        own = {name: array.copy() for name, array in before.items()}
        alone = run_step(rows.inner, problem.of, schedule, capabilities, executor, own, fields)
        for binding in rows.inner.bindings(problem.of):
            same = after[binding.name].tobytes() == alone[binding.name].tobytes()
            assert same, f"{rows.name}: {binding.name} of row {row} of {problem.of}"


def run_step(
    spec: Spec,
    problem: Any,
    schedule: Any,
    capabilities: Capabilities,
    executor: str,
    arrays: Mapping[str, npt.NDArray[Any]],
    step: Mapping[str, int | float],
) -> dict[str, npt.NDArray[Any]]:
    """The arrays after a kernel ran with the step block `step`."""
    kernel = spec.kernel(problem, schedule, capabilities)
    env = {**ENV, "seq": int(step["seq"]), "past": int(step["past"])}
    x, y, z = (evaluate(extent, env) for extent in spec.grid(problem, schedule))
    return EXECUTORS[executor](kernel, (x, y, z), arrays, step)


def _matrices() -> list[Any]:
    names = ("matvec", "matvec_int8", "attention_decode")
    return [each for each in _problems() if each.values[0].name in names]


@pytest.mark.parametrize("variant", ["processor", "baseline", "warps"])
@pytest.mark.parametrize(("spec", "problem"), _by_day(_matrices()))
def test_a_row_is_the_same_bits_as_alone(spec: Spec, problem: Any, variant: str) -> None:
    executor = "c" if variant == "processor" else "interpreter"
    alone_and_together(ROWS_OF[spec.name], rows_problem(spec, problem), variant, executor, seed=2)


@pytest.mark.parametrize(
    ("format_", "terms", "executor"),
    [
        ("q4", 1, "c"),
        ("q4a", 2, "c"),
        ("q8", 2, "interpreter"),
        *(
            pytest.param(format_, terms, executor, marks=pytest.mark.nightly)
            for format_ in ("q4", "q4a", "q8")
            for terms in (1, 2)
            for executor in ("interpreter", "c")
        ),
    ],
)
def test_weights_that_are_decoded_once_give_each_row_its_bits(
    format_: str, terms: int, executor: str
) -> None:
    problem = LinearProblem(format_, 24, 96, RowEpilogue(24), norm_eps=1e-5, terms=terms)
    rows = rows_problem(MATVEC_INT8, problem)
    alone_and_together(ROWS_OF["matvec_int8"], rows, "processor", executor, seed=3)


@pytest.mark.parametrize("changed", [wide_int8, matvec], ids=["not staged", "row by row"])
def test_rows_that_find_no_room_are_the_same(changed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a processor's shared memory has no place for the rows of activations, or for a panel."""
    problem = LinearProblem("q8", 24, 96, RowEpilogue(24), norm_eps=1e-5, terms=2)
    monkeypatch.setattr(changed, "MOST_BYTES", 0)
    rows = rows_problem(MATVEC_INT8, problem)
    alone_and_together(ROWS_OF["matvec_int8"], rows, "processor", "interpreter", seed=5)


@pytest.mark.parametrize("most", [3, 8])
@pytest.mark.parametrize(
    "epilogue",
    [
        RowEpilogue(64),
        RowEpilogue(64, coding=Coding(1, weight=True, keeps=True)),
        PairEpilogue(32, coding=Coding(1)),
    ],
    ids=["sums", "codes", "pairs"],
)
def test_teams_that_are_subgroups_give_each_of_any_number_of_rows_its_bits(
    epilogue: RowEpilogue | PairEpilogue, most: int
) -> None:
    """Rows long enough for a subgroup each, whose results are spread over it."""
    problem = LinearProblem("q4", 64, 1024, epilogue, norm_eps=1e-5, terms=1)
    rows = replace(rows_problem(MATVEC_INT8, problem), sequences=most)
    schedule = MATVEC_INT8_ROWS.default(VARIANTS["warps"], rows)
    assert schedule.in_subgroups and MATVEC_INT8_ROWS.once(rows, schedule)
    assert schedule.codes_in_registers(problem) == (epilogue.coding is not None)
    alone_and_together(MATVEC_INT8_ROWS, rows, "warps", "interpreter", seed=7)


def test_schedules_for_several_rows_keep_to_a_devices_most_invocations() -> None:
    small = replace(VARIANTS["warps"], max_threads=128)
    problem = LinearProblem("q4", 64, 1024, RowEpilogue(64), terms=1)
    rows = rows_problem(MATVEC_INT8, problem)
    assert MATVEC_INT8_ROWS.default(small, rows).threads <= small.max_threads
    assert MATVEC_INT8_ROWS.default(VARIANTS["warps"], rows).threads > small.max_threads


def test_only_rows_of_sequences_within_the_bounds_are_computed() -> None:
    decode = AttentionDecodeProblem(4, 2, 16, "f32", 0.25, 0)
    every = rows_problem(ATTENTION_DECODE, decode)
    some = rows_problem(ATTENTION_DECODE, decode, low=3, high=16)
    rows = ROWS_OF["attention_decode"]
    check_kernel(rows, some, executor="interpreter", capabilities=VARIANTS["warps"], seed=4, env=ENV)
    arrays = rows.inputs(every, np.random.default_rng(4), ENV)
    pasts = [decoded(arrays[TABLE], row)["past"] for row in range(ENV["seq"])]
    rows.reference(some, arrays, {"seq": ENV["seq"]})
    changed = [bool(row.any()) for row in arrays["out"].reshape(ENV["seq"], -1)]
    assert changed == [3 <= past <= 16 for past in pasts]
    assert len(set(changed)) == 2


def test_problems_of_strangers_are_refused() -> None:
    rows, problem = ROWS_OF["argmax"], rows_problem(ROWS_OF["argmax"].inner, CASES_ARGMAX)
    stored = rows.problem_json(problem)
    assert rows.problem_from_json(stored) == problem
    assert TABLE in [each.name for each in rows.bindings(problem)]
    wrong = ({"sequences": 9}, {"sequences": 1}, {"rows": 3}, {"rows": 9}, {"sequences": 0, "rows": 4})
    for changed in (*wrong, {"shared": ["tokens"]}, {"held": ["logits"]}):
        with pytest.raises(ShapeError):
            rows.bindings(rows.problem_from_json({**stored, **changed}))
    with pytest.raises(ArtifactError):
        rows.problem_from_json({**stored, "of": 3})
    with pytest.raises(ArtifactError):
        rows.problem_from_json({**stored, "odd": 3})


CASES_ARGMAX = next(case.problem for case in CASES if case.spec.name == "argmax")


def test_golden_tiles_repeat_whole_rows_of_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a row is cut, the codes of another one are read as its scales, which no sum survives."""
    problem = LinearProblem("q4", 64, 96, RowEpilogue(64), terms=1)
    rows, layout = rows_problem(MATVEC_INT8, problem), problem.coded
    assert layout is not None
    monkeypatch.setattr(golden, "MOST_INPUT_BYTES", 4 * layout.words * 5 // 2)
    case = golden.golden_case("rows", MATVEC_INT8_ROWS, rows, ENV)
    assert case is not None
    arrays, _, periods, _ = case
    numbers, scales, sums, _ = layout.numbers(arrays["x"].reshape(-1, layout.words))
    assert periods["x"] == 2 * 4 * layout.words and len(numbers) == 3
    assert np.array_equal(numbers.sum(axis=2), sums)
    assert np.isfinite(scales).all() and (scales < 1).all()
