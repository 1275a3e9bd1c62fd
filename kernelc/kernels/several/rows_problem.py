"""What a kernel for each row is made for: a single row's problem, and how long the rows' arrays are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any, Generic, TypeVar

from kernelc.ir.dim import evaluate, free_vars
from kernelc.kernels.spec import CONTEXT, Binding
from kernelc.kernels.stored_problem import read_problem, require

P = TypeVar("P")


@dataclass(frozen=True)
class _Stored:
    """What an artifact stores of a problem besides `of`."""

    sequences: int
    positions: int
    shared: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    low: int = 0
    high: int | None = None
    rows: int | None = None


_STORED = tuple(field.name for field in fields_of(_Stored))


@dataclass(frozen=True)
class RowsProblem(Generic[P]):
    """`of`: the single row's problem; `sequences`: how many there are, of up to `positions` each; `rows`: how
    many rows a step may have, of which several may be one sequence's (None: one of each sequence).

    `shared` and `held`: the bindings that are weights, and those that are a sequence's. Of the rows only
    those are computed whose sequence has `low` to `high` positions before the step (`high` None: all from
    there).
    """

    of: P
    sequences: int
    positions: int
    shared: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    low: int = 0
    high: int | None = None
    rows: int | None = None

    @property
    def most(self) -> int:
        """Rows that a step may have."""
        return self.sequences if self.rows is None else self.rows

    @property
    def every_row(self) -> bool:
        """Whether all rows are computed."""
        return self.low == 0 and (self.high is None or self.high >= self.positions - 1)

    def takes(self, past: int) -> bool:
        """Whether a row is computed whose sequence has `past` positions before the step."""
        return self.low <= past and (self.high is None or past <= self.high)

    @property
    def stored(self) -> dict[str, Any]:
        """All but the single row's problem, by name."""
        return {name: getattr(self, name) for name in _STORED}


def stored_rows_problem(of: P, stored: Mapping[str, Any]) -> RowsProblem[P]:
    """The problem of what an artifact stores of it; `of` was read already. Raises: as `read_problem`."""
    rest = read_problem(_Stored, stored)
    return RowsProblem(of, **{name: getattr(rest, name) for name in _STORED})


def grows(binding: Binding) -> bool:
    """Whether a row of a binding is the longer the more positions there are."""
    return any(var.name in ("past", "context") for var in free_vars(binding.length))


def elements_of_row(problem: RowsProblem[Any], binding: Binding) -> int:
    """Elements of a row, at its longest."""
    most = {"seq": 1, "past": problem.positions - 1, "context": problem.positions}
    return evaluate(binding.length, most)


def elements_of_position(problem: RowsProblem[Any], binding: Binding) -> int:
    """Elements that a position of a sequence takes."""

    def length(context: int) -> int:
        return evaluate(binding.length, {"seq": 1, "past": 0, "context": context})

    each = length(2) - length(1)
    even = all(length(c) == length(1) + (c - 1) * each for c in (3, problem.positions, CONTEXT.high))
    wanted = f"{binding.name} with a row for each position"
    require(each >= 1 and even and length(1) <= 2 * each, problem, wanted)
    return each
