"""Which packed matrices and vectors a program's kernels bind.

Those that several programs use (decode, prefill, score) come out under the same names, so an artifact carries
them once.
"""

from __future__ import annotations

import re

from kernelc.ir.formats import FormatTable, weight_format
from kernelc.ir.graph import Graph
from kernelc.ir.ops import OPS
from kernelc.ir.packed_matrix import PackedMatrix, RowOrder
from kernelc.passes.select.calls import PackedVector, Selection

_PROJECTION = re.compile(r"(.*\.)?([^._]+)_proj\.([^.]+)")  # parent, leaf, "weight" or "bias"
_PIECE_ROWS = 64
"""Rows of a piece come in multiples of this: pieces stay even (for pairs of rows) and aligned."""


class Packing:
    """Adds to a selection what its kernels need.

    `formats`: which format each matrix gets. `max_binding_bytes`: larger matrices are cut by rows.
    """

    def __init__(self, found: Selection, graph: Graph, formats: FormatTable, max_binding_bytes: int) -> None:
        self.found, self.formats, self.max_binding_bytes = found, formats, max_binding_bytes
        self.weights, self.roles = graph.weights, weight_roles(graph)

    def matrix(
        self, sources: tuple[str, ...], rows: int, cols: int, order: tuple[RowOrder, ...]
    ) -> list[PackedMatrix]:
        """The packed matrix of the sources' rows, in pieces where the whole would not fit one binding.

        Raises: UsageError where the table gives the sources different formats.
        """
        name = self._name(sources)
        roles = dict.fromkeys(role for source in sources for role in self.roles.get(source, ()))
        format_ = self.formats.format_of(sources, *roles)
        row_bytes = weight_format(format_).quants_bytes(1, cols)
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
        name = self._name(sources) + ("" if whole else f".{piece.row_begin}-{piece.end}")
        self.found.vectors[name] = PackedVector(name, sources, order, piece.row_begin, piece.end)
        return name

    def _name(self, sources: tuple[str, ...]) -> str:
        """What the sources are called together; the checkpoint may have a tensor of the usual name."""
        name = joint_name(sources)
        return "+".join(sources) if len(sources) > 1 and name in self.weights else name


def bound_weights(piece: PackedMatrix) -> dict[str, str]:
    """The stored tensors of a piece, by binding name."""
    return {binding: array.name for binding, array in piece.stored_arrays.items()}


def weight_roles(graph: Graph) -> dict[str, tuple[str, ...]]:
    """What the tensors that formats may be chosen for by role are used as: "embedding", "head" (the layer
    that makes an output), or both."""
    found: dict[str, list[str]] = {}
    made = graph.producers()
    for op in graph.ops:
        if op.name == "embedding":
            found.setdefault(op.inputs["table"].name, []).append("embedding")
    for output in graph.outputs.values():
        op = made.get(output.name)
        while op is not None and OPS[op.name].function is not None:
            op = made.get(op.inputs["x"].name)
        if op is not None and op.name in ("linear", "linear_row"):
            found.setdefault(op.inputs["weight"].name, []).append("head")
    return {name: tuple(dict.fromkeys(roles)) for name, roles in found.items()}


def joint_name(sources: tuple[str, ...]) -> str:
    """model.layers.0.self_attn.{q,k,v}_proj.weight -> model.layers.0.self_attn.qkv.weight

    No two tuples of sources get one name. Where names do not follow that pattern, all are joined by "+".
    """
    if len(sources) == 1:
        return sources[0]
    parts = [_PROJECTION.fullmatch(source) for source in sources]
    found = [part.groups() for part in parts if part is not None]
    if len(found) < len(sources) or len({(parent, kind) for parent, _, kind in found}) > 1:
        return "+".join(sources)
    parent, _, kind = found[0]
    leaves = [leaf for _, leaf, _ in found]
    return f"{parent or ''}{('' if all(len(leaf) == 1 for leaf in leaves) else '_').join(leaves)}.{kind}"
