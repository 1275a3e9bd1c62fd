"""Text to token ids and back, with the tokenizer of a model folder in any of its file formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, Protocol

from kernelc.errors import TokenizerError
from kernelc.regular import open_regular
from model.json_fields import read_bytes
from model.text.detokenize import LeadingSpace, Piece, StreamDecoder
from model.text.special_tokens import (
    ADDED_TOKENS,
    MAX_VOCABULARY,
    SPECIAL_TOKENS_MAP,
    TOKENIZER_CONFIG,
    TokenizerSettings,
)
from model.text.tokenizer_json import JsonTokenizer
from model.text.tokenizer_sentencepiece import SentencePieceTokenizer

__all__ = ["StreamDecoder", "Tokenizer", "check_vocabulary", "load_tokenizer", "stamp_of", "tokenizer_files"]

_MAX_BYTES = 64 << 20
_SENTENCEPIECE = "tokenizer.model"
_JSON = "tokenizer.json"
# The first line of a tiktoken vocabulary, which the original Llama 3 releases also call tokenizer.model.
_TIKTOKEN = re.compile(rb"[A-Za-z0-9+/]+=* \d+\r?\n")


class Tokenizer(Protocol):
    """What the commands and the runtime use of a tokenizer."""

    @property
    def kind(self) -> Literal["sentencepiece", "tokenizers"]:
        """The package that implements the tokenizer."""
        ...

    @property
    def vocab_size(self) -> int:
        """One more than the largest id."""
        ...

    @property
    def bos_id(self) -> int | None:
        """The id of the token that starts a text, if the model has one."""
        ...

    @property
    def eos_id(self) -> int | None:
        """The id of the token that ends a text; the model's config may name more ids that stop generation."""
        ...

    @property
    def prompt_prefix(self) -> tuple[int, ...]:
        """The ids that a plain prompt starts with: BOS for most models, none for some."""
        ...

    @property
    def special_tokens(self) -> Mapping[str, int]:
        """The ids of the model's special tokens, by their text. Decoding shows nothing for them."""
        ...

    @property
    def added_tokens(self) -> Mapping[str, int]:
        """The ids of the other added tokens, by their text. Decoding shows them."""
        ...

    @property
    def markup(self) -> Mapping[str, int]:
        """The ids of what is never read out of a user's text: the special tokens, and those protected."""
        ...

    @property
    def left_out(self) -> Mapping[str, int]:
        """The added tokens for which the model has no row, by their text: they are text here."""
        ...

    def protect(self, contents: Iterable[str]) -> None:
        """Treat these added tokens as markup, too, because the model's template writes them as such.

        Many fine-tuned models declare "<|im_start|>" as an added token that is not special.
        """
        ...

    @property
    def leading_space(self) -> LeadingSpace:
        """What decoding does with spaces at the start of a text."""
        ...

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS.

        Markup in the text ("<s>") is encoded as ordinary text, which is right for what a user writes. With
        `parse_special` it becomes special tokens, which is right for a rendered chat template; the text
        between them is encoded as transformers does it.
        """
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids.

        Special tokens give no text, and neither do ids beyond the vocabulary, which exist because a model's
        matrices may be padded. Bytes that are not valid UTF-8 become U+FFFD.
        """
        ...

    def token(self, token_id: int) -> str:
        """Return a token as the vocabulary spells it, or "" for ids beyond the vocabulary."""
        ...

    def piece(self, token_id: int) -> Piece:
        """Return the bytes that an id stands for."""
        ...


def load_tokenizer(folder: str | Path, *, vocab_size: int | None = None) -> Tokenizer:
    """Load a model folder's tokenizer; its vocabulary must not be larger than the model's, `vocab_size`.

    Added tokens beyond that are left out (`Tokenizer.left_out`): many fine-tuned models declare a pad token
    for which they have no row.
    Raises: TokenizerError if there is none, a file is damaged, or the files disagree.
    """
    folder = Path(folder)
    file = _choose(folder)
    settings = TokenizerSettings.load(folder)
    data = read_bytes(file, _MAX_BYTES, TokenizerError)
    make = SentencePieceTokenizer if file.name == _SENTENCEPIECE else JsonTokenizer
    tokenizer = make(data, settings, str(file), MAX_VOCABULARY if vocab_size is None else vocab_size)
    if vocab_size is not None:
        check_vocabulary(tokenizer, vocab_size, str(file))
    return tokenizer


def tokenizer_files(folder: str | Path) -> tuple[str, ...]:
    """Return the names of the files that `load_tokenizer` reads, the vocabulary first.

    Raises: TokenizerError if the folder has no tokenizer.
    """
    folder = Path(folder)
    beside = (TOKENIZER_CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS)
    return (_choose(folder).name, *(name for name in beside if (folder / name).is_file()))


def stamp_of(folder: str | Path) -> list[list[object]]:
    """What tells a tokenizer's files from others of the same names: their sizes and times.

    Raises: TokenizerError if the folder has no tokenizer.
    """
    try:
        found = [(name, (Path(folder) / name).stat()) for name in tokenizer_files(folder)]
    except OSError as error:
        raise TokenizerError(f"cannot read it: {error.strerror}", where=str(folder)) from error
    return [[name, status.st_size, status.st_mtime_ns] for name, status in found]


def check_vocabulary(tokenizer: Tokenizer, vocab_size: int, where: str) -> None:
    """Check that the model has a row for every token.

    The tokenizer may have fewer tokens, since models pad their matrices to a round number of rows.
    Raises: TokenizerError if it has more.
    """
    if tokenizer.vocab_size > vocab_size:
        last = tokenizer.vocab_size - 1
        raise TokenizerError(
            f"got {tokenizer.vocab_size} tokens (the last is {tokenizer.token(last)!r}), wanted at most the"
            f" {vocab_size} of config.json: vocab_size",
            where=where,
            help="the tokenizer belongs to another model: take all files from one checkpoint",
        )


def _choose(folder: Path) -> Path:
    """Return the vocabulary to use: tokenizer.json where there are both files, as transformers does."""
    model, translated = folder / _SENTENCEPIECE, folder / _JSON
    if translated.is_file():
        return translated
    if not model.is_file():
        raise TokenizerError(
            f"got neither {_SENTENCEPIECE} nor {_JSON}",
            where=str(folder),
            help="download the tokenizer's files into the model folder",
        )
    if _is_tiktoken(model):
        raise TokenizerError(
            "this is a tiktoken vocabulary, wanted a sentencepiece model",
            where=str(model),
            help=f"download the model's {_JSON} beside it",
        )
    return model


def _is_tiktoken(file: Path) -> bool:
    """Whether the file looks like a tiktoken vocabulary."""
    with open_regular(file) as opened:
        return _TIKTOKEN.match(opened.read(4096)) is not None
