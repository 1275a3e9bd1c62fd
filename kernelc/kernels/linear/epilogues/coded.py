"""Results that are coded as they are made, so that whoever multiplies them next need not (see
`kernelc.ir.coded_rows`): what row and pair epilogues have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import GROUP, CodedRows
from kernelc.ir.dim import Dim
from kernelc.kernels.linear.epilogues.base import Coding, Epilogue, Piece
from kernelc.kernels.spec import Arrays, Binding
from kernelc.kernels.stored_problem import require
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Operators, Value


class CodedEpilogue(Epilogue):
    """An epilogue that makes an f32 row of `width` elements and writes it as `coding` says.

    `coding`: None where it is written as f32.
    """

    width: int
    coding: Coding | None

    def _require_coding(self) -> None:
        """Raise ShapeError for rows that are no whole groups."""
        require(
            self.coding is None or self.width % GROUP == 0, self, f"coded rows of whole groups of {GROUP}"
        )

    @property
    def coded(self) -> CodedRows | None:
        return None if self.coding is None else CodedRows(self.width, self.coding.terms)

    @property
    def _coding_name(self) -> str:
        return "" if self.coding is None else f"_{self.coding.short_name}"

    def _coding_inputs(self) -> tuple[Binding, ...]:
        weighted = self.coding is not None and self.coding.weight
        return (Binding("code_weight", f32, "read", self.width, constant=True),) if weighted else ()

    def outputs(self, seq: Dim) -> tuple[Binding, ...]:
        out = Binding("out", f32, "read_write", seq * self.width)
        if self.coding is None or self.coded is None:
            return (out,)
        coded = Binding("coded", u32, "read_write", seq * self.coded.words)
        return (out, coded) if self.coding.keeps else (coded,)

    @property
    def keeps(self) -> bool:
        """Whether the f32 row is written."""
        return self.coding is None or self.coding.keeps

    def finish(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        piece: Piece,
        token: Operators | int,
        unit: Operators,
        values: Sequence[Value],
    ) -> Value:
        made = self.made(values, self.result_inputs(arrays, piece, token, unit))
        self.keep(arrays, piece, token, unit, made)
        return made

    # What `finish` does, one thing after the other, for kernels that do them at different times

    @abstractmethod
    def result_inputs(
        self, arrays: Mapping[str, Array], piece: Piece, token: Operators | int, unit: Operators
    ) -> Mapping[str, Value]:
        """Load what a result is made of besides its products, by name."""

    @abstractmethod
    def made(self, values: Sequence[Value], inputs: Mapping[str, Value]) -> Value:
        """The result of `rows_together` products and of what `result_inputs` loaded."""

    def keep(
        self,
        arrays: Mapping[str, Array],
        piece: Piece,
        token: Operators | int,
        unit: Operators,
        made: Value,
    ) -> None:
        """Write the result as f32, if it is kept."""
        if self.keeps:
            first = piece.begin // self.rows_together
            arrays["out"][unit + first + token * self.width] = made

    def _written(self, results: npt.NDArray[np.float32], begin: int, arrays: Arrays) -> None:
        """Write elements `begin` and on of each row. Shape: f32 [rows, elements]."""
        here = slice(begin, begin + results.shape[1])
        if self.keeps:
            arrays["out"].reshape(-1, self.width)[: len(results), here] = results
        if self.coding is None or self.coded is None:
            return
        weight = arrays["code_weight"].reshape(-1)[here] if self.coding.weight else None
        part = CodedRows(results.shape[1], self.coding.terms)
        made = part.code(np.ascontiguousarray(results), weight).reshape(-1, part.planes, part.groups, 4)
        rows = arrays["coded"].reshape(-1, self.coded.planes, self.coded.groups, 4)
        rows[: len(results), :, begin // GROUP : begin // GROUP + part.groups] = made
