"""Problems of steps over several sequences, made of those of single rows."""

from __future__ import annotations

from typing import Any

from kernelc.kernels.several.families import ROWS_OF
from kernelc.kernels.several.rows_problem import RowsProblem
from kernelc.kernels.spec import KernelSpec

Spec = KernelSpec[Any, Any]
ENV = {"seq": 3, "past": 17, "context": 40}
_VECTORS = ("weight", "bias", "norm_weight", "code_weight")  # weights that need not be constant


def rows_problem(spec: Spec, problem: Any, **changed: Any) -> RowsProblem[Any]:
    """A problem of four sequences, whose bindings are told apart as lowering tells them."""
    bindings = spec.bindings(problem)
    shared = tuple(each.name for each in bindings if each.constant or each.name in _VECTORS)
    rest = [each.name for each in bindings if each.name not in shared]
    held = tuple(n for n in rest if n == "tokens" or "cache" in n or n.endswith("scales"))
    return ROWS_OF[spec.name].bounded(RowsProblem(problem, 4, ENV["context"], shared, held, **changed))


def repeatable(problem: Any) -> bool:
    """Whether a step of one row has the problem, and caches with a row for each position."""
    places = (problem, getattr(problem, "epilogue", None), getattr(problem, "cache", None))
    ring = any(getattr(each, "ring", 0) for each in places)
    return not ring and not getattr(problem, "last_row", False)
