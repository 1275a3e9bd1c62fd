"""What a tokenizer.json declares, checked, and the file as it is handed to the package tokenizers.

The package trusts its files. So everything here that decides how much time or memory a text may take is
bounded: the number of added tokens, and how far normalizers and pre-tokenizers may make a text grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from math import prod
from typing import cast

from model.json_fields import Fields, show
from model.text.special_tokens import MAX_ADDED_TOKENS, MAX_VOCABULARY, AddedToken, added_token

_MAX_GROWTH = 64  # characters that one may become in all stages of a normalizer, or of a pre-tokenizer
_MAX_DEPTH = 8
_MAX_PARTS = 64


def added_tokens_of(tokenizer: Fields) -> dict[int, AddedToken]:
    """Return the added tokens of a tokenizer.json, by id. Raises: TokenizerError if the list is malformed."""
    tokens: dict[int, AddedToken] = {}
    for fields in _objects(tokenizer, "added_tokens", MAX_ADDED_TOKENS):
        if fields.data.get("content") == "":
            continue  # the package ignores it, since nothing in a text could be it
        tokens[fields.integer("id", 0, MAX_VOCABULARY - 1)] = added_token(fields)
    return tokens


def vocabulary_of(tokenizer: Fields) -> tuple[Mapping[str, int], int, str | None]:
    """Return the ids of a BPE model's tokens, the number of its ids, and its token for unknown text, if any.

    A Unigram model numbers its tokens by their places. Raises: TokenizerError for a model of another kind,
    and for no tokens or too many.
    """
    model = tokenizer.child("model")
    kind = model.text("type", "BPE") if model else "nothing"
    if model is None or kind not in ("BPE", "Unigram"):
        raise tokenizer.fail("model", f"got {show(kind)}, wanted BPE or Unigram")
    vocab = model.data.get("vocab")
    if kind == "Unigram":
        words = cast("list[object]", vocab) if isinstance(vocab, list) else []
        end = _checked_end(model, len(words))
        return {word: i for i, word in enumerate(map(_word, words)) if word is not None}, end, None
    given = cast("dict[str, object]", vocab) if isinstance(vocab, dict) else {}
    ids = {token: i for token, i in given.items() if isinstance(i, int)}
    end = _checked_end(model, max(ids.values(), default=-1) + 1)
    return ids, end, model.text("unk_token", "") or None


def _word(entry: object) -> str | None:
    """Return the token of a Unigram model's pair of token and score; None where it is no such pair."""
    pair = cast("list[object]", entry) if isinstance(entry, list) else []
    return pair[0] if pair and isinstance(pair[0], str) else None


def prompt_prefix_of(tokenizer: Fields) -> tuple[int, ...]:
    """Return the ids that the post-processor puts before a single text, such as BOS; often none.

    Source: `TemplateProcessing` and `RobertaProcessing` of the package tokenizers. transformers 5 goes by
    them alone where there is a tokenizer.json, whatever `add_bos_token` says. Raises: TokenizerError.
    """
    found = tokenizer.child("post_processor")
    parts = [] if found is None else list(_flat(found, "processors"))
    prefix: list[int] = []
    for part in parts:
        kind = part.text("type")
        if kind in ("RobertaProcessing", "BertProcessing"):
            prefix = [*_paired_id(part, "cls"), *prefix]
        elif kind == "TemplateProcessing":
            prefix = [*_template_prefix(part), *prefix]
    return tuple(prefix)


def check_growth(tokenizer: Fields) -> None:
    """Check that no text grows without bounds before the model sees it. Raises: TokenizerError.

    A chain of replacements multiplies: thirty times "a" by "aa" makes a gigabyte of one letter. So does a
    chain of pre-tokenizers that write bytes as characters.
    """
    for key, parts_key in (("normalizer", "normalizers"), ("pre_tokenizer", "pretokenizers")):
        found = tokenizer.child(key)
        if found and prod(map(_growth, _flat(found, parts_key))) > _MAX_GROWTH:
            raise tokenizer.fail(
                key,
                f"it may make a text more than {_MAX_GROWTH} times as long",
                "use the tokenizer.json of a release of the model that you trust",
            )


def check_merges(tokenizer: Fields) -> None:
    """Check that merges can be joined as the package joins them. Raises: TokenizerError.

    It cuts as many bytes off a merge's second part as `continuing_subword_prefix` has characters, and ends
    the process where there are fewer.
    """
    model = tokenizer.child("model")
    prefix = model.data.get("continuing_subword_prefix") if model else None
    if model is None or not isinstance(prefix, str) or not prefix:
        return
    merges = model.data.get("merges")
    for merge in cast("list[object]", merges) if isinstance(merges, list) else []:
        parts = merge.split(" ") if isinstance(merge, str) else merge
        second = cast("list[object]", parts)[-1] if isinstance(parts, list) and parts else None
        if not prefix.isascii() or not isinstance(second, str) or not second.startswith(prefix):
            raise model.fail(
                "merges", f"got {show(merge)}, wanted a second part that begins with {show(prefix)}"
            )


def prepared_file(tokenizer: Mapping[str, object], data: bytes, left_out: Iterable[str]) -> bytes:
    """Return the file without truncation, padding and dropout, and without the added tokens `left_out`.

    Special tokens are matched as they are written. One that is "normalized" is searched in normalised text,
    where a leading space may precede it, so that the second of two adjacent ones would not be found;
    transformers 5 matches it as written, too.
    """
    model = dict(cast("Mapping[str, object]", tokenizer["model"]))
    added = [dict(token) for token in cast("list[dict[str, object]]", tokenizer.get("added_tokens") or [])]
    gone = set(left_out)
    kept = [
        {**token, "normalized": False} if token.get("special") else token
        for token in added
        if token.get("content") not in gone
    ]
    unchanged = kept == added and not (
        tokenizer.get("truncation") or tokenizer.get("padding") or model.get("dropout")
    )
    if unchanged:
        return data
    changes = {
        "truncation": None,
        "padding": None,
        "added_tokens": kept,
        "model": {**model, "dropout": None},
    }
    return json.dumps({**tokenizer, **changes}).encode()


def _objects(fields: Fields, key: str, most: int) -> Iterator[Fields]:
    """Yield the objects of the list under `key`, none where it is absent or null."""
    value = fields.data.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        raise fields.fail(key, f"got {show(value)}, wanted a list of objects")
    items = cast("list[object]", value)
    if len(items) > most:
        raise fields.fail(key, f"got {len(items)} items, wanted at most {most}")
    for item in items:
        if not isinstance(item, dict):
            raise fields.fail(key, f"got {show(item)}, wanted an object")
        yield Fields(cast("dict[str, object]", item), f"{fields.where}: {key}", fields.error)


def _flat(fields: Fields, key: str, depth: int = 0) -> Iterator[Fields]:
    """Yield the parts of a Sequence, of Sequences inside it too, or the one part that there is."""
    if fields.text("type") != "Sequence":
        yield fields
        return
    if depth == _MAX_DEPTH:
        raise fields.fail(key, f"nested more than {_MAX_DEPTH} deep")
    for part in _objects(fields, key, _MAX_PARTS):
        yield from _flat(part, key, depth + 1)


def _growth(part: Fields) -> int:
    """Return how many characters one character may become in this stage."""
    kind = part.text("type")
    if kind == "ByteLevel":
        return 4  # the bytes of a character in UTF-8, each as a character
    if kind == "Prepend":
        return 1 + len(part.text("prepend", ""))  # of a text that is one character
    if kind != "Replace":
        return 1  # Unicode's own normal forms have bounds: at most 18 characters
    pattern = part.child("pattern")
    old = pattern.data.get("String") if pattern else None
    new = len(part.text("content", ""))
    if isinstance(old, str) and old:
        return max(1, -(-new // len(old)))
    return new + 1  # an expression may match between any two characters


def _template_prefix(part: Fields) -> list[int]:
    """Return the ids of the special tokens before the text in a TemplateProcessing's "single"."""
    ids: list[int] = []
    for item in _objects(part, "single", _MAX_PARTS):
        special = item.child("SpecialToken")
        if special is None:
            break
        known = part.child("special_tokens")
        entry = known.child(special.text("id")) if known else None
        if entry is None:
            raise part.fail("special_tokens", f"got no entry {show(special.text('id'))}, wanted its ids")
        ids += entry.ids("ids", MAX_VOCABULARY)
    return ids


def _paired_id(part: Fields, key: str) -> list[int]:
    """Return the id in a pair such as ["<s>", 0]."""
    value = part.data.get(key)
    pair = cast("list[object]", value) if isinstance(value, list) else []
    token_id = pair[1] if len(pair) == 2 else None
    if not isinstance(token_id, int) or not 0 <= token_id < MAX_VOCABULARY:
        raise part.fail(key, f"got {len(pair)} items, wanted a token and its id")
    return [token_id]


def _checked_end(model: Fields, end: int) -> int:
    if not 0 < end <= MAX_VOCABULARY:
        raise model.fail("vocab", f"got {end} tokens, wanted 1 to {MAX_VOCABULARY}")
    return end
