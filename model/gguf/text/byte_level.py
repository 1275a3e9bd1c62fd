"""Byte-level vocabularies ("gpt2") of GGUF as the tokenizer.json that says the same."""

from __future__ import annotations

from model.gguf.text.pretokenizers import PRE_TOKENIZERS
from model.gguf.text.vocabulary import CONTROL, UNKNOWN, USER_DEFINED, Vocabulary, key
from model.gguf.values import MAX_ITEMS
from model.json_fields import show
from model.text import byte_level
from model.text.byte_level import PreTokenizer

_DEFAULT = "default"


def tokenizer_json(vocabulary: Vocabulary) -> dict[str, object]:
    """Return the content of a tokenizer.json.

    Raises: CheckpointError for a rule of cutting words that kernelc does not know, and for merges that are no
    pairs.
    """
    tokens, rule = vocabulary.tokens, pre_tokenizer(vocabulary)
    bos, markup = vocabulary.token_id("bos_token_id"), {*vocabulary.of_kind(CONTROL, UNKNOWN)}
    added = vocabulary.of_kind(CONTROL, UNKNOWN, USER_DEFINED)
    return byte_level.tokenizer_json(
        rule,
        {token: token_id for token_id, token in enumerate(tokens)},
        _merges(vocabulary),
        [(token_id, tokens[token_id], token_id in markup) for token_id in added],
        (bos, tokens[bos]) if bos is not None and adds_bos(vocabulary) else None,
        vocabulary.flag("add_space_prefix", False),
    )


def pre_tokenizer(vocabulary: Vocabulary) -> PreTokenizer:
    """Return the rule that the file names. Raises: CheckpointError for one that kernelc does not know."""
    name = vocabulary.metadata.fields.text(key("pre"), _DEFAULT)
    if name in PRE_TOKENIZERS:
        return PRE_TOKENIZERS[name]
    known = ", ".join(PRE_TOKENIZERS)
    raise vocabulary.fail("pre", f"got {show(name)}, a rule that kernelc does not know; it knows {known}")


def adds_bos(vocabulary: Vocabulary) -> bool:
    """Whether a text begins with BOS."""
    return vocabulary.flag("add_bos_token", pre_tokenizer(vocabulary).adds_bos)


def _merges(vocabulary: Vocabulary) -> list[list[str]]:
    """Return the merges as pairs. A part may itself hold a space, though not begin with one."""
    merges = vocabulary.metadata.strings(key("merges"), MAX_ITEMS)
    known = set(vocabulary.tokens)
    pairs: list[list[str]] = []
    for text in merges:
        rest, _, second = text[1:].partition(" ")
        first = text[:1] + rest
        if first not in known or second not in known or first + second not in known:
            raise vocabulary.fail("merges", f"got {show(text)}, which are no two tokens that make a third")
        pairs.append([first, second])
    return pairs
