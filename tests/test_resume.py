"""A build that is killed goes on where it was, and ends in the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import ArtifactWriter
from kernelc.artifact.journal import JOURNAL, Journal
from kernelc.ir.packed_matrix import PackedMatrix, RowOrder
from model.pack import RowSource, pack_matrices

pytest.importorskip("fcntl")  # without locks a build begins anew

REPO = Path(__file__).parents[1]

SCRIPT = """
import sys, time
import numpy as np
from kernelc.artifact import ArtifactWriter
from tests.test_resume import Rows, matrices, pack_matrices
with ArtifactWriter(sys.argv[1], key="same", max_shard_bytes=40_000) as writer:
    def slowly(*step):
        print(*step, flush=True)
        time.sleep(0.05)
    pack_matrices(writer.weights, matrices(), Rows(), slowly)
"""


class Rows(RowSource):
    """Matrices that are made as they are read; remembers which were."""

    def __init__(self) -> None:
        self.read_names: set[str] = set()

    def shape(self, name: str) -> tuple[int, ...]:
        return (256, 256)

    def take_rows(self, name: str, indices: np.ndarray) -> np.ndarray:
        self.read_names.add(name)
        return self._whole(name)[indices]

    def read(self, name: str) -> np.ndarray:
        return self._whole(name)

    def _whole(self, name: str) -> np.ndarray:
        return np.random.default_rng(int(name)).normal(size=(256, 256)).astype(np.float32)


def matrices() -> list[PackedMatrix]:
    formats = ("q4", "q4a", "q8", "q4")
    return [
        PackedMatrix(f"m{at}", (str(at),), 256, 256, (RowOrder("identity", 256),), formats[at % 4])
        for at in range(40)
    ]


def packed(out: Path, key: str | None, source: Rows, workers: int = 1) -> list[bytes]:
    """Pack everything; the shards' bytes, which are gone once the writer is left without a commit."""
    with ArtifactWriter(out, key=key, max_shard_bytes=40_000) as writer:
        pack_matrices(writer.weights, matrices(), source, workers=workers)
        table = writer.weights.finish()
        folder = next(out.parent.glob(f".{out.name}.*.building"))
        return [repr(table.tensors).encode(), *((folder / s.file).read_bytes() for s in table.shards)]


def kill_in_the_middle(out: Path) -> Path:
    """Begin a build in another process, kill it after some matrices; return the folder that it leaves."""
    command = [sys.executable, "-c", SCRIPT, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPO) as build:
        assert build.stdout is not None
        for _ in range(12):
            assert build.stdout.readline()
        os.kill(build.pid, signal.SIGKILL)
        build.stdout.read()
    (folder,) = out.parent.glob(f".{out.name}.*.building")
    return folder


def test_the_number_of_workers_does_not_change_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.pack.BLOCK_BYTES", 4 * 256 * 30)
    assert packed(tmp_path / "one", None, Rows()) == packed(tmp_path / "five", None, Rows(), workers=5)


def test_a_killed_build_goes_on_and_ends_in_the_same_bytes(tmp_path: Path) -> None:
    wanted = packed(tmp_path / "whole", None, Rows())
    kill_in_the_middle(tmp_path / "killed")
    source = Rows()
    assert packed(tmp_path / "killed", "same", source) == wanted
    assert 10 < len(source.read_names) < 35  # the others were there already
    assert not list(tmp_path.glob(".killed.*"))


def test_another_key_begins_anew(tmp_path: Path) -> None:
    folder = kill_in_the_middle(tmp_path / "out")
    source = Rows()
    with ArtifactWriter(tmp_path / "out", key="other") as writer:
        pack_matrices(writer.weights, matrices(), source)
    assert len(source.read_names) == 40
    assert not folder.exists()  # nothing would ever go on with it


@pytest.mark.parametrize("damage", ["shard", "open shard", "line", "entry"])
def test_what_is_damaged_is_not_taken_up(tmp_path: Path, damage: str) -> None:
    wanted = packed(tmp_path / "whole", None, Rows())
    folder = kill_in_the_middle(tmp_path / "out")
    journal = folder / JOURNAL
    if damage == "shard":
        (folder / "weights" / "0000.bin").write_bytes(b"other")
    if damage == "open shard":
        entries = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
        opened = folder / "weights" / f"{sum(len(entry['shards']) for entry in entries):04}.bin"
        opened.write_bytes(bytes(opened.stat().st_size))
    if damage == "line":  # cut off in the middle: everything before it still counts
        journal.write_text(journal.read_text()[:-20])
    if damage == "entry":
        journal.write_text(journal.read_text() + '{"shards": 7}\n')
    source = Rows()
    assert packed(tmp_path / "out", "same", source) == wanted
    assert (len(source.read_names) == 40) == (damage != "line")


def test_a_build_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    with ArtifactWriter(tmp_path / "a", key="same") as running:
        pack_matrices(running.weights, matrices()[:1], Rows())
        (folder,) = tmp_path.glob(".a.*.building")
        assert Journal.take_up(folder, "same") is None
        source = Rows()
        with ArtifactWriter(tmp_path / "a", key="same") as second:
            pack_matrices(second.weights, matrices(), source)
        assert len(source.read_names) == 40 and folder.exists()
