"""Tokenizers in a process with limits are what they are in this one, and cost no more than their limits."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from kernelc.errors import TokenizerError
from model.text import bounded_tokenizer, tokenizer_worker
from model.text.bounded_tokenizer import BoundedTokenizer
from model.text.tokenizer import load_tokenizer
from model.text.worker_process import WorkerProcess
from tests.web.text_models import write_json, write_sentencepiece

DEMO = Path(__file__).parents[2] / "model" / "demo"
TEXTS = ("", "Once upon a time <s>, 12345!\n\n漢字 🚀 é", "a\ud800b", "<fold> <tool>  x")
FACTS = ("kind", "vocab_size", "bos_id", "eos_id", "prompt_prefix", "leading_space",
         "special_tokens", "added_tokens", "markup", "left_out")  # fmt: skip


def compare(folder: Path, vocab_size: int | None = None) -> None:
    bounded = BoundedTokenizer(folder, vocab_size=vocab_size)
    plain = load_tokenizer(folder, vocab_size=vocab_size)
    for protected in ((), tuple(plain.added_tokens)[:2]):
        bounded.protect(protected)
        plain.protect(protected)
        assert {name: getattr(bounded, name) for name in FACTS} == {
            name: getattr(plain, name) for name in FACTS
        }
        for text in TEXTS:
            for special in (False, True):
                assert said(bounded, text, special) == said(plain, text, special)
    ids = range(-2, plain.vocab_size + 2)
    assert [bounded.token(each) for each in ids] == [plain.token(each) for each in ids]
    assert [bounded.piece(each) for each in ids] == [plain.piece(each) for each in ids]
    assert bounded.decode(ids) == plain.decode(ids)


def said(tokenizer: Any, text: str, special: bool) -> object:
    """The ids of a text, or why there are none."""
    try:
        return tokenizer.encode(text, parse_special=special)
    except TokenizerError as error:
        return error.message


def test_it_is_the_same_tokenizer(tmp_path: Path) -> None:
    compare(DEMO, 2048)
    for folder in (*write_json(tmp_path), *write_sentencepiece(tmp_path)):
        compare(folder)


def with_splitter(folder: Path, pattern: str) -> Path:
    tokenizer: Any = tokenizers.Tokenizer(models.BPE({"a": 0, "!": 1}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_a_panic_is_an_error_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The package writes a panic to stderr before it can be caught: here nobody sees it."""
    tokenizer = BoundedTokenizer(with_splitter(tmp_path, "(a+)+$"))
    with pytest.raises(TokenizerError, match="retry-limit") as caught:
        tokenizer.encode("a" * 48 + "!")
    assert "\n" not in caught.value.render() and capfd.readouterr() == ("", "")
    assert tokenizer.encode("a!") == [0, 1]


def test_a_text_that_takes_too_long_ends_with_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each match is within Oniguruma's own limit, and there are many."""
    monkeypatch.setattr(bounded_tokenizer, "_ENCODE_SECONDS", 0.2)
    monkeypatch.setattr(bounded_tokenizer, "_BYTES_A_SECOND", 1e9)
    tokenizer = BoundedTokenizer(with_splitter(tmp_path, "(a+)+b"))
    with pytest.raises(TokenizerError, match="was stopped after 0 s of encoding a text"):
        tokenizer.encode(("a" * 18 + "!") * 2000)
    assert tokenizer.encode("a!") == [0, 1], "the next request has a new process"


def test_a_tokenizer_that_takes_too_much_memory_ends_with_its_process(tmp_path: Path) -> None:
    """`check_growth` lets a text become 64 times as long; here the limit is low."""
    worker = WorkerProcess(
        ["-c", f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({400 << 20},) * 2)\n"
         "import runpy; runpy.run_module('model.text.tokenizer_worker', run_name='__main__')"],
        bounded_tokenizer.ENVIRONMENT,
    )  # fmt: skip
    tokenizer: Any = tokenizers.Tokenizer(models.BPE({"a": 0}, []))
    tokenizer.normalizer = normalizers.Replace("a", "a" * 64)
    tokenizer.decoder = decoders.Fuse()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    try:
        bounded = BoundedTokenizer(tmp_path, worker=worker)
        assert bounded.encode("a") == [0] * 64
        with pytest.raises(TokenizerError, match=r"was stopped while encoding|too much memory"):
            bounded.encode("a" * 2_000_000)
        assert bounded.encode("a") == [0] * 64
    finally:
        worker.close()


def test_what_finds_no_memory_makes_room_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokenizers of other models are kept beside it: with them it might fail for ever."""

    def full(*_: object) -> None:
        raise MemoryError

    kept: dict[object, object] = {"another": object()}
    monkeypatch.setattr(tokenizer_worker, "_kept", kept)
    monkeypatch.setattr(tokenizer_worker, "_of", full)
    answer = tokenizer_worker._answer  # pyright: ignore[reportPrivateUsage]
    assert answer({}) == {"error": "memory"} and not kept


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    worker = WorkerProcess(["-m", "model.text.tokenizer_worker"], bounded_tokenizer.ENVIRONMENT)
    try:
        tokenizer = BoundedTokenizer(DEMO, worker=worker)
        process = worker._process  # pyright: ignore[reportPrivateUsage]
        assert process is not None
        wanted = tokenizer.encode("hello")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with pytest.raises(TokenizerError, match="was stopped"):
            tokenizer.encode("hello")
        assert tokenizer.encode("hello") == wanted
    finally:
        worker.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_has_a_worker_of_its_own() -> None:
    """A reply that a child did not read would be the answer to the parent's next request."""
    tokenizer = BoundedTokenizer(DEMO)
    wanted = tokenizer.encode("hello")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if tokenizer.encode("hello") == wanted else 2
            bounded_tokenizer._shared.close()  # pyright: ignore[reportPrivateUsage]
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert tokenizer.encode("hello") == wanted


def test_files_that_change_are_noticed(tmp_path: Path) -> None:
    shutil.copy(DEMO / "tokenizer.model", tmp_path)
    worker = WorkerProcess(["-m", "model.text.tokenizer_worker"], bounded_tokenizer.ENVIRONMENT)
    try:
        tokenizer = BoundedTokenizer(tmp_path, worker=worker)
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": False}))
        assert tokenizer.encode("a"), "what is loaded stays"
        worker.close()
        with pytest.raises(TokenizerError, match="has changed since it was opened"):
            tokenizer.encode("a")
    finally:
        worker.close()


def test_errors_are_those_of_the_reader(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="got neither"):
        BoundedTokenizer(tmp_path)
    (tmp_path / "tokenizer.model").write_bytes(b"x" * 100)
    with pytest.raises(TokenizerError, match="not a sentencepiece model") as caught:
        BoundedTokenizer(tmp_path)
    assert caught.value.help and str(tmp_path) in str(caught.value.where)
