"""Names, row orders and settings of every architecture, against what llama.cpp's own tables say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest

from kernelc.errors import CheckpointError, ConfigError
from model.families.registry import FAMILIES, model_of
from model.gguf.architectures import ARCHITECTURES
from model.gguf.config import architecture_of
from model.gguf.metadata import Metadata
from model.gguf.rope import rope_scaling
from model.gguf.settings import Settings
from model.opening import open_model, stores_codes
from tests.model.gguf.tiny_architectures import tiny
from tests.model.gguf.tiny_models import LETTERS, llama_metadata, tiny_llama
from tests.model.gguf.writer import Gguf, stored, typed

ARCH_OF = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_names_are_those_that_the_converter_makes(name: str) -> None:
    names = gguf.get_tensor_name_map(ARCH_OF[name], 3)
    architecture = ARCHITECTURES[name]
    known = {gguf.TENSOR_NAMES[kind] for kind in gguf.MODEL_TENSORS[ARCH_OF[name]]}
    for stored_name, family_name in architecture.layer.items():
        if f"blk.{{bid}}.{stored_name}" not in known:
            continue  # what the architectures have in common, and this one lacks
        mapped = names.get_name(f"model.layers.2.{family_name}")
        assert mapped == f"blk.2.{stored_name}", family_name
        assert architecture.name_of(f"blk.2.{stored_name}.weight") == f"model.layers.2.{family_name}.weight"
    assert architecture.name_of("token_embd.weight") == "model.embed_tokens.weight"
    assert architecture.name_of("output.weight") == "lm_head.weight"
    assert architecture.name_of("output_norm.bias") == "model.norm.bias"


def test_what_no_family_knows_keeps_its_name() -> None:
    for name in (
        "rope_freqs.weight",
        "blk.0.ffn_gate_exps.weight",
        "blk.x.attn_q.weight",
        "blk.weight",
        "x",
        "",
    ):
        assert ARCHITECTURES["llama"].name_of(name) == name


def opened(path: Path, made: Gguf) -> dict[str, np.ndarray]:
    with open_model(made.write(path)) as files:
        return {name: files.checkpoint.read(name) for name in files.checkpoint.names()}


def test_rows_of_q_and_k_come_back_in_order(tmp_path: Path) -> None:
    """Row i of a head, of width 64, lies at 2i below the middle and at 2i - 63 from there on."""
    made = tiny_llama("F32")
    rows = np.repeat(np.arange(256, dtype=np.float32)[:, None], 256, axis=1)
    made.tensors = {**made.tensors, "blk.0.attn_q.weight": stored(rows)}
    found = opened(tmp_path / "a.gguf", made)["model.layers.0.self_attn.q_proj.weight"][:, 0]
    assert found[:3].tolist() == [0, 2, 4] and found[31:35].tolist() == [62, 1, 3, 5]
    assert found[64:66].tolist() == [64, 66] and sorted(found.tolist()) == list(range(256))
    with open_model(tmp_path / "a.gguf") as files:
        part = files.checkpoint.take_rows("model.layers.0.self_attn.q_proj.weight", [33, 0, 33])
        assert part[:, 0].tolist() == [3, 0, 3]
        some = files.checkpoint.rows("model.layers.0.self_attn.q_proj.weight", 31, 33)
        assert some[:, 0].tolist() == [62, 1]


def test_tensors_that_nothing_reads_are_named(tmp_path: Path) -> None:
    """What the settings say already, such as the frequencies of the rotation, is left out in silence."""
    made = tiny_llama("F32")
    silent = {"rope_freqs.weight": np.ones(32), "blk.0.attn_rot_embd.weight": np.ones(32)}
    extra = {name: stored(values.astype(np.float32)) for name, values in silent.items()}
    made.tensors = {**made.tensors, **extra}
    with open_model(made.write(tmp_path / "a.gguf")) as files:
        assert files.notes == ()
    made.tensors = {**made.tensors, "blk.0.attn_sinks.weight": stored(np.ones(4, np.float32))}
    with open_model(made.write(tmp_path / "a.gguf")) as files:
        wanted = "1 tensor of the checkpoint that no part of the model reads: blk.0.attn_sinks.weight"
        assert files.notes == (wanted,)


@pytest.mark.parametrize(("name", "added"), [("gemma3", 1.0), ("nemotron", 1.0), ("llama", 0.0)])
def test_gains_of_norms_lose_what_the_converter_added(tmp_path: Path, name: str, added: float) -> None:
    """Norms of the whole state, of layers and of heads; matrices and biases stay as they are."""
    made = tiny(name)
    found = opened(tmp_path / "a.gguf", made)
    gains = {each: kept for each, kept in made.tensors.items() if each.endswith("norm.weight")}
    assert "output_norm.weight" in gains and len(gains) > 2
    for stored_name, kept in gains.items():
        values = np.frombuffer(kept.data, "<f4") - np.float32(added)
        np.testing.assert_array_equal(found[ARCHITECTURES[name].name_of(stored_name)], values)
    embedding = np.frombuffer(made.tensors["token_embd.weight"].data, "<f4")
    np.testing.assert_array_equal(found["model.embed_tokens.weight"].ravel(), embedding)
    if "output_norm.bias" in made.tensors:
        bias = np.frombuffer(made.tensors["output_norm.bias"].data, "<f4")
        np.testing.assert_array_equal(found["model.norm.bias"], bias)


def settings_of(values: dict[str, object], *tensors: str, architecture: str = "llama") -> Settings:
    from model.gguf.container import TensorInfo
    from model.gguf.types import TYPES

    infos = {name: TensorInfo(TYPES[0], (8,), 0, 32) for name in tensors}
    renamed = {key.replace("llama.", f"{architecture}.", 1): value for key, value in values.items()}
    return Settings(Metadata(renamed, "file"), infos, architecture)  # pyright: ignore[reportArgumentType]


def scalars(**changes: object) -> dict[str, object]:
    kept = llama_metadata(**changes)
    return {key: value for key, value in kept.items() if not isinstance(value, list)}


def llama3_factors(
    theta: float, width: int, factor: float, low: float, high: float, length: int
) -> np.ndarray:
    """As LlamaModel.generate_extra_tensors of llama.cpp's converter computes them."""
    lengths = 2 * np.pi * theta ** (np.arange(0, width, 2) / width)
    out: list[float] = []
    for wave in lengths:
        if wave < length / high:
            out.append(1.0)
        elif wave > length / low:
            out.append(factor)
        else:
            smooth = (length / wave - low) / (high - low)
            out.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(out, np.float32)


@pytest.mark.parametrize(
    ("factor", "low", "high", "length"),
    [(8.0, 1.0, 4.0, 8192), (32.0, 1.0, 4.0, 8192), (4.0, 1.0, 4.0, 2048)],
)
def test_llama_3s_scaling_follows_from_its_factors(
    factor: float, low: float, high: float, length: int
) -> None:
    factors = llama3_factors(500000.0, 128, factor, low, high, length)
    s = settings_of(scalars(llama__rope__freq_base=500000.0), "rope_freqs.weight")
    assert rope_scaling(s, lambda _: factors) == {
        "rope_type": "llama3", "factor": factor, "low_freq_factor": low, "high_freq_factor": high,
        "original_max_position_embeddings": length,
    }  # fmt: skip


def test_factors_that_no_rule_gives_are_refused() -> None:
    s = settings_of(scalars(), "rope_freqs.weight")
    with pytest.raises(CheckpointError, match="Llama 3's rule does not give"):
        rope_scaling(s, lambda _: np.linspace(1, 9, 64, dtype=np.float32))
    with pytest.raises(CheckpointError, match="not finite or below 1"):
        rope_scaling(s, lambda _: np.full(4, np.nan, np.float32))
    assert rope_scaling(s, lambda _: np.ones(4, np.float32)) is None


def test_scaling_in_the_metadata() -> None:
    def none(name: str) -> np.ndarray:
        raise AssertionError(name)

    plain = {"llama__rope__scaling__type": "none"}
    assert rope_scaling(settings_of(scalars(**plain)), none) is None
    linear = {"llama__rope__scaling__type": "linear", "llama__rope__scaling__factor": 8.0}
    assert rope_scaling(settings_of(scalars(**linear)), none) == {"rope_type": "linear", "factor": 8.0}
    long = settings_of(scalars(), "rope_factors_long.weight", "rope_factors_short.weight")
    found = rope_scaling(long, lambda name: np.full(2, 2.0 if "long" in name else 1.0, np.float32))
    assert found == {"rope_type": "longrope", "long_factor": [2.0, 2.0], "short_factor": [1.0, 1.0]}


def test_settings_become_the_fields_of_a_config(tmp_path: Path) -> None:
    made = tiny_llama("F32")
    with open_model(made.write(tmp_path / "tiny.gguf")) as files:
        config = files.model.config
        assert files.name == "tiny" and files.checkpoint.check_against(files.model.weights()) == ()
    assert (config.vocab_size, config.hidden_size, config.layers) == (len(LETTERS) + 2, 256, 1)
    assert (config.heads, config.kv_heads, config.head_dim, config.rope.rotary_dim) == (4, 2, 64, 64)
    assert (config.norm_eps, config.rope.theta, config.max_position_embeddings) == (1e-5, 10000.0, 64)
    assert config.tie_word_embeddings and (config.bos_token_id, config.eos_token_ids) == (0, (1,))


def test_extra_settings_of_the_architectures() -> None:
    def of(name: str, values: dict[str, object] | None = None, *tensors: str) -> dict[str, object]:
        return ARCHITECTURES[name].settings(
            settings_of(scalars(**(values or {})), *tensors, architecture=name)
        )

    assert of("llama", None, "blk.0.attn_q.bias") == {"attention_bias": True, "mlp_bias": False}
    assert of("gemma2")["attn_logit_softcapping"] == 50.0 and of("gemma2")["query_pre_attn_scalar"] == 64
    assert (
        of("gemma2", {"llama__block_count": 46, "llama__attention__key_length": 128})["query_pre_attn_scalar"]
        == 64
    )
    assert of("gemma3", {"llama__attention__sliding_window": 512})["sliding_window"] == 512
    assert of("gemma3")["rope_local_base_freq"] == 10000.0
    assert of("granite", {"llama__logit_scale": 8.0})["logits_scaling"] == 8.0
    assert of("smollm3")["no_rope_layer_interval"] == 4
    assert (
        of("phi3", {"llama__rope__scaling__original_context_length": 32})["original_max_position_embeddings"]
        == 32
    )
    with pytest.raises(CheckpointError, match="OLMo 3"):
        of("olmo2", {"llama__attention__sliding_window": 4096})


TINY = tiny_llama("Q8_0")
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "unknown": ({"general__architecture": "falcon"}, 'got "falcon", wanted llama or'),
    "none": ({"general__architecture": None}, 'got "", wanted llama'),
    "number": ({"general__architecture": 7}, "got 7, wanted a string"),
    "experts": ({"llama__expert_count": 8}, "a mixture of experts"),
    "layers": ({"llama__block_count": 1 << 30}, "llama.block_count: got 1073741824"),
    "no layers": ({"llama__block_count": None}, "llama.block_count: got nothing"),
    "heads": ({"llama__attention__head_count": 0}, "llama.attention.head_count: got 0"),
    "lists of heads": ({"llama__attention__head_count": [4, 8]}, "got a list of 0"),
    "nan": ({"llama__rope__freq_base": typed("f32", float("nan"))}, "got NaN"),
    "eos": ({"tokenizer__ggml__eos_token_id": 40}, "got 40, wanted a token below 40"),
    "tokenizer": ({"tokenizer__ggml__model": "bert"}, 'got "bert", wanted gpt2 or llama'),
    "pre": ({"tokenizer__ggml__pre": "mine"}, 'got "mine", a rule that kernelc does not know'),
    "merges": ({"tokenizer__ggml__merges": ["ab"]}, "which are no two tokens that make a third"),
    "no merges": ({"tokenizer__ggml__merges": None}, "merges: got nothing, wanted an array"),
    "twice": ({"tokenizer__ggml__tokens": ["a"] * 40}, "39 of them twice"),
    "types": ({"tokenizer__ggml__token_type": [1]}, "got an array of 1, wanted an array of 40 numbers"),
    "no text": ({"tokenizer__ggml__tokens": [b"\xff".decode("latin-1")]}, "wanted"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_models_that_cannot_run_are_refused_by_name(tmp_path: Path, name: str) -> None:
    changes, wanted = REFUSED[name]
    with pytest.raises(Exception) as caught:
        open_model(replace(TINY, metadata=llama_metadata(**changes)).write(tmp_path / "a.gguf"))
    line = getattr(caught.value, "render", lambda: "")()
    assert wanted in line and "\n" not in line


def test_a_layer_count_of_one_for_each_layer(tmp_path: Path) -> None:
    """Some converters write a setting once for each layer; where all agree it is one number."""
    with open_model(
        tiny_llama("Q8_0", llama__attention__head_count_kv=[2, 2]).write(tmp_path / "a.gguf")
    ) as files:
        assert files.model.config.kv_heads == 2


def test_types_that_are_not_read_are_refused_by_name(tmp_path: Path) -> None:
    made = tiny_llama("F32")
    made.tensors = {
        **made.tensors,
        "blk.0.ffn_up.weight": type(stored(np.zeros((1, 1), np.float32)))(
            "TQ1_0", (256, 256), bytes(54 * 256)
        ),
    }
    with open_model(made.write(tmp_path / "a.gguf")) as files, pytest.raises(CheckpointError) as caught:
        files.checkpoint.check_against(files.model.weights())
    assert "model.layers.0.mlp.up_proj.weight: got TQ1_0 values, wanted F32" in caught.value.render()


def test_parts_of_a_model(tmp_path: Path) -> None:
    whole = tiny_llama("Q4_0")
    names = list(whole.tensors)
    first = Gguf(whole.metadata, {name: whole.tensors[name] for name in names[:5]})
    second = Gguf({"split.no": 1}, {name: whole.tensors[name] for name in names[5:]})
    first.write(tmp_path / "tiny-00001-of-00002.gguf")
    with pytest.raises(CheckpointError, match="No such file"):
        open_model(tmp_path / "tiny-00001-of-00002.gguf")
    second.write(tmp_path / "tiny-00002-of-00002.gguf")
    for path in (tmp_path, tmp_path / "tiny-00002-of-00002.gguf"):
        assert stores_codes(path)
        with open_model(path) as files:
            assert files.name == "tiny" and files.checkpoint.check_against(files.model.weights()) == ()
    Gguf({}, {name: whole.tensors[name] for name in names[4:]}).write(tmp_path / "tiny-00002-of-00002.gguf")
    with pytest.raises(CheckpointError, match="as well"):
        open_model(tmp_path)


def test_a_folder_holds_one_model(tmp_path: Path) -> None:
    tiny_llama("F32").write(tmp_path / "a.gguf")
    with open_model(tmp_path) as files:
        text = files.text
        assert files.name == "a" and not stores_codes(tmp_path)
        assert {file.name for file in text.iterdir()} == {
            "tokenizer.json", "tokenizer_config.json", "generation_config.json"
        }  # fmt: skip
    assert not text.exists()
    tiny_llama("F32").write(tmp_path / "b.gguf")
    with pytest.raises(ConfigError, match=r"got a\.gguf, b\.gguf, wanted one model"):
        open_model(tmp_path)


def test_architectures_without_a_family_are_refused() -> None:
    for name, architecture in ARCHITECTURES.items():
        metadata = Metadata({"general.architecture": name}, "file")
        if architecture.model_type in FAMILIES:
            assert architecture_of(metadata) is architecture
        else:
            with pytest.raises(ConfigError, match=f'got "{name}"'):
                architecture_of(metadata)


def test_the_config_of_a_file_is_that_of_its_folder(tmp_path: Path) -> None:
    from tests.model.gguf.tiny_models import llama_config

    with open_model(tiny_llama("F32").write(tmp_path / "a.gguf")) as files:
        wanted = model_of(llama_config(), "config.json").config
        assert files.model.config.hidden_size == wanted.hidden_size
        assert files.model.weights() == model_of(llama_config(), "config.json").weights()
