"""The KV cache: its layout as bindings, how kernels read it, and its meaning in numpy.

k_cache and v_cache are [context, kv_heads, head_dim], so that a position writes one contiguous piece; what an
element is, and whether rows have scales beside them, says a `RowKind`. A kernel may read the same bytes in
wider loads of up to 16 bytes, the most that one load of an invocation can bring.

A layer whose queries see a window of positions keeps a *ring*: min(context, ring) rows, where position p is
in row p % ring. A step writes its rows before they are read, so that a ring has window + seq - 1 rows or
more (`kernelc.ir.rings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir import cached_rows
from kernelc.ir.dim import Dim, dim_min, evaluate
from kernelc.kernels.attention.row_kinds import KINDS, NumberKind, RowKind
from kernelc.kernels.parts.staged_rows import halves
from kernelc.kernels.spec import CONTEXT, Arrays, Binding, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import named, splat
from kernelc.kir.trace import Array
from kernelc.kir.types import Type, f32, f32x2, f32x4
from kernelc.kir.values import Operators, Value

_HUGE = 60000.0  # f16 ends at 65504


def scales_of(name: str) -> str:
    """What the scales beside a cache are called, by the name of its binding."""
    return name.replace("cache", "scales")


@dataclass(frozen=True)
class CacheShape:
    """`head_dim` is a multiple of what `kv_dtype`, a name of `KINDS`, keeps together. `ring`: rows of a ring;
    0: a row for every position of the context."""

    kv_heads: int
    head_dim: int
    kv_dtype: str
    ring: int = 0

    @property
    def rows(self) -> Dim:
        """The number of rows."""
        return dim_min(CONTEXT, self.ring) if self.ring else CONTEXT

    def __post_init__(self) -> None:
        """Raise ShapeError where that is not so."""
        require(self.kv_heads >= 1, self, "at least one head")
        require(self.kv_dtype in KINDS, self, f"a kv_dtype of {' or '.join(KINDS)}")
        together = self.kind.together
        fits = self.head_dim >= together and self.head_dim % together == 0
        require(fits, self, "an even head_dim" if together == 2 else f"a head_dim that {together} divides")

    @property
    def kind(self) -> RowKind:
        return KINDS[self.kv_dtype]

    @property
    def number_kind(self) -> NumberKind:
        """The kind of a cache of numbers."""
        assert isinstance(self.kind, NumberKind), "codes are no numbers"
        return self.kind

    def bindings(self, name: str, access: str = "read") -> tuple[Binding, ...]:
        """The cache of this name, and its scales where it has some."""
        elements = self.kv_heads * self.head_dim // self.kind.together
        cache = Binding(name, self.kind.bound, access, self.rows * elements)
        scales = Binding(scales_of(name), f32, access, self.rows * self.kv_heads)
        return (cache, scales) if self.kind.scaled else (cache,)

    @property
    def row_bytes(self) -> int:
        """Bytes that a position takes."""
        return sum(evaluate(b.length, {"context": 1}) * b.type.bytes for b in self.bindings("cache"))

    def row(self, position: Operators) -> Operators:
        """The row of a position, in a kernel."""
        return position % self.ring if self.ring else position

    def rows_of(self, begin: int, end: int) -> slice | npt.NDArray[np.int64]:
        """The rows of positions begin .. end - 1, as an index of numpy's."""
        return np.arange(begin, end) % self.ring if self.ring else slice(begin, end)

    def describe(self) -> str:
        """Such as "_ring1024", for a kernel's name; empty where every position has a row."""
        return f"_ring{self.ring}" if self.ring else ""

    def load_widths(self) -> tuple[int, ...]:
        """Elements per load that are possible, the widest first; each divides head_dim."""
        least, widest = self.kind.together, self.kind.widest
        return tuple(w for w in (16, 8, 4, 2) if least <= w <= widest and self.head_dim % w == 0)

    @property
    def staged_width(self) -> int:
        """Elements of a load where rows are staged in cells of 16 bytes, which hold eight halves."""
        return next(width for width in self.load_widths() if width <= 8)

    def values(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A bound array of numbers as [rows, kv_heads, head_dim]; a view."""
        return array.reshape(-1).view(self.number_kind.dtype).reshape(-1, self.kv_heads, self.head_dim)

    def numbers(self, arrays: Arrays, name: str) -> npt.NDArray[Any]:
        """What the bound arrays of a cache stand for. Shape: [rows, kv_heads, head_dim]."""
        if not self.kind.scaled:
            return self.values(arrays[name])
        return cached_rows.decoded(*self._coded(arrays, name))

    def store(
        self, arrays: Arrays, name: str, index: slice | npt.NDArray[Any], rows: npt.NDArray[Any]
    ) -> None:
        """Round rows [count, kv_heads, head_dim] and write them to the bound arrays of a cache."""
        if not self.kind.scaled:
            self.values(arrays[name])[index] = rows
            return
        for stored, made in zip(
            self._coded(arrays, name), cached_rows.coded(rows.astype(np.float32)), strict=True
        ):
            stored[index] = made

    def _coded(self, arrays: Arrays, name: str) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """Codes [rows, kv_heads, head_dim] and scales [rows, kv_heads]; views."""
        codes = arrays[name].reshape(-1).view(np.int8).reshape(-1, self.kv_heads, self.head_dim)
        return codes, arrays[scales_of(name)].reshape(-1, self.kv_heads)

    def random(
        self, rng: np.random.Generator, name: str, env: Mapping[str, int], filled: tuple[int, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """The arrays of a cache to bind: normal numbers at positions filled[0] .. filled[1] - 1, and huge
        ones in all other rows, which nothing may read."""
        numbers = rng.normal(size=(evaluate(self.rows, env), self.kv_heads, self.head_dim))
        unseen = np.ones(len(numbers), np.bool_)
        unseen[self.rows_of(*filled)] = False
        numbers[unseen] = _HUGE * np.sign(numbers[unseen])
        arrays = {binding.name: empty(binding, env) for binding in self.bindings(name)}
        self.store(arrays, name, slice(None), numbers)
        return arrays


def require_heads(heads: int, cache: CacheShape) -> None:
    """Raise ShapeError unless each head of the cache serves as many query heads."""
    require(heads >= 1 and heads % cache.kv_heads == 0, cache, f"kv_heads that divide {heads} heads")


@dataclass(frozen=True)
class CacheRows:
    """A cache in a kernel, read `width` elements per load; bound as `shape.load_type(width)`."""

    array: Array
    scales: Array | None
    shape: CacheShape
    width: int

    @staticmethod
    def of(arrays: Mapping[str, Array], name: str, shape: CacheShape, width: int) -> CacheRows:
        """The cache of this name among the bound arrays."""
        return CacheRows(arrays[name], arrays.get(scales_of(name)), shape, width)

    @property
    def loads(self) -> int:
        """Loads that a row takes."""
        return self.shape.head_dim // self.width

    @property
    def lanes(self) -> int:
        """Lanes of the vectors into which a load is divided."""
        return min(4, self.width)

    @property
    def vectors(self) -> int:
        """Vectors into which a load is divided."""
        return self.width // self.lanes

    def _head_row(self, position: Operators, kv_head: Operators) -> Value:
        return self.shape.row(position) * self.shape.kv_heads + kv_head

    def stored(self, position: Operators, kv_head: Operators, number: Operators) -> Value:
        """Load `number` of a row, as stored."""
        stored = self.array[self._head_row(position, kv_head) * self.loads + number]
        return stored

    def scale(self, position: Operators, kv_head: Operators) -> Value | None:
        """What the elements of a row are to be multiplied by; None where they are what they are."""
        if self.scales is None:
            return None
        # Named, so that it is loaded here, with the row, and not where the score is there that it multiplies.
        return named("scale", self.scales[self._head_row(position, kv_head)])

    def unscaled(self, position: Operators, kv_head: Operators, number: Operators, name: str) -> list[Value]:
        """Load `number` of a row as f32 vectors of `lanes`, still to be multiplied by the row's `scale`."""
        vectors = self.shape.kind.vectors(self.stored(position, kv_head, number))
        return [named(name, vector) for vector in vectors]

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What is bound for it."""
        return (self.array,) if self.scales is None else (self.array, self.scales)

    def part(self, position: Operators, kv_head: Operators, numbers: Iterable[Operators]) -> list[Value]:
        """Loads of a row by their numbers, as stored, and after them the row's scale where it has one."""
        loads = [self.stored(position, kv_head, number) for number in numbers]
        scale = self.scale(position, kv_head)
        return loads if scale is None else [*loads, scale]

    def unpacked(self, part: Sequence[Value], name: str) -> tuple[list[Value], Value | None]:
        """A `part` as f32 vectors of `lanes`, which emitted text calls `name`, and what they are still to be
        multiplied by."""
        loads, scale = (part, None) if self.scales is None else (part[:-1], part[-1])
        vectors = [vector for load in loads for vector in self.shape.kind.vectors(load)]
        return [named(name, vector) for vector in vectors], scale

    def halves(self, position: Operators, kv_head: Operators, number: Operators) -> Value:
        """Load `number` of a row, which has eight elements, as a cell of halves (`staged_rows`)."""
        if self.shape.kind.stores_halves:
            return self.stored(position, kv_head, number)
        return halves(*self.load(position, kv_head, number, "staged"))

    def load(self, position: Operators, kv_head: Operators, number: Operators, name: str) -> list[Value]:
        """Load `number` of a row as f32 vectors of `lanes`, which emitted text calls `name`."""
        vectors, scale = self.unscaled(position, kv_head, number, name), self.scale(position, kv_head)
        return vectors if scale is None else [vector * scale for vector in vectors]

    def eights(self, position: Operators, kv_head: Operators) -> list[Value]:
        """A row as f32 vectors of eight, which are its loads."""
        first = self._head_row(position, kv_head) * self.loads
        eights = [self.shape.kind.eight(self.array[first + at]) for at in range(self.loads)]
        scale = self.scale(position, kv_head)
        return eights if scale is None else [eight * splat(scale, 8) for eight in eights]


@dataclass(frozen=True)
class AttentionBuffers:
    """What attention kernels bind: the cache for loads of `width` elements, and the rest to match."""

    arrays: Mapping[str, Array]
    vector: Type  # of queries and results
    keys: CacheRows
    values: CacheRows

    @staticmethod
    def of(arrays: Mapping[str, Array], shape: CacheShape, width: int) -> AttentionBuffers:
        """Of arrays that are bound with the element types of `access_types` for the same width."""
        rows = (CacheRows.of(arrays, name, shape, width) for name in ("k_cache", "v_cache"))
        return AttentionBuffers(arrays, f32.with_lanes(min(4, width)), *rows)

    @property
    def row_vectors(self) -> int:
        """Vectors that a query, or a head's result, takes."""
        return self.keys.shape.head_dim // self.vector.lanes


def access_types(shape: CacheShape, width: int) -> dict[str, Type]:
    """The element types of all bindings, for kernels that load `width` elements of a cache at once."""
    vector, cached = f32.with_lanes(min(4, width)), shape.kind.load_type(width)
    return {"q": vector, "out": vector, "k_cache": cached, "v_cache": cached}


def attention_bindings(shape: CacheShape, heads: int, seq: Dim) -> tuple[Binding, ...]:
    """Bindings: q [seq, heads, head_dim], both caches with their scales, out [seq, heads * head_dim]."""
    type = f32x4 if shape.head_dim % 4 == 0 else f32x2
    length = seq * (heads * shape.head_dim // type.lanes)
    caches = (*shape.bindings("k_cache"), *shape.bindings("v_cache"))
    return (Binding("q", type, "read", length), *caches, Binding("out", type, "read_write", length))


def attention_inputs(
    bindings: tuple[Binding, ...],
    shape: CacheShape,
    window: int,
    rng: np.random.Generator,
    env: Mapping[str, int],
) -> dict[str, npt.NDArray[Any]]:
    """Inputs with scores of order one or of order ten, and values of order one.

    Of a ring the positions that a query of the step sees are filled, as far as the ring holds so many.
    """
    end = env["past"] + env["seq"]
    begin = max(0, env["past"] + 1 - window, end - shape.ring) if shape.ring else 0
    arrays = {b.name: empty(b, env) for b in bindings}
    arrays["q"][...] = rng.normal(size=arrays["q"].shape) * rng.choice([0.5, 4.0])
    for name in ("k_cache", "v_cache"):
        arrays |= shape.random(rng, name, env, (begin, end))
    return arrays
