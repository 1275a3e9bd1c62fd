"""The KV cache: its layout as bindings, how kernels read it, and its meaning in numpy.

k_cache and v_cache are [context, kv_heads, head_dim], so that a position writes one contiguous piece. "f16":
pairs of halves in a u32, the even element in the low half; "f32": pairs of floats. A kernel may read the same
bytes in wider loads of up to 16 bytes, the most that one load of an invocation can bring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim, evaluate
from kernelc.kernels.spec import CONTEXT, Binding, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import concat, named, unpack_half2
from kernelc.kir.trace import Array
from kernelc.kir.types import Type, f32, f32x2, f32x4, u32
from kernelc.kir.values import Operators, Value

KV_DTYPES = ("f16", "f32")
_HUGE = 60000.0  # f16 ends at 65504


@dataclass(frozen=True)
class CacheShape:
    """`head_dim` is even; `kv_dtype` one of `KV_DTYPES`."""

    kv_heads: int
    head_dim: int
    kv_dtype: str

    def __post_init__(self) -> None:
        """Raise ShapeError where that is not so."""
        require(self.kv_heads >= 1, self, "at least one head")
        require(self.head_dim >= 2 and self.head_dim % 2 == 0, self, "an even head_dim")
        require(self.kv_dtype in KV_DTYPES, self, f"a kv_dtype of {' or '.join(KV_DTYPES)}")

    def binding(self, name: str, access: str = "read") -> Binding:
        type = u32 if self.kv_dtype == "f16" else f32x2
        return Binding(name, type, access, CONTEXT * (self.kv_heads * self.head_dim // 2))

    def load_widths(self) -> tuple[int, ...]:
        """Elements per load that are possible, the widest first; each divides head_dim."""
        widest = 8 if self.kv_dtype == "f16" else 4
        return tuple(width for width in (8, 4, 2) if width <= widest and self.head_dim % width == 0)

    def load_type(self, width: int) -> Type:
        """The element type as which to bind a cache for loads of `width` elements."""
        return u32.with_lanes(width // 2) if self.kv_dtype == "f16" else f32.with_lanes(width)

    def values(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A bound array as numbers [context, kv_heads, head_dim]; a view."""
        dtype = np.float16 if self.kv_dtype == "f16" else np.float32
        return array.reshape(-1).view(dtype).reshape(-1, self.kv_heads, self.head_dim)

    def random(self, rng: np.random.Generator, context: int, filled: int) -> npt.NDArray[Any]:
        """A cache to bind: normal numbers in the `filled` positions, and huge ones where none may be read."""
        numbers = rng.normal(size=(context, self.kv_heads, self.head_dim))
        numbers[filled:] = _HUGE * np.sign(numbers[filled:])
        stored = numbers.astype(np.float16 if self.kv_dtype == "f16" else np.float32)
        return self.binding("k_cache").type.view(stored.reshape(-1).view(np.uint8))


def require_heads(heads: int, cache: CacheShape) -> None:
    """Raise ShapeError unless each head of the cache serves as many query heads."""
    require(heads >= 1 and heads % cache.kv_heads == 0, cache, f"kv_heads that divide {heads} heads")


@dataclass(frozen=True)
class CacheRows:
    """A cache in a kernel, read `width` elements per load; bound as `shape.load_type(width)`."""

    array: Array
    shape: CacheShape
    width: int

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

    def stored(self, position: Operators, kv_head: Operators, number: Operators) -> Value:
        """Load `number` of a row, as stored."""
        row = position * self.shape.kv_heads + kv_head
        stored = self.array[row * self.loads + number]
        return stored

    def load(self, position: Operators, kv_head: Operators, number: Operators, name: str) -> list[Value]:
        """Load `number` of a row as f32 vectors of `lanes`, which emitted text calls `name`."""
        stored = self.stored(position, kv_head, number)
        vectors = [stored] if self.shape.kv_dtype == "f32" else self._unpacked(stored)
        return [named(name, vector) for vector in vectors]

    def _unpacked(self, words: Value) -> list[Value]:
        if self.width == 2:
            return [unpack_half2(words)]
        pairs = [unpack_half2(words.lane(i)) for i in range(self.width // 2)]
        return [concat(pairs[i], pairs[i + 1]) for i in range(0, len(pairs), 2)]


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
        rows = (CacheRows(arrays[name], shape, width) for name in ("k_cache", "v_cache"))
        return AttentionBuffers(arrays, f32.with_lanes(min(4, width)), *rows)

    @property
    def row_vectors(self) -> int:
        """Vectors that a query, or a head's result, takes."""
        return self.keys.shape.head_dim // self.vector.lanes


def access_types(shape: CacheShape, width: int) -> dict[str, Type]:
    """The element types of all bindings, for kernels that load `width` elements of a cache at once."""
    vector, cached = f32.with_lanes(min(4, width)), shape.load_type(width)
    return {"q": vector, "out": vector, "k_cache": cached, "v_cache": cached}


def attention_bindings(shape: CacheShape, heads: int, seq: Dim) -> tuple[Binding, ...]:
    """Bindings: q [seq, heads, head_dim], both caches, out [seq, heads * head_dim]."""
    type = f32x4 if shape.head_dim % 4 == 0 else f32x2
    length = seq * (heads * shape.head_dim // type.lanes)
    caches = (shape.binding("k_cache"), shape.binding("v_cache"))
    return (Binding("q", type, "read", length), *caches, Binding("out", type, "read_write", length))


def attention_inputs(
    bindings: tuple[Binding, ...], shape: CacheShape, rng: np.random.Generator, env: Mapping[str, int]
) -> dict[str, npt.NDArray[Any]]:
    """Inputs with scores of order one or of order ten, and values of order one."""
    arrays = {b.name: empty(b, env) for b in bindings}
    arrays["q"][...] = rng.normal(size=arrays["q"].shape) * rng.choice([0.5, 4.0])
    for name in ("k_cache", "v_cache"):
        arrays[name] = shape.random(rng, evaluate(CONTEXT, env), env["past"] + env["seq"])
    return arrays
