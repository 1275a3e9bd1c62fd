"""An elementwise expression over each result: the residual, a scale, a soft cap, and any mixture of them."""

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
from kernelc.kir.types import f32
from kernelc.kir.values import Operators, Value

PRODUCT = "y"
_PLAIN = Expression((PRODUCT,))
_RESIDUAL = Expression((PRODUCT, "residual", "add"))


@dataclass(frozen=True)
class RowEpilogue(CodedEpilogue):
    """out = `expression`, in which "y" is the product (with its bias).

    `width`: rows of the whole matrix, which are elements of an output row. `rows`: the expression's inputs of
    the output's shape [seq, width]; `vectors`: those of shape [width], the same for all rows.
    """

    width: int
    expression: Expression = _PLAIN
    rows: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    kind: str = "row"
    coding: Coding | None = None

    def __post_init__(self) -> None:
        """Raise ShapeError where the expression's inputs are not the product and what is said to be read."""
        require(self.width >= 1, self, "at least one element in a row")
        self._require_coding()
        read = [PRODUCT, *self.rows, *self.vectors]
        require(len(set(read)) == len(read), self, "each input once")
        require(set(self.expression.checked().inputs) <= set(read), self, f"inputs {', '.join(read)}")

    @property
    def whole_rows(self) -> int:
        return self.width

    @property
    def short_name(self) -> str:
        short = "residual" if self.expression == _RESIDUAL else self.expression.short_name
        return (short + self._coding_name).removeprefix("_")

    @property
    def row_order(self) -> tuple[RowOrder, ...]:
        return (RowOrder("identity", self.width),)

    @property
    def row_inputs(self) -> tuple[str, ...]:
        return self.rows

    def inputs(self, seq: Dim) -> tuple[Binding, ...]:
        rows = (Binding(name, f32, "read", seq * self.width) for name in self.rows)
        vectors = (Binding(name, f32, "read", self.width) for name in self.vectors)
        return (*rows, *vectors, *self._coding_inputs())

    def reference(self, y: npt.NDArray[np.float32], piece: Piece, arrays: Arrays, params: Params) -> None:
        here = slice(piece.begin, piece.begin + piece.rows)
        inputs = {name: arrays[name].reshape(-1, self.width)[: len(y), here] for name in self.rows}
        inputs |= {name: arrays[name].reshape(-1)[here] for name in self.vectors}
        self._written(self.expression.reference({PRODUCT: y, **inputs}), piece.begin, arrays)

    def stored_together(self, piece: Piece) -> int:
        whole = piece.rows % 4 == piece.begin % 4 == self.width % 4 == 0
        return 4 if whole and self.coding is None else 1

    def finish_four(
        self, arrays: Mapping[str, Array], token: Operators, row: Value, place: Value, results: Value
    ) -> None:
        at = place + token * (self.width // 4)
        if not self.expression.is_input:
            inputs = self._rows(arrays, at) | self._vectors(arrays, place * 4, lanes=4)
            results = named("results", computed(self.expression, {PRODUCT: results, **inputs}))
        arrays["out"][at] = results

    def result_inputs(
        self, arrays: Mapping[str, Array], piece: Piece, token: Operators | int, unit: Operators
    ) -> Mapping[str, Value]:
        row = unit + piece.begin
        return self._rows(arrays, row + token * self.width) | self._vectors(arrays, row)

    def made(self, values: Sequence[Value], inputs: Mapping[str, Value]) -> Value:
        (value,) = values
        if self.expression.is_input:
            return value
        return named("value", computed(self.expression, {PRODUCT: value, **inputs}))

    def _rows(self, arrays: Mapping[str, Array], at: Value) -> dict[str, Value]:
        return {name: arrays[name][at] for name in self.rows}

    def _vectors(self, arrays: Mapping[str, Array], first: Value, lanes: int = 1) -> dict[str, Value]:
        if lanes == 1:
            return {name: arrays[name][first] for name in self.vectors}
        return {name: vector(*(arrays[name][first + i] for i in range(lanes))) for name in self.vectors}

    @property
    def amplification(self) -> float:
        """Multiplication by other rows, squaring, and constant factors enlarge an error."""
        functions = self.expression.tokens
        return 6.0 ** functions.count("mul") * 6.0 ** functions.count("relu2") * self._scale()

    def _scale(self) -> float:
        factors = (t[len("scale(") : -1] for t in self.expression.tokens if t.startswith("scale("))
        return float(np.prod([max(1.0, abs(float(factor))) for factor in factors]))
