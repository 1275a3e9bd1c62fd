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

from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.tile import TileSum, load_tile
from kernelc.kir.tile_types import F16, I8, TileKind
from kernelc.kir.trace import Array, Tracer, trace
from kernelc.kir.types import Type, f16, f32, i32, u32x2, u32x4

Numbers = npt.NDArray[Any]
SUBGROUPS = 2  # each has operands of its own
GROUPS = 2
PAD_BYTES = 16  # between rows in shared memory
COVERED = {"tile_load", "tile_load_transposed", "tile_mma", "tile_mul", "tile_zero"}


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
