"""Training data in shards, made by worker processes while the training runs.

A shard is an array u16 [sequences, length + 1]: whole dialogues packed one after another, padded with </s>;
the highest bit marks a token that the model is to learn to say. Shard i depends on nothing but i, so the data
of a run is the same however many workers make it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.demo_model.chat import EOS, Coder
from tools.demo_model.dialogues import make_dialogue

U16 = npt.NDArray[np.uint16]
LEARNED = 0x8000
_OPEN_ROWS = 8  # sequences being filled at a time: more waste less padding


def make_shard(coder: Coder, number: int, sequences: int, length: int) -> U16:
    """Return shard `number`."""
    full: list[list[int]] = []
    rows: list[list[int]] = []
    for count in range(1_000_000_000):
        ids, learned = coder.train_ids(make_dialogue(f"train {number} {count}"))
        if len(ids) > length + 1:
            continue
        marked = [token | (LEARNED if learn else 0) for token, learn in zip(ids, learned, strict=True)]
        _place(rows, marked, length + 1)
        if len(rows) > _OPEN_ROWS:
            rows.sort(key=len)
            full.append(rows.pop())
        if len(full) == sequences:
            break
    shard = np.full((sequences, length + 1), EOS, np.uint16)
    for row, tokens in zip(shard, full, strict=True):
        row[: len(tokens)] = tokens
    return shard


def _place(rows: list[list[int]], ids: list[int], room: int) -> None:
    """Put a dialogue into the fullest row that has room for it, else into a new one."""
    fitting = [row for row in rows if len(row) + len(ids) <= room]
    if fitting:
        max(fitting, key=len).extend(ids)
    else:
        rows.append(ids)


def _work(tokenizer: str, folder: str, numbers: range, sequences: int, length: int) -> None:
    coder = Coder(tokenizer)
    for number in numbers:
        path = Path(folder) / f"{number:06}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, make_shard(coder, number, sequences, length))
            part.rename(path)


class Shards:
    """Shards in their order, made by processes in the background."""

    def __init__(
        self,
        tokenizer: Path,
        folder: Path,
        *,
        workers: int,
        first: int,
        count: int,
        sequences: int,
        length: int,
    ) -> None:
        """Start the workers; of the shards first..count - 1 each worker makes every `workers`-th."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.first, self.count = folder, first, count
        self.waited_seconds = 0.0
        context = multiprocessing.get_context("spawn")
        self._workers: list[Any] = []
        for worker in range(workers):
            numbers = range(first + worker, count, workers)
            process = context.Process(
                target=_work, args=(str(tokenizer), str(folder), numbers, sequences, length), daemon=True
            )
            process.start()
            self._workers.append(process)

    def read(self) -> Iterator[U16]:
        """Yield the shards in their order, waiting for each; after the last the first comes again."""
        number = self.first
        while True:
            path = self.folder / f"{number:06}.npy"
            begin = time.perf_counter()
            while not path.exists():
                self._check_workers()
                time.sleep(0.02)
            self.waited_seconds += time.perf_counter() - begin
            yield np.load(path)
            number = number + 1 if number + 1 < self.count else self.first

    def _check_workers(self) -> None:
        if any(process.exitcode for process in self._workers):
            raise RuntimeError("a process that makes the data has failed; its message is above")

    def stop(self) -> None:
        """End the workers."""
        for process in self._workers:
            process.terminate()
        for process in self._workers:
            process.join()
