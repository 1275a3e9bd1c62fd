"""Bugs in steps over several sequences."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_BITS = ("tests/kernels/test_several_mma.py", "-k", "bits_that_it_gets_alone and interpreter")
_CHOICE = ("tests/tuning/test_choice.py", "-k", "several_rows")
_AHEAD = ("tests/several/test_steps_ahead.py",)

SEVERAL: tuple[Mutation, ...] = (
    Mutation(
        "chunks_meet_as_they_come",
        "On matrix units, sums of neighbouring chunks meet first, so a row has other bits than alone.",
        "kernelc/kernels/several/mma/pairs.py",
        "order = [each * 2 + low for low in (0, 1) for each in order]",
        "order = list(range(2 * len(order)))",
        _BITS,
    ),
    Mutation(
        "several_rows_choose_for_themselves",
        "A table gives one row another team than several, whose sums then have another order.",
        "kernelc/schedules.py",
        "single = spec.alone(problem)",
        "single = None",
        _CHOICE,
    ),
    Mutation(
        "quarters_stay_where_they_are",
        "Invocations keep the words of their own groups where matrix units take a quarter of each.",
        "kernelc/kernels/several/mma/chunks.py",
        "found += [select(odd, other, first), select(odd, second, other)]",
        "found += [first, second]",
        _BITS,
    ),
    Mutation(
        "rows_staged_while_they_are_read",
        "The next stage of the rows is written while other subgroups still multiply with the last one.",
        "kernelc/kernels/several/mma/kernel.py",
        "            if done:\n                k.barrier()\n",
        "",
        _BITS,
    ),
    Mutation(
        "mma_columns",
        "In the interpreter, the columns of a product of tiles of bytes are taken for rows.",
        "kernelc/kir/interpreter/together.py",
        "own = products.reshape(-1, 2, 8, 4, 2).transpose(0, 2, 3, 1, 4)",
        "own = products.reshape(-1, 2, 8, 2, 4).transpose(0, 2, 4, 1, 3)",
        ("tests/conformance/test_mma.py", "-k", "exact and interpreter"),
    ),
    Mutation(
        "a_step_ahead_serves_anybody",
        "What a step handed over ahead made is given to whoever waits, wherever its answer is by now.",
        "runtime/engine/steps_ahead.py",
        "if each is tokens and row.position == tokens.position:",
        "if each is tokens:",
        _AHEAD,
    ),
    Mutation(
        "a_step_ahead_begins_where_the_last_began",
        "A row of a step handed over ahead makes the token again that the step before it makes.",
        "runtime/engine/steps_ahead.py",
        "more = int(tokens in served)",
        "more = 0",
        _AHEAD,
    ),
)
