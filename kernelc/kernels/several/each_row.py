"""A kernel of a single row's step, for a step whose rows belong to several sequences: once for each row.

The kernel of the single row is traced as it is, with other numbers: its arrays begin where the row's lie, and
the fields of its step block come from the table. So a row is computed as it would be alone, to the last bit,
whoever is beside it. The rows are the last axis of the grid. They may be positions of one sequence that
follow each other, too: what they append is in the cache before any of them attends to it.

    shared     weights             the same for every row
    held       caches and tokens   from the first row of the row's sequence on
    otherwise  rows                row after row, each as long as a single one at its longest
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError
from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.dim import Dim, evaluate, substitute
from kernelc.kernels.several.part import PartOfArray
from kernelc.kernels.several.rows_problem import (
    RowsProblem,
    elements_of_position,
    elements_of_row,
    grows,
    stored_rows_problem,
)
from kernelc.kernels.several.table import (
    MOST_SEQUENCES,
    TABLE,
    WORDS,
    decoded,
    encoded,
    row_fields,
    sequence_rows,
)
from kernelc.kernels.spec import (
    CONTEXT,
    SEQ,
    Arrays,
    Binding,
    Grid,
    KernelSpec,
    Params,
    Tolerance,
    empty,
)
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import logical_and, named
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, u32
from kernelc.kir.values import Value
from kernelc.target import Capabilities

P = TypeVar("P")
S = TypeVar("S")


class EachRow(KernelSpec[RowsProblem[P], S]):
    """The kernel of a family for each row; see `kernelc.kernels.several.each_row`."""

    def __init__(self, inner: KernelSpec[P, S]) -> None:
        self.inner = inner
        self._name = f"{inner.name}_rows"

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  (an instance's, not a class's)
        return self._name

    # Bindings

    def bindings(self, problem: RowsProblem[P]) -> tuple[Binding, ...]:
        require(2 <= problem.most <= MOST_SEQUENCES, problem, f"2 to {MOST_SEQUENCES} rows")
        require(1 <= problem.sequences <= problem.most, problem, "sequences, no more than rows")
        require(1 <= problem.positions <= CONTEXT.high, problem, "positions that a sequence may have")
        found: list[Binding] = []
        for each in self.inner.bindings(problem.of):
            if each.name in problem.shared:
                require(each.access == "read", problem, f"{each.name}, which is written, not to be shared")
                length: Dim = substitute(each.length, {"seq": 1})
            elif each.name in problem.held:
                length = sequence_rows(CONTEXT) * (problem.sequences * elements_of_position(problem, each))
            else:
                length = SEQ * elements_of_row(problem, each)
                bounded = problem.high is not None and problem.high < problem.positions
                wanted = f"a high below {problem.positions} positions, for which {each.name} has room"
                require(bounded or not grows(each), problem, wanted)
            found.append(Binding(each.name, each.type, each.access, length, each.constant))
        table = Binding(TABLE, u32, "read", problem.most * WORDS, constant=True)
        return (*found, table)

    def bounded(self, problem: RowsProblem[P]) -> RowsProblem[P]:
        """The problem, with a bound of the positions where rows are as long as these are many."""
        own = (*problem.shared, *problem.held)
        rows = (each for each in self.inner.bindings(problem.of) if each.name not in own)
        if problem.high is None and any(map(grows, rows)):
            return replace(problem, high=problem.positions - 1)
        return problem

    def access_types(self, problem: RowsProblem[P], schedule: S) -> Mapping[str, Type]:
        return self.inner.access_types(problem.of, schedule)

    # The kernel

    def trace(self, k: Tracer, arrays: Mapping[str, Array], problem: RowsProblem[P], schedule: S) -> None:
        layers = evaluate(self.inner.grid(problem.of, schedule)[2], {})
        number = k.workgroup_id(2)
        row = number if layers == 1 else number // layers
        with self.row(k, arrays, problem, row) as own:
            k.given["z"] = named("layer", number % layers) if layers != 1 else k.constant(0, u32)
            with nullcontext() if problem.every_row else k.when(_computed(k, problem)):
                self.inner.trace(k, own, problem.of, schedule)

    @contextmanager
    def row(
        self, k: Tracer, arrays: Mapping[str, Array], problem: RowsProblem[P], row: Value
    ) -> Generator[dict[str, Array]]:
        """The arrays of a row, while the step block is the row's own."""
        fields = row_fields(arrays[TABLE], row)
        first = fields.pop("first")
        own: dict[str, Array] = {}
        for each in self.inner.bindings(problem.of):
            array = own[each.name] = arrays[each.name]
            if each.name in problem.held:
                elements = _elements(each, array, elements_of_position(problem, each))
                own[each.name] = PartOfArray(k, array.memory, first * elements)
            elif each.name not in problem.shared:
                elements = _elements(each, array, elements_of_row(problem, each))
                own[each.name] = PartOfArray(k, array.memory, row * elements)
        before = dict(k.given)
        k.given.update(fields, seq=k.constant(1, u32))
        try:
            yield own
        finally:
            k.given.clear()
            k.given.update(before)

    def workgroup(self, problem: RowsProblem[P], schedule: S) -> int:
        return self.inner.workgroup(problem.of, schedule)

    def grid(self, problem: RowsProblem[P], schedule: S) -> Grid:
        x, y, z = (substitute(extent, {"seq": 1}) for extent in self.inner.grid(problem.of, schedule))
        return (x, y, SEQ * z)

    def space(self, capabilities: Capabilities, problem: RowsProblem[P]) -> Iterable[S]:
        for schedule in self.inner.space(capabilities, problem.of):
            yield self._fitting(problem, schedule)

    def default(self, capabilities: Capabilities, problem: RowsProblem[P]) -> S:
        return self.following(capabilities, problem, self.inner.default(capabilities, problem.of))

    def alone(self, problem: RowsProblem[P]) -> tuple[KernelSpec[P, S], P]:
        return self.inner, problem.of

    def following(self, capabilities: Capabilities, problem: RowsProblem[P], alone: S) -> S:
        return self._fitting(problem, alone)

    def _fitting(self, problem: RowsProblem[P], schedule: S) -> S:
        """A schedule of the inner kernel as it can be here: in a branch nothing is loaded early, and nothing
        of a cache to which the kernel before may append what other rows of the same sequence read. Where
        there are positions to split there are workgroups enough: on an H200 more of them at once, with the
        registers that early loads take, were 6 % of a 7B's step of eight rows."""
        early = getattr(schedule, "early", False)
        shared = problem.held if problem.rows is not None else ()
        reads = (each.name for each in self.inner.bindings(problem.of) if each.access == "read")
        if not early or (problem.every_row and problem.high is None and not set(reads) & set(shared)):
            return schedule
        changed: Any = schedule
        return replace(changed, early=False)

    # The reference

    def reference(self, problem: RowsProblem[P], arrays: Arrays, params: Params) -> None:
        for row in range(int(params["seq"])):
            own, fields = self._of_row(problem, arrays, row)
            if problem.takes(int(fields["past"])):
                self.inner.reference(problem.of, own, fields)

    def _of_row(
        self, problem: RowsProblem[P], arrays: Arrays, row: int
    ) -> tuple[dict[str, npt.NDArray[Any]], dict[str, int | float]]:
        """Views of a row's arrays, and its step block."""
        fields = decoded(arrays[TABLE], row)
        first = int(fields.pop("first"))
        own: dict[str, npt.NDArray[Any]] = {}
        for each in self.inner.bindings(problem.of):
            array = own[each.name] = arrays[each.name]
            if each.name in problem.held:
                elements = elements_of_position(problem, each)
                most = len(array) // (problem.sequences * elements)
                own[each.name] = array[first * elements : (first + most) * elements]
            elif each.name not in problem.shared:
                elements = elements_of_row(problem, each)
                own[each.name] = array[row * elements : (row + 1) * elements]
        return own, {**fields, "seq": 1}

    # Tests

    def inputs(
        self, problem: RowsProblem[P], rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """The single row's inputs for each row, whose sequences have different lengths, in any order. Where
        they are fewer than rows, a sequence's rows are at positions that follow each other."""
        arrays = {each.name: empty(each, env) for each in self.bindings(problem)}
        rows = evaluate(sequence_rows(CONTEXT), env)
        order = np.resize(rng.permutation(problem.sequences), min(env["seq"], problem.most))
        least = max(0, min(env["seq"] - problem.sequences, env["past"]))  # before a sequence's last row
        table: list[dict[str, int | float]] = []
        for row, sequence in enumerate(order):
            past = env["past"] if row == 0 else int(rng.integers(least, env["past"] + 1))
            beside = row - problem.sequences
            past = past if beside < 0 else max(0, int(table[beside]["past"]) - 1)
            own_env = {"seq": 1, "past": past, "context": env["context"]}
            made = self.inner.inputs(problem.of, rng, own_env)
            fields = self.inner.params(problem.of, rng, own_env)
            table.append({**fields, "first": int(sequence) * rows})
            for each in self.inner.bindings(problem.of):
                if each.name in problem.shared:
                    arrays[each.name][...] = made[each.name] if row == 0 else arrays[each.name]
                    continue
                held = each.name in problem.held
                if held and beside >= 0:
                    continue  # the row at its sequence's last position has made it
                start = int(sequence) * rows if held else row
                start *= elements_of_position(problem, each) if held else elements_of_row(problem, each)
                arrays[each.name][start : start + len(made[each.name])] = made[each.name]
        found = encoded(table)
        arrays[TABLE][: len(found)] = found
        return arrays

    def tolerance(self, problem: RowsProblem[P]) -> Tolerance:
        return self.inner.tolerance(problem.of)

    def tile_tolerance(self, problem: RowsProblem[P]) -> Tolerance:
        return self.inner.tile_tolerance(problem.of)

    def coded_rows(self, problem: RowsProblem[P]) -> Mapping[str, CodedRows]:
        return self.inner.coded_rows(problem.of)

    def coded_inputs(self, problem: RowsProblem[P]) -> Mapping[str, CodedRows]:
        return self.inner.coded_inputs(problem.of)

    def packed_halves(self, problem: RowsProblem[P]) -> frozenset[str]:
        return self.inner.packed_halves(problem.of)

    def near_tie(
        self, problem: RowsProblem[P], inputs: Arrays, params: Params, got: Arrays, wanted: Arrays
    ) -> bool:
        for row in range(int(params["seq"])):
            before, fields = self._of_row(problem, inputs, row)
            mine, right = (self._of_row(problem, each, row)[0] for each in (got, wanted))
            same = all(np.array_equal(mine[name], right[name]) for name in mine)
            if not same and not self.inner.near_tie(problem.of, before, fields, mine, right):
                return False
        return True

    # Names and stored problems

    def describe(self, problem: RowsProblem[P]) -> str:
        """Such as "q4_qkv_128x64_of8", and from which position on."""
        of = self.inner.describe(problem.of)
        low = f"_from{problem.low}" if problem.low else ""
        high = "" if problem.high is None else f"_to{problem.high}"
        one = "" if problem.rows is None else f"_in{problem.sequences}"
        return f"{of}_of{problem.most}{one}{low}{high}".removeprefix("_")

    def problem_json(self, problem: RowsProblem[P]) -> dict[str, Any]:
        return {"of": self.inner.problem_json(problem.of), **problem.stored}

    def problem_from_json(self, data: Mapping[str, Any]) -> RowsProblem[P]:
        rest = dict(data)
        of = self.inner.problem_from_json(rest.pop("of", {}))
        return stored_rows_problem(of, rest)


def _elements(binding: Binding, array: Array, count: int) -> int:
    """`count` elements of a binding's own type, in elements of that with which a kernel reads it."""
    size, of = count * binding.type.bytes, array.type.bytes
    if size % of:
        raise InternalError(f"{binding.name}: rows of {size} bytes, read {of} at a time")
    return size // of


def _computed(k: Tracer, problem: RowsProblem[Any]) -> Value:
    """Whether the row is one of those that are computed; see `RowsProblem.takes`."""
    past = k.param("past")
    below = None if problem.high is None else past <= problem.high
    if below is None or not problem.low:
        return past >= problem.low if below is None else below
    return logical_and(past >= problem.low, below)
