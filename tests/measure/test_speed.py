"""What is said of a measured speed: no share above all of the bandwidth, and a sentence instead."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from kernelc.measure import bandwidth, facts, speed
from kernelc.measure.bandwidth import Bandwidth

READ = 10_000_000
MEMORY = Bandwidth("a card", "its driver", 100e9, 90e9, 1 << 30)


def with_bandwidth(
    monkeypatch: pytest.MonkeyPatch, tokens: float, *found: Bandwidth | None
) -> tuple[dict[str, Any], list[float]]:
    """What is added to a result that decodes so many tokens/s, where measuring gives these one by one."""
    asked: list[float] = []
    left = list(found)

    def measure(
        device: str, again_bytes: int | None = None, seconds: float = bandwidth.SECONDS
    ) -> Bandwidth | None:
        asked.append(seconds)
        return left.pop(0)

    monkeypatch.setattr(speed, "bandwidth_of", measure)
    monkeypatch.setattr(bandwidth, "bandwidth_of", measure)
    result: dict[str, Any] = {"bytes_per_token": READ, "decode_tokens_per_second": tokens}
    speed.add_bandwidth(result, "cuda")
    return result, asked


def test_a_share_of_the_bandwidth(monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = with_bandwidth(monkeypatch, 5000.0, MEMORY)
    assert result["share_of_bandwidth"] == pytest.approx(0.5) and len(asked) == 1
    assert result["bandwidth_bytes_per_second"] == 100e9 and result["bandwidth_note"] == ""


def test_more_than_all_of_it_is_measured_again_and_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    better = Bandwidth("a card", "its driver", 200e9, 90e9, 1 << 30)
    result, asked = with_bandwidth(monkeypatch, 15000.0, MEMORY, better)
    assert result["share_of_bandwidth"] == pytest.approx(0.75)
    assert len(asked) == 2 and asked[1] > asked[0]
    note = result["bandwidth_note"]
    assert "150.00 GB/s, more than the 100.00 GB/s" in note and "timed again, for longer" in note


def test_what_is_still_more_is_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = with_bandwidth(monkeypatch, 15000.0, MEMORY, MEMORY)
    assert result["share_of_bandwidth"] is None
    assert "there is no share to give" in result["bandwidth_note"]


def test_a_model_in_a_cache_is_measured_by_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    cached = Bandwidth("a card", "its driver", 100e9, 90e9, 1 << 30, 400e9, READ)
    result, asked = with_bandwidth(monkeypatch, 20000.0, cached)
    assert result["share_of_bandwidth"] == pytest.approx(0.5) and len(asked) == 1
    assert "stay in a cache, which gives 400.00 GB/s; memory gives 100.00" in result["bandwidth_note"]


def test_without_a_bandwidth_there_is_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = with_bandwidth(monkeypatch, 5000.0, None)
    assert (result["share_of_bandwidth"], result["bandwidth_bytes_per_second"]) == (None, None)


def test_the_commit_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "kernelc"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(facts.kernelc, "__file__", str(package / "__init__.py"))
    assert facts.commit() is None  # installed from a package
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True)
    clean = facts.commit()
    assert clean and len(clean) == 12
    (package / "__init__.py").write_text("changed = True\n")
    assert facts.commit() == f"{clean}+"
    assert len(facts.today()) == 10
