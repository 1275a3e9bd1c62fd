"""Packs matrices as AutoGPTQ and AutoAWQ do, one code at a time, to hold the reader to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
Arrays = dict[str, np.ndarray]


@dataclass
class Matrix:
    """Codes 0..15 [out, in], scales f16 and zeros [out, groups], and the group of each input."""

    codes: np.ndarray
    scales: np.ndarray
    zeros: np.ndarray
    groups: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """The weights, in f32 [out, in]."""
        scales, zeros = self.scales.astype(np.float32), self.zeros.astype(np.float32)
        return (self.codes - zeros[:, self.groups]) * scales[:, self.groups]


def random_matrix(rows: int, cols: int, group: int, *, seed: int = 0, shuffled: bool = False) -> Matrix:
    rng = np.random.default_rng(seed)
    count = cols // group
    groups = np.arange(cols) // group
    if shuffled:
        rng.shuffle(groups)
    return Matrix(
        rng.integers(0, 16, (rows, cols)),
        rng.uniform(0.001, 0.02, (rows, count)).astype(np.float16),
        rng.integers(1, 16, (rows, count)),
        groups,
    )


def symmetric(matrix: Matrix) -> Matrix:
    return Matrix(matrix.codes, matrix.scales, np.full_like(matrix.zeros, 8), matrix.groups)


def rounded(values: np.ndarray, group: int) -> Matrix:
    """The plain symmetric rounding of a matrix, so that a model stays one."""
    grouped = values.reshape(len(values), -1, group)
    scales = (np.abs(grouped).max(axis=2) / 7).astype(np.float16)
    codes = np.clip(np.rint(grouped / scales.astype(np.float32)[:, :, None]) + 8, 0, 15)
    groups = np.arange(values.shape[1]) // group
    return Matrix(codes.reshape(values.shape).astype(int), scales, np.full(scales.shape, 8), groups)


def gptq(prefix: str, matrix: Matrix, *, version: int = 1, index: bool = True) -> Arrays:
    rows, cols = matrix.codes.shape
    qweight = np.zeros((cols // 8, rows), np.uint32)
    for col in range(cols):
        qweight[col // 8] |= matrix.codes[:, col].astype(np.uint32) << np.uint32(4 * (col % 8))
    stored = matrix.zeros - (1 if version == 1 else 0)
    qzeros = np.zeros((stored.shape[1], rows // 8), np.uint32)
    for row in range(rows):
        qzeros[:, row // 8] |= stored[row].astype(np.uint32) << np.uint32(4 * (row % 8))
    parts = {"qweight": qweight, "qzeros": qzeros}
    arrays: Arrays = {name: words.view(np.int32) for name, words in parts.items()}
    arrays["scales"] = np.ascontiguousarray(matrix.scales.T)
    if index:
        arrays["g_idx"] = matrix.groups.astype(np.int32)
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def awq(prefix: str, matrix: Matrix) -> Arrays:
    def packed(codes: np.ndarray) -> np.ndarray:  # [n, out] -> [n, out / 8]
        words = np.zeros((codes.shape[0], codes.shape[1] // 8), np.uint32)
        for word in range(words.shape[1]):
            for nibble, place in enumerate(AWQ_ORDER):
                words[:, word] |= codes[:, 8 * word + place].astype(np.uint32) << np.uint32(4 * nibble)
        return words.view(np.int32)

    return {
        f"{prefix}.qweight": packed(matrix.codes.T),
        f"{prefix}.qzeros": packed(matrix.zeros.T),
        f"{prefix}.scales": np.ascontiguousarray(matrix.scales.T),
    }
