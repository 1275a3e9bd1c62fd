"""Byte-level vocabularies ("gpt2") of GGUF as the tokenizer.json that says the same."""

from __future__ import annotations

from model.gguf.pretokenizers import PRE_TOKENIZERS, PreTokenizer
from model.gguf.values import MAX_ITEMS
from model.gguf.vocabulary import CONTROL, UNKNOWN, USER_DEFINED, Vocabulary, key
from model.json_fields import show

_DEFAULT = "default"


def tokenizer_json(vocabulary: Vocabulary) -> dict[str, object]:
    """Return the content of a tokenizer.json.

    Raises: CheckpointError for a rule of cutting words that kernelc does not know, and for merges that are no
    pairs.
    """
    rule = pre_tokenizer(vocabulary)
    model = _model(vocabulary, rule)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added_tokens(vocabulary),
        "normalizer": {"type": rule.normalizer} if rule.normalizer else None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [*map(_split, rule.patterns), _bytes(vocabulary)],
        },
        "post_processor": _post_processor(vocabulary),
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": model,
    }


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


def _added_tokens(vocabulary: Vocabulary) -> list[dict[str, object]]:
    markup = {*vocabulary.of_kind(CONTROL, UNKNOWN)}
    return [
        {
            "id": token_id,
            "content": vocabulary.tokens[token_id],
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": token_id in markup,
        }
        for token_id in vocabulary.of_kind(CONTROL, UNKNOWN, USER_DEFINED)
    ]


def _split(pattern: str) -> dict[str, object]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def _bytes(vocabulary: Vocabulary) -> dict[str, object]:
    space = vocabulary.flag("add_space_prefix", False)
    return {"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": True, "use_regex": False}


def _post_processor(vocabulary: Vocabulary) -> dict[str, object] | None:
    """Put BOS before a text, where the file wants it."""
    bos = vocabulary.token_id("bos_token_id")
    if bos is None or not adds_bos(vocabulary):
        return None
    token = vocabulary.tokens[bos]
    first, second = ({"Sequence": {"id": name, "type_id": at}} for at, name in enumerate("AB"))
    special = [{"SpecialToken": {"id": token, "type_id": at}} for at in (0, 1)]
    return {
        "type": "TemplateProcessing",
        "single": [special[0], first],
        "pair": [special[0], first, special[1], second],
        "special_tokens": {token: {"id": token, "ids": [bos], "tokens": [token]}},
    }


def _model(vocabulary: Vocabulary, rule: PreTokenizer) -> dict[str, object]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": rule.whole_words,
        "vocab": {token: token_id for token_id, token in enumerate(vocabulary.tokens)},
        "merges": _merges(vocabulary),
    }


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
