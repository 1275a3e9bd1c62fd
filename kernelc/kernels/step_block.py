"""The step block: the few numbers that change from one step to the next, read by every kernel that needs
them.

Kernels are specialised on everything static, so a step is this one block and the tokens; nothing is passed
per dispatch. A runtime writes it before each step (or, in a recorded command buffer, lets the device advance
it).
"""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.kir.functions import minimum
from kernelc.kir.nodes import Param
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Operators, Value

TRACED_AS_ITS_CALLER = True  # lines and names in emitted text are those of the kernels that call `rows`

STEP: tuple[Param, ...] = (
    Param("seq", u32),  # rows fed in this step
    Param("past", u32),  # positions already in the KV cache
    Param("seed", u32),
    Param("top_k", u32),  # 0: off
    Param("temperature", f32),
    Param("top_p", f32),  # 1: off
    Param("min_p", f32),  # 0: off
    Param("repetition_penalty", f32),  # 1: off
)


@dataclass(frozen=True)
class Rows:
    """The rows of a step in a kernel: how many there are, and the position of each in its sequence.

    Kernels ask here and nowhere else. In a step over several sequences a kernel is traced once for each row,
    as a step of one (see `kernelc.kernels.several`). All numbers are u32.
    """

    k: Tracer

    @property
    def count(self) -> Value:
        """The number of rows."""
        return self.k.param("seq")

    @property
    def last(self) -> Value:
        """The number of the last row."""
        return self.count - 1

    @property
    def past(self) -> Value:
        """Positions that were in the KV cache before the step: the position of row 0."""
        return self.k.param("past")

    @property
    def next_position(self) -> Value:
        """The position that follows the last row's: where the sampled token goes."""
        return self.past + self.count

    def position(self, row: Operators | int) -> Value:
        """The position of a row."""
        return self.past + row

    def include(self, row: Value) -> Value:
        """Whether there is a row of this number (a workgroup's tile may reach beyond the last)."""
        return row < self.count

    def clamped(self, row: Operators) -> Value:
        """The row of this number, or the last where there are fewer."""
        return minimum(row, self.last)


def rows(k: Tracer) -> Rows:
    """The rows of the step that the kernel being traced works on."""
    return Rows(k)
