from __future__ import annotations

import pytest

from kernelc.commands.shared.progress import _Lines


def test_without_a_terminal_a_line_now_and_then_says_how_long_it_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = [0.0]
    lines = _Lines("building x", lambda: clock[0])
    for second in range(0, 61, 10):  # a build that goes on with 40 of 100 done, 1 every 10 seconds
        clock[0] = second
        lines.report("packing weights", 40 + second // 10, 100)
    assert capsys.readouterr().err.splitlines() == [
        "building x: packing weights, 43 %, about 10 min left",
        "building x: packing weights, 46 %, about 9 min left",
    ]


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _Lines("building x", lambda: 0.0)
    lines.report("packing weights", 1, 2)
    assert capsys.readouterr().err == ""
