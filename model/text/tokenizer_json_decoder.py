"""The "decoder" of a tokenizer.json, read as a rule that gives each token's bytes.

The package decodes whole lists of tokens, while streaming needs one at a time. Decoders that only make sense
for a whole list are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from model.json_fields import Fields, show
from model.text.byte_level import BYTE_LETTERS
from model.text.detokenize import LeadingSpace, Piece

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# The order that the parts of a Sequence must have; another order would mean something else.
_STAGES = ("Replace", "Metaspace", "ByteLevel", "ByteFallback", "Fuse", "Strip")
_BYTE_LEVEL = {letter: byte for byte, letter in enumerate(BYTE_LETTERS)}


@dataclass(frozen=True)
class PieceDecoder:
    """How a token's spelling becomes bytes."""

    leading_space: LeadingSpace
    replace: tuple[tuple[str, str], ...] = ()
    byte_level: bool = False
    byte_fallback: bool = False

    @classmethod
    def from_json(cls, tokenizer: Fields) -> PieceDecoder:
        """Read the decoder of a tokenizer.json. Raises: TokenizerError if its kind is not supported."""
        decoder = tokenizer.child("decoder")
        if decoder is None:
            raise tokenizer.fail(
                "decoder", "got nothing, wanted an object that says how tokens decode", _HELP
            )
        parts = _parts(decoder)
        kinds = [part.text("type") for part in parts]
        if any(kind not in _STAGES for kind in kinds) or kinds != sorted(kinds, key=_STAGES.index):
            raise decoder.fail("type", f"got {show(', '.join(kinds))}, wanted {', '.join(_STAGES)}", _HELP)
        if "Strip" in kinds and "Fuse" not in kinds:
            raise decoder.fail("type", "got Strip without Fuse, which would strip every token", _HELP)
        return cls(
            leading_space=_leading_space(parts),
            replace=tuple(
                _replacement(part) for part in parts if part.text("type") in ("Replace", "Metaspace")
            ),
            byte_level="ByteLevel" in kinds,
            byte_fallback="ByteFallback" in kinds,
        )

    def piece(self, token: str) -> Piece:
        """Return the bytes that a token stands for."""
        if self.byte_level:
            data = [_BYTE_LEVEL.get(char, -1) for char in token]
            return Piece(token.encode() if -1 in data else bytes(data))
        for old, new in self.replace:
            token = token.replace(old, new)
        match = _BYTE_TOKEN.fullmatch(token) if self.byte_fallback else None
        return Piece(bytes([int(match[1], 16)]) if match else token.encode())


_HELP = "kernelc does not have the decoder that this tokenizer.json needs; use a tokenizer.model instead"


def _parts(decoder: Fields) -> list[Fields]:
    """Return the decoders of a Sequence, or a list of the one decoder."""
    if decoder.text("type") != "Sequence":
        return [decoder]
    listed = decoder.data.get("decoders")
    items: list[object] = cast("list[object]", listed) if isinstance(listed, list) else []
    parts = [
        Fields(cast("dict[str, object]", i), decoder.where, decoder.error)
        for i in items
        if isinstance(i, dict)
    ]
    if not parts or len(parts) != len(items):
        raise decoder.fail("decoders", f"got {len(items)} items, wanted one or more decoders")
    return parts


def _leading_space(parts: list[Fields]) -> LeadingSpace:
    for part in parts:
        if part.text("type") == "Metaspace":
            default = "always" if part.flag("add_prefix_space", True) else "never"
            if part.text("prepend_scheme", default) != "never":
                return LeadingSpace.DROP_ONE
        if part.text("type") == "Strip":
            wanted = {"content": " ", "start": 1, "stop": 0}
            got = {key: part.data.get(key) for key in wanted}
            if got != wanted:
                raise part.fail("Strip", f"got {got}, wanted {wanted}", _HELP)
            return LeadingSpace.DROP_ONE
    return LeadingSpace.KEEP


def _replacement(part: Fields) -> tuple[str, str]:
    if part.text("type") == "Metaspace":
        return part.text("replacement", "\u2581"), " "
    pattern = part.child("pattern")
    old = pattern.data.get("String") if pattern else None
    if not isinstance(old, str) or not old:
        raise part.fail("pattern", "wanted a plain string", _HELP)
    return old, part.text("content", "")
