"""Reading an artifact: no file is trusted until its size, and on first use its sha256, has been checked."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.artifact.check import check_manifest
from kernelc.artifact.files import Segment, Tensor
from kernelc.artifact.json_node import REBUILD
from kernelc.artifact.parse import MAX_FILE_BYTES, parse_manifest
from kernelc.artifact.schema import Manifest
from kernelc.errors import ArtifactError, InternalError

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 64 * 2**20
_MAPPING = "free memory, or allow the process more of it: weights are mapped, each file as a whole"

Octets: TypeAlias = npt.NDArray[np.uint8]


class Artifact:
    """An artifact folder: the manifest is valid, every file in place; contents are checked on first use."""

    def __init__(self, folder: Path, manifest: Manifest, build: str | None = None) -> None:
        """`build` is the sha256 of `manifest.json`, by which a build is known; None for one in no file."""
        self.folder = folder
        self.manifest = manifest
        self.build = build
        self._hashes = {file: sha256 for file, sha256, _ in manifest.files()}
        self._checked: set[str] = set()
        self._shards: dict[int, Octets] = {}

    @staticmethod
    def open(path: str | os.PathLike[str]) -> Artifact:
        """Open the artifact at `path`: check its manifest, and that every file is there in its size.

        Raises ArtifactError naming the file and, in the manifest, the field.
        """
        folder = Path(path)
        if not os.path.isfile(folder / MANIFEST):  # unlike Path.is_file, false for any path that cannot be
            message = f"there is no {MANIFEST} in it" if os.path.isdir(folder) else "there is no such folder"
            raise ArtifactError(message, where=str(folder), help="name the folder that `kernelc build` wrote")
        where = str(folder / MANIFEST)
        data = _read(folder, MANIFEST, MAX_MANIFEST_BYTES)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ArtifactError(f"not UTF-8 text: {error.reason}", where=where, help=REBUILD) from None
        manifest = parse_manifest(text, where)
        check_manifest(manifest, where)
        for named in manifest.files():
            _check_file(folder, named.file, named.bytes)
        return Artifact(folder, manifest, hashlib.sha256(data).hexdigest())

    def kernel_text(self, file: str) -> str:
        """The text of a kernel's file, its sha256 checked."""
        return self.text(file)

    def text(self, file: str) -> str:
        """The text of a file of the artifact (a kernel, the chat template, the graph), its sha256 checked."""
        try:
            return self.read(file).decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"not UTF-8 text: {error.reason}"
            raise ArtifactError(message, where=str(self.folder / file), help=REBUILD) from None

    def read(self, file: str) -> bytes:
        """The bytes of a file that the manifest names. Raises ArtifactError where their sha256 differs."""
        if file not in self._hashes:
            raise InternalError(f"{file} is not a file of the artifact {self.folder}")
        data = _read(self.folder, file, MAX_FILE_BYTES)
        self._check_hash(file, memoryview(data))
        return data

    def path(self, file: str) -> Path:
        """The path of a file whose sha256 has been checked, for libraries that read files themselves."""
        self.read(file)
        return self.folder / file

    def tensor(self, name: str) -> Octets:
        """The stored bytes of a tensor, read-only: mapped where it lies in one shard, else put together.

        The shards that it lies in are checked against their sha256 once, on first use. Shape: uint8 [bytes].
        """
        pieces = list(self.tensor_pieces(name))
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def tensor_pieces(self, name: str) -> Iterator[Octets]:
        """The stored bytes of a tensor, a mapped piece per shard: uploads without ever holding the whole."""
        for segment in self._tensor(name).segments:
            yield self._piece(segment)

    def verify_shard(self, index: int) -> None:
        """Check one shard's sha256, unless that was done before. Raises ArtifactError if it differs."""
        shard = self.manifest.weights.shards[index]
        if shard.file not in self._checked:
            self._check_hash(shard.file, self._mapped(index).data)

    def _tensor(self, name: str) -> Tensor:
        tensors = self.manifest.weights.tensors
        if name not in tensors:
            raise InternalError(f"{name} is not a tensor of the artifact {self.folder}")
        return tensors[name]

    def _piece(self, segment: Segment) -> Octets:
        self.verify_shard(segment.shard)
        return self._mapped(segment.shard)[segment.offset : segment.offset + segment.bytes]

    def _mapped(self, index: int) -> Octets:
        if index not in self._shards:
            shard = self.manifest.weights.shards[index]
            path = _check_file(self.folder, shard.file, shard.bytes)
            try:
                self._shards[index] = np.memmap(path, dtype=np.uint8, mode="r")
            except (OSError, ValueError) as error:  # no memory, or the file has just changed
                why = (isinstance(error, OSError) and error.strerror) or error
                raise ArtifactError(f"cannot map it: {why}", where=str(path), help=_MAPPING) from error
        return self._shards[index]

    def _check_hash(self, file: str, data: memoryview) -> None:
        got, wanted = hashlib.sha256(data).hexdigest(), self._hashes[file]
        if got != wanted:
            message = f"the file is corrupted: got sha256 {got[:16]}..., wanted {wanted[:16]}..."
            raise ArtifactError(message, where=str(self.folder / file), help=REBUILD)
        self._checked.add(file)


def _check_file(folder: Path, name: str, size_bytes: int | None) -> Path:
    """Raise ArtifactError unless `name` is a regular file inside `folder`, of this size if one is given."""
    path = folder / name
    try:
        status = path.stat()
        inside = path.resolve().is_relative_to(folder.resolve())
    except OSError as error:
        raise ArtifactError(f"cannot open it: {error.strerror}", where=str(path), help=REBUILD) from None
    if not stat.S_ISREG(status.st_mode) or not inside:
        raise ArtifactError("this is not a regular file inside the artifact", where=str(path), help=REBUILD)
    if size_bytes is not None and status.st_size != size_bytes:
        message = f"the file has {status.st_size} bytes, the manifest says {size_bytes}"
        raise ArtifactError(message, where=str(path), help=REBUILD)
    return path


def _read(folder: Path, name: str, most_bytes: int) -> bytes:
    path = _check_file(folder, name, None)
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise ArtifactError(f"cannot read it: {error.strerror}", where=str(path), help=REBUILD) from None
    if len(data) > most_bytes:
        raise ArtifactError(f"the file is larger than {most_bytes} bytes", where=str(path), help=REBUILD)
    return data
