"""What a model folder says about its tokenizer besides the vocabulary: special tokens and their treatment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kernelc.errors import TokenizerError
from model.json_fields import Fields, read_json_object

MAX_VOCABULARY = 1 << 20
_MAX_BYTES = 16 << 20
_MAX_CONTENT_CHARS = 1024
TOKENIZER_CONFIG = "tokenizer_config.json"
SPECIAL_TOKENS_MAP = "special_tokens_map.json"
ADDED_TOKENS = "added_tokens.json"


@dataclass(frozen=True)
class AddedToken:
    """A token that is found in the text as a whole, before the vocabulary's own algorithm encodes the rest.

    `strip_left` and `strip_right` say whether it absorbs the white space on that side. A special token is
    markup of the model (<s>, <|eot_id|>): it is not shown, and it is not recognised in what a user writes.
    """

    content: str
    special: bool = True
    strip_left: bool = False
    strip_right: bool = False
    single_word: bool = False
    normalized: bool = False


@dataclass(frozen=True)
class TokenizerSettings:
    """The settings that matter in tokenizer_config.json, special_tokens_map.json and added_tokens.json."""

    bos_token: str | None = None
    eos_token: str | None = None
    unk_token: str | None = None
    add_bos_token: bool | None = None
    add_prefix_space: bool = True
    legacy: bool = True
    """For sentencepiece: whether text after a special token gets a leading space, as a text's start does."""
    added_tokens: tuple[tuple[int, AddedToken], ...] = ()

    @classmethod
    def load(cls, folder: Path) -> TokenizerSettings:
        """Read the three files, each of which may be missing; tokenizer_config.json takes precedence.

        Raises: TokenizerError if one is malformed.
        """
        config, special = _fields(folder / TOKENIZER_CONFIG), _fields(folder / SPECIAL_TOKENS_MAP)
        return cls(
            bos_token=_content(config, "bos_token") or _content(special, "bos_token"),
            eos_token=_content(config, "eos_token") or _content(special, "eos_token"),
            unk_token=_content(config, "unk_token") or _content(special, "unk_token"),
            add_bos_token=None
            if config.first(["add_bos_token"]) is None
            else config.flag("add_bos_token", True),
            add_prefix_space=config.flag("add_prefix_space", True),
            legacy=config.flag("legacy", True),
            added_tokens=tuple(sorted(_added_tokens(folder, config).items())),
        )


def added_token(fields: Fields) -> AddedToken:
    """Return the token that a JSON object describes, in tokenizer_config.json or tokenizer.json.

    Raises: TokenizerError.
    """
    content = fields.text("content")
    if not 0 < len(content) <= _MAX_CONTENT_CHARS:
        raise fields.fail("content", f"got {len(content)} characters, wanted 1 to {_MAX_CONTENT_CHARS}")
    return AddedToken(
        content,
        special=fields.flag("special", False),
        strip_left=fields.flag("lstrip", False),
        strip_right=fields.flag("rstrip", False),
        single_word=fields.flag("single_word", False),
        normalized=fields.flag("normalized", False),
    )


def _added_tokens(folder: Path, config: Fields) -> dict[int, AddedToken]:
    """Return the added tokens by id.

    Older folders list them in added_tokens.json, by content; tokenizer_config.json takes precedence.
    """
    tokens: dict[int, AddedToken] = {}
    older = _fields(folder / ADDED_TOKENS)
    for content in older.data:
        tokens[older.integer(content, 0, MAX_VOCABULARY - 1)] = added_token(
            Fields({"content": content, "special": True}, older.where, TokenizerError)
        )
    newer = config.child("added_tokens_decoder")
    for key in newer.data if newer else ():
        assert newer is not None
        fields = newer.child(key)
        if fields is None or not key.isascii() or not key.isdigit() or int(key) >= MAX_VOCABULARY:
            raise newer.fail(key, f"wanted a token id below {MAX_VOCABULARY} and its token")
        tokens[int(key)] = added_token(fields)
    return tokens


def _content(fields: Fields, key: str) -> str | None:
    """Return the text of a token that the file gives as a string, or as an object with "content"."""
    value = fields.data.get(key)
    if value is None:
        return None
    if isinstance(value, dict):
        return added_token(
            Fields(cast("dict[str, object]", value), f"{fields.where}: {key}", TokenizerError)
        ).content
    return fields.text(key) or None


def _fields(file: Path) -> Fields:
    data = read_json_object(file, _MAX_BYTES, TokenizerError) if file.is_file() else {}
    return Fields(data, str(file), TokenizerError)
