"""Pipes and devices that stand where files are wanted: they are neither waited for, nor read for ever, nor
replaced."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from kernelc.commands.shared.bench_output import writable
from kernelc.errors import KernelcError, UsageError
from kernelc.explore.measured import read_measured
from kernelc.regular import open_regular, replaceable
from kernelc.tuned.table import Table, read_table
from model.opening import open_model
from model.text.chat_template import load_chat_template
from model.text.tokenizer import load_tokenizer
from tests.commands import run

DEMO = Path(__file__).parents[1] / "model" / "demo"

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.svg")
    return tmp_path / "pipe.svg"


def test_a_file_is_opened_also_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").symlink_to("a")
    for name in "ab":
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"abc"


def test_what_is_no_file_is_not_opened(tmp_path: Path, pipe: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    for path in (pipe, tmp_path, Path("/dev/zero"), tmp_path / "circle", tmp_path / "missing"):
        with pytest.raises(OSError):
            open_regular(path)


def test_only_files_and_what_is_not_there_are_replaced(tmp_path: Path, pipe: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "null").symlink_to("/dev/null")
    assert replaceable(tmp_path / "a") and replaceable(tmp_path / "missing")
    assert not replaceable(pipe) and not replaceable(tmp_path / "null") and not replaceable(tmp_path)


INSIDE = ("config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors")
OPTIONAL = ("chat_template.jinja",)
"""As if they were not there."""


@pytest.mark.parametrize("name", INSIDE)
def test_a_pipe_in_a_models_folder_is_not_waited_for(tmp_path: Path, name: str) -> None:
    for file in DEMO.iterdir():
        if file.name != name and (name, file.name) != ("tokenizer.json", "tokenizer.model"):
            shutil.copy(file, tmp_path / file.name)
    os.mkfifo(tmp_path / name)
    codes: list[int] = []
    try:
        with open_model(tmp_path):
            pass
        load_tokenizer(tmp_path, vocab_size=2048)
        load_chat_template(tmp_path)
    except KernelcError as error:
        codes.append(error.exit_code)
    assert codes == ([] if name in OPTIONAL else [2])


def test_tables_and_times_are_read_from_files_alone(pipe: Path) -> None:
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(UsageError, match="no plain file"):
            read_table(path)
        with pytest.raises(UsageError, match="no plain file"):
            read_measured(path, ["a"])
    with pytest.raises(UsageError, match="the table cannot be written"):
        Table("cpu", "c", (), {}).write(pipe)
    assert pipe.is_fifo()


@pytest.mark.parametrize("option", ["--logits", "--plot"])
def test_no_result_takes_the_place_of_a_pipe(pipe: Path, tmp_path: Path, option: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text(json.dumps({}))
    if option == "--plot":
        with pytest.raises(UsageError, match="no plain file"):
            writable(str(pipe))
        return
    code, _, err = run("generate", "--prompt", "a", tmp_path / "a", option, pipe)
    assert code == 2 and "no plain file" in err, err
    assert pipe.is_fifo()
