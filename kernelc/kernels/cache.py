"""The KV cache: its layout as bindings, how kernels read it, and its meaning in numpy.

k_cache and v_cache are [context, kv_heads, head_dim], position-major, so that one position's rows of all heads are
written together. "f16": pairs of halves in a u32, the even element in the low half; "f32": pairs of floats. A kernel may
read the same bytes in wider loads, up to the 16 bytes that one load of an invocation can bring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import evaluate
from kernelc.kernels.spec import CONTEXT, Binding
from kernelc.kir.functions import concat, named, unpack_half2
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Operators
from kernelc.kir.trace import Array
from kernelc.kir.types import Type, f32, f32x2, f32x4, u32

KV_DTYPES = ("f16", "f32")
_HALF_MOST = 60000.0  # what tests fill unused rows with; f16 ends at 65504


def row_type(head_dim: int) -> Type:
    """Element type that queries and results are bound as."""
    return f32x4 if head_dim % 4 == 0 else f32x2


@dataclass(frozen=True)
class CacheShape:
    """`head_dim` is even; `kv_dtype` one of `KV_DTYPES`."""

    kv_heads: int
    head_dim: int
    kv_dtype: str

    def binding(self, name: str, access: str = "read") -> Binding:
        type = u32 if self.kv_dtype == "f16" else f32x2
        return Binding(name, type, access, CONTEXT * (self.kv_heads * self.head_dim // 2))

    def load_widths(self) -> tuple[int, ...]:
        """Elements that one load can bring, the most first: each divides head_dim."""
        widest = 8 if self.kv_dtype == "f16" else 4
        return tuple(width for width in (8, 4, 2) if width <= widest and self.head_dim % width == 0)

    def load_type(self, width: int) -> Type:
        """The element type to bind a cache as for loads of `width` elements."""
        return u32.with_lanes(width // 2) if self.kv_dtype == "f16" else f32.with_lanes(width)

    def values(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A bound array as numbers [context, kv_heads, head_dim]; a view."""
        dtype = np.float16 if self.kv_dtype == "f16" else np.float32
        return array.reshape(-1).view(dtype).reshape(-1, self.kv_heads, self.head_dim)

    def random(
        self, name: str, rng: np.random.Generator, env: Mapping[str, int], positions: int
    ) -> npt.NDArray[Any]:
        """A bound array: normal numbers in the first `positions` rows, huge ones in the rows that nobody may use."""
        numbers = rng.normal(size=(evaluate(CONTEXT, env), self.kv_heads, self.head_dim))
        numbers[positions:] = _HALF_MOST * np.sign(numbers[positions:])
        binding = self.binding(name)
        stored = numbers.astype(np.float16 if self.kv_dtype == "f16" else np.float32)
        return binding.type.view(stored.reshape(-1).view(np.uint8))


@dataclass(frozen=True)
class CacheRows:
    """A cache in a kernel, read `width` elements a load: bound as `shape.load_type(width)`."""

    array: Array
    shape: CacheShape
    width: int

    @property
    def loads(self) -> int:
        """Loads of a row."""
        return self.shape.head_dim // self.width

    @property
    def lanes(self) -> int:
        """Elements of the vectors that a load is handed out as."""
        return min(4, self.width)

    @property
    def vectors(self) -> int:
        """Vectors of a load."""
        return self.width // self.lanes

    def load(self, position: Operators, kv_head: Operators, number: Operators, name: str) -> list[Value]:
        """Load `number` of a row, as f32 vectors of `lanes`; `name` is what the emitted text calls them."""
        row = position * self.shape.kv_heads + kv_head
        stored = self.array[row * self.loads + number]
        vectors = [stored] if self.shape.kv_dtype == "f32" else self._unpacked(stored)
        return [named(name, vector) for vector in vectors]

    def _unpacked(self, words: Value) -> list[Value]:
        if self.width == 2:
            return [unpack_half2(words)]
        pairs = [unpack_half2(words.lane(i)) for i in range(self.width // 2)]
        return [concat(pairs[i], pairs[i + 1]) for i in range(0, len(pairs), 2)]
