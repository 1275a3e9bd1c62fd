"""What killed builds leave beside an artifact is found and removed; what they were to replace comes back."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from kernelc.artifact import Artifact, ArtifactWriter, leftovers
from kernelc.artifact.journal import Journal
from kernelc.artifact.leftovers import clear, clear_all, exchange, hold
from tests.artifact_sample import fill_sample, write_sample

pytest.importorskip("fcntl")  # without locks nothing is taken for dead


def made(folder: Path, age_seconds: float = 3600.0) -> Path:
    """A folder with something in it, of this age."""
    folder.mkdir()
    (folder / "file").write_text("x")
    then = time.time() - age_seconds
    os.utime(folder, (then, then))
    return folder


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(".*"))


def test_what_dead_builds_left_goes_and_live_ones_stay(tmp_path: Path) -> None:
    made(tmp_path / ".a.1111.building")
    made(tmp_path / ".a.2222.replaced")
    live = made(tmp_path / ".a.3333.building")
    made(tmp_path / ".a.4444.building", age_seconds=1.0)
    made(tmp_path / ".b.5555.building")
    (tmp_path / "a").mkdir()
    held = hold(live)
    assert held is not None and hold(live) is None
    clear(tmp_path / "a")
    assert hidden(tmp_path) == [".a.3333.building", ".a.4444.building", ".b.5555.building"]
    held.release()
    assert [path.name for path in clear_all(tmp_path)] == [".a.3333.building", ".b.5555.building"]
    assert hidden(tmp_path) == [".a.4444.building"]


def test_a_build_holds_its_folder_even_where_another_looks_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that looks whether a folder is dead holds it for a moment, which may be as its build begins."""
    make, looks = Path.mkdir, list[threading.Timer]()

    def made_and_looked_at(self: Path, *arguments: Any, **named: Any) -> None:
        begins = self.name.endswith(".building") and not self.exists()
        make(self, *arguments, **named)
        looking = hold(self) if begins else None
        if looking is not None:
            looks.append(threading.Timer(0.1, looking.release))
            looks[0].start()

    monkeypatch.setattr(Path, "mkdir", made_and_looked_at)
    with ArtifactWriter(tmp_path / "a") as writer:
        looks[0].join()
        assert hold(tmp_path / hidden(tmp_path)[0]) is None
        fill_sample(writer)


def test_an_old_folder_that_a_build_takes_up_is_its_own(tmp_path: Path) -> None:
    """Its journal is locked before the folder is."""
    folder = made(tmp_path / ".a.1111.building")
    journal = Journal.begin(folder, "key")
    os.utime(folder, (0, 0))
    clear(tmp_path / "a")
    assert hidden(tmp_path) == [".a.1111.building"]
    journal.close()
    clear(tmp_path / "a")
    assert not hidden(tmp_path)


def test_a_build_that_died_between_two_renames_has_lost_nothing(tmp_path: Path) -> None:
    write_sample(tmp_path / "a")
    made(tmp_path / ".a.0000.building")
    (tmp_path / "a").rename(tmp_path / ".a.0000.replaced")
    with pytest.raises(RuntimeError, match="now"), ArtifactWriter(tmp_path / "a"):
        assert Artifact.open(tmp_path / "a").manifest.name == "sample"
        raise RuntimeError("now")
    assert Artifact.open(tmp_path / "a") and not hidden(tmp_path)


def test_one_that_is_between_two_renames_is_left_alone(tmp_path: Path) -> None:
    write_sample(tmp_path / ".a.0000.replaced")
    held = hold(made(tmp_path / ".a.0000.building"))
    assert held is not None
    clear(tmp_path / "a")
    assert hidden(tmp_path) == [".a.0000.building", ".a.0000.replaced"]
    held.release()


def test_one_that_goes_meanwhile_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        leftovers, "_hidden", lambda out, suffix: [out.with_name(f".{out.name}.0000{suffix}")]
    )
    clear(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_replacement_is_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At no moment is there no artifact: nothing is renamed away from its place."""
    if not exchange(made(tmp_path / "x"), made(tmp_path / "y")):
        pytest.skip("this system exchanges nothing")
    write_sample(tmp_path / "a")
    before = (tmp_path / "a").stat().st_ino

    def refuse(self: Path, target: Path) -> Path:
        raise AssertionError(f"{self.name} is renamed to {target}")

    monkeypatch.setattr(Path, "rename", refuse)
    with ArtifactWriter(tmp_path / "a") as writer:
        fill_sample(writer)
    assert Artifact.open(tmp_path / "a") and (tmp_path / "a").stat().st_ino != before
    assert not hidden(tmp_path)


def test_where_nothing_is_exchanged_a_replacement_is_two_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "sys", type("sys", (), {"platform": "other"}))
    write_sample(tmp_path / "a")
    write_sample(tmp_path / "a")
    assert Artifact.open(tmp_path / "a") and not hidden(tmp_path)


def test_two_builds_at_once_end_in_a_whole_artifact(tmp_path: Path) -> None:
    with ArtifactWriter(tmp_path / "a") as one, ArtifactWriter(tmp_path / "a") as other:
        fill_sample(one)
        fill_sample(other)
        assert Artifact.open(tmp_path / "a")
    assert Artifact.open(tmp_path / "a") and not hidden(tmp_path)
