"""The checklist's third part, for targets with matrix units: operations on tiles of every kind and layout.

Operands are whole numbers so small that each sum is exact, whatever order a device adds in. They differ in
every element, so a row taken for a column, or a wrong stride, shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.functions import vector
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.tile import Tile, TileSum, load_tile, pack_bytes, pack_tile
from kernelc.kir.tile_types import F16, I8, LARGE_F16, TileKind, packed_place
from kernelc.kir.trace import Array, Tracer, trace
from kernelc.kir.types import Type, f16, f32, i32, u32, u32x2, u32x4
from kernelc.kir.values import Value

Numbers = npt.NDArray[Any]
SUBGROUPS = 2  # each has operands of its own
GROUPS = 2
PAD_BYTES = 16  # between rows in shared memory
COVERED = {"tile_load", "tile_load_transposed", "tile_mma", "tile_mul", "tile_zero"}
COVERED_LARGE = {"tile_pack", "tile_pack_bytes", "tile_mma_shared"}


@dataclass(frozen=True)
class TileCase:
    """`sum = a * b` for a kind; operands in shared memory of `memory`, their rows or their columns there.

    `rounds`: times the product is added; `scaled`: rows are multiplied by factors in between.
    """

    kind: TileKind
    memory: Type
    a_transposed: bool = False
    b_transposed: bool = False
    rounds: int = 1
    scaled: bool = False

    @property
    def name(self) -> str:
        layout = "".join("t" if turned else "n" for turned in (self.a_transposed, self.b_transposed))
        more = f"_{self.rounds}_rounds" if self.rounds > 1 else ""
        return f"{self.kind.feature}_{self.memory}_{layout}{more}{'_scaled' if self.scaled else ''}"

    @property
    def element(self) -> np.dtype[Any]:
        return self.kind.type("a").dtype

    def operands(self) -> tuple[Numbers, Numbers]:
        """a [groups, subgroups, m, k] and b [groups, subgroups, k, n]."""
        rng = np.random.default_rng(7)
        kind, many = self.kind, (GROUPS, SUBGROUPS)
        low, high = (-128, 128) if kind.operand == "i8" else (-31, 32)
        a = rng.integers(low, high, (*many, kind.m, kind.k))
        b = rng.integers(low, high, (*many, kind.k, kind.n))
        return a.astype(self.element), b.astype(self.element)

    def inputs(self) -> dict[str, Numbers]:
        """The operands as they lie in memory: line after line, and tile after tile."""
        found: dict[str, Numbers] = {}
        turned = (self.a_transposed, self.b_transposed)
        for name, operand, transposed in zip("ab", self.operands(), turned, strict=True):
            lines = operand.swapaxes(-1, -2) if transposed else operand
            found[name] = self._bound(np.ascontiguousarray(lines))
        found["factors"] = (np.arange(self.kind.m) % 5 - 2).astype(np.float32)
        return found

    def _bound(self, lines: Numbers) -> Numbers:
        words = lines.reshape(-1).view(self.memory.dtype)
        return words if self.memory.lanes == 1 else words.reshape(-1, self.memory.lanes)

    def wanted(self) -> Numbers:
        """[groups, subgroups, m, n]"""
        a, b = (operand.astype(np.int64) for operand in self.operands())
        factors = self.inputs()["factors"][:, None]
        total = np.zeros((GROUPS, SUBGROUPS, self.kind.m, self.kind.n))
        for _ in range(self.rounds):
            total = (total * factors if self.scaled else total) + a @ b
        return total

    def kernel(self) -> Kernel:
        lanes = self.kind.lanes
        return verify(trace(self.name, self._body, workgroup=SUBGROUPS * lanes, subgroup_size=lanes))

    def _body(self, k: Tracer) -> None:
        kind, result = self.kind, i32 if self.kind.sum == "i32" else f32
        a, b = k.input("a", self.memory), k.input("b", self.memory)
        factors, out = k.input("factors", f32), k.output("out", result)
        staged_a = self._staged(k, "a", a, self.a_transposed)
        staged_b = self._staged(k, "b", b, self.b_transposed)
        sums = k.shared("sums", result, SUBGROUPS * kind.m * (kind.n + 4))
        rows = k.shared("rows", f32, kind.m)
        with k.when(k.local_id < kind.m):
            rows[k.local_id] = factors[k.local_id]
        k.barrier()
        total = TileSum(kind, "total")
        with k.loop(0, self.rounds):
            if self.scaled:
                total.scale_rows(rows, 0)
            total.add(self._tile(k, "a", *staged_a), self._tile(k, "b", *staged_b))
        total.store(sums, k.subgroup_id * (kind.m * (kind.n + 4)), kind.n + 4)
        k.barrier()
        each = kind.m * kind.n
        with k.loop(k.local_id, SUBGROUPS * each, k.workgroup) as at:
            row = at // kind.n
            out[k.workgroup_id(0) * (SUBGROUPS * each) + at] = sums[row * (kind.n + 4) + at % kind.n]

    def _line(self, role: str, transposed: bool) -> tuple[int, int]:
        """(lines of an operand, memory elements of a line)"""
        rows, cols = self.kind.shape(role)
        lines, run = (cols, rows) if transposed else (rows, cols)
        return lines, run * self.element.itemsize // self.memory.bytes

    def _staged(self, k: Tracer, role: str, source: Array, transposed: bool) -> tuple[Array, bool]:
        lines, line = self._line(role, transposed)
        stride = line + PAD_BYTES // self.memory.bytes
        staged = k.shared(f"staged_{role}", self.memory, SUBGROUPS * lines * stride)
        first = k.workgroup_id(0) * (SUBGROUPS * lines * line)
        with k.loop(k.local_id, SUBGROUPS * lines * line, k.workgroup) as at:
            staged[at // line * stride + at % line] = source[first + at]
        return staged, transposed

    def _tile(self, k: Tracer, role: str, staged: Array, transposed: bool) -> Any:
        lines, line = self._line(role, transposed)
        stride = line + PAD_BYTES // self.memory.bytes
        offset = k.subgroup_id * (lines * stride)
        return load_tile(self.kind, role, staged, offset, stride, transposed=transposed)


@dataclass(frozen=True)
class LargeTileCase:
    """`sum = a[0] * b[0] + ... + a[count-1] * b[count-1]` for a kind whose b is read from shared memory.

    Every group of invocations makes its a's of words, and all read the same b's; `transposed`: sums are
    stored by columns, one half after the other. `less`: a's are made of bytes, less this number, times a
    factor that differs from row to row.
    """

    kind: TileKind
    count: int
    transposed: bool
    less: int | None = None

    @property
    def name(self) -> str:
        of_bytes = "" if self.less is None else f"_bytes_{self.less}"
        return f"{self.kind.feature}_{self.count}{'_transposed' if self.transposed else ''}{of_bytes}"

    def operands(self) -> tuple[Numbers, Numbers]:
        """a [groups, subgroups, m, depth] and b [groups, depth, n]."""
        rng, depth = np.random.default_rng(8), self.kind.k * self.count
        a = rng.integers(-31, 32, (GROUPS, SUBGROUPS, self.kind.m, depth))
        return a.astype(np.float16), rng.integers(-31, 32, (GROUPS, depth, self.kind.n)).astype(np.float16)

    def factors(self) -> Numbers:
        """For each row a power of two."""
        return np.exp2(np.arange(self.kind.m) % 3 - 1).astype(np.float16)

    def inputs(self) -> dict[str, Numbers]:
        """a by rows, in words of halves or of bytes; b by columns, in cells of eight halves."""
        a, b = self.operands()
        cells = np.ascontiguousarray(b.swapaxes(-1, -2)).reshape(-1).view(np.uint32).reshape(-1, 4)
        factors = np.repeat(self.factors(), 2).view(np.uint32)
        if self.less is None:
            return {"a": a.reshape(-1).view(np.uint32), "b": cells, "factors": factors}
        parts = (a.astype(np.int64) + self.less).reshape(GROUPS, SUBGROUPS, self.kind.m, self.count, 2, 4, 2)
        octets = np.ascontiguousarray(parts.swapaxes(-3, -2)).astype(np.int8)
        return {"a": octets.reshape(-1).view(np.uint32), "b": cells, "factors": factors}

    def wanted(self) -> Numbers:
        """[groups, subgroups, m, n]"""
        a, b = (operand.astype(np.float64) for operand in self.operands())
        return (a if self.less is None else a * self.factors()[:, None]) @ b[:, None]

    def kernel(self) -> Kernel:
        return verify(trace(self.name, self._body, workgroup=SUBGROUPS * self.kind.lanes, subgroup_size=32))

    def _body(self, k: Tracer) -> None:
        kind, depth = self.kind, self.kind.k * self.count
        a, b, factors = k.input("a", u32), k.input("b", u32x4), k.input("factors", u32)
        out = k.output("out", f32)
        lines, stride = depth // 8, kind.n + 1
        staged = k.shared("staged_b", u32x4, lines * stride)
        with k.loop(k.local_id, lines * kind.n, k.workgroup) as at:
            staged[at % lines * stride + at // lines] = b[k.workgroup_id(0) * (lines * kind.n) + at]
        k.barrier()
        team = k.local_id // kind.lanes
        row, column = packed_place(k.local_id % kind.lanes)
        line = (k.workgroup_id(0) * SUBGROUPS + team) * kind.m + row
        total = TileSum(kind, "total")
        if self.less is None:
            total.add_shared(self._halves(a, line, column), staged, 0, stride)
        else:
            both = (factors[row], factors[row + 8])
            words = [
                [a[(line + below) * (depth // 4) + tile * 4 + column // 2] for below in (0, 8)]
                for tile in range(self.count)
            ]
            packed = [pack_bytes(kind, upper, lower, both, self.less) for upper, lower in words]
            total.add_shared(packed, staged, 0, stride)
        sums = k.shared("sums", f32, SUBGROUPS * kind.n * (kind.m + 4))
        if not self.transposed:
            stride = kind.n + 4
            total.store(sums, team * (kind.m * stride), stride)
            k.barrier()
            self._copied(k, out, sums, kind.m * stride, stride, 1, (0, kind.n))
            return
        for first in (0, kind.n // 2):
            columns, stride = (first, first + kind.n // 2), kind.m + 4
            total.store(sums, team * (kind.n // 2 * stride), stride, transposed=True, columns=columns)
            k.barrier()
            self._copied(k, out, sums, kind.n // 2 * stride, 1, stride, columns)
            k.barrier()

    def _halves(self, a: Array, line: Value, column: Value) -> list[Tile]:
        kind, depth = self.kind, self.kind.k * self.count
        first = line * (depth // 2) + column // 2
        parts = [below * (depth // 2) + further for further in (0, 4) for below in (0, 8)]
        places = [first + (tile * kind.k // 2) for tile in range(self.count)]
        return [pack_tile(kind, vector(*(a[place + part] for part in parts))) for place in places]

    def _copied(
        self,
        k: Tracer,
        out: Array,
        sums: Array,
        of_team: int,
        row: int,
        column: int,
        columns: tuple[int, int],
    ) -> None:
        """Write some columns of the sums, whose rows and columns are so many elements apart."""
        kind, width = self.kind, columns[1] - columns[0]
        with k.loop(k.local_id, SUBGROUPS * kind.m * width, k.workgroup) as at:
            line, inside = at // width, at % width
            place = k.workgroup_id(0) * (SUBGROUPS * kind.m) + line
            cell = line // kind.m * of_team + line % kind.m * row + inside * column
            out[place * kind.n + inside + columns[0]] = sums[cell]


LARGE_CASES: tuple[LargeTileCase, ...] = (
    *(LargeTileCase(LARGE_F16, count, transposed) for count in (1, 4, 8) for transposed in (False, True)),
    *(LargeTileCase(LARGE_F16, 4, True, less) for less in (0, 8)),
)


def _cases(f16_kind: TileKind, i8_kind: TileKind, bytes_in: Type) -> Iterator[TileCase]:
    for a_transposed in (False, True):
        for b_transposed in (False, True):
            yield TileCase(f16_kind, u32x4, a_transposed, b_transposed)
    yield TileCase(f16_kind, f16, False, True)  # as WGSL holds them
    yield TileCase(f16_kind, u32x4, False, True, rounds=3)
    yield TileCase(f16_kind, u32x4, False, True, rounds=3, scaled=True)
    yield TileCase(i8_kind, bytes_in, False, True)
    yield TileCase(i8_kind, bytes_in, False, True, rounds=3)


CASES: tuple[TileCase, ...] = tuple(_cases(F16, I8, u32x4))
# Kinds that no kernel is written for, but that Mesa's lavapipe multiplies on any processor (from 26 on).
SMALL_F16 = TileKind("f16", "f32", 8, 8, 8, 8)
SMALL_I8 = TileKind("i8", "i32", 8, 8, 8, 8)
SMALL_CASES: tuple[TileCase, ...] = tuple(_cases(SMALL_F16, SMALL_I8, u32x2))
