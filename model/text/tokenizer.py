"""Text to token ids and back, whichever file a model folder brings its tokenizer in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, Protocol

from kernelc.errors import TokenizerError
from model.json_fields import Fields, parse_json_object, read_bytes
from model.text.detokenize import LeadingSpace, Piece, StreamDecoder
from model.text.special_tokens import ADDED_TOKENS, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG, TokenizerSettings
from model.text.tokenizer_json import JsonTokenizer, added_tokens_of
from model.text.tokenizer_sentencepiece import SentencePieceTokenizer

__all__ = ["StreamDecoder", "Tokenizer", "check_vocabulary", "load_tokenizer", "tokenizer_files"]

_MAX_BYTES = 64 << 20
_SENTENCEPIECE = "tokenizer.model"
_JSON = "tokenizer.json"
# The first line of a tiktoken vocabulary, which the original Llama 3 releases also call tokenizer.model.
_TIKTOKEN = re.compile(rb"[A-Za-z0-9+/]+=* \d+\r?\n")


class Tokenizer(Protocol):
    """What the commands and the runtime use of a tokenizer."""

    @property
    def kind(self) -> Literal["sentencepiece", "tokenizers"]:
        """Which package does the work."""
        ...

    @property
    def vocab_size(self) -> int:
        """One more than the largest id."""
        ...

    @property
    def bos_id(self) -> int | None:
        """The id that starts a text, if the model has one."""
        ...

    @property
    def eos_id(self) -> int | None:
        """The tokenizer's own end; the model's config may name more ids that stop it."""
        ...

    @property
    def adds_bos(self) -> bool:
        """Whether a plain prompt is to start with BOS."""
        ...

    @property
    def special_tokens(self) -> Mapping[str, int]:
        """The model's markup, by its text."""
        ...

    @property
    def leading_space(self) -> LeadingSpace:
        """What decoding does to a space at the start."""
        ...

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS.

        Markup in the text ("<s>") is text, as is right for what a user writes. With `parse_special` it
        becomes the special tokens, as is right for a rendered chat template; the rest encodes as in
        transformers.
        """
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids. Special tokens show as nothing, as do ids beyond the vocabulary (a model's
        matrices may be padded), and bytes that are no UTF-8 as U+FFFD."""
        ...

    def token(self, token_id: int) -> str:
        """Return a token as the vocabulary writes it, "" beyond the vocabulary."""
        ...

    def piece(self, token_id: int) -> Piece:
        """Return the bytes that an id stands for."""
        ...


def load_tokenizer(folder: str | Path, *, vocab_size: int | None = None) -> Tokenizer:
    """Load a model folder's tokenizer; `vocab_size` is the model's, which the tokenizer must not exceed.

    Raises: TokenizerError where there is none, a file is damaged, or the files disagree.
    """
    folder = Path(folder)
    file = _choose(folder)
    settings = TokenizerSettings.load(folder)
    data = read_bytes(file, _MAX_BYTES, TokenizerError)
    make = SentencePieceTokenizer if file.name == _SENTENCEPIECE else JsonTokenizer
    tokenizer = make(data, settings, str(file))
    if vocab_size is not None:
        check_vocabulary(tokenizer, vocab_size, str(file))
    return tokenizer


def tokenizer_files(folder: str | Path) -> tuple[str, ...]:
    """Return the names of the files that `load_tokenizer` needs, the vocabulary first: what to copy along.

    Raises: TokenizerError where the folder has no tokenizer.
    """
    folder = Path(folder)
    beside = (TOKENIZER_CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS)
    return (_choose(folder).name, *(name for name in beside if (folder / name).is_file()))


def check_vocabulary(tokenizer: Tokenizer, vocab_size: int, where: str) -> None:
    """Check that the model has a row for every token.

    A smaller tokenizer is fine: models pad their matrices to a round number of rows, which no text ever uses.
    Raises: TokenizerError.
    """
    if tokenizer.vocab_size > vocab_size:
        last = tokenizer.vocab_size - 1
        raise TokenizerError(
            f"got {tokenizer.vocab_size} tokens (the last is {tokenizer.token(last)!r}), wanted at most the"
            f" {vocab_size} of config.json: vocab_size",
            where=where,
            help="the tokenizer is of another model: take all files from one checkpoint",
        )


def _choose(folder: Path) -> Path:
    """Return the vocabulary to use.

    Where there are both, tokenizer.model: tokenizer.json is a translation of it, which differs in corners
    (runs of unknown characters, normalisation). But not if tokenizer.json has tokens that nothing else
    declares, as fine-tuned models may.
    """
    model, translated = folder / _SENTENCEPIECE, folder / _JSON
    if not model.is_file() and not translated.is_file():
        raise TokenizerError(
            f"got neither {_SENTENCEPIECE} nor {_JSON}",
            where=str(folder),
            help="download the tokenizer's files into the model folder",
        )
    if not model.is_file():
        return translated
    if _is_tiktoken(model):
        if translated.is_file():
            return translated
        raise TokenizerError(
            "this is a tiktoken vocabulary, wanted a sentencepiece model",
            where=str(model),
            help=f"download the model's {_JSON} beside it",
        )
    return translated if translated.is_file() and _has_more_tokens(folder) else model


def _is_tiktoken(file: Path) -> bool:
    with file.open("rb") as opened:
        return _TIKTOKEN.match(opened.read(4096)) is not None


def _has_more_tokens(folder: Path) -> bool:
    file, model = folder / _JSON, folder / _SENTENCEPIECE
    data = parse_json_object(read_bytes(file, _MAX_BYTES, TokenizerError), str(file), TokenizerError)
    declared = added_tokens_of(Fields(data, str(file), TokenizerError))
    settings = TokenizerSettings.load(folder)
    known = SentencePieceTokenizer(read_bytes(model, _MAX_BYTES, TokenizerError), settings, str(model))
    return any(known.token(token_id) != token.content for token_id, token in declared.items())
