"""Byte-level BPE as the content of a tokenizer.json, for layouts that keep a vocabulary in another form.

Source: `bytes_to_unicode` in GPT-2's encoder.py; the tokenizer.json files of Llama 3 and of models like it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


def _letters() -> tuple[str, ...]:
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte if byte in printable else next(others)) for byte in range(0x100))


BYTE_LETTERS = _letters()
"""The letter that stands for each byte in the tokens of a vocabulary."""

ENDINGS = "'s|'t|'re|'ve|'m|'ll|'d"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"


def cl100k(digits: str) -> str:
    """The pattern of OpenAI's cl100k_base, which many have taken over with another rule for digits.

    Source: `cl100k_base` of tiktoken_ext/openai_public.py in OpenAI's tiktoken; the tokenizer.json of
    Meta-Llama-3-8B (digits by three; `Tokenizer.pat_str` in Meta's repository llama3) and of Qwen2-7B.
    """
    return rf"(?i:{ENDINGS})|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{SPACES}"


@dataclass(frozen=True)
class PreTokenizer:
    """How a text is cut into words before their bytes merge.

    Each pattern of `patterns`, in order, cuts every piece that the ones before it left into its matches and
    what lies between them. `whole_words` are taken from the vocabulary without merging.
    """

    patterns: tuple[str, ...]
    whole_words: bool = False
    normalizer: str | None = None
    """The Unicode normalisation of the text, "NFC" or none."""
    adds_bos: bool = False
    """Whether a text begins with BOS if nothing else says so."""


LLAMA3 = PreTokenizer((cl100k(r"\p{N}{1,3}"),), whole_words=True, adds_bos=True)


def tokenizer_json(
    rule: PreTokenizer,
    ids: Mapping[str, int],
    merges: Sequence[Sequence[str]],
    added: Iterable[tuple[int, str, bool]],
    bos: tuple[int, str] | None,
    add_prefix_space: bool = False,
) -> dict[str, object]:
    """Return the content of a tokenizer.json.

    `ids` has the tokens' numbers, spelled in `BYTE_LETTERS`; `merges` the pairs of tokens that join, the
    first before the rest. `added` are the tokens that are found before a text is cut: number, text, and
    whether it is markup. `bos`, number and text, is put before every text, if it is not None.
    """
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added_token(*token) for token in added],
        "normalizer": {"type": rule.normalizer} if rule.normalizer else None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                *map(_split, rule.patterns),
                {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True,
                 "use_regex": False},
            ],
        },
        "post_processor": None if bos is None else _begins_with(*bos),
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": rule.whole_words,
            "vocab": ids,
            "merges": merges,
        },
    }  # fmt: skip


def _added_token(number: int, content: str, special: bool) -> dict[str, object]:
    return {
        "id": number,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": special,
    }


def _split(pattern: str) -> dict[str, object]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def _begins_with(number: int, token: str) -> dict[str, object]:
    first, second = ({"Sequence": {"id": name, "type_id": at}} for at, name in enumerate("AB"))
    special = [{"SpecialToken": {"id": token, "type_id": at}} for at in (0, 1)]
    return {
        "type": "TemplateProcessing",
        "single": [special[0], first],
        "pair": [special[0], first, special[1], second],
        "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}},
    }
