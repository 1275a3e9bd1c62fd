"""Tokenizers, templates and stops out of the metadata: the same ids as from the models' own files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import CheckpointError, TokenizerError
from model.gguf.metadata import Metadata
from model.gguf.text.files import write_text_files
from model.gguf.text.pretokenizers import PRE_TOKENIZERS
from model.gguf.text.vocabulary import Vocabulary
from model.text.chat_template import load_chat_template
from model.text.tokenizer import Tokenizer, load_tokenizer
from tests.model.gguf.tiny_models import llama_metadata
from tests.model.gguf.tokenizers_as_metadata import of_byte_level, of_sentencepiece
from tests.model.gguf.writer import Gguf

SPM_TOKENS = [
    "<unk>",
    "<s>",
    "</s>",
    *(f"<0x{byte:02X}>" for byte in range(256)),
    "\u2581",
    "a",
    "b",
    "\u2581a",
    "ab",
]


def folder_of(tmp_path: Path, values: dict[str, object]) -> Path:
    """The text files of a file with these metadata, through the file itself."""
    from model.gguf.container import Container

    container = Container.open(Gguf(values, {}).write(tmp_path / "text.gguf"))
    folder = tmp_path / "text"
    folder.mkdir(exist_ok=True)
    write_text_files(Vocabulary.read(Metadata(container.metadata, str(container.path))), folder)
    container.close()
    return folder


def tokenizer_of(tmp_path: Path, values: dict[str, object]) -> Tokenizer:
    return load_tokenizer(folder_of(tmp_path, values))


def sentencepiece_metadata(**changes: object) -> dict[str, object]:
    count = len(SPM_TOKENS)
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": SPM_TOKENS,
        "tokenizer.ggml.scores": [0.0] * 259 + [-1.0 - at for at in range(count - 259)],
        "tokenizer.ggml.token_type": [2, 3, 3, *[6] * 256, *[1] * (count - 259)],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    } | {name.replace("__", "."): value for name, value in changes.items()}


def added(values: dict[str, object], tokens: list[str], kind: int) -> dict[str, object]:
    """The metadata with more tokens of one kind at the end."""
    more = dict(values)
    for key, new in (
        ("tokens", tokens),
        ("token_type", [kind] * len(tokens)),
        ("scores", [0.0] * len(tokens)),
    ):
        if f"tokenizer.ggml.{key}" in more:
            more[f"tokenizer.ggml.{key}"] = [*more[f"tokenizer.ggml.{key}"], *new]  # type: ignore[misc]
    return more


def vectors(shared_data: Path, name: str) -> list[tuple[str, list[int]]]:
    base = shared_data / "tokenizers" / "vectors" / f"ggml-vocab-{name}.gguf"
    texts = Path(f"{base}.inp").read_bytes().decode().split("\n__ggml_vocab_test__\n")
    lines = Path(f"{base}.out").read_text().split("\n")
    return [(text, [int(i) for i in line.split()]) for text, line in zip(texts, lines, strict=True)]


def test_llama_2s_vocabulary(shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "tokenizers/llama2/tokenizer.model"
    got = tokenizer_of(tmp_path, of_sentencepiece(file))
    own = load_tokenizer(shared_data / "tokenizers/llama2")
    for text, ids in vectors(shared_data, "llama-spm"):
        assert got.encode(text) == ids and got.decode(ids) == text
    assert (got.bos_id, got.eos_id, got.prompt_prefix, got.vocab_size) == (1, 2, (1,), 32000)
    assert got.special_tokens == own.special_tokens and got.leading_space is own.leading_space
    for text in ("<s>[INST] Hello! [/INST] Hi </s><s>[INST] x", "<s> a</s>", "\u2581 <unk>x"):
        assert got.encode(text, parse_special=True) == own.encode(text, parse_special=True)


def test_llama_3s_vocabulary(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "tokenizers/llama3"
    values = of_byte_level(folder / "tokenizer.json", "llama-bpe", "<|begin_of_text|>", "<|eot_id|>")
    got, own = tokenizer_of(tmp_path, values), load_tokenizer(folder)
    for text, ids in vectors(shared_data, "llama-bpe"):
        assert got.encode(text) == ids and got.decode(ids) == text
    assert (got.bos_id, got.eos_id, got.prompt_prefix, got.vocab_size) == (128000, 128009, (128000,), 128256)
    assert got.special_tokens == own.special_tokens
    text = "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
    assert got.encode(text, parse_special=True) == own.encode(text, parse_special=True)
    generation = json.loads((tmp_path / "text/generation_config.json").read_text())
    assert set(generation["eos_token_id"]) == {128009, 128001, 128008}


def test_small_vocabularies_of_sentencepiece(shared_data: Path, tmp_path: Path) -> None:
    for model in ("stories260K", "babyllama105"):
        folder = shared_data / "models" / model
        (tmp_path / model).mkdir()
        got = tokenizer_of(tmp_path / model, of_sentencepiece(folder / "tokenizer.model"))
        own = load_tokenizer(folder)
        for text in ("Once upon a time", "é字!", "", "Lily said"):  # GGUF does not say that spaces are joined
            assert got.encode(text) == own.encode(text), (model, text)


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
def test_every_rule_is_one_that_the_package_takes(tmp_path: Path, name: str) -> None:
    got = tokenizer_of(
        tmp_path, llama_metadata(tokenizer__ggml__pre=name) | {"tokenizer.ggml.merges": ['! "']}
    )
    assert got.decode(got.encode('!"#')) == '!"#'


CUTS: dict[str, tuple[str, list[str]]] = {
    "gpt-2": ("It's 123 a\u0301 x  y\n", ["It", "'s", " 123", " a", "\u0301", " x", " ", " y", "\n"]),
    "smollm": ("It's 123", ["It", "'s", " ", "1", "2", "3"]),
    "llama-bpe": ("It'S 12345!\n\n x", ["It", "'S", " ", "123", "45", "!\n\n", " x"]),
    "qwen2": ("It'S 123", ["It", "'S", " ", "1", "2", "3"]),
    "tekken": ("HTMLParser 12", ["HTMLParser", " ", "1", "2"]),
    "gpt-4o": ("helloWorld's 1234", ["hello", "World's", " ", "123", "4"]),
    "deepseek-v3": ("ab字c 1234!x", ["ab", "字", "c", " ", "123", "4", "!x"]),
    "default": ("a+b 12", ["a", "+", "b", " ", "12"]),
}


@pytest.mark.parametrize("name", CUTS)
def test_where_words_are_cut(tmp_path: Path, name: str) -> None:
    text, wanted = CUTS[name]
    folder = folder_of(tmp_path, llama_metadata(tokenizer__ggml__pre=name))
    whole = json.loads((folder / "tokenizer.json").read_text())
    whole["pre_tokenizer"]["pretokenizers"].pop()  # the step that spells bytes
    cutter = tokenizers.Tokenizer.from_str(json.dumps(whole)).pre_tokenizer
    assert [part for part, _ in cutter.pre_tokenize_str(text)] == wanted


def test_bos_where_the_file_wants_it(tmp_path: Path) -> None:
    for number, (flag, wanted) in enumerate([(True, True), (False, False), (None, False)]):
        (tmp_path / str(number)).mkdir()
        values = llama_metadata(tokenizer__ggml__add_bos_token=flag)
        folder = folder_of(tmp_path / str(number), values)
        assert (load_tokenizer(folder).prompt_prefix == (0,)) is wanted
        written = json.loads((folder / "tokenizer.json").read_text())["post_processor"]
        assert (written is not None) is wanted


def test_markup_and_tokens_of_users(tmp_path: Path) -> None:
    """Control tokens are the model's own: a user who writes one gets text. Tokens of users are for all."""
    for number, values in enumerate([llama_metadata(), sentencepiece_metadata()]):
        (tmp_path / str(number)).mkdir()
        values = added(added(values, ["<|im_start|>"], 3), ["ab!"], 4)
        got = tokenizer_of(tmp_path / str(number), values)
        last = got.vocab_size - 1
        assert got.special_tokens["<|im_start|>"] == last - 1 and "ab!" not in got.special_tokens
        assert got.encode("<|im_start|>", parse_special=True) == [last - 1]
        assert last - 1 not in got.encode("<|im_start|>")
        assert got.encode("ab!") == [last] and got.decode([last]) == "ab!"


def test_gemmas_tokens_of_spaces_and_newlines(tmp_path: Path) -> None:
    """Where texts get no leading space, sentencepiece finds them itself; its spaces are spelled U+2581."""
    values = added(sentencepiece_metadata(tokenizer__ggml__add_space_prefix=False), ["\n\n", "   "], 4)
    got = tokenizer_of(tmp_path, values)
    last = got.vocab_size - 1
    assert got.encode("a\n\na   b") == [260, last - 1, 260, last, 261]
    assert got.decode([260, last - 1, 260, last, 261]) == "a\n\na   b"


def test_bytes_stand_for_what_has_no_token(tmp_path: Path) -> None:
    got = tokenizer_of(tmp_path, sentencepiece_metadata())
    assert got.encode("é") == [259, 3 + 0xC3, 3 + 0xA9] and got.decode([3 + 0xC3, 3 + 0xA9]) == "é"


def test_a_token_without_text_and_one_without_kind(tmp_path: Path) -> None:
    values = added(sentencepiece_metadata(), ["", "x"], 9)
    got = tokenizer_of(tmp_path, values)
    assert got.token(got.vocab_size - 2) == f"<empty token {got.vocab_size - 2}>"


def test_a_gemma_whose_unknown_token_is_a_control_token(tmp_path: Path) -> None:
    kinds = [3, 3, 3, *[6] * 256, *[1] * (len(SPM_TOKENS) - 259)]
    values = sentencepiece_metadata(tokenizer__ggml__token_type=kinds, tokenizer__ggml__unknown_token_id=0)
    assert tokenizer_of(tmp_path, values).special_tokens["<unk>"] == 0


def test_template_stops_and_sampling(tmp_path: Path) -> None:
    values = added(llama_metadata(), ["<|eot_id|>", "<|im_end|>"], 3) | {
        "tokenizer.chat_template": "{{ messages[0].content }}é",
        "tokenizer.ggml.eot_token_id": 40,
        "general.sampling.temp": 0.2,
        "general.sampling.top_k": 40,
        "general.sampling.penalty_repeat": 1.1,
    }
    folder = folder_of(tmp_path, values)
    assert load_chat_template(folder).source == "{{ messages[0].content }}é"
    assert json.loads((folder / "generation_config.json").read_text()) == {
        "eos_token_id": [1, 40, 41], "bos_token_id": 0, "temperature": 0.2, "top_k": 40,
        "repetition_penalty": 1.1, "do_sample": True,
    }  # fmt: skip


def test_ids_that_stand_for_no_token(tmp_path: Path) -> None:
    from tests.model.gguf.writer import typed

    values = llama_metadata(tokenizer__ggml__bos_token_id=typed("u32", (1 << 32) - 1))
    assert tokenizer_of(tmp_path, values).bos_id is None


def test_vocabularies_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match='got "t5"'):
        folder_of(tmp_path, sentencepiece_metadata(tokenizer__ggml__model="t5"))
    with pytest.raises(CheckpointError, match="got a number that is not finite"):
        scores = [float("nan")] * len(SPM_TOKENS)
        folder_of(tmp_path, sentencepiece_metadata(tokenizer__ggml__scores=scores))
    with pytest.raises(CheckpointError, match="got an array of 0, wanted"):
        folder_of(
            tmp_path, sentencepiece_metadata(tokenizer__ggml__tokens=[]) | {"tokenizer.ggml.token_type": []}
        )


@given(st.text(max_size=40))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    tokenizer = tokenizer_of(tmp_path_factory.mktemp("spm"), sentencepiece_metadata())
    text = text.replace("\x00", "").replace("\u2581", "")
    assert tokenizer.decode(tokenizer.encode(text)) == text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )
