"""What a model folder says about its tokenizer besides the vocabulary: special tokens and their treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from kernelc.errors import TokenizerError
from model.json_fields import Fields, read_json_object

MAX_VOCABULARY = 1 << 20
MAX_ADDED_TOKENS = 1 << 16  # published tokenizers have thousands
_MAX_BYTES = 16 << 20
_MAX_CONTENT_CHARS = 1024
_MAX_NAMED = 64
_TEMPLATE_TOKENS = ("unk_token", "pad_token", "sep_token", "cls_token", "mask_token")
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
    template_tokens: Mapping[str, object] = field(default_factory=dict[str, object])
    """What chat templates see of the tokens besides bos_token and eos_token, by variable name."""

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
            template_tokens={**_template_tokens(special), **_template_tokens(config)},
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
    for fields in (older, newer):
        if fields is not None and len(fields.data) > MAX_ADDED_TOKENS:
            raise fields.error(
                f"got {len(fields.data)} added tokens, wanted at most {MAX_ADDED_TOKENS}", where=fields.where
            )
    for key in newer.data if newer else ():
        assert newer is not None
        fields = newer.child(key)
        if fields is None or not key.isascii() or not key.isdigit() or int(key) >= MAX_VOCABULARY:
            raise newer.fail(key, f"wanted a token id below {MAX_VOCABULARY} and its token")
        tokens[int(key)] = added_token(fields)
    return tokens


def _template_tokens(fields: Fields) -> dict[str, object]:
    """Return the tokens that transformers hands to templates by name, and its list of additional ones.

    Source: `special_tokens_map` and `apply_chat_template` in transformers' tokenization_utils_base.py.
    """
    named = {name: _content(fields, name) for name in _TEMPLATE_TOKENS}
    extra = fields.data.get("extra_special_tokens")
    if isinstance(extra, dict):  # names of a model's own, such as image_token
        own = Fields(cast("dict[str, object]", extra), f"{fields.where}: extra_special_tokens", fields.error)
        named |= {name: _content(own, name) for name in list(own.data)[:_MAX_NAMED]}
    found: dict[str, object] = {name: token for name, token in named.items() if token is not None}
    listed = fields.data.get("additional_special_tokens")
    if isinstance(listed, list):
        items = cast("list[object]", listed)[:MAX_ADDED_TOKENS]
        texts = [
            cast("dict[str, object]", item).get("content") if isinstance(item, dict) else item
            for item in items
        ]
        found["additional_special_tokens"] = [text for text in texts if isinstance(text, str)]
    return found


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
