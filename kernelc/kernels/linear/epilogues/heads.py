"""What follows the projections of attention: rotary embedding, and the append of keys and values.

The matrix holds q heads, then k heads, then v heads. Where queries and keys are rotated, their rows are
packed so that the two elements that a rotation turns together are neighbours (`RowOrder` "pairs"); a query's
product with a key does not change when both are permuted alike, so they stay in that order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim
from kernelc.ir.packed_matrix import RowOrder
from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.linear.epilogues.base import Epilogue, Piece
from kernelc.kernels.parts.rotary import Rotary, require_rotary, rotate, rotate_reference
from kernelc.kernels.spec import Arrays, Binding, Params
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import logical_and, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32x2, u32
from kernelc.kir.values import Operators, Value


@dataclass(frozen=True)
class HeadEpilogue(Epilogue):
    """Rotated queries to `q` [seq, heads, head_dim]; keys and values to their caches, or where it `appends`
    nothing to `k_rows` and `v_rows` [seq, kv_heads, head_dim], for whoever has to see whole heads first.

    `rotary`: how queries and keys are rotated, None where neither is; `q_rotated`, `k_rotated`: which of them
    are. `kv_dtype`: what the caches hold, "f16" (pairs in a word) or "f32"; `ring`: see `CacheShape`.
    """

    heads: int
    kv_heads: int
    head_dim: int
    rotary: Rotary | None
    kv_dtype: str
    q_rotated: bool = True
    k_rotated: bool = True
    kind: str = "heads"
    ring: int = 0
    appends: bool = True

    def __post_init__(self) -> None:
        """Raise ShapeError where the numbers do not fit each other."""
        require(self.kv_heads >= 1 <= self.heads, self, "at least one head")
        require(self.heads % self.kv_heads == 0, self, "heads that are a multiple of kv_heads")
        require(self.head_dim >= 2 and self.head_dim % 2 == 0, self, "an even head_dim")
        require(self.kv_dtype in ("f16", "f32"), self, "a kv_dtype of f16 or f32")
        rows = self.kv_dtype == "f32" and not self.ring
        require(self.appends or rows, self, "rows of f32 where nothing is appended")
        require_rotary(self.rotary, self.head_dim)

    @property
    def short_name(self) -> str:
        marks = self.cache.describe() if self.appends else "_rows"
        if self.rotary is None:
            return "qkv_unrotated" + marks
        rotated = "qkv" if self.q_rotated and self.k_rotated else "q_kv" if self.q_rotated else "qk_v"
        return rotated + marks

    @property
    def cache(self) -> CacheShape:
        return CacheShape(self.kv_heads, self.head_dim, self.kv_dtype, self.ring)

    @property
    def whole_rows(self) -> int:
        return self.width

    @property
    def width(self) -> int:
        """Rows of the whole matrix."""
        return (self.heads + 2 * self.kv_heads) * self.head_dim

    @property
    def row_order(self) -> tuple[RowOrder, ...]:
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        if self.rotary is None:
            return (RowOrder("identity", q + 2 * kv),)
        turned = {"head_dim": self.head_dim, "rotary_dim": self.rotary.dim}
        return RowOrder("pairs", q, **turned), RowOrder("pairs", kv, **turned), RowOrder("identity", kv)

    @property
    def rows_together(self) -> int:
        return 2

    def inputs(self, seq: Dim) -> tuple[Binding, ...]:
        return ()

    def outputs(self, seq: Dim) -> tuple[Binding, ...]:
        q, kv = (seq * (heads * self.head_dim // 2) for heads in (self.heads, self.kv_heads))
        found = [Binding("q", f32x2, "read_write", q)]
        if self.appends:
            for name in self.kept:
                found += self.cache.bindings(name, "read_write")
        else:
            found += [Binding(name, f32x2, "read_write", kv) for name in self.kept]
        return tuple(found)

    @property
    def kept(self) -> tuple[str, str]:
        """The bindings to which keys and values go."""
        return ("k_cache", "v_cache") if self.appends else ("k_rows", "v_rows")

    def reference(self, y: npt.NDArray[np.float32], piece: Piece, arrays: Arrays, params: Params) -> None:
        past = int(params["past"])
        rows = np.full((len(y), self.width), np.nan, np.float32)  # what other pieces make stays as it is
        rows[:, piece.begin : piece.begin + piece.rows] = y
        kinds = (self.heads, self.heads + self.kv_heads)
        q, k, v = np.split(rows.reshape(len(y), -1, self.head_dim), kinds, axis=1)
        positions = past + np.arange(len(y))
        if self.rotary is not None:
            q = rotate_reference(q, positions, self.rotary) if self.q_rotated else q
            k = rotate_reference(k, positions, self.rotary) if self.k_rotated else k
        step, (keys, values) = slice(len(y)), self.kept
        rows_of = self.cache.rows_of(past, past + len(y)) if self.appends else step
        for name, made, index in (("q", q, step), (keys, k, rows_of), (values, v, rows_of)):
            into = arrays[name].reshape(-1)
            into = into.view(np.float16 if name != "q" and self.kv_dtype == "f16" else np.float32)
            into, flat = into.reshape(-1, made[0].size), made.reshape(len(made), -1)
            into[index] = np.where(np.isnan(flat), into[index], flat.astype(into.dtype))

    def finish(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        piece: Piece,
        token: Operators | int,
        unit: Operators,
        values: Sequence[Value],
    ) -> None:
        self._store(k, arrays, token, unit + piece.begin // 2, *values)

    def _store(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        token: Operators | int,
        pair: Value,
        even: Value,
        odd: Value,
    ) -> None:
        half = self.head_dim // 2
        q_pairs, kv_pairs = self.heads * half, self.kv_heads * half
        position = step_block.rows(k).position(token)
        both = vector(*self._rotated(k, position, pair, even, odd))
        into = self.cache.row(position) if self.appends else k.coerce(token, u32)
        row = into * kv_pairs
        with k.when(pair < q_pairs):
            arrays["q"][pair + token * q_pairs] = both
        with k.otherwise():
            stored, (keys, values) = self.cache.number_kind.pair(both), self.kept
            with k.when(pair < q_pairs + kv_pairs):
                arrays[keys][row + (pair - q_pairs)] = stored
            with k.otherwise():
                arrays[values][row + (pair - (q_pairs + kv_pairs))] = stored

    def _rotated(
        self, k: Tracer, position: Value, pair: Value, even: Value, odd: Value
    ) -> tuple[Operators, Operators]:
        """The pair's two elements, rotated where the pair is one of those that are."""
        if self.rotary is None:
            return even, odd
        half = self.head_dim // 2
        q_pairs, kv_pairs = self.heads * half, self.kv_heads * half
        first = k.var(even)
        second = k.var(odd)
        in_head = pair % half
        rotated = pair < (q_pairs + kv_pairs if self.k_rotated else q_pairs)
        if not self.q_rotated:
            rotated = logical_and(rotated, pair >= q_pairs)
        if self.rotary.dim < self.head_dim:
            rotated = logical_and(rotated, in_head < self.rotary.dim // 2)
        with k.when(rotated):
            turned_first, turned_second = rotate(position, in_head, even, odd, self.rotary)
            k.assign(first, turned_first)
            k.assign(second, turned_second)
        return first, second

    @property
    def packed_halves(self) -> frozenset[str]:
        return frozenset(self.kept) if self.cache.kind.stores_halves else frozenset()

    @property
    def edges(self) -> tuple[int, ...]:
        return self.heads * self.head_dim, (self.heads + self.kv_heads) * self.head_dim
