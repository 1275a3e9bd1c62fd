"""What selection hands on: kernel calls on named operands, and the packed weights they bind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernelc.ir.packed_matrix import PackedMatrix, RowOrder
from kernelc.kernels.spec import KernelSpec


@dataclass(frozen=True)
class PackedVector:
    """An f32 vector: `sources` (flattened, concatenated), rearranged as `order` says, elements begin..end of
    it, plus `shift`."""

    name: str
    sources: tuple[str, ...]
    order: tuple[RowOrder, ...]
    begin: int
    end: int
    shift: float = 0.0

    @property
    def length(self) -> int:
        """Elements."""
        return self.end - self.begin


@dataclass(frozen=True)
class KernelCall:
    """A kernel on named operands, by binding name. `results` are the bindings that define a new tensor."""

    spec: KernelSpec[Any, Any]
    problem: Any
    operands: Mapping[str, str]
    results: tuple[str, ...]
    origin: str


@dataclass
class Selection:
    """The calls of one program, in order, and the packed weights they bind.

    `head_orders`: for each KV cache, how the elements of its heads are ordered; programs that share a cache
    must agree. `counters`: the bytes of states in which workgroups count, by name; they are zero between
    dispatches, and nothing but kernels touches them.
    """

    calls: list[KernelCall] = field(default_factory=list[KernelCall])
    matrices: dict[str, PackedMatrix] = field(default_factory=dict[str, PackedMatrix])
    vectors: dict[str, PackedVector] = field(default_factory=dict[str, PackedVector])
    head_orders: dict[str, str] = field(default_factory=dict[str, str])
    counters: dict[str, int] = field(default_factory=dict[str, int])
