"""Blocks on disk, for the next start: files in a folder of the user's, bounded in size and in age.

A folder has a folder for each build and kind of device, and these a file for each block. Devices round
differently, so each has its own rows: an answer does not depend on who computed the prompt. Files are written
beside their place and moved there, by a thread of its own, so that nobody waits for the disk; what is still
to be written is bounded, and beyond that blocks are not kept until they are offered again. A disk that fails
ends keeping, not answers.

Nothing in the folder is trusted to be whole (`runtime.prefixes.file_format`), and nobody else may write to
it.
"""

from __future__ import annotations

import os
import queue
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kernelc.cache_place import note_use
from runtime.device.private_folder import make_private
from runtime.prefixes.file_format import HEADER_BYTES, decoded, encoded, size_of
from runtime.prefixes.store import Block

SUFFIX = ".kv"
WHAT = "kept prompts"
_DAY = 24 * 3600
_KEPT_DAYS = 30  # after the last use
_UNFINISHED_DAYS = 1
_WRITING = ".writing-"
_MOST_QUEUED_BYTES = 256 << 20
_RECOUNTED = 16  # so many times while one process fills the folder
_ROOM_LEFT = 0.9  # of the bound, after some had to go, so that not every block makes others go


@dataclass(frozen=True)
class BlockSizes:
    """Bytes of a block's rows: in caches with a row for each position, and in rings."""

    full: int
    ring: int


class DiskStore:
    """Blocks of one build on one kind of device, in a folder that others may share. See `BlockStore`."""

    def __init__(self, folder: Path, place: str, sizes: BlockSizes, most_bytes: int) -> None:
        """`place` names the folder of the build and device in `folder`; `most_bytes` bounds all of `folder`.

        Raises: DeviceError where the folder cannot be made, or others may write there.
        """
        make_private(folder, WHAT)
        make_private(folder / place, WHAT)
        self._root, self._folder, self._sizes, self._most = folder, folder / place, sizes, most_bytes
        self._total = _remove_old(folder, most_bytes)
        self._written = 0  # since that was counted
        self._pending: dict[str, Block] = {}
        self._used: dict[str, float] = {}  # when those that wait to be written were used
        self._pending_bytes = 0
        self._failed = False
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._run, name="kernelc-prefixes", daemon=True)
        self._writer.start()

    def kept(self, name: str) -> bool | None:
        """See `BlockStore.kept`; what a file really has is seen when it is read."""
        with self._lock:
            waiting = self._pending.get(name)
        if waiting is not None:
            return waiting.ring is not None
        try:
            size = self._file(name).stat().st_size
        except OSError:
            return None
        return size_of(size, self._sizes.full, self._sizes.ring)

    def get(self, name: str) -> Block | None:
        """See `BlockStore.get`. A file that is not what its name says is removed."""
        with self._lock:
            waiting = self._pending.get(name)
        if waiting is not None:
            return waiting
        file = self._file(name)
        try:
            if size_of(file.stat().st_size, self._sizes.full, self._sizes.ring) is not None:
                block = decoded(name, file.read_bytes(), self._sizes.full, self._sizes.ring)
                if block is not None:
                    return block
            file.unlink(missing_ok=True)
        except OSError:
            pass
        return None

    def put(self, name: str, block: Block) -> bool:
        """See `BlockStore.put`. Returns before it is written; False where too much waits for the disk."""
        with self._lock:
            if self._failed or name in self._pending or block.bytes > min(_MOST_QUEUED_BYTES, self._most):
                return True
            if self._pending_bytes + block.bytes > min(_MOST_QUEUED_BYTES, self._most):
                return False
            self._pending[name] = block
            self._pending_bytes += block.bytes
        self._queue.put(name)
        return True

    def used(self, names: Sequence[str]) -> None:
        """See `BlockStore.used`: a file is as new as its last use, and a prefix's beginning newer than its
        end. The folder is as new as what was used last in it, which is how `kernelc cache` sees it.
        """
        note_use(self._folder)
        now = time.time()
        for at, name in enumerate(names):
            when = now - at / 1000
            with self._lock:
                if name in self._pending:
                    self._used[name] = when
            self._date(name, when)

    def room_for(self, bytes_each: int) -> int:
        """See `BlockStore.room_for`."""
        return self._most // max(1, bytes_each)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._queue.put(None)
        self._writer.join()

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _date(self, name: str, when: float) -> None:
        with suppress(OSError):  # it may not be there, or not any more
            os.utime(self._file(name), (when, when))

    # ---- in the writer's thread

    def _run(self) -> None:
        while (name := self._queue.get()) is not None:
            block = self._pending[name]
            try:
                self._write(name, block)
            except Exception:  # a full disk, or no memory: what is there stays good, and answers go on
                self._failed = True
            with self._lock:
                del self._pending[name]
                self._pending_bytes -= block.bytes
                used = self._used.pop(name, None)
            if used is not None:
                self._date(name, used)

    def _write(self, name: str, block: Block) -> None:
        if self._failed:
            return
        size = HEADER_BYTES + block.bytes
        self._written += size
        if self._total + self._written > self._most or self._written > self._most // _RECOUNTED:
            # Others write to the folder, too, so that all of it is looked at from time to time.
            full = self._total + self._written > self._most
            room = int(self._most * _ROOM_LEFT) if full else self._most
            self._total, self._written = size + _remove_old(self._root, room - size), 0
        handle, draft = tempfile.mkstemp(prefix=_WRITING, dir=self._folder)  # for this user's eyes alone
        try:
            with os.fdopen(handle, "wb") as file:
                for part in encoded(name, block):
                    file.write(part)
            os.replace(draft, self._file(name))
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise


def _remove_old(root: Path, most_bytes: int) -> int:
    """Remove blocks that were not used for long, and the oldest until all have at most `most_bytes` together;
    drafts of processes that were killed, too. Return the bytes that are left.
    """
    now, found = time.time(), list[tuple[float, int, Path]]()
    for path in root.glob("*/*"):
        with suppress(OSError):
            about = path.lstat()
            days = (now - about.st_mtime) / _DAY
            draft = path.name.startswith(_WRITING)
            if (draft and days > _UNFINISHED_DAYS) or (path.suffix == SUFFIX and days > _KEPT_DAYS):
                path.unlink(missing_ok=True)
            elif path.suffix == SUFFIX:
                found.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found, key=lambda each: each[0]):
        if total <= max(0, most_bytes):
            break
        with suppress(OSError):
            path.unlink(missing_ok=True)
            total -= size
    return total
