"""Tokenizers from a tokenizer.json, read by the PyPI package tokenizers, the reference for that format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol, cast

import tokenizers

from kernelc.errors import TokenizerError
from model.json_fields import Fields, parse_json_object, show
from model.text.detokenize import NOTHING, Piece, decode
from model.text.special_tokens import MAX_VOCABULARY, AddedToken, TokenizerSettings, added_token
from model.text.tokenizer_json_decoder import PieceDecoder
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

    def __init__(self, data: bytes, settings: TokenizerSettings, where: str) -> None:
        """Load the file's contents. Raises: TokenizerError if damaged or in conflict with the settings."""
        fields = Fields(parse_json_object(data, where, TokenizerError), where, TokenizerError)
        self._added = added_tokens_of(fields)
        vocab_end, self._unk_token = _vocabulary(fields)
        self._decoder = PieceDecoder.from_json(fields)
        self._tokenizer = _load(_cleaned_file(fields.data, data), where)
        self._add_tokens_of(settings)
        self._check_ids(where)
        self.leading_space = self._decoder.leading_space
        self.vocab_size = max([vocab_end - 1, *self._added]) + 1
        self.special_tokens = {token.content: i for i, token in self._added.items() if token.special}
        self.bos_id = self._find(settings.bos_token, f"{where}: bos_token")
        self.eos_id = self._find(settings.eos_token, f"{where}: eos_token")
        self.adds_bos = self.bos_id is not None and settings.add_bos_token is not False

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS; see model.text.tokenizer.Tokenizer."""
        text = clean(text)
        self._tokenizer.encode_special_tokens = not parse_special
        try:
            ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        except Exception as reason:  # the package raises Exception itself
            raise TokenizerError(f"the text cannot be encoded: {reason}", where="tokenizer.json") from reason
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

    def _refuse_markup(self, text: str, ids: set[int]) -> None:
        """Refuse a text whose literal "<s>" became the token: a Unigram vocabulary may have it as a word."""
        for content, token_id in self.special_tokens.items():
            if token_id in ids and content in text and content != self._unk_token:
                raise TokenizerError(
                    f"the text holds {content!r}, which this vocabulary can only read as the special token",
                    where="tokenizer.json",
                    help=f"leave {content!r} out of the text",
                )

    def _add_tokens_of(self, settings: TokenizerSettings) -> None:
        """Add the tokens that only tokenizer_config.json declares, as transformers does."""
        for token_id, token in settings.added_tokens:
            if token_id not in self._added:
                self._added[token_id] = token
                self._tokenizer.add_tokens([_native(token)])
        known = {token.content for token in self._added.values()}
        for content in (settings.bos_token, settings.eos_token, settings.unk_token):
            token_id = self._tokenizer.token_to_id(content) if content and content not in known else None
            if content and token_id is not None:
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
        token_id = self._tokenizer.token_to_id(token) if token is not None else None
        if token is not None and token_id is None:
            raise TokenizerError(
                f"got {token!r}, which the vocabulary does not have",
                where=where,
                help=_AT_ODDS,
            )
        return token_id


def added_tokens_of(tokenizer: Fields) -> dict[int, AddedToken]:
    """Return the added tokens of a tokenizer.json, by id. Raises: TokenizerError if the list is malformed."""
    value = tokenizer.data.get("added_tokens")
    items = cast("list[object]", value) if isinstance(value, list) else []
    tokens: dict[int, AddedToken] = {}
    for item in items:
        if not isinstance(item, dict):
            raise tokenizer.fail("added_tokens", f"got {show(item)}, wanted an object")
        where = f"{tokenizer.where}: added_tokens"
        fields = Fields(cast("dict[str, object]", item), where, TokenizerError)
        tokens[fields.integer("id", 0, MAX_VOCABULARY - 1)] = added_token(fields)
    return tokens


def _vocabulary(tokenizer: Fields) -> tuple[int, str | None]:
    """Return one more than the model's largest id, and its token for unknown text, if it has one."""
    model = tokenizer.child("model")
    kind = model.text("type", "BPE") if model else "nothing"
    if model is None or kind not in ("BPE", "Unigram"):
        raise tokenizer.fail("model", f"got {show(kind)}, wanted BPE or Unigram")
    vocab = model.data.get("vocab")
    if kind == "Unigram":
        words = cast("list[object]", vocab) if isinstance(vocab, list) else []
        return _checked_end(model, len(words)), None
    ids = cast("dict[str, object]", vocab) if isinstance(vocab, dict) else {}
    numbers = [i for i in ids.values() if isinstance(i, int)]
    return _checked_end(model, max(numbers, default=-1) + 1), model.text("unk_token", "") or None


def _checked_end(model: Fields, end: int) -> int:
    if not 0 < end <= MAX_VOCABULARY:
        raise model.fail("vocab", f"got {end} tokens, wanted 1 to {MAX_VOCABULARY}")
    return end


def _cleaned_file(tokenizer: Mapping[str, object], data: bytes) -> bytes:
    """Return the file without truncation, padding and dropout, and with special tokens matched as written.

    A special token that is "normalized" is searched in normalised text, where a leading space may precede it,
    so that the second of two adjacent ones would not be found. transformers 5 matches it as written, too.
    """
    model = dict(cast("Mapping[str, object]", tokenizer["model"]))
    added = [
        dict(cast("Mapping[str, object]", t))
        for t in cast("list[object]", tokenizer.get("added_tokens") or [])
    ]
    marked = [token for token in added if token.get("special") and token.get("normalized")]
    if not marked and not any([tokenizer.get("truncation"), tokenizer.get("padding"), model.get("dropout")]):
        return data
    for token in marked:
        token["normalized"] = False
    changes = {
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "model": {**model, "dropout": None},
    }
    return json.dumps({**tokenizer, **changes}).encode()


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
