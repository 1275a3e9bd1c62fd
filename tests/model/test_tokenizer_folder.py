"""What a tokenizer takes from the files beside its vocabulary, and what no file may make it do."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from kernelc.errors import TokenizerError
from model.text import tokenizer_json
from model.text.tokenizer import load_tokenizer
from tests.model.test_tokenizer import refusal, small_json, small_model, write_config, write_json

__all__ = ["small_model"]  # a fixture

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
MARKUP = {"<s>": 257, "</s>": 258, "<|user|>": 259}
TOKEN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}


def template(*names: str) -> dict[str, object]:
    """A post-processor that puts these tokens before a text, and </s> after it."""
    before = [{"SpecialToken": {"id": name, "type_id": 0}} for name in names]
    after = [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}]
    return {
        "type": "TemplateProcessing",
        "single": [*before, *after],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {
            name: {"id": name, "ids": [MARKUP[name]], "tokens": [name]} for name in (*names, "</s>")
        },
    }


# What AutoTokenizer of transformers 5.24 puts before "he" (256), whatever add_bos_token says.
POST_PROCESSORS: list[tuple[dict[str, object] | None, list[int]]] = [
    (None, [256]),
    (BYTE_LEVEL, [256]),
    (template("<s>"), [257, 256]),
    (template("<s>", "<|user|>"), [257, 259, 256]),
    ({"type": "Sequence", "processors": [BYTE_LEVEL, template("<s>")]}, [257, 256]),
    (
        {
            "type": "RobertaProcessing",
            "sep": ["</s>", 258],
            "cls": ["<s>", 257],
            "trim_offsets": True,
            "add_prefix_space": False,
        },
        [257, 256],
    ),
]


@pytest.mark.parametrize("add_bos_token", [None, True, False])
@pytest.mark.parametrize(("post_processor", "wanted"), POST_PROCESSORS)
def test_a_prompt_begins_as_the_post_processor_says(
    tmp_path: Path, post_processor: object, wanted: list[int], add_bos_token: bool | None
) -> None:
    write_json(tmp_path, post_processor=post_processor)
    said = {} if add_bos_token is None else {"add_bos_token": add_bos_token}
    write_config(tmp_path, bos_token="<s>", eos_token="</s>", **said)
    tokenizer = load_tokenizer(tmp_path)
    assert [*tokenizer.prompt_prefix, *tokenizer.encode("he")] == wanted
    assert tokenizer.bos_id == 257


def test_a_sentencepiece_model_begins_as_the_config_says(small_model: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(small_model)
    assert load_tokenizer(tmp_path).prompt_prefix == (1,)
    write_config(tmp_path, add_bos_token=False)
    assert load_tokenizer(tmp_path).prompt_prefix == ()


@pytest.mark.parametrize("where", ["added_tokens.json", "tokenizer_config.json", "tokenizer.json"])
def test_a_token_without_a_row_is_left_out(tmp_path: Path, where: str) -> None:
    token = {"content": "[PAD]", "special": True, **TOKEN}
    added = small_json()["added_tokens"]
    assert isinstance(added, list)
    write_json(tmp_path, added_tokens=[*added, {"id": 260, **token}] if where == "tokenizer.json" else added)
    if where == "added_tokens.json":
        (tmp_path / where).write_text(json.dumps({"[PAD]": 260}))
    decoder = {"260": token} if where == "tokenizer_config.json" else {}
    write_config(tmp_path, pad_token="[PAD]", added_tokens_decoder=decoder)
    assert load_tokenizer(tmp_path).encode("[PAD]", parse_special=True) == [260]
    tokenizer = load_tokenizer(tmp_path, vocab_size=260)
    assert (tokenizer.vocab_size, tokenizer.left_out) == (260, {"[PAD]": 260})
    ids = tokenizer.encode("[PAD]", parse_special=True)
    assert max(ids) < 256 and tokenizer.decode(ids) == "[PAD]" and tokenizer.token(260) == ""


def test_a_sentencepiece_token_without_a_row_is_left_out(small_model: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(small_model)
    (tmp_path / "added_tokens.json").write_text('{"[PAD]": 320}')
    assert load_tokenizer(tmp_path).vocab_size == 321
    tokenizer = load_tokenizer(tmp_path, vocab_size=320)
    assert (tokenizer.vocab_size, tokenizer.left_out) == (320, {"[PAD]": 320})
    assert 320 not in tokenizer.encode("[PAD]", parse_special=True)


def test_a_unigram_word_without_a_row_is_left_out(tmp_path: Path) -> None:
    vocab = [["<unk>", 0.0], ["a", -3.0], ["[", -3.0], ["]", -3.0], ["[a]", 0.0]]
    write_json(
        tmp_path,
        model={"type": "Unigram", "unk_id": 0, "vocab": vocab},
        added_tokens=[{"id": 4, "content": "[a]", "special": True, **TOKEN}],
        pre_tokenizer=None,
        decoder={"type": "Fuse"},
    )
    assert load_tokenizer(tmp_path).encode("[a]", parse_special=True) == [4]
    tokenizer = load_tokenizer(tmp_path, vocab_size=4)
    assert (tokenizer.vocab_size, tokenizer.left_out) == (4, {"[a]": 4})
    assert tokenizer.encode("a[") == [1, 2]
    with pytest.raises(TokenizerError, match=r"holds '\[a\]', a token that the model has no row for"):
        tokenizer.encode("a[a]")


@pytest.mark.parametrize("kind", ["json", "sentencepiece"])
def test_a_protected_token_is_markup_that_shows(small_model: bytes, tmp_path: Path, kind: str) -> None:
    token = {"content": "<|im_start|>", "special": False, **TOKEN}
    if kind == "json":
        write_json(tmp_path)
    else:
        (tmp_path / "tokenizer.model").write_bytes(small_model)
    first = load_tokenizer(tmp_path).vocab_size
    write_config(tmp_path, added_tokens_decoder={str(first): token})
    tokenizer = load_tokenizer(tmp_path)
    assert first in tokenizer.encode("<|im_start|>he")
    tokenizer.protect(["<|im_start|>", "<|unknown|>"])
    assert first not in tokenizer.encode("<|im_start|>he")
    assert tokenizer.encode("<|im_start|>he", parse_special=True)[0] == first
    assert tokenizer.decode([first]) == "<|im_start|>"
    assert tokenizer.markup["<|im_start|>"] == first and "<|im_start|>" not in tokenizer.special_tokens


def test_empty_tokens_load(tmp_path: Path) -> None:
    model = small_json()["model"]
    assert isinstance(model, dict) and isinstance(model["vocab"], dict)
    added = small_json()["added_tokens"]
    assert isinstance(added, list)
    write_json(
        tmp_path,
        model={**model, "vocab": {**model["vocab"], **MARKUP, "": 260}},
        added_tokens=[*added, {"id": 261, "content": "", "special": True, **TOKEN}],
    )
    tokenizer = load_tokenizer(tmp_path, vocab_size=262)
    assert tokenizer.encode("he") == [256] and tokenizer.decode([260, 256]) == "he"


# ---- what a file may not do ----


def test_a_pattern_that_does_not_end_is_an_error(tmp_path: Path) -> None:
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
    write_json(tmp_path, pre_tokenizer={"type": "Sequence", "pretokenizers": [split, BYTE_LEVEL]})
    tokenizer = load_tokenizer(tmp_path)
    with pytest.raises(TokenizerError, match="the text cannot be encoded") as raised:
        tokenizer.encode("a" * 48 + "!")
    assert "a pattern of the tokenizer does not finish on this text" in (raised.value.help or "")
    assert tokenizer.encode("he") != []  # it goes on


def replacement(content: str, **pattern: str) -> dict[str, object]:
    return {"type": "Replace", "pattern": pattern or {"String": "a"}, "content": content}


@pytest.mark.parametrize(
    "normalizer",
    [
        {"type": "Sequence", "normalizers": [replacement("aa")] * 30},
        replacement("a" * 65),
        replacement("a" * 64, Regex=""),
        {
            "type": "Sequence",
            "normalizers": [{"type": "Sequence", "normalizers": [replacement("aaaaaaaaa")] * 2}],
        },
        {"type": "Sequence", "normalizers": [{"type": "ByteLevel"}] * 4},
        {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "ab"}] * 4},
        {"type": "Prepend", "prepend": "a" * 64},
    ],
)
def test_a_normalizer_that_grows_texts_is_refused(tmp_path: Path, normalizer: object) -> None:
    write_json(tmp_path, normalizer=normalizer)
    assert "it may make a text more than 64 times as long" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("prefix", "merge"), [("##", ["a", "b"]), ("##", "a b"), ("é", ["a", "éb"]), ("#", ["a"])]
)
def test_merges_that_end_the_process_are_refused(tmp_path: Path, prefix: str, merge: object) -> None:
    """The package tokenizers cuts a prefix off that is not there; the fuzzer found it."""
    model = {"type": "BPE", "continuing_subword_prefix": prefix, "vocab": {"a": 0, "b": 1}, "merges": [merge]}
    write_json(tmp_path, model=model)
    assert "wanted a second part that begins with" in refusal(tmp_path)


def test_a_pre_tokenizer_that_grows_texts_is_refused(tmp_path: Path) -> None:
    """One stage after the other that writes bytes as characters; the fuzzer found a thousand."""
    pre_tokenizer = {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}] * 4}
    write_json(tmp_path, pre_tokenizer=pre_tokenizer)
    assert "pre_tokenizer: it may make a text more than 64 times as long" in refusal(tmp_path)


@pytest.mark.parametrize(
    "normalizer",
    [
        {"type": "Sequence", "normalizers": [{"type": "ByteLevel"}] * 3},
        {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "\u2581"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
            ],
        },
    ],
)
def test_a_normalizer_that_grows_texts_a_little_is_not(tmp_path: Path, normalizer: object) -> None:
    write_json(tmp_path, normalizer=normalizer)
    assert load_tokenizer(tmp_path).encode("\U0001f642") != []


def test_many_added_tokens_are_added_at_once_and_too_many_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call of the package looks at all that came before: one call for each of 10,000 took 18 s."""
    load, used = tokenizer_json._load, list[Mock]()

    def watched(data: bytes, where: str) -> Mock:
        used.append(Mock(wraps=load(data, where)))
        return used[-1]

    monkeypatch.setattr(tokenizer_json, "_load", watched)
    write_json(tmp_path)
    decoder = {str(260 + i): {"content": f"<extra_{i}>", "special": True} for i in range(10_000)}
    write_config(tmp_path, added_tokens_decoder=decoder)
    assert load_tokenizer(tmp_path).vocab_size == 10_260
    assert 1 <= used[0].add_tokens.call_count + used[0].add_special_tokens.call_count < 5
    write_config(tmp_path, added_tokens_decoder={str(i): {"content": f"<{i}>"} for i in range(65_537)})
    assert "got 65537 added tokens, wanted at most 65536" in refusal(tmp_path)


@pytest.mark.parametrize("value", [1, "x", {"id": 3}, True])
def test_added_tokens_of_another_type_are_named(tmp_path: Path, value: object) -> None:
    write_json(tmp_path, added_tokens=value)
    assert "added_tokens: got " in refusal(tmp_path)
