"""Random texts through our tokenizers and through the packages that define their files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sentencepiece
import tokenizers

from model.text.tokenizer import load_tokenizer
from model.text.tokenizer_text import clean
from tests.web.text_models import write_json, write_sentencepiece
from tests.web.text_vectors import texts

COUNT = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 200
REAL = ("tokenizers/llama2", "tokenizers/llama3", "models/stories260K", "models/babyllama105")


def compare_json(folder: Path, seed: int) -> None:
    """Compare the text of a tokenizer.json with what the package tokenizers makes of it.

    Texts with special tokens are left out: those we match as transformers does (`prepared_file` says how).
    """
    ours = load_tokenizer(folder)
    theirs = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in texts(COUNT, seed):
        if not any(token in text for token in ours.special_tokens):
            wanted = theirs.encode(text, add_special_tokens=False).ids
            assert ours.encode(text, parse_special=True) == wanted, text


def compare_sentencepiece(folder: Path, seed: int) -> None:
    """Compare a text that declares no added tokens with what the package sentencepiece makes of it."""
    ours = load_tokenizer(folder)
    theirs = cast(Any, sentencepiece.SentencePieceProcessor)(model_file=str(folder / "tokenizer.model"))
    for text in texts(COUNT, seed):
        if not any(token in text for token in ours.added_tokens):
            assert ours.encode(text) == theirs.encode(clean(text)), text


def test_made_files_are_read_as_their_package_reads_them(tmp_path: Path) -> None:
    for seed, folder in enumerate(write_json(tmp_path)):
        compare_json(folder, 300 + seed)


def test_made_sentencepiece_models_are_read_as_their_package_reads_them(tmp_path: Path) -> None:
    for seed, folder in enumerate(write_sentencepiece(tmp_path)):
        (folder / "tokenizer_config.json").unlink(missing_ok=True)
        compare_sentencepiece(folder, 400 + seed)


@pytest.fixture(params=REAL)
def real_folder(request: pytest.FixtureRequest, shared_data: Path, tmp_path: Path) -> Iterator[Path]:
    """The vocabulary files of a published tokenizer, without what stands beside them."""
    for name in ("tokenizer.json", "tokenizer.model"):
        source = shared_data / request.param / name
        if source.is_file():
            (tmp_path / name).mkdir()
            shutil.copyfile(source, tmp_path / name / name)
    yield tmp_path


def test_published_files_are_read_as_their_packages_read_them(real_folder: Path) -> None:
    compare_json(real_folder / "tokenizer.json", 500)
    if (real_folder / "tokenizer.model").is_dir():
        compare_sentencepiece(real_folder / "tokenizer.model", 600)
