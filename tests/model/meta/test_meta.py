"""Meta's layout: the same model as in Hugging Face's, from any number of shards."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from kernelc.errors import CheckpointError, ConfigError, TokenizerError
from model.meta.params import MetaVocabulary, config_of, read_params
from model.meta.tokenizer import write_text_files
from model.opening import ModelFiles, open_model
from model.text.byte_level import BYTE_LETTERS
from model.text.tokenizer import load_tokenizer
from tests.model.checkpoints.torch_files import write_zip
from tests.model.meta.meta_folder import write_meta_folder
from tests.model.tiny_checkpoint import write_tiny_checkpoint

HEAD_DIM = 8
LLAMA: dict[str, object] = {
    "model_type": "llama", "vocab_size": 512, "hidden_size": 32, "intermediate_size": 96,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5,
    "max_position_embeddings": 8192, "rope_theta": 5e5,
}  # fmt: skip
PARAMS: dict[str, object] = {
    "dim": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "multiple_of": 32, "norm_eps": 1e-5,
    "vocab_size": -1, "rope_theta": 5e5, "max_seq_len": 8192,
}  # fmt: skip


def write_tiktoken(path: Path, extra: tuple[bytes, ...] = ()) -> None:
    tokens = [bytes([byte]) for byte in range(256)] + list(extra)
    path.write_bytes(
        b"".join(base64.b64encode(token) + f" {rank}\n".encode() for rank, token in enumerate(tokens))
    )


def write(folder: Path, count: int = 1, llama_3: bool = True, **changes: object) -> dict[str, np.ndarray]:
    (folder / "hf").mkdir()
    write_tiny_checkpoint(folder / "hf", LLAMA)
    tensors = load_file(folder / "hf" / "model.safetensors")
    (folder / "meta").mkdir()
    write_tiktoken(folder / "meta" / "tokenizer.model")
    write_meta_folder(
        folder / "meta", tensors, {**PARAMS, **changes}, head_dim=HEAD_DIM, count=count, llama_3=llama_3
    )
    return tensors


def check(files: ModelFiles, tensors: dict[str, np.ndarray]) -> None:
    files.checkpoint.check_against(files.model.weights())
    for name in files.model.weights():
        np.testing.assert_array_equal(files.checkpoint.read(name), tensors[name])
        order = np.random.default_rng(0).permutation(len(tensors[name]))[:7]
        np.testing.assert_array_equal(files.checkpoint.take_rows(name, order), tensors[name][order])


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("llama_3", [True, False])
def test_the_same_weights_from_any_number_of_shards(tmp_path: Path, count: int, llama_3: bool) -> None:
    tensors = write(tmp_path, count, llama_3)
    with open_model(tmp_path / "meta") as files, open_model(tmp_path / "hf") as wanted:
        check(files, tensors)
        assert files.name == "meta" and files.notes == ()
        told = files.model.config, wanted.model.config
        assert told[0].rope == told[1].rope and told[0].norm_eps == told[1].norm_eps
        assert files.model.weights() == wanted.model.weights()
        assert files.model.info.bos_token_id == 256 and 257 in files.model.info.eos_token_ids
        text = files.text
    assert not text.exists()


def test_a_model_without_an_output_layer_is_tied(tmp_path: Path) -> None:
    tensors = write(tmp_path)
    del tensors["lm_head.weight"]
    write_meta_folder(tmp_path / "meta", tensors, PARAMS, head_dim=HEAD_DIM)
    with open_model(tmp_path / "meta") as files:
        assert files.model.config.tie_word_embeddings
        check(files, tensors)


def test_shards_that_are_missing_or_do_not_fit(tmp_path: Path) -> None:
    write(tmp_path, count=2)
    shards = [tmp_path / "meta" / f"consolidated.0{number}.pth" for number in (0, 1)]
    whole = shards[0].read_bytes()
    shards[0].unlink()
    with pytest.raises(CheckpointError, match="wanted all from 00 on"):
        open_model(tmp_path / "meta")
    shards[0].write_bytes(whole)
    shards[1].write_bytes(whole[:-100])
    with pytest.raises(CheckpointError):
        open_model(tmp_path / "meta")
    save = {"norm.weight": np.ones(3, np.float32)}
    write_zip(shards[1], save)
    with pytest.raises(CheckpointError, match=r"got nothing, wanted F32 \[256, 32\] as in the first"):
        open_model(tmp_path / "meta")


def test_a_shard_that_is_a_pointer_of_git_lfs(tmp_path: Path) -> None:
    write(tmp_path)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"
    (tmp_path / "meta" / "consolidated.00.pth").write_text(pointer)
    with pytest.raises(CheckpointError, match="pointer of Git LFS"):
        open_model(tmp_path / "meta")


def test_the_text_is_removed_even_if_closing_the_weights_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise BufferError

    write(tmp_path)
    files = open_model(tmp_path / "meta")
    monkeypatch.setattr(files.checkpoint, "close", fail)
    with pytest.raises(BufferError):
        files.close()
    assert not files.text.exists()
    monkeypatch.undo()
    files.checkpoint.close()


def test_a_tokenizer_that_is_missing_or_damaged(tmp_path: Path) -> None:
    write(tmp_path)
    file = tmp_path / "meta" / "tokenizer.model"
    whole = file.read_bytes()
    for data, wanted in [
        (whole[: whole.index(b" 99\n") + 4], "not all single bytes"),
        (whole.replace(b" 17\n", b" 18\n"), "line 18: got"),
        (whole + b"!!!! 256\n", "line 257: got"),
    ]:
        file.write_bytes(data)
        with pytest.raises(TokenizerError, match=wanted):
            open_model(tmp_path / "meta")
    file.unlink()
    with pytest.raises(TokenizerError, match=r"no tokenizer\.model"):
        open_model(tmp_path / "meta")
    (tmp_path / "tokenizer.model").write_bytes(whole)  # where Llama 1 and 2 keep it
    open_model(tmp_path / "meta").close()


def config(vocabulary: int = 32000, /, **params: object) -> dict[str, object]:
    fields = read_params({"dim": 4096, "n_layers": 32, "n_heads": 32, **params}, "params.json")
    return config_of(fields, MetaVocabulary(vocabulary, 1, (2,)), tied=False)


def test_sizes_of_published_models() -> None:
    """The numbers are those of the config.json that Meta publishes beside each."""
    llama_2_7b = config(multiple_of=256, norm_eps=1e-5, vocab_size=-1)
    assert (llama_2_7b["intermediate_size"], llama_2_7b["max_position_embeddings"]) == (11008, 4096)
    assert (llama_2_7b["vocab_size"], llama_2_7b["num_key_value_heads"]) == (32000, 32)
    assert config(norm_eps=1e-6)["max_position_embeddings"] == 2048
    llama_2_70b = config(dim=8192, n_heads=64, n_kv_heads=8, multiple_of=4096, ffn_dim_multiplier=1.3)
    assert (llama_2_70b["intermediate_size"], llama_2_70b["max_position_embeddings"]) == (28672, 4096)
    assert config(dim=8192, n_heads=64, norm_eps=1e-5)["max_position_embeddings"] == 2048
    llama_3_8b = config(
        128256, n_kv_heads=8, multiple_of=1024, ffn_dim_multiplier=1.3, rope_theta=500000.0, vocab_size=128256
    )
    assert (llama_3_8b["intermediate_size"], llama_3_8b["max_position_embeddings"]) == (14336, 8192)
    llama_3_2_1b = config(
        128256, dim=2048, multiple_of=256, ffn_dim_multiplier=1.5, rope_theta=5e5, use_scaled_rope=True
    )
    assert llama_3_2_1b["intermediate_size"] == 8192
    scaling = llama_3_2_1b["rope_scaling"]
    assert isinstance(scaling, dict) and scaling["factor"] == 32.0
    assert config(128256, use_scaled_rope=True)["max_position_embeddings"] == 131072
    assert config(32016, rope_theta=1e6)["max_position_embeddings"] == 16384


@pytest.mark.parametrize(
    "params,wanted",
    [
        ({"moe": {"num_experts": 8}}, "a mixture of experts"),
        ({"quantization_args": {"scheme": "int8"}}, "quantised weights"),
        ({"dim": "4096"}, "wanted a whole number"),
        ({"ffn_dim_multiplier": float("inf")}, "ffn_dim_multiplier"),
    ],
)
def test_parameters_that_are_refused(params: dict[str, object], wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(32000, **params)
    assert wanted in caught.value.render()


def test_byte_pairs_join_by_rank(tmp_path: Path) -> None:
    extra = (b"th", b"he", b" t", b"the", b" the", " é".encode(), b"\n\n")
    write_tiktoken(tmp_path / "tokenizer.model", extra)
    (tmp_path / "text").mkdir()
    vocabulary = write_text_files(tmp_path / "tokenizer.model", tmp_path / "text")
    assert vocabulary.size == 256 + len(extra) + 256
    tokenizer = load_tokenizer(tmp_path / "text", vocab_size=vocabulary.size)
    assert tokenizer.encode("the the") == [259, 260]
    assert tokenizer.encode("he é\n\n") == [257, 261, 262]
    assert tokenizer.encode("tha") == [256, ord("a")]
    assert tokenizer.decode(tokenizer.encode("wörld\x00")) == "wörld\x00"
    assert tokenizer.prompt_prefix == (vocabulary.bos,)


def test_llama_3_from_its_tiktoken_file(tmp_path: Path, shared_data: Path) -> None:
    """The file is made of the published tokenizer.json, whose texts it must then encode alike."""
    source = shared_data / "tokenizers" / "llama3" / "tokenizer.json"
    published = json.loads(source.read_text())
    byte_of = {letter: byte for byte, letter in enumerate(BYTE_LETTERS)}
    lines = sorted(
        (rank, bytes(byte_of[c] for c in token)) for token, rank in published["model"]["vocab"].items()
    )
    (tmp_path / "tokenizer.model").write_bytes(
        b"".join(base64.b64encode(token) + f" {rank}\n".encode() for rank, token in lines)
    )
    vocabulary = write_text_files(tmp_path / "tokenizer.model", tmp_path)
    assert (vocabulary.size, vocabulary.bos) == (128256, 128000)
    ours, theirs = Tokenizer.from_file(str(tmp_path / "tokenizer.json")), Tokenizer.from_file(str(source))
    text = (shared_data / "text" / "wiki.test.raw").read_text()[:200_000]
    vectors = (shared_data / "tokenizers" / "vectors").glob("*llama-bpe*.inp")
    for piece in [text, *(each.read_text() for each in vectors)]:
        assert ours.encode(piece).ids == theirs.encode(piece).ids
