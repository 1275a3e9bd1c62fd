"""Tiles of matrix units in WGSL, as Tint has them (Chrome and Dawn): an experiment that pages must ask for.

Memory may be of another type than a matrix's elements; offset and stride count elements of the memory, as
they do in kernel IR. There is no product of matrices element by element, so no `tile_mul`.
Source: Dawn, docs/dawn/features/subgroup_matrix.md; the calls with the layout among the template arguments
are newer than that page.
"""

from __future__ import annotations

from kernelc.kir.tile_types import TileType

HEAD = (
    "enable chromium_experimental_subgroup_matrix;",
    # A subgroup's number is computed from that of an invocation, which differs within a subgroup for all that
    # the analysis knows. Kernel IR is verified to use matrices in whole subgroups.
    "diagnostic(off, chromium.subgroup_matrix_uniformity);",
)
WORDS = """
subgroup_matrix_left subgroup_matrix_right subgroup_matrix_result row_major col_major subgroupMatrixLoad
subgroupMatrixStore subgroupMatrixMultiplyAccumulate
"""
_SIDES = {"a": "left", "b": "right", "sum": "result"}


def type_name(type: TileType) -> str:
    """Columns come before rows."""
    rows, cols = type.shape
    return f"subgroup_matrix_{_SIDES[type.role]}<{type.scalar}, {cols}, {rows}>"


def load(type: TileType, place: str, stride: str, *, transposed: bool) -> str:
    """The call that loads the matrix whose first element is at `place`."""
    memory, offset = _parts(place)
    layout = "col_major" if transposed else "row_major"
    return f"subgroupMatrixLoad<{type_name(type)}, {layout}>(&{memory}, {offset}, {stride})"


def store(place: str, stride: str, value: str) -> str:
    """The statement that stores a matrix, row by row."""
    memory, offset = _parts(place)
    return f"subgroupMatrixStore<row_major>(&{memory}, {offset}, {value}, {stride});"


def _parts(place: str) -> tuple[str, str]:
    """`memory[offset]` taken apart."""
    memory, _, offset = place.removesuffix("]").partition("[")
    return memory, offset
