"""Deliberate bugs, one at a time, and the tests that must notice each: `tools/mutation_check.py` puts them
in.

`old` must stand in the file exactly once, so that an entry whose place has changed is noticed, not skipped.
The golden texts would notice any change of a kernel; the tests named here are those that know why it is
wrong.
"""

from __future__ import annotations

from tests.mutations.attention import ATTENTION
from tests.mutations.coded import CODED
from tests.mutations.compiler import COMPILER
from tests.mutations.drafts import DRAFTS
from tests.mutations.grammar import GRAMMAR
from tests.mutations.linear import LINEAR
from tests.mutations.mutation import Mutation
from tests.mutations.passes import PASSES
from tests.mutations.printers import PRINTERS
from tests.mutations.several import SEVERAL
from tests.mutations.workshop import WORKSHOP

__all__ = ["MUTATIONS", "Mutation"]

MUTATIONS: tuple[Mutation, ...] = (
    *LINEAR, *CODED, *ATTENTION, *PASSES, *COMPILER, *PRINTERS, *SEVERAL, *DRAFTS, *GRAMMAR, *WORKSHOP,
)  # fmt: skip
