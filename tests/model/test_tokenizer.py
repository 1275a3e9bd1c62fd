"""Tokenizers: the published vectors, text that streams whole, markup that stays text, and damaged files."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sentencepiece
import tokenizers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernelc.errors import TokenizerError
from model.text.detokenize import LeadingSpace
from model.text.special_tokens import AddedToken, TokenizerSettings
from model.text.tokenizer import StreamDecoder, Tokenizer, load_tokenizer, tokenizer_files
from model.text.tokenizer_json import JsonTokenizer
from model.text.tokenizer_sentencepiece import SentencePieceTokenizer
from model.text.tokenizer_text import AddedTokenSplitter

SENTENCES = ["once upon a time there was a little girl", "she went to the park and saw a big red ball"] * 8
CHAT = "<s>[INST] Hello! [/INST] Hi </s><s>[INST] x [/INST]"
JSON_FILES = ("tokenizer.json", "tokenizer_config.json")
MODEL_FILES = ("tokenizer.model", "tokenizer_config.json")
TOKENIZERS = {
    "llama2 .model": ("tokenizers/llama2", MODEL_FILES),
    "llama2 json": ("tokenizers/llama2", JSON_FILES),
    "llama3 json": ("tokenizers/llama3", JSON_FILES),
    "stories260K .model": ("models/stories260K", MODEL_FILES),
    "stories260K json": ("models/stories260K", JSON_FILES),
    "babyllama105 .model": ("models/babyllama105", MODEL_FILES),
    "babyllama105 json": ("models/babyllama105", JSON_FILES),
}
ANY_TEXT = st.text(max_size=60) | st.lists(
    st.sampled_from(
        ["<s>", "</s>", " ", "  ", "\n", "Hello", " a", "é", "字", "🚀", "[INST]", "▁", "\t", "'s"]
    )
).map("".join)


@pytest.fixture(scope="session")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tokenizer]:
    """Every real tokenizer, each loaded from a folder that brings it in one kind of file only."""
    loaded: dict[str, Tokenizer] = {}
    for name, (source, files) in TOKENIZERS.items():
        folder = tmp_path_factory.mktemp("tokenizer")
        for file in files:
            shutil.copyfile(shared_data / source / file, folder / file)
        loaded[name] = load_tokenizer(folder)
    return loaded


@pytest.fixture(scope="session")
def small_model() -> bytes:
    """A sentencepiece model of 320 pieces with byte fallback, which leaves white space as it is."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(  # pyright: ignore[reportAttributeAccessIssue]
        sentence_iterator=iter(SENTENCES), model_writer=written, vocab_size=320, model_type="bpe",
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        user_defined_symbols=["<fold>"], minloglevel=2,
    )  # fmt: skip
    return written.getvalue()


def small_json(**changes: object) -> dict[str, object]:
    """A tokenizer.json of 260 tokens: byte-level BPE with one merge and markup."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate([*alphabet, "he"])}
    added = [
        {"id": 257 + i, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for i, content in enumerate(["<s>", "</s>", "<|user|>"])
    ]  # fmt: skip
    return {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": True,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": vocab, "merges": ["h e"], "unk_token": None},
        **changes,
    }


def write_json(folder: Path, **changes: object) -> Path:
    (folder / "tokenizer.json").write_text(json.dumps(small_json(**changes)))
    return folder


def write_config(folder: Path, **config: object) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def refusal(folder: Path, vocab_size: int | None = None) -> str:
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(folder, vocab_size=vocab_size)
    line = caught.value.render()
    assert "\n" not in line
    return line


def vectors(shared_data: Path, name: str) -> Iterator[tuple[str, list[int]]]:
    """Yield llama.cpp's texts with their ids."""
    base = shared_data / "tokenizers" / "vectors" / f"ggml-vocab-{name}.gguf"
    texts = Path(f"{base}.inp").read_bytes().decode().split("\n__ggml_vocab_test__\n")
    lines = Path(f"{base}.out").read_text().split("\n")
    yield from ((text, [int(i) for i in line.split()]) for text, line in zip(texts, lines, strict=True))


@pytest.mark.parametrize(
    ("name", "file"),
    [("llama2 .model", "llama-spm"), ("llama2 json", "llama-spm"), ("llama3 json", "llama-bpe")],
)
def test_every_published_vector(real: dict[str, Tokenizer], shared_data: Path, name: str, file: str) -> None:
    cases = list(vectors(shared_data, file))
    assert len(cases) == 47
    for text, ids in cases:
        assert real[name].encode(text) == ids, text
        assert real[name].decode(ids) == text


def test_what_the_real_files_declare(real: dict[str, Tokenizer]) -> None:
    for name in ("llama2 .model", "llama2 json"):
        two = real[name]
        assert (two.vocab_size, two.bos_id, two.eos_id, two.prompt_prefix) == (32000, 1, 2, (1,))
        assert two.special_tokens == {"<unk>": 0, "<s>": 1, "</s>": 2}
        assert two.leading_space is LeadingSpace.DROP_ONE
    three = real["llama3 json"]
    assert (three.vocab_size, three.bos_id, three.eos_id) == (128256, 128000, 128009)
    assert (len(three.special_tokens), three.leading_space) == (256, LeadingSpace.KEEP)
    assert real["stories260K .model"].leading_space is LeadingSpace.DROP_ALL
    assert real["babyllama105 .model"].vocab_size == 105


# As transformers 4.46 (from tokenizer.model) and 5.23 give them.
LLAMA2_CHAT = [
    1, 518, 25580, 29962, 15043, 29991, 518, 29914, 25580, 29962, 6324, 29871,
    2, 1, 518, 25580, 29962, 921, 518, 29914, 25580, 29962,
]  # fmt: skip


@pytest.mark.parametrize("name", ["llama2 .model", "llama2 json"])
def test_markup_is_parsed_only_when_asked(real: dict[str, Tokenizer], name: str) -> None:
    assert real[name].encode(CHAT, parse_special=True) == LLAMA2_CHAT
    plain = real[name].encode(CHAT)
    assert not {1, 2} & set(plain)
    assert real[name].decode(plain) == CHAT


def test_llama3_markup(real: dict[str, Tokenizer]) -> None:
    text = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
    parsed = real["llama3 json"].encode(text, parse_special=True)
    assert parsed == [128000, 128006, 882, 128007, 271, 13347, 128009]
    assert max(real["llama3 json"].encode(text)) < 128000
    assert real["llama3 json"].decode(parsed) == "user\n\nHi"


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=ANY_TEXT)
@settings(max_examples=60)
def test_what_a_user_writes_never_becomes_markup(real: dict[str, Tokenizer], name: str, text: str) -> None:
    tokenizer = real[name]
    markup = {i for content, i in tokenizer.special_tokens.items() if content != "<unk>"}
    ids = tokenizer.encode(text)
    assert not markup & set(ids)
    if name.startswith("llama"):  # the small ones normalise white space or lack characters
        assert tokenizer.decode(ids) == (text if name.startswith("llama3") else text.replace("▁", " "))


@pytest.mark.parametrize("name", ["llama2", "stories260K", "babyllama105"])
@given(text=ANY_TEXT)
@settings(max_examples=60)
def test_both_kinds_of_file_agree(real: dict[str, Tokenizer], name: str, text: str) -> None:
    if name == "babyllama105":  # no byte fallback: characters it lacks become one <unk> or several
        text = "".join(char for char in text if char.isascii() and (char.isalnum() or char == " "))
    if name == "stories260K":  # a written U+2581, which sentencepiece takes for a space to strip
        text = text.replace("▁", "")
    model, translated = real[f"{name} .model"], real[f"{name} json"]
    assert model.encode(text) == translated.encode(text)
    if name == "llama2":
        parsed = model.encode(text, parse_special=True)
        assert parsed == translated.encode(text, parse_special=True)


@pytest.mark.parametrize("name", TOKENIZERS)
@given(data=st.data())
@settings(max_examples=100)
def test_streamed_text_is_the_text_and_decodes_as_the_package_does(
    real: dict[str, Tokenizer], name: str, data: st.DataObject
) -> None:
    tokenizer = real[name]
    ids = data.draw(
        st.lists(
            st.integers(0, tokenizer.vocab_size - 1) | st.integers(0, 300).map(lambda i: i % 105), max_size=20
        )
        | ANY_TEXT.map(lambda text: tokenizer.encode(text, parse_special=True))
    )
    whole = tokenizer.decode(ids)
    stream = StreamDecoder(tokenizer)
    assert "".join([stream.feed(i) for i in ids] + [stream.flush()]) == whole
    if (
        "\ufffd" not in whole and tokenizer.special_tokens.get("<unk>") not in ids
    ):  # each package shows its own
        assert whole == package_decode(tokenizer, ids)


def package_decode(tokenizer: Tokenizer, ids: list[int]) -> str:
    if isinstance(tokenizer, JsonTokenizer):
        return tokenizer._tokenizer.decode(ids)  # type: ignore[attr-defined]
    assert isinstance(tokenizer, SentencePieceTokenizer)
    return tokenizer._processor.decode(ids)


@pytest.mark.parametrize("name", ["llama2 .model", "llama3 json"])
def test_a_stream_shows_only_whole_characters(real: dict[str, Tokenizer], name: str) -> None:
    text = "x 🦙ក字é 👩‍👩‍👧"
    ids = real[name].encode(text)
    stream = StreamDecoder(real[name])
    shown = [stream.feed(i) for i in ids]
    assert "".join(shown) == text and "\ufffd" not in "".join(shown)
    assert "" in shown  # some token held back a part of a character
    stream = StreamDecoder(real[name])
    cut = [stream.feed(i) for i in real[name].encode("x 🦙")[:-1]]
    assert "".join(cut).rstrip() == "x" and stream.flush() == "\ufffd"


def test_a_stream_that_goes_on_from_a_prompt_keeps_its_space(real: dict[str, Tokenizer]) -> None:
    ids = real["llama2 .model"].encode("there")
    assert real["llama2 .model"].decode(ids) == "there"
    assert StreamDecoder(real["llama2 .model"], continued=True).feed(ids[0]) == " there"


def test_ids_beyond_the_vocabulary_show_as_nothing(small_model: bytes, tmp_path: Path) -> None:
    model = SentencePieceTokenizer(small_model, TokenizerSettings(), "m")
    assert model.decode([320, 10**6, *model.encode("she")]) == "she"
    translated = load_tokenizer(write_json(tmp_path))
    assert translated.decode([260, 10**6, 256]) == "he"


def test_text_that_utf8_cannot_carry(small_model: bytes, tmp_path: Path) -> None:
    for tokenizer in (
        SentencePieceTokenizer(small_model, TokenizerSettings(), "m"),
        load_tokenizer(write_json(tmp_path)),
    ):
        assert tokenizer.decode(tokenizer.encode("a\ud800b\0")) == "a\ufffdb\0"
        assert tokenizer.encode("") == []


def test_added_tokens_of_a_fine_tuned_sentencepiece_model(small_model: bytes) -> None:
    added = (
        (320, AddedToken("<|im_start|>")),
        (321, AddedToken("<|im_end|>", strip_right=True)),
        (322, AddedToken("<tool>", special=False)),
    )
    tokenizer = SentencePieceTokenizer(
        small_model, TokenizerSettings(eos_token="<|im_end|>", added_tokens=added), "m"
    )
    assert (tokenizer.vocab_size, tokenizer.eos_id, tokenizer.bos_id) == (323, 321, 1)
    girl, park = tokenizer.encode("girl"), tokenizer.encode("park")
    chat = "<|im_start|>girl<|im_end|> \n park<tool>"
    assert tokenizer.encode(chat, parse_special=True) == [320, *girl, 321, *park, 322]
    assert tokenizer.decode([320, *girl, 321, 322]) == "girl<tool>"
    assert set(tokenizer.encode(chat)) & {320, 321, 322} == {322}


def test_leading_spaces_with_and_without_legacy(small_model: bytes) -> None:
    legacy = SentencePieceTokenizer(small_model, TokenizerSettings(), "m")
    modern = SentencePieceTokenizer(small_model, TokenizerSettings(legacy=False), "m")
    bare = SentencePieceTokenizer(small_model, TokenizerSettings(legacy=False, add_prefix_space=False), "m")
    girl = legacy.encode("girl")
    assert modern.encode("girl") == girl
    assert legacy.encode("<s>girl", parse_special=True) == [1, *girl]
    inner = modern.encode("<s>girl", parse_special=True)[1:]
    assert inner != girl and bare.encode("girl") == inner
    assert bare.leading_space is LeadingSpace.KEEP
    assert bare.decode(girl) == " girl" and modern.decode(girl) == "girl"


def test_splitting_at_added_tokens() -> None:
    tokens = {
        1: AddedToken("<a>"),
        2: AddedToken("<a><b>", strip_left=True, strip_right=True),
        3: AddedToken("word", single_word=True),
    }
    split = AddedTokenSplitter(tokens).split
    assert list(split("x <a> <a><b> y")) == ["x ", 1, 2, "y"]
    assert list(split("<a><a>")) == [1, 1]
    assert list(split("words word, _word word")) == ["words ", 3, ", _word ", 3]
    assert list(split("")) == []
    assert list(AddedTokenSplitter({}).split("<a>")) == ["<a>"]


def test_tokenizer_json_settings_that_would_change_a_text_are_off(tmp_path: Path) -> None:
    model = small_json()["model"]
    assert isinstance(model, dict)
    cut = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
    pad = {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
           "pad_type_id": 0, "pad_token": "!"}  # fmt: skip
    write_json(tmp_path, truncation=cut, padding=pad, model={**model, "dropout": 1.0})
    assert load_tokenizer(tmp_path).encode("hehehe") == [256, 256, 256]


def test_tokens_that_only_tokenizer_config_declares(tmp_path: Path) -> None:
    write_json(tmp_path)
    token = {"content": "<|new|>", "special": True}
    write_config(
        tmp_path, added_tokens_decoder={"260": token}, bos_token={"content": "<s>"}, eos_token="<|new|>"
    )
    tokenizer = load_tokenizer(tmp_path)
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.vocab_size) == (257, 260, 261)
    assert tokenizer.encode("he<|new|>", parse_special=True) == [256, 260]
    write_config(tmp_path, added_tokens_decoder={"300": token})
    assert "'<|new|>' has id 260, but is declared with id 300" in refusal(tmp_path)


def test_a_unigram_vocabulary_cannot_smuggle_markup(tmp_path: Path) -> None:
    vocab = [["<unk>", 0.0], ["<s>", 0.0], ["<", -3.0], ["s", -3.0], [">", -3.0]]
    added = [{"id": i, "content": content, "special": True} for i, content in enumerate(["<unk>", "<s>"])]
    flags = dict.fromkeys(["single_word", "lstrip", "rstrip", "normalized"], False)
    write_json(
        tmp_path,
        model={"type": "Unigram", "unk_id": 0, "vocab": vocab},
        added_tokens=[{**token, **flags} for token in added],
        pre_tokenizer=None,
        decoder={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
    )
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.encode("ss<") == [3, 3, 2]
    with pytest.raises(TokenizerError, match="the text holds '<s>'"):
        tokenizer.encode("s<s>")
    assert tokenizer.encode("s<s>", parse_special=True) == [3, 1]


def test_which_file_is_taken(small_model: bytes, tmp_path: Path) -> None:
    assert "got neither tokenizer.model nor tokenizer.json" in refusal(tmp_path)
    write_json(tmp_path)
    write_config(tmp_path, bos_token="<s>")
    assert tokenizer_files(tmp_path) == ("tokenizer.json", "tokenizer_config.json")
    (tmp_path / "tokenizer.model").write_bytes(b"IQ== 0\nIg== 1\n")  # as the first Llama 3 releases have it
    assert load_tokenizer(tmp_path).kind == "tokenizers"
    (tmp_path / "tokenizer.model").write_bytes(small_model)
    assert load_tokenizer(tmp_path).kind == "tokenizers"  # as transformers does
    (tmp_path / "tokenizer.json").unlink()
    assert load_tokenizer(tmp_path).kind == "sentencepiece"
    assert tokenizer_files(tmp_path) == ("tokenizer.model", "tokenizer_config.json")
    (tmp_path / "tokenizer.model").write_bytes(b"IQ== 0\nIg== 1\n")
    assert "tiktoken" in refusal(tmp_path)


def test_a_vocabulary_that_disagrees_with_the_model(small_model: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(small_model)
    assert load_tokenizer(tmp_path, vocab_size=320).vocab_size == 320
    assert load_tokenizer(tmp_path, vocab_size=352).vocab_size == 320  # padded matrices
    line = refusal(tmp_path, vocab_size=319)
    assert "tokenizer.model: got 320 tokens" in line and "wanted at most the 319 of config.json" in line


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"bos_token": "<nowhere>"}, "bos_token: got '<nowhere>', which the vocabulary does not have"),
        ({"eos_token": 3}, "eos_token: got 3, wanted a string"),
        ({"eos_token": {"content": ""}}, "content: got 0 characters"),
        ({"legacy": "yes"}, 'legacy: got "yes", wanted true or false'),
        ({"added_tokens_decoder": []}, "added_tokens_decoder: got a list of 0, wanted an object"),
        ({"added_tokens_decoder": {"x": {"content": "a"}}}, "added_tokens_decoder: x: wanted a token id"),
        ({"added_tokens_decoder": {"9999999": {"content": "a"}}}, "wanted a token id below 1048576"),
        ({"added_tokens_decoder": {"1": "a"}}, 'got "a", wanted an object'),
        ({"added_tokens_decoder": {"1": {"content": "a", "lstrip": 1}}}, "lstrip: got 1, wanted true"),
    ],
)
def test_bad_tokenizer_configs_are_named(
    small_model: bytes, tmp_path: Path, config: dict[str, object], wanted: str
) -> None:
    (tmp_path / "tokenizer.model").write_bytes(small_model)
    write_config(tmp_path, **config)
    assert wanted in refusal(tmp_path)
    (tmp_path / "tokenizer.model").unlink()
    write_json(tmp_path)
    assert wanted in refusal(tmp_path)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"model": None}, 'model: got "nothing", wanted BPE or Unigram'),
        ({"model": {"type": "WordPiece", "vocab": {}}}, 'model: got "WordPiece"'),
        ({"model": {"type": "BPE", "vocab": {}}}, "vocab: got 0 tokens"),
        ({"model": {"type": "BPE", "vocab": {"a": 1 << 30}}}, "vocab: got 1073741825 tokens"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}, "not a usable tokenizer.json"),
        ({"model": {"type": "BPE", "vocab": {"a": -5}, "merges": []}}, "vocab: got -4 tokens"),
        ({"normalizer": {"type": "Ghost"}}, "not a usable tokenizer.json"),
        ({"decoder": None}, "decoder: got nothing"),
        ({"decoder": {"type": "WordPiece"}}, 'decoder: type: got "WordPiece"'),
        ({"decoder": {"type": "Sequence", "decoders": [3]}}, "decoders: got 1 items"),
        (
            {"decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "ByteFallback"}]}},
            "Fuse, Byte",
        ),
        ({"decoder": {"type": "Strip", "content": " ", "start": 1, "stop": 0}}, "Strip without Fuse"),
        ({"decoder": {"type": "Replace", "pattern": {"Regex": "a"}, "content": ""}}, "wanted a plain string"),
        ({"added_tokens": [3]}, "added_tokens: got 3, wanted an object"),
        ({"added_tokens": [{"id": -1, "content": "a"}]}, "id: got -1"),
    ],
)
def test_bad_tokenizer_json_is_named(tmp_path: Path, changes: dict[str, object], wanted: str) -> None:
    write_json(tmp_path, **changes)
    line = refusal(tmp_path)
    assert wanted in line and "tokenizer.json" in line


@pytest.mark.parametrize("data", [b"", b"{", b"\0" * 100, b"[]", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"])
def test_files_that_are_no_tokenizer(tmp_path: Path, data: bytes) -> None:
    for name in ("tokenizer.model", "tokenizer.json"):
        (tmp_path / name).write_bytes(data)
        assert name in refusal(tmp_path)
        (tmp_path / name).unlink()


@given(data=st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_still_a_tokenizer(
    small_model: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(["tokenizer.model", "tokenizer.json"]))
    whole = bytearray(small_model if name == "tokenizer.model" else json.dumps(small_json()).encode())
    position = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[position:]
    else:
        whole[position] ^= data.draw(st.integers(1, 255))
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / name).write_bytes(whole)
    try:
        tokenizer = load_tokenizer(tmp_path)
        tokenizer.decode([*tokenizer.encode("once upon <s> é 字", parse_special=True), *range(300)])
    except TokenizerError as error:
        assert "\n" not in error.render() and name in error.render()


def test_a_file_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert "larger than 67108864 bytes" in refusal(tmp_path)


def test_settings_default_to_llama_2s() -> None:
    assert replace(TokenizerSettings(), legacy=True) == TokenizerSettings()
