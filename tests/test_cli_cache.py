"""`kernelc cache` shows what is kept and removes it, and nothing else."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from kernelc.cli import main


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    base = tmp_path / "kernelc"
    for path, days in (
        ("artifacts/new-q4-1", 0),
        ("artifacts/old-q4-2", 40),
        ("native/a.so", 3),
        ("tuned/cpu.json", 50),
        ("vulkan-1.bin", 1),
        ("artifacts/.dead-q4-3.1234.building", 2),
    ):
        file = base / path if "." in path[1:] and "building" not in path else base / path / "manifest.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(1000))
        then = time.time() - days * 24 * 3600
        os.utime(base / path, (then, then))
    (tmp_path / "elsewhere").write_text("x")
    (base / "models").mkdir()
    (base / "models" / "linked").symlink_to(tmp_path / "elsewhere")
    return base


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[str]:
    assert main(["cache", *arguments, "--json"]) == 0
    return {Path(entry["path"]).name for entry in json.loads(capsys.readouterr().out)["entries"]}


def test_everything_is_listed_and_nothing_changes(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = {"new-q4-1", "old-q4-2", "a.so", "cpu.json", "vulkan-1.bin", "linked"}
    assert listed(capsys) == listed(capsys) == everything
    assert listed(capsys, "--older", "30") == {"old-q4-2", "cpu.json"}
    assert listed(capsys, "--kind", "native", "--kind", "vulkan") == {"a.so", "vulkan-1.bin"}
    assert main(["cache"]) == 0
    out = capsys.readouterr().out
    assert " kB" in out and "old-q4-2" in out and "a.so" not in out


def test_clear_removes_what_was_chosen_and_says_so(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys, "clear", "--older", "30") == {"old-q4-2"}
    assert listed(capsys, "clear") == {"new-q4-1", "a.so", "vulkan-1.bin", "linked"}
    assert listed(capsys) == {"cpu.json"}, "tables of a search go only where they are named"
    assert not list(base.glob("artifacts/.*")), "what a killed build left goes, too"
    assert (base.parent / "elsewhere").read_text() == "x"
    assert listed(capsys, "clear", "--kind", "tuned") == {"cpu.json"}
    assert listed(capsys) == set()


def test_an_empty_cache_and_odd_ages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    assert listed(capsys, "clear") == set()
    for days in ("-1", "nan"):
        assert main(["cache", "--older", days]) == 2
        assert "older" in capsys.readouterr().err
