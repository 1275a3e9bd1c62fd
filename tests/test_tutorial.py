"""The tutorial runs as it stands, prints what it shows, and its pictures and figures are what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.tutorial import pictures
from tools.tutorial.program import FOLDER, REPO, missing, pieces, read

MATVEC = FOLDER / "1_matrix_times_row.md"
PARTS = sorted(path for path in FOLDER.glob("[0-9]_*.md") if path != MATVEC)
STORY: dict[str, Any] = json.loads(pictures.STORY.read_text(encoding="utf-8"))


def printed_by(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(REPO), "XDG_CACHE_HOME": str(folder)}
    run = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    return run.stdout


def test_the_kernels_run_and_their_pictures_are_drawn_as_they_are(tmp_path: Path) -> None:
    printed = printed_by(["-m", "tools.tutorial.pictures", "--out", "out"], tmp_path)
    assert not missing(read(MATVEC), printed)
    drawn = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    kept = {path.name: path.read_text() for path in (FOLDER / "pictures").iterdir()}
    assert drawn == kept, "draw them again: python -m tools.tutorial.pictures"
    assert sorted(drawn) == sorted(re.findall(r"\]\(pictures/(\S+)\)", MATVEC.read_text()))


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_the_other_parts_run(path: Path, tmp_path: Path) -> None:
    document = read(path)
    program = tmp_path / f"{path.stem}.py"
    program.write_text(document.program)
    assert not missing(document, printed_by([program.name], tmp_path))


def test_every_version_says_what_was_measured() -> None:
    text = MATVEC.read_text()
    said = re.findall(
        r"<!-- figure (v\d) -->\n\*\*On an H200: ([\d.]+) us, (\d+) % of the bandwidth\.\*\*", text
    )
    measured = [
        (each["version"], f"{each['microseconds']:.1f}", f"{100 * each['share']:.0f}")
        for each in STORY["versions"]
    ]
    assert said == measured
    assert STORY["device"] == "cuda: NVIDIA H200"
    rate, size = STORY["bandwidth"]["read"], STORY["versions"][0]["bytes"]
    for fact in (f"{rate / 1e9:,.0f} GB/s", f"{size / 1e6:.1f} MB", f"{1e6 * size / rate:.1f} us"):
        assert fact in text, f"the text does not say {fact}"
    assert f"{STORY['rows']:,} x {STORY['cols']:,}" in text


def test_what_is_shown_and_not_printed_is_found(tmp_path: Path) -> None:
    path = tmp_path / "part.md"
    path.write_text("```wgsl shown\n  a = 1;\n  ...\n  b = 2;\n```\n\n```text shown\nc\n```\n")
    document = read(path)
    assert pieces(document) == ["a = 1;", "b = 2;", "c"]
    assert missing(document, "  a = 1;      // t/x.py:3\n  d;\n  b = 2;\nc\n") == []
    assert missing(document, "  b = 2;\n  a = 1;\nc\n") == ["b = 2;"]  # the order counts
