"""Tiles of matrix units in WGSL as Tint has them (Chrome and Dawn): an experiment that pages must ask for.

Memory may have another type than a matrix's elements; offset and stride count elements of the memory, as in
kernel IR. Matrices cannot be multiplied element by element, so there is no `tile_mul`. Source: Dawn,
docs/dawn/features/subgroup_matrix.md; the calls that take the layout as a template argument are newer than
that page.
"""

from __future__ import annotations

from kernelc.kir.tile_types import TileType

HEAD = (
    "enable chromium_experimental_subgroup_matrix;",
    # Tint's analysis cannot see that the number of a subgroup, computed from that of an invocation, is the
    # same throughout the subgroup. The verifier of kernel IR checks that whole subgroups use matrices.
    "diagnostic(off, chromium.subgroup_matrix_uniformity);",
)
WORDS = """
subgroup_matrix_left subgroup_matrix_right subgroup_matrix_result row_major col_major subgroupMatrixLoad
subgroupMatrixStore subgroupMatrixMultiplyAccumulate
"""
_SIDES = {"a": "left", "b": "right", "sum": "result"}


def type_name(type: TileType) -> str:
    """The type of a matrix; WGSL names the columns before the rows.

    Raises: NotImplementedError for tiles that several subgroups hold.
    """
    if type.kind.b_shared:
        raise NotImplementedError(f"WGSL has no matrices of several subgroups, such as {type}")
    rows, cols = type.shape
    return f"subgroup_matrix_{_SIDES[type.role]}<{type.scalar}, {cols}, {rows}>"


def load(type: TileType, place: str, stride: str, *, transposed: bool) -> str:
    """The call that loads the matrix whose first element is at `place`."""
    memory, offset = _parts(place)
    layout = "col_major" if transposed else "row_major"
    return f"subgroupMatrixLoad<{type_name(type)}, {layout}>(&{memory}, {offset}, {stride})"


def store(place: str, stride: str, value: str, *, transposed: bool) -> str:
    """The statement that stores a matrix, row by row, or column by column."""
    memory, offset = _parts(place)
    layout = "col_major" if transposed else "row_major"
    return f"subgroupMatrixStore<{layout}>(&{memory}, {offset}, {value}, {stride});"


def _parts(place: str) -> tuple[str, str]:
    """`memory[offset]` split into its two parts."""
    memory, _, offset = place.removesuffix("]").partition("[")
    return memory, offset
