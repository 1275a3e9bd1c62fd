"""What a kernel has to do at least: floating-point operations, and bytes to and from memory.

Of the families that a step spends its time in. A product and a sum are two operations. Weights and cached
positions count once, activations as 32-bit numbers in and out; what a kernel reads more often than once from
a cache is its own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernelc.ir.formats import weight_format
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import AttentionPrefillProblem
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.registry import SPECS


@dataclass(frozen=True)
class Work:
    """Operations and bytes of one launch."""

    operations: int
    bytes: int

    @property
    def intensity(self) -> float:
        """Operations for each byte."""
        return self.operations / self.bytes


def work_of(family: str, problem: Mapping[str, Any], env: Mapping[str, int]) -> Work | None:
    """Return the work of a kernel as a manifest has it, for a step of `seq` positions after `past`.

    None for families that compute next to nothing: norms, copies, sampling.
    """
    spec = SPECS.get(family)
    found = None if spec is None else spec.problem_from_json(problem)
    seq, past = env["seq"], env["past"]
    if isinstance(found, LinearProblem):
        return _linear(found, seq if family == "matmul" else 1)
    if isinstance(found, AttentionDecodeProblem):
        seen = min(past + 1, found.window or past + 1)
        return _attention(found, pairs=seen, positions=seen, rows=1)
    if isinstance(found, AttentionPrefillProblem):
        window = found.window or past + seq
        pairs = sum(min(past + row + 1, window) for row in range(seq))
        return _attention(found, pairs, min(past + seq, window + seq), seq)
    return None


def _linear(problem: LinearProblem, rows: int) -> Work:
    stored = sum(weight_format(problem.format).stored_arrays(problem.rows, problem.cols).values())
    return Work(2 * problem.rows * problem.cols * rows, stored + 4 * rows * (problem.cols + problem.rows))


def _attention(
    problem: AttentionDecodeProblem | AttentionPrefillProblem, pairs: int, positions: int, rows: int
) -> Work:
    """`pairs` of a query's and a key's position; the keys and values of `positions` are read."""
    return Work(
        4 * problem.heads * problem.head_dim * pairs,
        2 * positions * problem.cache.row_bytes + 8 * rows * problem.heads * problem.head_dim,
    )
