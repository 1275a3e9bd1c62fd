"""Matrix times activations, with its epilogue: the problem that matvec, matvec_int8 and matmul share.

    y[m, r] = sum over c of norm?(x)[m, c] * W[r, c] + bias[r]

and then what `LinearProblem.epilogue` says (see `kernelc.kernels.linear.epilogues`). W may be a piece of a
matrix that was too large for one binding: `row_begin` is the piece's first row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import GROUP, MOST_TERMS, CodedRows
from kernelc.ir.dim import Dim
from kernelc.kernels.linear.epilogues import HeadEpilogue, PairEpilogue, Piece, RowEpilogue
from kernelc.kernels.linear.half_blocks import COLUMNS, HalfBlocks
from kernelc.kernels.parts.packed_rows import unpacked, weight_bindings
from kernelc.kernels.rms_norm import rms_norm_reference
from kernelc.kernels.spec import SEQ, Arrays, Binding, Params
from kernelc.kernels.stored_problem import require
from kernelc.kir.types import Type, f32, f32x4, u32x4


@dataclass(frozen=True)
class LinearProblem:
    """`rows` x `cols`: the (piece of the) packed matrix, and what follows the product.

    `bias`: whether a bias per packed row is added first. `norm_eps`: normalise x first (binding norm_weight;
    matvec only). `last_row`: x is [seq, cols] and only its row seq-1 is used (matvec only). `terms`: of the
    coded rows that x is (matvec_int8 and matmul; 0: x is f32), to which a norm's weight was applied before.
    `halves`: x is in blocks of halves (see `half_blocks`; matmul only).
    """

    format: str
    rows: int
    cols: int
    epilogue: RowEpilogue | PairEpilogue | HeadEpilogue
    bias: bool = False
    norm_eps: float | None = None
    last_row: bool = False
    row_begin: int = 0
    terms: int = 0
    halves: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError unless these are rows of the matrix that the epilogue is for."""
        require(self.rows >= 1 and self.cols >= 1, self, "at least one row and one column")
        require(self.terms <= MOST_TERMS, self, "at most two terms")
        require(not (self.terms and self.last_row), self, "coded rows that are one row")
        plain = not (self.terms or self.last_row or self.norm_eps is not None)
        require(not self.halves or (plain and self.cols % COLUMNS == 0), self, "blocks of halves of all rows")
        together = self.result_rows
        whole = self.rows % together == 0 and self.row_begin % together == 0
        require(whole, self, f"rows that begin and end at a multiple of {together}")
        every = self.epilogue.whole_rows
        require(0 <= self.row_begin <= every - self.rows, self, f"rows within the epilogue's {every}")

    @property
    def piece(self) -> Piece:
        """Which rows of the whole matrix these are."""
        return Piece(self.row_begin, self.rows)

    @property
    def result_rows(self) -> int:
        """Packed rows that are finished together: those of one result, or of a group of coded results."""
        return self.rows_together * (1 if self.epilogue.coding is None else GROUP)

    @property
    def coded(self) -> CodedRows | None:
        """The layout of x, where it is coded."""
        return CodedRows(self.cols, self.terms) if self.terms else None

    @property
    def rows_together(self) -> int:
        """How many neighbouring packed rows make one result."""
        return self.epilogue.rows_together

    @property
    def blocks(self) -> HalfBlocks | None:
        """The layout of x, where it is in blocks of halves."""
        return HalfBlocks(self.cols) if self.halves else None


def activation_type(width: int) -> Type:
    """Four at a time where the rows stay aligned."""
    return f32x4 if width % 4 == 0 else f32


def linear_bindings(problem: LinearProblem, seq: Dim) -> tuple[Binding, ...]:
    """The signature of matvec (`seq` 1) and matmul (`seq` the symbol)."""
    x_type = activation_type(problem.cols)
    if problem.coded is not None:
        found = [Binding("x", u32x4, "read", seq * problem.coded.vectors)]
    elif problem.blocks is not None:
        found = [Binding("x", u32x4, "read", problem.blocks.cells(seq))]
    else:
        rows = SEQ if problem.last_row else seq
        found = [Binding("x", x_type, "read", rows * (problem.cols // x_type.lanes))]
    if problem.norm_eps is not None and not problem.terms:
        found.append(Binding("norm_weight", x_type, "read", problem.cols // x_type.lanes, constant=True))
    found += weight_bindings(problem.format, problem.rows, problem.cols)
    if problem.bias:
        found.append(Binding("bias", f32, "read", problem.rows, constant=True))
    return (*found, *problem.epilogue.inputs(seq), *problem.epilogue.outputs(seq))


def require_rows(problem: LinearProblem, *, halves: bool = True, terms: bool = False) -> None:
    """Raise ShapeError for a problem that makes coded rows, in a family that does not, or that reads such or
    blocks of halves unless it can."""
    plain = (terms or not problem.terms) and problem.epilogue.coding is None
    require(plain and (halves or not problem.halves), problem, "rows of f32")


def linear_reference(problem: LinearProblem, arrays: Arrays, params: Params) -> None:
    """Products in float32 with numpy's own summation; norm, silu and angles as their own references."""
    x = linear_rows(problem, arrays, params)
    if problem.norm_eps is not None:
        x = rms_norm_reference(x, arrays["norm_weight"].reshape(-1), problem.norm_eps)
    y = x @ unpacked(problem.format, arrays, problem.rows, problem.cols).T
    linear_epilogue_reference(problem, y, arrays, params)


def linear_rows(problem: LinearProblem, arrays: Arrays, params: Params) -> npt.NDArray[np.float32]:
    """The rows of x that take part. Shape: f32 [rows of x, cols]."""
    seq = int(params["seq"])
    if problem.blocks is not None:
        return problem.blocks.values(arrays["x"], seq)
    if problem.coded is not None:
        return problem.coded.decode(arrays["x"].reshape(-1, problem.coded.words)[:seq])[0]
    x = arrays["x"].reshape(-1, problem.cols)
    return x[seq - 1 :][:1] if problem.last_row else x[:seq]


def linear_epilogue_reference(
    problem: LinearProblem, y: npt.NDArray[np.float32], arrays: Arrays, params: Params
) -> None:
    """Add the bias to the products and write what the epilogue makes of them. Shape: y [seq, rows]."""
    if problem.bias:
        y = y + arrays["bias"]
    problem.epilogue.reference(y, problem.piece, arrays, params)
