"""Decode attention of a few rows, each of which is a token of another sequence.

A row alone has a workgroup for each query head, so that there are enough of them: heads that share keys and
values load them again, from the second-level cache. Several rows have enough workgroups without, so one
serves some heads that share what it loads. A head's sums have the order that they have alone.
"""

from __future__ import annotations

from dataclasses import replace

from kernelc.kernels.attention.decode.kernel import AnySchedule
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.decode.subgroup_schedule import SubgroupSchedule
from kernelc.kernels.several.each_row import EachRow
from kernelc.kernels.several.rows_problem import RowsProblem
from kernelc.target import Capabilities

_HEADS = 2  # of a workgroup: on an H200 a 1B makes 10,300 tokens/s so, with one 10,200, with four 9,600


class AttentionRows(EachRow[AttentionDecodeProblem, AnySchedule]):
    """The kernel of decode attention for each row."""

    def following(
        self,
        capabilities: Capabilities,
        problem: RowsProblem[AttentionDecodeProblem],
        alone: AnySchedule,
    ) -> AnySchedule:
        """The single row's schedule, with more heads of a group in a workgroup where that had one."""
        schedule, of = super().following(capabilities, problem, alone), problem.of
        if not isinstance(schedule, SubgroupSchedule) or schedule.heads > 1:
            return schedule
        together = replace(schedule, heads=_HEADS, joined=1)
        fits = of.group % _HEADS == 0 and together.fits(capabilities, of)
        return together if fits else schedule
