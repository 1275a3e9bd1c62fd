"""Streaming tensors into weight shards of limited size, hashed as they are written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.artifact.files import Segment, Shard, Tensor, Weights
from kernelc.artifact.schema import ALIGNMENT_BYTES, MAX_SHARD_BYTES
from kernelc.errors import InternalError
from kernelc.ir.formats import tensor_bytes

Chunk: TypeAlias = "bytes | npt.NDArray[Any]"


class WeightsWriter:
    """Writes tensors one after the other into `FOLDER/weights/NNNN.bin`.

    A tensor that fits into a shard is never cut, so that loading it maps one range of one file.
    """

    def __init__(self, folder: Path, max_shard_bytes: int = MAX_SHARD_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_shard_bytes
        self._shards: list[Shard] = []
        self._tensors: dict[str, Tensor] = {}
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._used_bytes = 0
        self._noted = 0, 0  # shards and tensors that `progress` has returned already
        self.checkpoint: Callable[[], None] = lambda: None
        """Called by whoever adds tensors where a build that was killed may go on."""

    def has(self, name: str) -> bool:
        """Whether a tensor of this name was added."""
        return name in self._tensors

    def progress(self) -> dict[str, Any]:
        """Return what was added since the last call, as JSON, and hand it to the system."""
        if self._file is not None:
            self._file.flush()
        shards, tensors = self._noted
        self._noted = len(self._shards), len(self._tensors)
        return {
            "shards": [[shard.file, shard.bytes, shard.sha256] for shard in self._shards[shards:]],
            "tensors": [
                [name, tensor.bytes, tensor.segments, tensor.encoding, tensor.shape]
                for name, tensor in list(self._tensors.items())[tensors:]
            ],
            "used": self._used_bytes if self._file is not None else None,
            "sha256": self._hash.hexdigest(),
        }

    def restore(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Go on after what `progress` returned, in order, in a writer of the same folder.

        Raises: OSError, ValueError, KeyError or TypeError where the entries do not describe the files.
        """
        used, sha256 = None, ""
        for entry in entries:
            self._shards += [Shard(str(f), int(size), str(sha)) for f, size, sha in entry["shards"]]
            for name, size, segments, encoding, shape in entry["tensors"]:
                cut = tuple(Segment(*map(int, segment)) for segment in segments)
                self._tensors[name] = Tensor(int(size), cut, str(encoding), tuple(map(int, shape)))
            used, sha256 = entry["used"], str(entry["sha256"])
        self._noted = len(self._shards), len(self._tensors)
        for shard in self._shards:
            if hashlib.sha256((self._folder / shard.file).read_bytes()).hexdigest() != shard.sha256:
                raise ValueError(shard.file)
        if used is not None:
            self._reopen(int(used), sha256)
        kept = {shard.file for shard in self._shards} | {self._shard_name() if used is not None else ""}
        for path in self._folder.glob("weights/*"):
            if f"weights/{path.name}" not in kept:
                path.unlink()

    def _reopen(self, used: int, sha256: str) -> None:
        """Go on after the first `used` bytes of the last shard, which have this hash."""
        file = (self._folder / self._shard_name()).open("r+b")
        self._file = file
        data = file.read(used)
        self._hash, self._used_bytes = hashlib.sha256(data), used
        if self._hash.hexdigest() != sha256:
            raise ValueError(self._shard_name())
        file.truncate(used)

    def add(self, name: str, encoding: str, shape: tuple[int, ...], chunks: Iterable[Chunk]) -> None:
        """Append a tensor whose bytes are those of `chunks` in order.

        `shape` is the logical one: [rows, cols] of a packed matrix for its quants and its side arrays.
        Raises InternalError where the chunks do not add up to what encoding and shape need.
        """
        if name in self._tensors:
            raise InternalError(f"weight tensor {name} is added twice")
        size = tensor_bytes(encoding, shape)
        self._begin(size)
        segments: list[Segment] = []
        for chunk in chunks:
            self._append(_octets(chunk).data, segments)
        got = sum(segment.bytes for segment in segments)
        if got != size:
            raise InternalError(
                f"weight tensor {name}: got {got} bytes, wanted {size} for {encoding} {shape}"
            )
        self._tensors[name] = Tensor(size, tuple(segments), encoding, shape)

    def finish(self) -> Weights:
        """Close the last shard; the manifest's `weights` section."""
        self.close()
        return Weights(tuple(self._shards), dict(self._tensors))

    def close(self) -> None:
        """Close the shard that is being written, if any."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with file:
            file.flush()
            os.fsync(file.fileno())
        self._shards.append(Shard(self._shard_name(), self._used_bytes, self._hash.hexdigest()))

    def _shard_name(self) -> str:
        return f"weights/{len(self._shards):04d}.bin"

    def _begin(self, size_bytes: int) -> None:
        """Make room: an aligned offset, in a new shard where the rest of this one is too small."""
        start = -(-self._used_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
        if self._file is None or start + size_bytes > self._max_bytes:
            self._open()
        else:
            self._write(bytes(start - self._used_bytes))

    def _open(self) -> None:
        self.close()
        path = self._folder / self._shard_name()
        path.parent.mkdir(exist_ok=True)
        self._file = path.open("xb")
        self._hash = hashlib.sha256()
        self._used_bytes = 0

    def _append(self, data: memoryview, segments: list[Segment]) -> None:
        while data.nbytes:
            room = self._max_bytes - self._used_bytes
            if room == 0:
                self._open()
                continue
            piece = data[:room]
            self._note(segments, piece.nbytes)
            self._write(piece)
            data = data[room:]

    def _note(self, segments: list[Segment], size_bytes: int) -> None:
        """Lengthen the last segment, or begin one where the shard is another."""
        shard = len(self._shards)
        if segments and segments[-1].shard == shard:
            last = segments[-1]
            segments[-1] = Segment(shard, last.offset, last.bytes + size_bytes)
        else:
            segments.append(Segment(shard, self._used_bytes, size_bytes))

    def _write(self, data: memoryview | bytes) -> None:
        if self._file is None:
            raise InternalError("no shard is open")
        self._file.write(data)
        self._hash.update(data)
        self._used_bytes += len(data)


def _octets(chunk: Chunk) -> npt.NDArray[np.uint8]:
    if isinstance(chunk, bytes):
        return np.frombuffer(chunk, np.uint8)
    little = chunk.astype(chunk.dtype.newbyteorder("<"), copy=False)
    return np.ascontiguousarray(little).reshape(-1).view(np.uint8)
