"""Tokenizers from a tokenizer.json, read by the PyPI package tokenizers, the reference for that format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, Protocol, cast

import tokenizers

from kernelc.errors import TokenizerError
from model.json_fields import Fields, parse_json_object
from model.text.detokenize import NOTHING, Piece, decode
from model.text.special_tokens import MAX_VOCABULARY, AddedToken, TokenizerSettings
from model.text.tokenizer_json_decoder import PieceDecoder
from model.text.tokenizer_json_file import (
    added_tokens_of,
    check_growth,
    check_merges,
    prepared_file,
    prompt_prefix_of,
    vocabulary_of,
)
from model.text.tokenizer_text import clean

_AT_ODDS = "tokenizer.json and tokenizer_config.json belong to different models: download both again"


class _Encoding(Protocol):
    @property
    def ids(self) -> list[int]: ...


class _Native(Protocol):
    """The part of tokenizers.Tokenizer that is used here; the package annotates some of it only partly."""

    encode_special_tokens: bool

    def encode(self, sequence: str, *, add_special_tokens: bool) -> _Encoding: ...
    def id_to_token(self, id: int) -> str | None: ...
    def token_to_id(self, token: str) -> int | None: ...
    def add_tokens(self, tokens: list[tokenizers.AddedToken]) -> int: ...
    def add_special_tokens(self, tokens: list[tokenizers.AddedToken]) -> int: ...


class JsonTokenizer:
    """A tokenizer.json with the special tokens of its model folder."""

    kind: Literal["tokenizers"] = "tokenizers"

    def __init__(
        self, data: bytes, settings: TokenizerSettings, where: str, vocab_size: int = MAX_VOCABULARY
    ) -> None:
        """Load the file's contents; added tokens from id `vocab_size` on are left out.

        Raises: TokenizerError if damaged or in conflict with the settings.
        """
        fields = Fields(parse_json_object(data, where, TokenizerError), where, TokenizerError)
        declared = added_tokens_of(fields)
        both = {**dict(settings.added_tokens), **declared}
        self.left_out = {token.content: i for i, token in both.items() if i >= vocab_size}
        self._added = {i: token for i, token in declared.items() if i < vocab_size}
        ids, vocab_end, self._unk_token = vocabulary_of(fields)
        if self.left_out.keys() & ids.keys():
            vocab_end = max((i for token, i in ids.items() if token not in self.left_out), default=-1) + 1
        check_growth(fields)
        check_merges(fields)
        self._decoder = PieceDecoder.from_json(fields)
        self._tokenizer = _load(prepared_file(fields.data, data, self.left_out), where)
        self._add_tokens_of(settings, vocab_size)
        self._check_ids(where)
        self.leading_space = self._decoder.leading_space
        self.vocab_size = max([vocab_end - 1, *self._added]) + 1
        self.special_tokens = {token.content: i for i, token in self._added.items() if token.special}
        self.added_tokens = {token.content: i for i, token in self._added.items() if not token.special}
        self._special_ids = frozenset(self.special_tokens.values())
        self.markup = dict(self.special_tokens)
        self.prompt_prefix = prompt_prefix_of(fields)
        if any(i >= self.vocab_size for i in self.prompt_prefix):
            raise fields.fail("post_processor", f"got ids {self.prompt_prefix}, beyond the vocabulary")
        first = self.prompt_prefix[0] if self.prompt_prefix else None
        self.bos_id = (
            first if settings.bos_token is None else self._find(settings.bos_token, f"{where}: bos_token")
        )
        self.eos_id = self._find(settings.eos_token, f"{where}: eos_token")

    def protect(self, contents: Iterable[str]) -> None:
        """Treat these added tokens as markup: see model.text.tokenizer.Tokenizer."""
        found = {content: self.added_tokens[content] for content in contents if content in self.added_tokens}
        self.markup |= found
        tokens = [_native(replace(self._added[i], special=True)) for i in found.values()]
        self._tokenizer.add_special_tokens(tokens)

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS; see model.text.tokenizer.Tokenizer."""
        text = clean(text)
        self._tokenizer.encode_special_tokens = not parse_special
        try:
            ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as reason:  # the package raises Exception itself, and its panics are none
            raise TokenizerError(
                f"the text cannot be encoded: {reason}", where="tokenizer.json", help=_help(str(reason))
            ) from reason
        self._refuse_left_out(ids)
        if not parse_special:
            self._refuse_markup(text, set(ids))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; see model.text.tokenizer.Tokenizer."""
        return decode(self, ids)

    def token(self, token_id: int) -> str:
        """Return a token as the vocabulary spells it."""
        found = self._tokenizer.id_to_token(token_id) if 0 <= token_id < self.vocab_size else None
        return found or ""

    def piece(self, token_id: int) -> Piece:
        """Return the bytes of an id. Special tokens and ids beyond the vocabulary have none."""
        added = self._added.get(token_id)
        if added is not None and added.special:
            return NOTHING
        return self._decoder.piece(self.token(token_id))

    def _refuse_left_out(self, ids: list[int]) -> None:
        """Refuse a text that holds a token without a row: a Unigram vocabulary may have it as a word, too."""
        if not self.left_out or max(ids, default=0) < self.vocab_size:
            return
        content = self._tokenizer.id_to_token(max(ids))
        raise TokenizerError(
            f"the text holds {content!r}, a token that the model has no row for",
            where="tokenizer.json",
            help=f"leave {content!r} out of the text",
        )

    def _refuse_markup(self, text: str, ids: set[int]) -> None:
        """Refuse a text whose literal "<s>" became the token: a Unigram vocabulary may have it as a word."""
        for token_id in sorted(ids & self._special_ids):
            content = self._added[token_id].content
            if content in text and content != self._unk_token:
                raise TokenizerError(
                    f"the text holds {content!r}, which this vocabulary can only read as the special token",
                    where="tokenizer.json",
                    help=f"leave {content!r} out of the text",
                )

    def _add_tokens_of(self, settings: TokenizerSettings, vocab_size: int) -> None:
        """Add the tokens that only tokenizer_config.json declares, as transformers does."""
        missing = {i: t for i, t in settings.added_tokens if i not in self._added and i < vocab_size}
        self._added |= missing
        self._tokenizer.add_tokens([_native(token) for token in missing.values()])
        known = {token.content for token in self._added.values()}
        for content in (settings.bos_token, settings.eos_token, settings.unk_token):
            token_id = self._tokenizer.token_to_id(content) if content and content not in known else None
            if content and token_id is not None and token_id < vocab_size:
                self._added[token_id] = AddedToken(content)
                self._tokenizer.add_special_tokens([_native(self._added[token_id])])

    def _check_ids(self, where: str) -> None:
        """Check that every added token has its declared id. Raises: TokenizerError."""
        for token_id, token in self._added.items():
            got = self._tokenizer.token_to_id(token.content)
            if got != token_id:
                raise TokenizerError(
                    f"{token.content!r} has id {got}, but is declared with id {token_id}",
                    where=f"{where}: added_tokens",
                    help=_AT_ODDS,
                )

    def _find(self, token: str | None, where: str) -> int | None:
        if token is None or token in self.left_out:
            return None
        token_id = self._tokenizer.token_to_id(token)
        if token_id is None:
            raise TokenizerError(
                f"got {token!r}, which the vocabulary does not have",
                where=where,
                help=_AT_ODDS,
            )
        return token_id


def _help(reason: str) -> str:
    """Return the help for what the package says of a text that it could not encode."""
    if "retry-limit" in reason:  # Oniguruma's bound on the search for one match
        return (
            "a pattern of the tokenizer does not finish on this text: use the tokenizer of a release that you"
            " trust"
        )
    return "use the tokenizer of a release that you trust, or a newer release of the package tokenizers"


def _load(data: bytes, where: str) -> _Native:
    try:
        return cast(_Native, tokenizers.Tokenizer.from_buffer(data))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as reason:  # a panic of the Rust code is not an Exception
        raise TokenizerError(
            f"not a usable tokenizer.json: {reason}",
            where=where,
            help="the file is damaged or needs a newer release of the package tokenizers",
        ) from reason


def _native(token: AddedToken) -> tokenizers.AddedToken:
    return tokenizers.AddedToken(
        token.content,
        single_word=token.single_word,
        lstrip=token.strip_left,
        rstrip=token.strip_right,
        normalized=token.normalized and not token.special,
        special=token.special,
    )
