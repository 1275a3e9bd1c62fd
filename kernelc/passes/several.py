"""Steps over several sequences: decode's calls, once for each row of a step (see `kernelc.kernels.several`).

Decode has a program for each length of attention's splits, of which a sequence's position chooses one. The
rows of a step may have positions of several of them. So such a step runs the attention of every program that
its longest sequence may need or any shorter one, each for the rows that would run it alone. Where all rows
have positions of one, a step needs no other's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kernelc.errors import InternalError, UsageError
from kernelc.ir.dim import Dim, evaluate, free_vars
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.reduce_splits import ATTENTION_REDUCE
from kernelc.kernels.several.families import ROWS_OF
from kernelc.kernels.several.rows_problem import RowsProblem
from kernelc.kernels.several.table import MOST_SEQUENCES, TABLE, WORDS, sequence_rows
from kernelc.kernels.spec import CONTEXT
from kernelc.passes.select import KernelCall

__all__ = [
    "MOST_SEQUENCES", "ROW_LOGITS", "DecodeCalls", "Repeater", "held_bytes", "table_bytes",
]  # fmt: skip

ROW_LOGITS = "row_logits"
"""The state with the logits of every row of a step over several sequences."""

_ATTENTION = (ATTENTION_DECODE.name, ATTENTION_REDUCE.name)


@dataclass(frozen=True)
class DecodeCalls:
    """A decode program: its calls, and the positions before a step, `low` to `high`, for which it is."""

    low: int
    high: int
    calls: Sequence[KernelCall]


@dataclass(frozen=True)
class Repeater:
    """Repeats calls of single rows, of `sequences` of up to `positions` each: for up to `rows` rows, of which
    several may be one sequence's, or for None one of each sequence. `weights` and `held` are operands: those
    that all rows share, and those that are a sequence's own. `states` gives the logits and counters of all
    rows for those of one."""

    rows: int | None
    sequences: int
    positions: int
    weights: Collection[str]
    held: Collection[str]
    states: Mapping[str, str]

    def decode(self, programs: Sequence[DecodeCalls]) -> list[list[KernelCall]]:
        """The calls of a step whose longest sequence is within the bounds of each program."""
        blocks = [_blocks(program.calls) for program in programs]
        found: list[list[KernelCall]] = []
        for at in range(len(programs)):
            calls: list[KernelCall] = []
            for number, (attends, block) in enumerate(blocks[at]):
                if not attends:
                    calls += [self.call(each) for each in block]
                    continue
                for kind in range(at + 1):
                    within = (programs[kind].low, programs[kind].high)
                    one = within if at else (0, None)  # a single kind attends for every row
                    calls += [self.call(each, *one, str(kind)) for each in blocks[kind][number][1]]
            found.append(calls)
        return found

    def alike(self, program: DecodeCalls) -> list[KernelCall]:
        """The calls of a step all of whose sequences are within the bounds of a program."""
        return [self.call(each) for each in program.calls]

    def call(self, call: KernelCall, low: int = 0, high: int | None = None, mark: str = "") -> KernelCall:
        """A call for each row, or for those of sequences with `low` to `high` positions. `mark` tells what
        several such calls make for each other apart."""
        rows = ROWS_OF.get(call.spec.name)
        if rows is None:
            raise InternalError(f"{call.origin}: no family repeats {call.spec.name} for several sequences")
        shared = tuple(name for name, operand in call.operands.items() if operand in self.weights)
        held = tuple(name for name, operand in call.operands.items() if operand in self.held)
        problem = rows.bounded(
            RowsProblem(call.problem, self.sequences, self.positions, shared, held, low, high, self.rows)
        )
        operands = {name: self._operand(name, operand, mark) for name, operand in call.operands.items()}
        return KernelCall(rows, problem, {**operands, TABLE: TABLE}, call.results, call.origin)

    def _operand(self, name: str, operand: str, mark: str) -> str:
        if mark and name == "partials":
            return f"{operand}.{mark}"
        return self.states.get(operand, operand)


def _blocks(calls: Sequence[KernelCall]) -> list[tuple[bool, list[KernelCall]]]:
    """Runs of calls that attend, and of others. One operation's calls are a run: another follows each."""
    found: list[tuple[bool, list[KernelCall]]] = []
    for call in calls:
        attends = call.spec.name in _ATTENTION
        same = found and found[-1][0] == attends and (not attends or found[-1][1][0].origin == call.origin)
        if same:
            found[-1][1].append(call)
        else:
            found.append((attends, [call]))
    return found


def table_bytes(rows: int) -> int:
    """Bytes of the table of a step's rows."""
    return 4 * WORDS * rows


def held_bytes(name: str, bytes_: Dim, sequences: int) -> Dim:
    """Bytes of a state of which every sequence has its own, from those of a single one.

    Raises: UsageError where that is a ring.
    """

    def at(context: int) -> int:
        return evaluate(bytes_, {"context": context})

    longest = max((var.high for var in free_vars(bytes_)), default=1)
    each = at(longest) - at(longest - 1) if longest > 1 else at(1)
    if each < 1 or at(longest) < longest * each:  # where a ring is full, more positions take no more
        raise UsageError(
            f"layers that see a window keep a ring of positions ({name}), so steps have a single row",
            where="`sequences`, `rows`",
            help="leave these out, and `draft`",
        )
    return sequence_rows(CONTEXT) * (sequences * each)
