"""Which packed matrices and vectors a program's kernels bind.

Those that several programs use (decode, prefill, score) come out under the same names, so an artifact carries
them once.
"""

from __future__ import annotations

from kernelc.ir.formats import PackedMatrix, RowOrder, groups_of, weight_format
from kernelc.passes.select.calls import PackedVector, Selection

_PIECE_ROWS = 64
"""Rows of a piece come in multiples of this: pieces stay even (for pairs of rows) and aligned."""


class Packing:
    """Adds to a selection what its kernels need. `max_binding_bytes`: larger matrices are cut by rows."""

    def __init__(self, found: Selection, format: str, max_binding_bytes: int) -> None:
        self.found, self.format, self.max_binding_bytes = found, format, max_binding_bytes

    def matrix(
        self, sources: tuple[str, ...], rows: int, cols: int, order: tuple[RowOrder, ...]
    ) -> list[PackedMatrix]:
        """The packed matrix of the sources' rows, in pieces where the whole would not fit one binding."""
        name, format_ = joint_name(sources), self.format
        row_bytes = groups_of(cols) * weight_format(format_).words_per_group * 4
        fit = max(_PIECE_ROWS, self.max_binding_bytes // row_bytes // _PIECE_ROWS * _PIECE_ROWS)
        pieces: list[PackedMatrix] = []
        for begin in range(0, rows, fit):
            label = name if rows <= fit else f"{name}.{begin // fit}"
            end = min(begin + fit, rows)
            pieces.append(PackedMatrix(label, sources, rows, cols, order, format_, begin, end))
            self.found.matrices[label] = pieces[-1]
        return pieces

    def vector(self, source: str, length: int, shift: float = 0.0) -> str:
        """A whole weight as an f32 vector, with a constant added; returns its stored name."""
        name = source if shift == 0 else f"{source}.plus_{shift:g}"
        order = (RowOrder("identity", length),)
        self.found.vectors[name] = PackedVector(name, (source,), order, 0, length, shift)
        return name

    def bias(self, sources: tuple[str, ...], order: tuple[RowOrder, ...], piece: PackedMatrix) -> str:
        """The biases of a packed matrix's rows, in their order; returns the stored name."""
        whole = piece.stored_rows == piece.rows
        name = joint_name(sources) + ("" if whole else f".{piece.row_begin}")
        self.found.vectors[name] = PackedVector(name, sources, order, piece.row_begin, piece.end)
        return name


def bound_weights(piece: PackedMatrix) -> dict[str, str]:
    """The stored tensors of a piece, by binding name."""
    found = {"quants": piece.quants_name}
    return found | {"scales": piece.scales_name} if weight_format(piece.format).has_scales else found


def joint_name(sources: tuple[str, ...]) -> str:
    """model.layers.0.self_attn.{q,k,v}_proj.weight -> model.layers.0.self_attn.qkv.weight"""
    if len(sources) == 1:
        return sources[0]
    leaves = [source.split(".")[-2].removesuffix("_proj") if "." in source else source for source in sources]
    joined = ("" if all(len(leaf) == 1 for leaf in leaves) else "_").join(leaves)
    parent = sources[0].rsplit(".", 2)[0] if sources[0].count(".") > 1 else ""
    return ".".join(part for part in (parent, joined, sources[0].rpartition(".")[2]) if part)
