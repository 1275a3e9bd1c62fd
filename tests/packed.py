"""What the packed weights of an artifact stand for, by the checkpoint's tensor names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions, compile_model
from kernelc.ir.formats import QUANTS, packed_from_bytes, unpack
from kernelc.ir.packed_matrix import PackedMatrix, row_index
from model.families.registry import AnyModel


def dequantised(artifact: Artifact, model: AnyModel) -> dict[str, npt.NDArray[np.float32]]:
    """Every weight of the graphs as the artifact holds it, rows back in their order: f32, by name."""
    manifest = artifact.manifest
    options = CompileOptions(manifest.target, manifest.quant, manifest.model.max_context)
    compiled = compile_model(model, options)
    graph = model.graph("decode", max_context=1)
    sizes = {name: [int(str(dim)) for dim in kind.shape] for name, kind in graph.weights.items()}
    found: dict[str, npt.NDArray[Any]] = {
        name: np.full(shape, np.nan, np.float32) for name, shape in sizes.items()
    }
    for planned in compiled.matrices.values():
        encoding = manifest.weights.tensors[
            f"{planned.name}.{QUANTS}"
        ].encoding  # a build may give it more bits
        matrix = replace(planned, format=encoding.partition(".")[0])
        rows = _unpacked(artifact, matrix)
        for packed, source in enumerate(matrix.row_index()):
            _place(found, matrix.sources, int(source), rows[packed])
    for vector in compiled.vectors.values():
        values = artifact.tensor(vector.name).view(np.float32) - np.float32(vector.shift)
        for packed, source in enumerate(row_index(vector.order)[vector.begin : vector.end]):
            _place(found, vector.sources, int(source), values[packed])
    assert all(np.isfinite(array).all() for array in found.values())
    return found


def _unpacked(artifact: Artifact, matrix: PackedMatrix) -> npt.NDArray[np.float32]:
    stored = {array: artifact.tensor(tensor.name) for array, tensor in matrix.stored_arrays.items()}
    return unpack(
        matrix.format, packed_from_bytes(matrix.format, stored, matrix.stored_rows, matrix.cols), matrix.cols
    )


def _place(found: dict[str, npt.NDArray[Any]], sources: tuple[str, ...], row: int, value: Any) -> None:
    for source in sources:
        if row < len(found[source]):
            found[source][row] = value
            return
        row -= len(found[source])
