"""Reads the matrices of GPTQ and AWQ checkpoints: 4-bit codes in words, a scale and a zero for each group.

With `in` inputs and `out` outputs, a layer has these tensors instead of its weight [out, in]:

                GPTQ                              AWQ
    qweight     i32 [in / 8, out], 8 inputs       i32 [in, out / 8], 8 outputs in the order of `_AWQ_ORDER`
    qzeros      i32 [groups, out / 8], in order   i32 [groups, out / 8], in that order too
    scales      f16 [groups, out]                 f16 [groups, out]
    g_idx       i32 [in], the group of an input   -

Nibbles count from the least significant. A weight is scale * (code - zero); what GPTQ stores is zero - 1,
unless its checkpoint_format is gptq_v2.

Source: QuantLinear.pack in AutoGPTQ's qlinear_cuda_old.py; convert_gptq_v1_to_v2_format_module in GPTQModel's
utils/model.py; dequantize_gemm and pack_exllama in AutoAWQ's utils/packing_utils.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError, InternalError
from kernelc.ir.formats import F32, GROUP, Array, Index, Packed, groups_of, integer_format
from model.checkpoints.array_file import ArrayFile
from model.checkpoints.quantization import Int4
from model.checkpoints.rows import check_indices, widened

_KEPT_AS = "q4a"
_NIBBLES = 8
_AWQ_ORDER = np.array([0, 2, 4, 6, 1, 3, 5, 7])
"""The output, of eight neighbours, whose code stands in each nibble of an AWQ word."""
_ONES = 0x11111111
"""A one in each nibble. Writers subtract it from whole words: a zero of 0 borrows from its neighbour."""
_SHIFTS = np.arange(0, 32, 4, dtype=np.uint32)
_PARTS = ("qweight", "qzeros", "scales")
_HELP = "the file is damaged, or config.json describes another: download both again"


@dataclass(frozen=True)
class Int4Matrix:
    """The weight of one layer, [out, in], in the file that has its codes."""

    dtype: str
    shape: tuple[int, ...]
    kept_as: str | None
    prefix: str
    files: Mapping[str, ArrayFile]
    """The file of each of the layer's tensors."""
    groups: Index
    """The group of each input, [in]."""


class Int4File:
    """The quantised matrices of a checkpoint, by the names that their weights would have."""

    def __init__(self, path: Path, settings: Int4, files: Mapping[str, ArrayFile]) -> None:
        """Find the layers among the tensors of `files` and check that their parts fit each other.

        Raises: CheckpointError.
        """
        self.path = path
        self._settings = settings
        prefixes = [name.removesuffix("qweight") for name in files if name.endswith(".qweight")]
        if not prefixes:
            raise CheckpointError(
                f"got no *.qweight, although the settings say {settings.method}",
                where=str(path),
                help="take quantization_config out of config.json if the weights are plain ones",
            )
        self._tensors = {f"{prefix}weight": self._matrix(prefix, files) for prefix in prefixes}

    @property
    def tensors(self) -> Mapping[str, Int4Matrix]:
        """Every matrix, in the order of the files."""
        return self._tensors

    def parts(self) -> set[str]:
        """Return the names of the tensors that these matrices consist of."""
        names = (*_PARTS, "g_idx")
        return {matrix.prefix + name for matrix in self._tensors.values() for name in names}

    def rows(self, name: str, begin: int, end: int) -> F32:
        """Return rows begin..end as f32. See `TensorFile.rows`."""
        return self.take_rows(name, np.arange(begin, end, dtype=np.int64))

    def take_rows(self, name: str, indices: Index) -> F32:
        """Return the rows at `indices` as f32: exactly scale * (code - zero). See `TensorFile.take_rows`."""
        matrix = self._tensors[name]
        codes, zeros, scales = self._decoded(matrix, indices)
        centred = codes.astype(np.float32) - zeros[:, matrix.groups]
        return centred * scales[:, matrix.groups].astype(np.float32)

    def take_packed(self, name: str, indices: Index) -> Packed:
        """Return the codes of the rows at `indices` as q4a: code * scale + offset, the offset an f16.

        Raises: CheckpointError for an offset that is not finite.
        """
        matrix = self._tensors[name]
        if matrix.kept_as is None:
            raise InternalError(f"{name}: the groups of its inputs fit no weight format")
        codes, zeros, scales = self._decoded(matrix, indices)
        form = integer_format(_KEPT_AS)
        quants = form.pack_codes(codes.view(np.int8).reshape(len(indices), -1, GROUP))
        offsets = (-zeros * scales.astype(np.float32)).astype(np.float16)
        if not np.isfinite(offsets).all():
            message = "got a scale whose offset no f16 holds"
            raise CheckpointError(message, where=f"{self.path}: {matrix.prefix}scales", help=_HELP)
        sides = np.stack([scales, offsets], axis=2)
        return Packed(quants, (np.ascontiguousarray(sides[:, matrix.groups[::GROUP]]),))

    def close(self) -> None:
        """Close the files of the parts."""
        for matrix in self._tensors.values():
            for file in matrix.files.values():
                file.close()

    def _decoded(self, matrix: Int4Matrix, indices: Index) -> tuple[npt.NDArray[np.uint8], F32, Array]:
        """Return codes u8 [count, in], zeros f32 [count, groups] and scales [count, groups] of some rows."""
        check_indices(f"{matrix.prefix}weight", indices, matrix.shape[0])
        low, high = (int(indices.min()), int(indices.max()) + 1) if indices.size else (0, 0)
        words = slice(low // _NIBBLES, -(-high // _NIBBLES))  # eight outputs share one
        inside = indices - words.start * _NIBBLES
        stored = self._part(matrix, "qzeros", words) + np.uint32(_ONES * self._settings.zero_shift)
        zeros = self._outputs(stored)[:, inside].T
        scales = self._part(matrix, "scales", slice(low, high))[:, indices - low].T
        if self._settings.method == "awq":
            codes = self._outputs(self._part(matrix, "qweight", words))[:, inside].T
        else:
            codes = _inputs(self._part(matrix, "qweight", slice(low, high)))[:, indices - low].T
        return np.ascontiguousarray(codes), zeros.astype(np.float32), np.ascontiguousarray(scales)

    def _part(self, matrix: Int4Matrix, part: str, columns: slice) -> Array:
        name = matrix.prefix + part
        stored = matrix.files[part].stored(name, slice(None), columns)
        if part != "scales":
            return stored.view(np.uint32)
        if matrix.files[part].tensors[name].dtype == "BF16":
            stored = widened(stored)
        if not np.isfinite(stored).all():
            message = "got a scale that is not finite"
            raise CheckpointError(message, where=f"{matrix.files[part].path}: {name}", help=_HELP)
        return stored

    def _outputs(self, words: Array) -> npt.NDArray[np.uint8]:
        """Return the nibbles of words that hold eight outputs. Shapes: u32 [n, out / 8] -> u8 [n, out]."""
        order = np.argsort(_AWQ_ORDER) if self._settings.method == "awq" else np.arange(_NIBBLES)
        nibbles = (words[:, :, None] >> _SHIFTS[order]) & np.uint32(15)
        return nibbles.astype(np.uint8).reshape(len(words), -1)

    def _matrix(self, prefix: str, files: Mapping[str, ArrayFile]) -> Int4Matrix:
        """Return one layer's matrix. Raises: CheckpointError if its parts are missing or do not fit."""
        missing = [prefix + part for part in _PARTS if prefix + part not in files]
        if missing:
            raise CheckpointError(f"got no tensor {missing[0]}", where=str(self.path), help=_HELP)
        parts = {part: files[prefix + part] for part in _PARTS}
        if self._settings.method == "gptq" and f"{prefix}g_idx" in files:
            parts["g_idx"] = files[f"{prefix}g_idx"]
        shapes = {part: file.tensors[prefix + part].shape for part, file in parts.items()}
        types = {part: file.tensors[prefix + part].dtype for part, file in parts.items()}
        rows, cols = self._size(shapes)
        groups = shapes["scales"][0] if shapes["scales"] else 0
        wanted = {"qzeros": (groups, rows // _NIBBLES), "scales": (groups, rows), "g_idx": (cols,)}
        wrong = [part for part in parts if shapes[part] != wanted.get(part, shapes[part])]
        wrong += [part for part, dtype in types.items() if dtype not in _types(part)]
        if wrong or not groups or not cols or rows % _NIBBLES or ("g_idx" not in parts and cols % groups):
            part = wrong[0] if wrong else "qweight"
            raise CheckpointError(
                f"got {types[part]} of shape {list(shapes[part])}, which does not fit a matrix of {rows}"
                f" rows, {cols} columns and {groups} groups of 4-bit codes",
                where=f"{parts[part].path}: {prefix}{part}",
                help=_HELP,
            )
        index = self._groups(prefix, parts, cols, groups)
        kept = _KEPT_AS if types["scales"] == "F16" and _in_blocks(index) else None
        return Int4Matrix(f"{self._settings.method.upper()}-4", (rows, cols), kept, prefix, parts, index)

    def _size(self, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, int]:
        shape = shapes["qweight"] if len(shapes["qweight"]) == 2 else (0, 0)
        if self._settings.method == "awq":
            return shape[1] * _NIBBLES, shape[0]
        return shape[1], shape[0] * _NIBBLES

    def _groups(self, prefix: str, parts: Mapping[str, ArrayFile], cols: int, groups: int) -> Index:
        """Return the group of each input. Raises: CheckpointError if one is out of range."""
        if "g_idx" not in parts:
            return np.arange(cols, dtype=np.int64) // (cols // groups)
        index = parts["g_idx"].stored(f"{prefix}g_idx", slice(None)).astype(np.int64)
        if index.min() < 0 or index.max() >= groups:
            raise CheckpointError(
                f"got groups {index.min()} to {index.max()}, wanted 0 to {groups - 1}",
                where=f"{parts['g_idx'].path}: {prefix}g_idx",
                help=_HELP,
            )
        return index


def _inputs(words: Array) -> npt.NDArray[np.uint8]:
    """Return the nibbles of words that hold eight inputs. Shapes: u32 [in / 8, n] -> u8 [in, n]."""
    nibbles = (words[:, None, :] >> _SHIFTS[None, :, None]) & np.uint32(15)
    return nibbles.astype(np.uint8).reshape(len(words) * _NIBBLES, -1)


def _types(part: str) -> tuple[str, ...]:
    return ("F16", "BF16", "F32") if part == "scales" else ("I32",)


def _in_blocks(groups: Index) -> bool:
    """Whether all 32 inputs of each group of our formats are of one group of the checkpoint."""
    if len(groups) % GROUP:
        return False
    blocks = groups.reshape(groups_of(len(groups)), GROUP)
    return bool((blocks == blocks[:, :1]).all())
