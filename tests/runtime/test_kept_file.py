"""Files of caches: whole or not at all, and nothing of killed writers for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.device.kept_file import read_kept, write_kept


def test_what_was_written_is_read_and_what_was_damaged_is_not(tmp_path: Path) -> None:
    file = tmp_path / "kernel"
    assert read_kept(file) == b""
    write_kept(file, b"first")
    write_kept(file, b"compiled")
    assert read_kept(file) == b"compiled" and read_kept(file, 3) == b""
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole + b"x", b"", whole[:-1] + b"x"):
        file.write_bytes(damaged)
        assert read_kept(file) == b""


def test_drafts_of_killed_writers_go_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / ".writing-old", tmp_path / ".writing-young"
    for draft in (old, young):
        draft.write_bytes(b"half")
    os.utime(old, (0, 0))
    write_kept(tmp_path / "kernel", b"compiled")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".writing-young", "kernel"]


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_kept(tmp_path / "kernel", b"compiled")

    def full(*names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_kept(tmp_path / "kernel", b"another")
    assert read_kept(tmp_path / "kernel") == b"compiled"
    assert [path.name for path in tmp_path.iterdir()] == ["kernel"]
