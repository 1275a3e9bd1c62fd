"""An elementwise expression that makes one result of a row of each of two matrices: gated units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim
from kernelc.ir.expression import Expression
from kernelc.ir.packed_matrix import RowOrder
from kernelc.kernels.linear.epilogues.base import Coding, Piece
from kernelc.kernels.linear.epilogues.coded import CodedEpilogue
from kernelc.kernels.parts.formulas import computed
from kernelc.kernels.spec import Arrays, Binding, Params
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import named, vector
from kernelc.kir.trace import Array
from kernelc.kir.values import Operators, Value

FIRST, SECOND = "first", "second"
_SILU_GATED = Expression((FIRST, "silu", SECOND, "mul"))


@dataclass(frozen=True)
class PairEpilogue(CodedEpilogue):
    """out[i] = `expression` of "first", row i of one matrix's product, and "second", row i of the other's.

    The two matrices are packed as one, row by row (`RowOrder` "interleave"): packed rows 2i and 2i + 1 make
    out[i]. `width`: rows of each, which are elements of an output row.
    """

    width: int
    expression: Expression = _SILU_GATED
    kind: str = "pair"
    coding: Coding | None = None

    def __post_init__(self) -> None:
        """Raise ShapeError for an expression of anything but the two products."""
        require(self.width >= 1, self, "at least one element in a row")
        self._require_coding()
        require({FIRST, SECOND} >= set(self.expression.checked().inputs), self, "an expression of the pair")

    @property
    def whole_rows(self) -> int:
        return 2 * self.width

    @property
    def short_name(self) -> str:
        short = "gated" if self.expression == _SILU_GATED else f"pair_{self.expression.short_name}"
        return short + self._coding_name

    @property
    def row_order(self) -> tuple[RowOrder, ...]:
        return (RowOrder("interleave", 2 * self.width),)

    @property
    def rows_together(self) -> int:
        return 2

    def inputs(self, seq: Dim) -> tuple[Binding, ...]:
        return self._coding_inputs()

    def reference(self, y: npt.NDArray[np.float32], piece: Piece, arrays: Arrays, params: Params) -> None:
        both = {FIRST: y[:, 0::2], SECOND: y[:, 1::2]}
        self._written(self.expression.reference(both), piece.begin // 2, arrays)

    def stored_together(self, piece: Piece) -> int:
        whole = piece.rows % 4 == piece.begin % 4 == self.width % 2 == 0
        return 2 if whole and self.coding is None else 1

    def finish_four(
        self, arrays: Mapping[str, Array], token: Operators, row: Value, place: Value, results: Value
    ) -> None:
        made = [self._made(results.lane(at), results.lane(at + 1)) for at in (0, 2)]
        arrays["out"][place + token * (self.width // 2)] = vector(*made)

    def result_inputs(
        self, arrays: Mapping[str, Array], piece: Piece, token: Operators | int, unit: Operators
    ) -> Mapping[str, Value]:
        return {}

    def made(self, values: Sequence[Value], inputs: Mapping[str, Value]) -> Value:
        return self._made(*values)

    def _made(self, gate: Value, up: Value) -> Value:
        return named("gated", computed(self.expression, {FIRST: gate, SECOND: up}))

    @property
    def amplification(self) -> float:
        """A square doubles the relative error of a product of up to five."""
        return 6.0 ** self.expression.tokens.count("relu2")

    @property
    def rounding_amplification(self) -> float:
        """One product is multiplied by another of up to five."""
        return 6.0 * self.amplification
