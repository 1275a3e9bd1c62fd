"""What commands print with --json is JSON, whatever was measured."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pytest

from kernelc.commands.shared.options import print_json


def refuse(word: str) -> NoReturn:
    raise AssertionError(f"{word} is no JSON")


def test_numbers_that_are_none_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    """Python writes NaN and Infinity, which no other reader takes."""
    value: Any = {"a": float("nan"), "b": [1.5, float("inf"), {"c": (float("-inf"), "NaN", None, True, 3)}]}
    print_json(value)
    read = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert read == {"a": None, "b": [1.5, None, {"c": [None, "NaN", None, True, 3]}]}
