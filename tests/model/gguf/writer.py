"""Writes GGUF files for tests: header, metadata, tensors, each part as its caller says, sound or not."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.gguf.types import TYPES

ALIGNMENT = 32
NUMBERS = {block.name: number for number, block in TYPES.items()}
_KINDS = {
    "u8": (0, "<B"), "i8": (1, "<b"), "u16": (2, "<H"), "i16": (3, "<h"), "u32": (4, "<I"), "i32": (5, "<i"),
    "f32": (6, "<f"), "bool": (7, "<?"), "u64": (10, "<Q"), "i64": (11, "<q"), "f64": (12, "<d"),
}  # fmt: skip
_STRING, _ARRAY = 8, 9


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def typed(kind: str, value: object) -> bytes:
    """A scalar of a given type, with the type before it."""
    number, form = _KINDS[kind]
    return struct.pack("<I", number) + struct.pack(form, value)


def encoded(value: object) -> bytes:
    """A value with its type: bool, int (u32, or i32 below 0), float (f32), str, list of these, raw bytes."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return typed("bool", value)
    if isinstance(value, int):
        return typed("i32" if value < 0 else "u32", value)
    if isinstance(value, float):
        return typed("f32", value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + text(value)
    assert isinstance(value, list)
    if value and isinstance(value[0], str):
        return struct.pack("<IIQ", _ARRAY, _STRING, len(value)) + b"".join(map(text, value))
    kind = "f32" if value and isinstance(value[0], float) else "i32"
    number, form = _KINDS[kind]
    return struct.pack("<IIQ", _ARRAY, number, len(value)) + struct.pack(f"<{len(value)}{form[1]}", *value)


@dataclass
class Stored:
    """A tensor as the file has it: `shape` rows first, `data` the bytes of its blocks."""

    type: str
    shape: tuple[int, ...]
    data: bytes
    offset: int | None = None
    """Where its bytes are said to begin, None for where they do."""


@dataclass
class Gguf:
    """A file to write; whatever differs from what a sound file has is a field."""

    metadata: Mapping[str, object]
    tensors: Mapping[str, Stored]
    magic: bytes = b"GGUF"
    version: int = 3
    tensor_count: int | None = None
    value_count: int | None = None
    extra: bytes = b""
    """Bytes between the metadata and the tensors' declarations."""
    alignment: int = field(default=ALIGNMENT)

    def header(self) -> bytes:
        values = b"".join(text(key) + encoded(value) for key, value in self.metadata.items())
        counts = (
            len(self.tensors) if self.tensor_count is None else self.tensor_count,
            len(self.metadata) if self.value_count is None else self.value_count,
        )
        begin = self.magic + struct.pack("<IQQ", self.version, *counts)
        return begin + values + self.extra + self._declarations()

    def _declarations(self) -> bytes:
        parts: list[bytes] = []
        at = 0
        for name, tensor in self.tensors.items():
            dims = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *reversed(tensor.shape))
            offset = at if tensor.offset is None else tensor.offset
            parts.append(text(name) + dims + struct.pack("<IQ", NUMBERS.get(tensor.type, 99), offset))
            at += _padded(len(tensor.data), self.alignment)
        return b"".join(parts)

    def encode(self) -> bytes:
        head = self.header()
        parts = [head.ljust(_padded(len(head), self.alignment), b"\0")]
        parts += [
            each.data.ljust(_padded(len(each.data), self.alignment), b"\0") for each in self.tensors.values()
        ]
        return b"".join(parts)

    def write(self, path: Path) -> Path:
        path.write_bytes(self.encode())
        return path


def _padded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def stored(values: npt.NDArray[np.float32], kind: str = "F32") -> Stored:
    """A tensor of floats, or of Q8_0 or Q4_0, rounded in the plainest way."""
    if kind in ("F32", "F16", "F64"):
        form = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}[kind]
        return Stored(kind, values.shape, values.astype(form).tobytes())
    if kind == "BF16":
        return Stored(kind, values.shape, (values.view(np.uint32) >> 16).astype("<u2").tobytes())
    return Stored(kind, values.shape, _rounded(values, kind))


def _rounded(values: npt.NDArray[np.float32], kind: str) -> bytes:
    groups = values.reshape(-1, 32)
    most = {"Q8_0": 127, "Q4_0": 7}[kind]
    scales = (np.abs(groups).max(axis=1, keepdims=True) / most).astype("<f2")
    wide = np.where(scales == 0, 1, scales).astype(np.float32)
    codes = np.clip(np.rint(groups / wide), -most, most).astype(np.int8)
    if kind == "Q4_0":
        nibbles = (codes + 8).view(np.uint8)
        codes = nibbles[:, :16] | (nibbles[:, 16:] << 4)
    return np.concatenate([scales.view(np.uint8), codes.view(np.uint8)], axis=1).tobytes()
