from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.debug import dump, verify_enabled
from kernelc.errors import UsageError


def test_dump_is_silent_and_lazy_when_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KERNELC_DUMP", raising=False)
    dump("fuse", "ir", lambda: pytest.fail("the text was made for nobody"))
    assert not list(tmp_path.iterdir())


def test_dump_numbers_the_stages_of_each_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERNELC_DUMP", str(tmp_path / "new" / "one"))
    dump("trace", "ir", "a")
    dump("matvec", ".wgsl", lambda: "b\n")
    monkeypatch.setenv("KERNELC_DUMP", str(tmp_path / "two"))
    dump("fuse", "ir", "c")
    written = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*.*")}
    one, two = "new/one/001_trace.ir", "new/one/002_matvec.wgsl"
    assert written == {one: "a\n", two: "b\n", "two/001_fuse.ir": "c\n"}


def test_dump_stays_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERNELC_DUMP", str(tmp_path / "dump"))
    dump("../layers.0/attn q", "../ir", "text")
    dump("../..", "ir", "text")
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert names == ["dump/001_layers.0-attn-q.ir", "dump/002_unnamed.ir"]


def test_dump_writes_text_that_is_not_unicode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERNELC_DUMP", str(tmp_path))
    dump("names", "ir", "bad \udcff name, good é")
    assert (tmp_path / "001_names.ir").read_text(encoding="utf-8") == "bad \\udcff name, good é\n"


def test_dump_into_a_file_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("KERNELC_DUMP", str(file))
    with pytest.raises(UsageError, match="cannot write the dump") as caught:
        dump("fuse", "ir", "text")
    assert caught.value.where == str(file / "001_fuse.ir")
    assert caught.value.help is not None and "KERNELC_DUMP" in caught.value.help


def test_verify_is_on_for_one_only(monkeypatch: pytest.MonkeyPatch):
    for value, wanted in {"1": True, "0": False, "": False, "yes": False}.items():
        monkeypatch.setenv("KERNELC_VERIFY", value)
        assert verify_enabled() is wanted
    monkeypatch.delenv("KERNELC_VERIFY")
    assert verify_enabled() is False
