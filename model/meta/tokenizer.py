"""The tokenizer.model of Meta's releases: sentencepiece up to Llama 2, a tiktoken vocabulary since Llama 3.

A tiktoken file is lines of a token in base64 and its rank. Byte pair encoding by ranks joins, at each step,
the two neighbours whose union has the lowest rank; so the merges of a tokenizer.json are, for each token, its
splits into two tokens, by the rank of the union.

Source: llama/tokenizer.py of Meta's repository llama3 (special tokens); TikTokenConverter in
transformers' convert_slow_tokenizer.py.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from kernelc.errors import TokenizerError
from model.json_fields import read_bytes
from model.meta.params import MetaVocabulary
from model.text.bounded_tokenizer import BoundedTokenizer
from model.text.byte_level import BYTE_LETTERS, LLAMA3, tokenizer_json

_MAX_BYTES = 64 << 20
_MAX_TIKTOKEN_BYTES = 4 << 20  # Llama 3's has 2.2 MB; finding the merges of more would take long
_MAX_TOKENS = 1 << 18
_MAX_TOKEN_BYTES = 256
_LINE = re.compile(rb"([A-Za-z0-9+/]+={0,2}) (\d{1,7})")
_SPECIALS = 256
_NAMED = {
    0: "<|begin_of_text|>", 1: "<|end_of_text|>", 4: "<|finetune_right_pad_id|>", 6: "<|start_header_id|>",
    7: "<|end_header_id|>", 8: "<|eom_id|>", 9: "<|eot_id|>", 10: "<|python_tag|>",
}  # fmt: skip
"""The special tokens that have a name, by their place after the vocabulary (Llama 3.1, whose names include
those of 3); the rest are reserved ones with numbers."""
_BOS, _STOPS = 0, (1, 8, 9)


def write_text_files(file: Path, folder: Path) -> MetaVocabulary:
    """Write the tokenizer in the form of Hugging Face to `folder`, and return what it says about the model.

    Raises: TokenizerError if the file is missing or damaged.
    """
    data = read_bytes(file, _MAX_BYTES, TokenizerError)
    if _LINE.match(data) is None:
        shutil.copyfile(file, folder / "tokenizer.model")
        tokenizer = BoundedTokenizer(folder)
        bos, eos = tokenizer.bos_id, tokenizer.eos_id
        if bos is None or eos is None:
            help_ = "download tokenizer.model again"
            raise TokenizerError("got no tokens that begin and end a text", where=str(file), help=help_)
        return MetaVocabulary(tokenizer.vocab_size, bos, (eos,))
    ranks = _read_ranks(read_bytes(file, _MAX_TIKTOKEN_BYTES, TokenizerError), str(file))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer_json(ranks)), encoding="utf-8")
    settings = {"bos_token": _special(_BOS), "eos_token": _special(1), "add_bos_token": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    count = len(ranks)
    return MetaVocabulary(count + _SPECIALS, count + _BOS, tuple(count + stop for stop in _STOPS))


def _read_ranks(data: bytes, where: str) -> dict[bytes, int]:
    """Return the rank of each token. Raises: TokenizerError if ranks are missing or given twice."""
    ranks: dict[bytes, int] = {}
    lines = data.splitlines()
    for number, line in enumerate(lines):
        found = _LINE.fullmatch(line)
        try:
            token = base64.b64decode(found[1], validate=True) if found else b""
        except binascii.Error:
            token = b""
        if found is None or not 0 < len(token) <= _MAX_TOKEN_BYTES or int(found[2]) != number:
            message = f"line {number + 1}: got {line[:40]!r}, wanted a token in base64 and the rank {number}"
            raise TokenizerError(message, where=where, help="download tokenizer.model again")
        ranks[token] = number
    if (
        len(ranks) != len(lines)
        or len(ranks) > _MAX_TOKENS
        or any(bytes([b]) not in ranks for b in range(256))
    ):
        message = f"got {len(ranks)} different tokens in {len(lines)} lines, or not all single bytes"
        raise TokenizerError(message, where=where, help="download tokenizer.model again")
    return ranks


def _tokenizer_json(ranks: Mapping[bytes, int]) -> dict[str, object]:
    def spelled(token: bytes) -> str:
        return "".join(BYTE_LETTERS[byte] for byte in token)

    return tokenizer_json(
        LLAMA3,
        {spelled(token): rank for token, rank in ranks.items()},
        [[spelled(left), spelled(right)] for left, right in _merges(ranks)],
        [(len(ranks) + place, _special(place), True) for place in range(_SPECIALS)],
        (len(ranks) + _BOS, _special(_BOS)),
    )


def _merges(ranks: Mapping[bytes, int]) -> list[tuple[bytes, bytes]]:
    """Return every pair of tokens whose union is a token, by the rank of that, then by their own."""
    found: list[tuple[bytes, bytes]] = []
    for token in ranks:  # in the order of ranks
        pairs = [(token[:at], token[at:]) for at in range(1, len(token))]
        pairs = [pair for pair in pairs if pair[0] in ranks and pair[1] in ranks]
        found += sorted(pairs, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
    return found


def _special(place: int) -> str:
    """Return the text of a special token by its place after the vocabulary."""
    if place in _NAMED:
        return _NAMED[place]
    named = sum(other < place for other in _NAMED)
    return f"<|reserved_special_token_{place - named}|>"
