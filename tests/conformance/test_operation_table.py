"""Every operation has a row in the table, a rule for its types, and a spelling in every printer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernelc.backends import backend_named
from kernelc.kir.nodes import Kernel
from kernelc.kir.operation_table import GIVEN, OPERATIONS, TILE_OPERATIONS, Scope, features
from kernelc.kir.type_rules import RULES
from kernelc.kir.types import f32
from kernelc.target import TARGETS
from tests.conformance import halves, mma, statements, test_operations, test_statements, tiles
from tests.kir.tracing import traced

SUBGROUP_OPERATIONS = {op for op, row in OPERATIONS.items() if row.feature == "subgroups"}
# What a target's printer does without, and why.
WITHOUT = {
    # The language multiplies no matrices element by element, and has no fences to go with counting.
    "wgsl": {"tile_mul", "atomic_add", *mma.COVERED, *halves.COVERED, *tiles.COVERED_LARGE},
    "spirv": {*mma.COVERED, *halves.COVERED, *tiles.COVERED_LARGE},  # no such instruction
    "cuda": {*halves.COVERED},  # vectors of eight words are for processors
    "opencl": {
        *SUBGROUP_OPERATIONS,
        *TILE_OPERATIONS,
        *mma.COVERED,
        *halves.COVERED,
        "dot4_i8",
        "atomic_add",
    },  # they need extensions
    "c": {*SUBGROUP_OPERATIONS, *TILE_OPERATIONS, *mma.COVERED},
    "wasm": {*SUBGROUP_OPERATIONS, *TILE_OPERATIONS, *mma.COVERED, "atomic_add"},
}


def conformance_kernels() -> Iterator[Kernel]:
    yield from map(test_operations.kernel_of, test_operations.CASES)
    yield from map(test_statements.kernel_of, statements.CASES)
    yield from (case.kernel() for case in (*tiles.CASES, *tiles.LARGE_CASES))
    yield mma.kernel()
    yield halves.kernel()


KERNELS = tuple(conformance_kernels())


def printed(target: str) -> set[str]:
    """The operations of all conformance kernels that a target's printer prints."""
    found: set[str] = set()
    halves = any(variant.f16 for variant in TARGETS[target].variants)
    for kernel in KERNELS:
        if "f16" in kernel.features() and not halves:
            continue
        try:
            backend_named(target).render(kernel)
        except NotImplementedError:
            continue
        found |= kernel.operations
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_printers_spell_every_operation(target: str) -> None:
    assert printed(target) == OPERATIONS.keys() - WITHOUT[target]


def test_every_row_has_a_rule_of_types() -> None:
    assert RULES.keys() == OPERATIONS.keys()


def test_an_operation_without_a_row_cannot_be_traced() -> None:
    with pytest.raises(KeyError, match="frobnicate"):
        traced(lambda k: k.emit("frobnicate", f32, ()))


@pytest.mark.parametrize("op", OPERATIONS)
def test_the_rows_agree_with_themselves(op: str) -> None:
    row = OPERATIONS[op]
    assert not (row.reads and row.pure), "what is read may change"
    assert row.participants is not Scope.SUBGROUP or row.depends_on_subgroups
    assert not row.writes or not row.pure
    shared = (row.participants, Scope.INVOCATION)
    assert not row.collective or row.result in shared, "the same for who makes it, or each one's own"
    assert row.on_tiles == op.startswith("tile_")
    assert not (row.given and row.reads)


def test_what_rows_say_of_a_kernel() -> None:
    kernel = traced(lambda k: k.output("out", f32).__setitem__(k.subgroup_lane, 1.0))
    assert features(kernel.operations) == {"subgroups"}
    assert features(["add", "dot4_i8"]) == {"dot4"}
    assert OPERATIONS["local_id"].result is Scope.INVOCATION
    assert {"param", "workgroup_id", "local_id", "subgroup_lane", "subgroup_size"} == GIVEN
