"""Writing an artifact so that nobody sees half of one: all files in a hidden folder first, then a rename."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Generator
from pathlib import Path
from types import TracebackType

from kernelc.artifact.files import FileEntry
from kernelc.artifact.journal import JOURNAL, Journal
from kernelc.artifact.leftovers import BUILDING, REPLACED, Held, clear, exchange, hold
from kernelc.artifact.parse import parse_manifest
from kernelc.artifact.reader import MANIFEST, Artifact
from kernelc.artifact.schema import MAX_SHARD_BYTES, Manifest
from kernelc.artifact.shards import WeightsWriter
from kernelc.errors import ArtifactError, InternalError


def kernel_file(name: str, data: bytes, suffix: str) -> str:
    """The file of a kernel: its name, a hash of its content, the suffix of its language ("wgsl")."""
    return f"kernels/{name}-{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"


class ArtifactWriter:
    """Context manager that builds an artifact folder at `out_dir`, which appears at `commit` or not at all.

    Files go to a hidden sibling `.NAME.XXXX.building`; leaving the block without a commit, by whatever
    exception, removes it. An artifact already at `out_dir` stays until the commit replaces it. The same calls
    write the same bytes. With a `key`, a text that differs wherever the result would, the weights of a build
    that was killed are taken up again: the caller asks `weights.has` and calls `weights.checkpoint`.
    Raises ArtifactError where `out_dir` holds anything but an artifact, or cannot be written.
    """

    def __init__(
        self,
        out_dir: str | os.PathLike[str],
        *,
        max_shard_bytes: int = MAX_SHARD_BYTES,
        key: str | None = None,
    ) -> None:
        self.out_dir = Path(os.path.realpath(out_dir))
        mark = secrets.token_hex(4)
        self._folder = self.out_dir.parent / f".{self.out_dir.name}.{mark}{BUILDING}"
        self._replaced = self.out_dir.parent / f".{self.out_dir.name}.{mark}{REPLACED}"
        self._made_parents: list[Path] = []
        self._hashes: dict[str, str] = {}
        self._done = False
        self._key = key
        self._journal: Journal | None = None
        self._held: Held | None = None
        self._max_shard_bytes = max_shard_bytes
        self.weights = WeightsWriter(self._folder, max_shard_bytes)

    def __enter__(self) -> ArtifactWriter:
        _refuse_foreign(self.out_dir)
        try:
            with self._explained():
                self._make_parents()
                if self._key is None or not self._take_up(self._key):
                    self._folder.mkdir()
                    if self._key is not None:
                        self._journal = Journal.begin(self._folder, self._key)
                self._held = hold(self._folder, wait=True)
                clear(self.out_dir)
                if self._journal is not None:
                    self.weights.checkpoint = self._note
        except BaseException:
            self._clean()
            if self._held is not None:
                self._held.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._done:
            self._clean()
        if self._held is not None:
            self._held.release()
        if isinstance(error, OSError) and error.errno is not None:
            raise self._write_error(error) from error

    def add_kernel(self, file_name: str, data: bytes) -> str:
        """Write a kernel to `file_name` (see `kernel_file`); returns the sha256 for its variant.

        The same file may be added again with the same content: variants of several kernels may share it.
        """
        return self.add_file(file_name, data).sha256

    def add_file(self, name: str, data: bytes) -> FileEntry:
        """Write any other file: a tokenizer's, the chat template, the graph."""
        entry = FileEntry(len(data), hashlib.sha256(data).hexdigest())
        if name in self._hashes:
            if self._hashes[name] != entry.sha256:
                raise InternalError(f"artifact file {name} is added twice with different content")
            return entry
        path = self._folder / name
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(path, data)
        self._hashes[name] = entry.sha256
        return entry

    def scratch_folder(self) -> Path:
        """Make a folder for what is needed until the commit, on the disk that takes the artifact too."""
        with self._explained():
            self._scratch.mkdir(exist_ok=True)
        return self._scratch

    def commit(self, manifest: Manifest) -> None:
        """Write the manifest, check the whole as a reader would, and put it in place.

        Raises InternalError for a manifest that a reader would refuse, naming the field.
        """
        text = json.dumps(manifest.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        with self._explained():
            self.weights.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
            if self._journal is not None:
                self._journal.remove()
            _write_durably(self._folder / MANIFEST, text.encode())
            self._check(text)
            for folder in (*(path for path in self._folder.iterdir() if path.is_dir()), self._folder):
                _sync_folder(folder)
            self._put_in_place()

    def _check(self, text: str) -> None:
        """Open what was written as a reader would, and compare its hashes with those noted on the way."""
        try:
            manifest = Artifact.open(self._folder).manifest
        except ArtifactError as error:
            raise InternalError(f"built an artifact that does not read: {error.render()}", ir=text) from error
        noted = self._hashes | {shard.file: shard.sha256 for shard in self.weights.finish().shards}
        listed = {file: sha256 for file, sha256, _ in manifest.files()}
        if noted != listed:
            wrong = sorted(name for name in noted | listed if noted.get(name) != listed.get(name))
            raise InternalError(f"built an artifact whose manifest disagrees with its files: {wrong[:5]}")

    def _put_in_place(self) -> None:
        _refuse_foreign(self.out_dir)
        if self.out_dir.exists():
            if exchange(self._folder, self.out_dir):
                self._done = True
                self._settle(self._folder)
                return
            self.out_dir.rename(self._replaced)
        try:
            self._folder.rename(self.out_dir)
        except BaseException:
            if self._replaced.exists():
                self._replaced.rename(self.out_dir)
            raise
        self._done = True
        self._settle(self._replaced)

    def _settle(self, old: Path) -> None:
        """Make the new names durable; the artifact that was there before goes in any case."""
        try:
            _sync_folder(self.out_dir.parent)
        finally:
            shutil.rmtree(old, ignore_errors=True)

    def _note(self) -> None:
        if self._journal is not None:
            self._journal.add(self.weights.progress())

    def _take_up(self, key: str) -> bool:
        """Go on with the folder of a build that was killed; False where there is none, or it is damaged."""
        for folder in self.out_dir.parent.glob(f".{glob.escape(self.out_dir.name)}.*{BUILDING}"):
            found = Journal.take_up(folder, key)
            if found is None:
                continue
            self._journal, entries = found
            weights = WeightsWriter(folder, self._max_shard_bytes)
            try:
                weights.restore(entries)
            except (OSError, ValueError, KeyError, TypeError):
                self._journal.close()
                self._journal = None
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for path in folder.iterdir():
                if path.is_dir() and path.name != "weights":
                    shutil.rmtree(path)
                elif path.is_file() and path.name != JOURNAL:
                    path.unlink()
            self._folder, self.weights = folder, weights
            self._replaced = folder.with_name(folder.name.removesuffix(BUILDING) + REPLACED)
            return True
        return False

    @property
    def _scratch(self) -> Path:
        return self._folder / "scratch"

    def _make_parents(self) -> None:
        for parent in reversed(self.out_dir.parents):
            if not parent.exists():
                self._made_parents.append(parent)
                parent.mkdir(exist_ok=True)

    def _clean(self) -> None:
        """Remove what a broken build left, even if Ctrl-C comes again meanwhile."""
        for _ in range(3):
            with contextlib.suppress(KeyboardInterrupt):
                with contextlib.suppress(OSError):
                    self.weights.close()
                    if self._journal is not None:
                        self._journal.close()
                shutil.rmtree(self._folder, ignore_errors=True)
                if self._replaced.exists() and not self.out_dir.exists():
                    self._replaced.rename(self.out_dir)
                break
        for parent in reversed(self._made_parents):
            with contextlib.suppress(OSError):
                parent.rmdir()  # only if empty: someone else may have begun to use it

    @contextlib.contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise self._write_error(error) from error

    def _write_error(self, error: OSError) -> ArtifactError:
        help_ = "free some space or choose another `out` folder"
        return ArtifactError(
            f"cannot write the artifact: {error.strerror}", where=str(self.out_dir), help=help_
        )


def _refuse_foreign(folder: Path) -> None:
    """Raise ArtifactError unless `folder` is missing, empty, or an artifact with nothing else in it."""
    if not folder.exists():
        return
    help_ = "choose another `out` folder, or empty this one"
    if not folder.is_dir():
        raise ArtifactError("there is a file of this name", where=str(folder), help=help_)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if not found:
        return
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        known = {MANIFEST, *(named.file for named in parse_manifest(text, MANIFEST).files())}
    except (OSError, ValueError, ArtifactError):
        message = "the folder is not empty and holds no artifact that could be replaced"
        raise ArtifactError(message, where=str(folder), help=help_) from None
    if found - known:
        message = f"the folder holds more than an artifact: {min(found - known)}"
        raise ArtifactError(message, where=str(folder), help=help_)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Make renames and new names in a folder durable, where the system can open folders."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
