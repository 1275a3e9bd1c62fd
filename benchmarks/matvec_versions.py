"""The versions of the matrix times one row that `benchmarks/matvec_story.py` measures.

A new one is a row of `VERSIONS`: a family of kernels, and how its schedule is made for a device. Where the
story needs what the family does not list, it has a family of its own, as the first versions have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.matvec import Matvec, MatvecSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.types import Type, u32
from kernelc.target import Capabilities

Make = Callable[[Capabilities, LinearProblem], Any | None]
"""Makes a schedule for capabilities and a problem; None where such a device has no use for it."""


@dataclass(frozen=True)
class StorySchedule(MatvecSchedule):
    """`words`: whether weights are loaded a word at a time, instead of four."""

    words: bool = False


class StoryMatvec(Matvec):
    """`matvec`, with loads that nobody would want."""

    name = "matvec_story"

    def access_types(self, problem: LinearProblem, schedule: MatvecSchedule) -> Mapping[str, Type]:
        words = {"quants": u32} if getattr(schedule, "words", False) else {}
        return {**super().access_types(problem, schedule), **words}


STORY = StoryMatvec()


@dataclass(frozen=True)
class Version:
    """A version of the product: what is new in it, and why that helps."""

    name: str
    what: str
    why: str
    family: KernelSpec[Any, Any]
    schedule: Make
    terms: int = 0  # of the coded row that is multiplied; 0: it is f32

    def problem(self, matrix: LinearProblem) -> LinearProblem:
        """The matrix of the story with the activations that this version multiplies."""
        return replace(matrix, terms=self.terms)


def one_thread(capabilities: Capabilities, problem: LinearProblem) -> Any:
    """A row an invocation."""
    return StorySchedule(64, 1, 1, f16=capabilities.f16, words=True)


def team(capabilities: Capabilities, *, words: bool = False, subgroups: bool = False, rows: int = 1) -> Any:
    """A row, or some, for a team: a subgroup where its size is known, else the workgroup."""
    size = capabilities.subgroup_size
    threads, team = (128, size) if size else (64, 64)
    return StorySchedule(threads, team, rows, subgroups, capabilities.f16, words=words)


def sums_in_subgroups(capabilities: Capabilities, problem: LinearProblem) -> Any | None:
    """As before, without shared memory."""
    return team(capabilities, subgroups=True) if capabilities.subgroups else None


def late(capabilities: Capabilities, problem: LinearProblem) -> Any:
    """Bytes, a group at a time, none of them before the activations are there."""
    return replace(MATVEC_INT8.default(capabilities, problem), early=False, unroll=1)


def own_of_processors(family: KernelSpec[Any, Any]) -> Make:
    """What the rules choose, on processors alone: elsewhere that is one of the versions before."""
    return lambda capabilities, problem: (
        family.default(capabilities, problem) if capabilities.serial_workgroups else None
    )


def on_cards(make: Make) -> Make:
    """Not on processors, which have schedules of their own."""
    return lambda capabilities, problem: (
        None if capabilities.serial_workgroups else make(capabilities, problem)
    )


VERSIONS = (
    Version("v0", "a row an invocation, a word at a time",
            "neighbouring invocations read words that lie a whole row apart: each load of a subgroup touches"
            " as many cache lines as it has invocations", STORY, one_thread),
    Version("v1", "a row a team: neighbouring invocations read neighbouring groups",
            "a subgroup's loads fall into few cache lines, all of whose bytes are used",
            STORY, lambda capabilities, problem: team(capabilities, words=True)),
    Version("v2", "16 bytes a load",
            "a quarter of the loads: each carries a group's 32 weights, so more bytes are under way",
            STORY, lambda capabilities, problem: team(capabilities)),
    Version("v3", "sums within a subgroup",
            "a row's partial sums stay in registers: no shared memory, no barriers",
            STORY, sums_in_subgroups),
    Version("v4", "four rows a team",
            "the activations are read once for four rows: 16 bytes of weights drag 32 of activations along,"
            " not 128", STORY,
            lambda capabilities, problem: team(capabilities, subgroups=capabilities.subgroups, rows=4)),
    Version("v5", "activations that were coded as bytes by whoever made them",
            "a fourth of the bytes of activations, and four products in one instruction",
            MATVEC_INT8, on_cards(late), 1),
    Version("v6", "the first weights asked for before the activations are there, several groups at once",
            "memory works while the kernel before ends; more loads are under way at once", MATVEC_INT8,
            on_cards(MATVEC_INT8.default), 1),
    Version("v7", "a second byte of what rounding left",
            "activations of 16 bits, as good as f32: twice the products, and no more weights", MATVEC_INT8,
            on_cards(MATVEC_INT8.default), 2),
    Version("wide f32", "one invocation a workgroup, vectors of eight",
            "what a processor's cores do: each goes along its rows, the activations stay in its cache",
            STORY, own_of_processors(STORY)),
    Version("wide int8", "the same with activations of bytes",
            "32 products in four instructions", MATVEC_INT8, own_of_processors(MATVEC_INT8), 2),
)  # fmt: skip

FAMILIES: tuple[KernelSpec[Any, Any], ...] = tuple(dict.fromkeys(version.family for version in VERSIONS))
"""The families of all versions."""
