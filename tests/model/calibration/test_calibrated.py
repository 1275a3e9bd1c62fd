from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kernelc.errors import UsageError
from kernelc.ir.formats import unpack
from model.calibration.calibrated import calibrate, segments_of
from model.families.registry import load_model
from model.opening import open_model
from model.quantize import quantize
from tests.model import numpy_llama
from tests.model.gguf.tiny_models import tiny_llama
from tests.model.tiny_checkpoint import write_tiny_checkpoint

CONFIG: dict[str, object] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 60,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def test_every_matrix_inside_the_layers_is_calibrated_and_nothing_else(tmp_path: Path) -> None:
    model = load_model(write_tiny_checkpoint(tmp_path, CONFIG))
    names = [name for name, kind in model.weights().items() if len(kind.shape) == 2]
    segments = segments_of(list(np.random.default_rng(0).integers(0, 60, 400)), 64)
    seen: list[tuple[str, int, int]] = []
    spool = tmp_path / "spool"
    spool.mkdir()
    with open_model(tmp_path) as files:
        formats = dict.fromkeys(names, "q4") | {names[-1]: "q8"}
        found = calibrate(model, files.checkpoint, formats, segments, spool, lambda *step: seen.append(step))
        for name in names:
            kept = None if name in (names[-1], "model.embed_tokens.weight") else "q4"
            assert found.kept_as(name) == kept
        name = "model.layers.1.self_attn.q_proj.weight"
        exact = files.checkpoint.read(name)
        rows = np.array([5, 0, 63])
        whole = unpack("q4", found.take_packed(name, np.arange(64)), 64)
        np.testing.assert_array_equal(unpack("q4", found.take_packed(name, rows), 64), whole[rows])
        plain = unpack("q4", quantize("q4", exact, name=name), 64)
        assert 0 < np.square(whole - exact).sum() < 4 * np.square(plain - exact).sum()
    assert [done for _, done, _ in seen] == list(range(1, seen[0][2] + 1))


def test_stored_codes_are_calibrated_where_they_are_not_kept(tmp_path: Path) -> None:
    file = tiny_llama("Q4_1").write(tmp_path / "tiny.gguf")
    segments = segments_of(list(np.random.default_rng(0).integers(0, 40, 80)), 16)
    with open_model(file) as files:
        names = [name for name, kind in files.model.weights().items() if len(kind.shape) == 2]
        source = files.model.source(files.checkpoint)
        (tmp_path / "spool").mkdir()
        found = calibrate(files.model, source, dict.fromkeys(names, "q4"), segments, tmp_path / "spool")
        assert found.kept_as("model.layers.0.self_attn.q_proj.weight") == "q4"
        with pytest.raises(UsageError, match="no matrix is left to calibrate"):
            calibrate(files.model, source, dict.fromkeys(names, "q4a"), segments, tmp_path / "spool")


def test_a_text_is_cut_into_segments_from_all_over_it() -> None:
    found = segments_of(range(100_000), 4096)
    assert len(found) == 16 and {len(part) for part in found} == {512}
    assert found[0][0] == 0 and found[-1][0] > 90_000
    assert [len(part) for part in segments_of(range(130), 64)] == [64, 64]
    with pytest.raises(UsageError, match="at least 512") as caught:
        segments_of(range(511), 4096)
    assert caught.value.where == "`calibrate`"


@pytest.mark.nightly
def test_calibration_on_its_own_text_costs_a_model_less(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "models" / "stories260K"
    sentencepiece = pytest.importorskip("sentencepiece")
    tokenizer = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    text = (shared_data / "text" / "tinystories_train_sample.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text)
    config, weights = numpy_llama.load(folder)
    names = [name for name, value in weights.items() if value.ndim == 2]
    layers = [name for name in names if "layers" in name]
    with open_model(folder) as files:
        found = calibrate(
            files.model, files.checkpoint, dict.fromkeys(names, "q4"), segments_of(ids[1000:], 512), tmp_path
        )
    calibrated, plain = dict(weights), dict(weights)
    for name in layers:
        rows, cols = weights[name].shape
        calibrated[name] = unpack("q4", found.take_packed(name, np.arange(rows)), cols)
        plain[name] = unpack("q4", quantize("q4", weights[name], name=name), cols)
    probe = [1, *ids[:511]]
    exact, *others = (numpy_llama.logits(config, each, probe) for each in (weights, calibrated, plain))
    divergences = [divergence(exact, other) for other in others]
    assert divergences[0] < 0.7 * divergences[1]


def divergence(exact: np.ndarray, other: np.ndarray) -> float:
    """The mean of sum p log(p / q), p of `exact`."""
    p, q = (
        each
        - np.log(np.exp(each - each.max(1, keepdims=True)).sum(1, keepdims=True))
        - each.max(1, keepdims=True)
        for each in (exact.astype(np.float64), other.astype(np.float64))
    )
    return float((np.exp(p) * (p - q)).sum(1).mean())
