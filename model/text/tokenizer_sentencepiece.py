"""Tokenizers from a sentencepiece model (tokenizer.model), read by the reference implementation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol, cast

import sentencepiece

from kernelc.errors import TokenizerError
from model.text.detokenize import NOTHING, LeadingSpace, Piece, decode
from model.text.special_tokens import MAX_VOCABULARY, AddedToken, TokenizerSettings
from model.text.tokenizer_text import AddedTokenSplitter, clean

_SPACE = "\u2581"  # sentencepiece's spelling of a space
# ModelProto.normalizer_spec.add_dummy_prefix = false, serialised. Appended to a model it overrides the
# model's own setting, because protobuf merges a message that occurs twice.
_NO_PREFIX_SPACE = b"\x1a\x02\x18\x00"


class _Processor(Protocol):
    """The part of SentencePieceProcessor that is used here, whose own annotations are Any or missing."""

    def encode(self, input: str) -> list[int]: ...
    def decode(self, input: list[int]) -> str: ...
    def id_to_piece(self, id: int) -> str: ...
    def get_piece_size(self) -> int: ...
    def is_byte(self, id: int) -> bool: ...
    def is_control(self, id: int) -> bool: ...
    def is_unknown(self, id: int) -> bool: ...
    def bos_id(self) -> int: ...
    def eos_id(self) -> int: ...


class SentencePieceTokenizer:
    """A sentencepiece vocabulary with the special tokens of its model folder."""

    kind: Literal["sentencepiece"] = "sentencepiece"

    def __init__(
        self, model: bytes, settings: TokenizerSettings, where: str, vocab_size: int = MAX_VOCABULARY
    ) -> None:
        """Load a serialised model; added tokens from id `vocab_size` on are left out.

        Raises: TokenizerError if damaged or in conflict with the settings.
        """
        self._processor = _load(model, where)
        self._pieces = _read_pieces(self._processor, where)
        self._added = {i: token for i, token in settings.added_tokens if i < vocab_size}
        self.left_out = {token.content: i for i, token in settings.added_tokens if i >= vocab_size}
        self.vocab_size = max([len(self._pieces) - 1, *self._added]) + 1
        self._choose_processors(model, settings, where)
        special = {**self._own_specials(), **self._added}
        self._parse_special = AddedTokenSplitter(special)
        self.special_tokens = {token.content: i for i, token in special.items() if token.special}
        self.added_tokens = {token.content: i for i, token in special.items() if not token.special}
        self.markup = dict(self.special_tokens)
        self.protect(())
        self.bos_id = self._find(settings.bos_token, self._processor.bos_id(), f"{where}: bos_token")
        self.eos_id = self._find(settings.eos_token, self._processor.eos_id(), f"{where}: eos_token")
        adds_bos = self.bos_id is not None and settings.add_bos_token is not False
        self.prompt_prefix = (self.bos_id,) if adds_bos and self.bos_id is not None else ()

    def protect(self, contents: Iterable[str]) -> None:
        """Treat these added tokens as markup: see model.text.tokenizer.Tokenizer."""
        self.markup |= {token: self.added_tokens[token] for token in contents if token in self.added_tokens}
        plain = {i: token for i, token in self._added.items() if token.content not in self.markup}
        self._parse_plain = AddedTokenSplitter(plain)

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS; see model.text.tokenizer.Tokenizer."""
        splitter = self._parse_special if parse_special else self._parse_plain
        ids: list[int] = []
        processor = self._at_start
        for part in splitter.split(clean(text)):
            ids += [part] if isinstance(part, int) else processor.encode(part)
            processor = self._after_special
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; see model.text.tokenizer.Tokenizer."""
        return decode(self, ids)

    def token(self, token_id: int) -> str:
        """Return a token as the vocabulary spells it."""
        if token_id in self._added:
            return self._added[token_id].content
        return self._pieces[token_id] if 0 <= token_id < len(self._pieces) else ""

    def piece(self, token_id: int) -> Piece:
        """Return the bytes of an id. Special tokens and ids beyond the vocabulary have none."""
        if token_id in self._added:
            token = self._added[token_id]
            return NOTHING if token.special else Piece(token.content.encode(), droppable=False)
        if not 0 <= token_id < len(self._pieces) or self._is_special(token_id):
            return NOTHING
        if self._processor.is_byte(token_id):
            return Piece(bytes([int(self._pieces[token_id][3:5], 16)]), droppable=False)
        return Piece(self._pieces[token_id].replace(_SPACE, " ").encode())

    def _choose_processors(self, model: bytes, settings: TokenizerSettings, where: str) -> None:
        """Decide where text gets sentencepiece's leading space, as LlamaTokenizer in transformers does.

        There is one difference. Without `legacy`, transformers' slow tokenizer also puts a space before an
        added token at the start of a text, unless a list names the token as special. Its fast tokenizer does
        not, and neither does this.
        """
        without = self._processor
        if not (settings.legacy and settings.add_prefix_space):
            without = _load(model + _NO_PREFIX_SPACE, where)
        self._at_start = self._processor if settings.add_prefix_space else without
        self._after_special = self._processor if settings.legacy and settings.add_prefix_space else without
        self.leading_space = _leading_space(self._at_start, self._pieces)

    def _own_specials(self) -> dict[int, AddedToken]:
        """Return the control tokens and <unk>, by id; sentencepiece itself never finds them in a text."""
        return {i: AddedToken(piece) for i, piece in enumerate(self._pieces) if self._is_special(i)}

    def _is_special(self, token_id: int) -> bool:
        return self._processor.is_control(token_id) or self._processor.is_unknown(token_id)

    def _find(self, token: str | None, default: int, where: str) -> int | None:
        if token is None:
            return default if default >= 0 else None
        if token in self.left_out:
            return None
        if token in self.special_tokens:
            return self.special_tokens[token]
        if token in self._pieces:
            return self._pieces.index(token)
        raise TokenizerError(
            f"got {token!r}, which the vocabulary does not have",
            where=where,
            help="tokenizer_config.json and tokenizer.model belong to different models: download both again",
        )


def _load(model: bytes, where: str) -> _Processor:
    try:
        processor = sentencepiece.SentencePieceProcessor(model_proto=model) if model else None
    except (RuntimeError, ValueError, OSError) as reason:
        raise _damaged(where, str(reason)) from reason
    if processor is None:
        raise _damaged(where, "the file is empty")
    return cast(_Processor, processor)


def _read_pieces(processor: _Processor, where: str) -> list[str]:
    """Return every piece. Reading all of them finds a damaged one now, not amid a conversation."""
    count = processor.get_piece_size()
    if not 0 < count <= MAX_VOCABULARY:
        raise _damaged(where, f"got {count} pieces, wanted 1 to {MAX_VOCABULARY}")
    try:
        return [processor.id_to_piece(i) for i in range(count)]
    except UnicodeDecodeError as reason:
        raise _damaged(where, f"a piece is not UTF-8: {reason}") from reason


def _leading_space(processor: _Processor, pieces: list[str]) -> LeadingSpace:
    """Find out by trial what decoding does with leading spaces, which the model's normaliser decides."""
    space = next((i for i, piece in enumerate(pieces) if piece == _SPACE), None)
    if space is not None:
        left = len(processor.decode([space, space]))
        return (LeadingSpace.DROP_ALL, LeadingSpace.DROP_ONE, LeadingSpace.KEEP)[left]
    word = next((i for i, piece in enumerate(pieces) if piece[:1] == _SPACE != piece[1:2]), None)
    if word is None or processor.decode([word]).startswith(" "):
        return LeadingSpace.KEEP
    return LeadingSpace.DROP_ONE


def _damaged(where: str, reason: str) -> TokenizerError:
    return TokenizerError(
        f"not a sentencepiece model: {reason}", where=where, help="the file is damaged: download it again"
    )
