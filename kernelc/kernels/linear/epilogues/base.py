"""What an epilogue is: all that matvec, matmul and select need to know of what follows a product."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import MOST_TERMS, CodedRows
from kernelc.ir.dim import Dim
from kernelc.ir.packed_matrix import RowOrder
from kernelc.kernels.spec import Arrays, Binding, Params
from kernelc.kernels.stored_problem import require
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.values import Operators, Value


@dataclass(frozen=True)
class Piece:
    """Rows `begin` .. `begin` + `rows` of a packed matrix: what one kernel multiplies."""

    begin: int
    rows: int


@dataclass(frozen=True)
class Coding:
    """`terms` of the codes. `weight`: whether results are multiplied by a norm's weight (binding code_weight)
    before they are coded, and their squares added up. `keeps`: whether they are also written as f32."""

    terms: int
    weight: bool = False
    keeps: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError for another number of terms."""
        require(1 <= self.terms <= MOST_TERMS, self, "one or two terms")

    @property
    def short_name(self) -> str:
        """Such as "codes2", for kernels' names."""
        return f"codes{self.terms}" + ("_normed" if self.weight else "") + ("_kept" if self.keeps else "")


class Epilogue(ABC):
    """What follows a product. Subclasses are frozen dataclasses of numbers, strings and expressions, since
    the artifact stores them as JSON; `kind` says there which subclass it is."""

    kind: str

    @property
    @abstractmethod
    def short_name(self) -> str:
        """A few words for the kernel's name; "" where the product is stored as it is."""

    @property
    @abstractmethod
    def row_order(self) -> tuple[RowOrder, ...]:
        """How the rows of the sources are to be packed. The blocks' rows add up to the whole matrix's."""

    @property
    @abstractmethod
    def whole_rows(self) -> int:
        """Rows of the whole matrix."""

    @property
    def rows_together(self) -> int:
        """How many neighbouring packed rows make one result: 1 or 2."""
        return 1

    @abstractmethod
    def inputs(self, seq: Dim) -> tuple[Binding, ...]:
        """What it reads besides the product, for `seq` rows of activations."""

    @abstractmethod
    def outputs(self, seq: Dim) -> tuple[Binding, ...]:
        """What it writes."""

    @abstractmethod
    def reference(self, y: npt.NDArray[np.float32], piece: Piece, arrays: Arrays, params: Params) -> None:
        """The specification: write what becomes of the piece's products. Shape: y [seq, piece.rows]."""

    @abstractmethod
    def finish(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        piece: Piece,
        token: Operators | int,
        unit: Operators,
        values: Sequence[Value],
    ) -> Value | None:
        """Write the results of `rows_together` packed rows: those from `unit` * `rows_together` of the piece
        on, for activation row `token`. `values`: one f32 per packed row. Returns the f32 element of the
        result's row that they make, where they make one."""

    def stored_together(self, piece: Piece) -> int:
        """Elements of the output that four neighbouring packed rows give, where they can be one store
        (`finish_four`); 1 where they cannot."""
        return 1

    def finish_four(
        self, arrays: Mapping[str, Array], token: Operators, row: Value, place: Value, results: Value
    ) -> None:
        """Write the results of four packed rows, where `stored_together` is more than 1.

        `row`: the first of them in the piece; `place`: its number in the whole matrix, divided by 4;
        `results`: f32x4. Inputs that are rows, and the output, are bound as vectors of `stored_together`.
        """
        raise NotImplementedError(f"{self.kind} epilogues store one element at a time")

    @property
    def row_inputs(self) -> tuple[str, ...]:
        """The names of inputs of the output's shape."""
        return ()

    coding: Coding | None = None
    """Whether and how results are coded, too; the kernel's body does that, with the values of `finish`."""

    @property
    def coded(self) -> CodedRows | None:
        """The layout of the binding "coded", where results are coded."""
        return None

    # What tests and tolerances need to know

    @property
    def amplification(self) -> float:
        """By how much the epilogue may enlarge the error of an f32 sum."""
        return 1

    @property
    def rounding_amplification(self) -> float:
        """The same for the error of products of factors rounded to f16, which is the larger one where one
        product multiplies another."""
        return self.amplification

    @property
    def packed_halves(self) -> frozenset[str]:
        """The names of outputs that hold pairs of f16 in u32 words."""
        return frozenset()

    @property
    def edges(self) -> tuple[int, ...]:
        """Rows of the whole matrix at which the treatment of rows changes; golden tiles lie around them."""
        return ()
