"""Bugs in steps of several rows of one sequence, and in what is made of a draft's guesses."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_PAIR = ("tests/several/test_draft_pair.py", "-k", "all_along")

DRAFTS: tuple[Mutation, ...] = (
    Mutation(
        "rows_load_early",
        "A row loads keys from the cache that the kernel before still appends for the rows beside it.",
        "kernelc/kernels/several/each_row.py",
        "if not early or (problem.every_row and problem.high is None and not set(reads) & set(shared)):",
        "if not early or (problem.every_row and problem.high is None):",
        ("tests/kernels/test_several.py", "-k", "nothing_of_a_cache"),
    ),
    Mutation(
        "guesses_are_not_compared",
        "Tokens are taken from rows after a wrong guess.",
        "runtime/engine/drafts/speculation.py",
        "hit = at < len(guesses) and guesses[at] == token",
        "hit = at < len(guesses)",
        ("tests/several/test_speculated_distribution.py", "-k", "counts"),
    ),
    Mutation(
        "draft_forgets_its_last_guess",
        "Where all guesses were right, the keys of the last are missing in the draft's cache.",
        "runtime/engine/drafts/model.py",
        "self._pending, self._guessed = [], count - 1",
        "self._pending, self._guessed = [], count",
        _PAIR,
    ),
    Mutation(
        "draft_keeps_wrong_guesses",
        "Wrong guesses stay in the draft's cache.",
        "runtime/engine/drafts/model.py",
        "if right < len(guesses):",
        "if right > len(guesses):",
        _PAIR,
    ),
)
