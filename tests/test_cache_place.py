"""Where things are kept, and what comes of a machine that knows no home folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.cache_place import cache_place, cache_place_if_any
from kernelc.cli import main
from kernelc.errors import DeviceError, UsageError
from kernelc.tuned.places import own_folder, own_stamp, tables_of
from runtime.cpu.library_cache import cache_folder
from runtime.vulkan.cache import cache_file, read_cache, write_cache


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", none)


def test_the_place_is_xdgs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_place() == cache_place_if_any() == tmp_path / "kernelc"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_place() == tmp_path / ".cache" / "kernelc"


@pytest.mark.usefixtures("homeless")
def test_without_a_home_it_is_said_what_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    for place, error in ((cache_place, UsageError), (own_folder, UsageError), (cache_folder, DeviceError)):
        with pytest.raises(error, match="no home folder") as caught:
            place()
        assert "XDG_CACHE_HOME" in str(caught.value.help)
    assert main(["cache"]) == 2
    assert capsys.readouterr().err.startswith("error: HOME: there is no home folder")


@pytest.mark.usefixtures("homeless")
def test_what_can_do_without_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERNELC_TUNED", raising=False)
    assert cache_place_if_any() is None and cache_file(b"x") is None and read_cache(b"x") == b""
    write_cache(b"x", b"y")
    assert tables_of("cpu-x86_64-avx2-2t") and own_stamp()
