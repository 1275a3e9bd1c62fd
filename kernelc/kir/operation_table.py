"""What each operation of the kernel IR is: one row for every `op` that a value may have.

The tracer, the verifier, the printers and the interpreter ask this table instead of testing names. The types
of an operation are a rule of `kernelc.kir.type_rules`, its numbers a function of `kernelc.kir.operations`. A
new operation needs a row in each and a spelling in every printer, which `tests/conformance` checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

MMA_I8 = "mma_i8"
"""The feature of devices whose subgroups multiply tiles of signed bytes out of words of their own."""


class Scope(IntEnum):
    """A group of invocations, the widest first, so that `max` of two scopes is the narrower."""

    WORKGROUP = 0
    SUBGROUP = 1
    INVOCATION = 2


@dataclass(frozen=True, slots=True)
class Operation:
    """One row.

    `participants`: the invocations that compute the result together, and so must all reach the operation.
    `pure`: whether the tracer may compute it once for several uses, as equal operands give an equal result.
    `reads`: whether it reads memory or a register, so that it must not move past a write.
    `writes`: whether it changes memory, so that it happens once and where it stands.
    `result`: the invocations for which the result is the same, None where that follows from the operands.
    `feature`: what a device must offer, "" for nothing. Tiles ask for the feature of their kind instead.
    `depends_on_subgroups`: whether the result depends on how a workgroup is divided into subgroups.
    `given`: whether it is a number that the invocation is handed, which needs no name in emitted text.
    `comparison`: whether it compares two operands and gives conditions.
    `on_tiles`: whether it takes or gives tiles of matrix units.
    `lanes`: how many invocations the subgroups that compute it together must have, 0 for any number.
    """

    participants: Scope = Scope.INVOCATION
    pure: bool = True
    reads: bool = False
    writes: bool = False
    result: Scope | None = None
    feature: str = ""
    depends_on_subgroups: bool = False
    given: bool = False
    comparison: bool = False
    on_tiles: bool = False
    lanes: int = 0

    @property
    def collective(self) -> bool:
        """Whether several invocations compute the result together."""
        return self.participants is not Scope.INVOCATION


_PLAIN = Operation()
_COMPARISON = Operation(comparison=True)
_READS = Operation(pure=False, reads=True)
_GIVEN = Operation(given=True)
_SUBGROUPS = Operation(pure=False, feature="subgroups", depends_on_subgroups=True)
_REDUCTION = replace(_SUBGROUPS, participants=Scope.SUBGROUP, result=Scope.SUBGROUP)
_TILES = Operation(Scope.SUBGROUP, result=Scope.SUBGROUP, depends_on_subgroups=True, on_tiles=True)
_TILE_LOAD = replace(_TILES, pure=False, reads=True)

OPERATIONS: dict[str, Operation] = {
    # arithmetic on numbers, lane by lane
    "add": _PLAIN,
    "sub": _PLAIN,
    "mul": _PLAIN,
    "div": _PLAIN,
    "mod": _PLAIN,
    "neg": _PLAIN,
    "abs": _PLAIN,
    "min": _PLAIN,
    "max": _PLAIN,
    "fma": _PLAIN,
    "exp": _PLAIN,
    "exp2": _PLAIN,
    "log": _PLAIN,
    "sqrt": _PLAIN,
    "rsqrt": _PLAIN,
    "floor": _PLAIN,
    # bits
    "and": _PLAIN,
    "or": _PLAIN,
    "xor": _PLAIN,
    "shl": _PLAIN,
    "shr": _PLAIN,
    # conditions
    "lt": _COMPARISON,
    "le": _COMPARISON,
    "gt": _COMPARISON,
    "ge": _COMPARISON,
    "eq": _COMPARISON,
    "ne": _COMPARISON,
    "logical_and": _PLAIN,
    "logical_or": _PLAIN,
    "not": _PLAIN,
    "select": _PLAIN,
    # vectors
    "vector": _PLAIN,
    "splat": _PLAIN,
    "concat": _PLAIN,
    "extract": _PLAIN,
    "dot": _PLAIN,
    # conversions, and words that hold several numbers
    "convert": _PLAIN,
    "bitcast": _PLAIN,
    "unpack_half2": _PLAIN,
    "pack_half2": _PLAIN,
    "unpack_u8x4": _PLAIN,
    "unpack_i8x4": _PLAIN,
    "dot4_i8": Operation(feature="dot4"),
    "dot2_i16": Operation(feature="dot4"),
    # what an invocation is given
    "param": _GIVEN,
    "workgroup_id": _GIVEN,
    "local_id": replace(_GIVEN, result=Scope.INVOCATION),
    "subgroup_lane": replace(_SUBGROUPS, given=True, result=Scope.INVOCATION),
    "subgroup_size": replace(_SUBGROUPS, given=True),
    # memory and registers
    "load": _READS,
    "read": _READS,
    "uniform_load": replace(_READS, participants=Scope.WORKGROUP, result=Scope.WORKGROUP),
    "atomic_add": replace(_READS, writes=True, result=Scope.INVOCATION),
    # a subgroup together
    "subgroup_sum": _REDUCTION,
    "subgroup_max": _REDUCTION,
    "subgroup_shuffle_xor": replace(_REDUCTION, result=Scope.INVOCATION),
    "mma_i8": replace(_REDUCTION, result=Scope.INVOCATION, feature=MMA_I8, lanes=32),
    # tiles of matrix units, which a subgroup holds together
    "tile_zero": _TILES,
    "tile_mul": _TILES,
    "tile_mma": _TILES,
    "tile_pack": _TILES,
    "tile_pack_bytes": _TILES,
    "tile_mma_shared": _TILE_LOAD,
    "tile_load": _TILE_LOAD,
    "tile_load_transposed": _TILE_LOAD,
}
"""Every operation that a `Let` may hold. Constants ("const") and loop indices ("index") are operands only."""

GIVEN = frozenset(op for op, row in OPERATIONS.items() if row.given)
"""The numbers that an invocation is handed: fields of the step block and its place in the dispatch."""
TILE_OPERATIONS = frozenset(op for op, row in OPERATIONS.items() if row.on_tiles)
"""Those that only targets with matrix units have."""


def features(operations: Iterable[str]) -> frozenset[str]:
    """What a device must offer for these operations, but for kinds of tiles."""
    return frozenset(OPERATIONS[op].feature for op in operations) - {""}
