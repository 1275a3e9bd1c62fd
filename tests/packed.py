"""What the packed weights of an artifact stand for, by the checkpoint's tensor names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact
from kernelc.compile import CompileOptions, compile_model
from kernelc.ir.formats import quants_from_bytes, row_index, scales_from_bytes, unpack
from model.families.registry import AnyModel


def dequantised(artifact: Artifact, model: AnyModel) -> dict[str, npt.NDArray[np.float32]]:
    """Every tensor of the checkpoint as the artifact holds it, rows back in their order: f32, by name."""
    manifest = artifact.manifest
    options = CompileOptions(manifest.target, manifest.quant, manifest.model.max_context)
    compiled = compile_model(model, options)
    sizes = {name: [int(str(dim)) for dim in kind.shape] for name, kind in model.weights().items()}
    found: dict[str, npt.NDArray[Any]] = {
        name: np.full(shape, np.nan, np.float32) for name, shape in sizes.items()
    }
    for matrix in compiled.matrices.values():
        rows = _unpacked(artifact, matrix.name, matrix.format, matrix.stored_rows, matrix.cols)
        for packed, source in enumerate(matrix.row_index()):
            _place(found, matrix.sources, int(source), rows[packed])
    for vector in compiled.vectors.values():
        values = artifact.tensor(vector.name).view(np.float32)
        for packed, source in enumerate(row_index(vector.order)[vector.begin : vector.end]):
            _place(found, vector.sources, int(source), values[packed])
    assert all(np.isfinite(array).all() for array in found.values())
    return found


def _unpacked(artifact: Artifact, name: str, format_: str, rows: int, cols: int) -> npt.NDArray[np.float32]:
    quants = quants_from_bytes(format_, artifact.tensor(f"{name}.quants"), rows, cols)
    packed = f"{name}.scales"
    has_scales = packed in artifact.manifest.weights.tensors
    scales = scales_from_bytes(artifact.tensor(packed), rows, cols) if has_scales else None
    return unpack(format_, quants, scales, cols)


def _place(found: dict[str, npt.NDArray[Any]], sources: tuple[str, ...], row: int, value: Any) -> None:
    for source in sources:
        if row < len(found[source]):
            found[source][row] = value
            return
        row -= len(found[source])
