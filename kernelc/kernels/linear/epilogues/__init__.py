"""What is done to a matrix product's rows before they are stored, as objects made from the graph.

There are three structures. `RowEpilogue`: any elementwise expression over a row's value and other bound rows
and vectors. `PairEpilogue`: an expression that makes one element of two matrices' rows. `HeadEpilogue`:
rotary embedding and the cache append of attention's queries, keys and values.
"""

from __future__ import annotations

from kernelc.kernels.linear.epilogues.base import Coding, Epilogue, Piece
from kernelc.kernels.linear.epilogues.heads import HeadEpilogue
from kernelc.kernels.linear.epilogues.pair import PairEpilogue
from kernelc.kernels.linear.epilogues.row import RowEpilogue

__all__ = ["Coding", "Epilogue", "HeadEpilogue", "PairEpilogue", "Piece", "RowEpilogue"]
