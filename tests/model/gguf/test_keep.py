"""Building from GGUF: what `quant` keep gives is what the file stores, in every type and in mixtures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions, packed_together
from kernelc.errors import QuantizeError
from kernelc.ir.formats import packed_from_bytes, unpack, weight_format
from kernelc.pipeline import build_artifact
from kernelc.session import open_engine
from model.gguf.keep import KEPT_AS
from model.keep import kept_formats
from model.opening import open_model
from runtime.engine.engine import SCORE_ROLES
from tests import commands
from tests.model.gguf.tiny_models import LAYERS, llama_config, tiny_llama
from tests.model.gguf.writer import Gguf, stored

TARGET = ("--target", "opencl")
IDS = [0, 5, 9, 30, 7, 12, 3, 3, 21]


def built(folder: Path, made: Gguf, quant: str) -> Artifact:
    path = made.write(folder / "tiny.gguf")
    # for opencl: artifacts for pages have checks in them, which take longer than all else
    return Artifact.open(build_artifact(path, CompileOptions("opencl", quant), out=folder / quant))


def logits(artifact: Artifact) -> np.ndarray:
    with open_engine(artifact, device="numpy", roles=SCORE_ROLES) as engine:
        return engine.score(IDS)


def encodings(artifact: Artifact) -> dict[str, str]:
    """The format of each matrix in an artifact, by name."""
    quants = {t: each for t, each in artifact.manifest.weights.tensors.items() if t.endswith(".quants")}
    return {name.removesuffix(".quants"): each.encoding.partition(".")[0] for name, each in quants.items()}


def numbers(artifact: Artifact, name: str) -> np.ndarray:
    """What a packed matrix of an artifact stands for."""
    form = encodings(artifact)[name]
    rows, cols = artifact.manifest.weights.tensors[f"{name}.quants"].shape
    arrays = weight_format(form).stored_arrays(rows, cols)
    return unpack(
        form, packed_from_bytes(form, {a: artifact.tensor(f"{name}.{a}") for a in arrays}, rows, cols), cols
    )


@pytest.mark.parametrize("kind", [*KEPT_AS, "Q5_1", "Q2_K", "Q5_K", "Q6_K", "F16", "BF16", "F32"])
def test_every_type_is_kept(tmp_path: Path, kind: str) -> None:
    """Codes that a format holds give the same logits as the numbers that they stand for."""
    made = tiny_llama(kind)
    kept, exact = built(tmp_path, made, "keep"), built(tmp_path, made, "f32")
    wanted = KEPT_AS.get(kind) or {"F16": "f16", "BF16": "f16", "F32": "f32"}.get(kind, "q8")
    assert set(encodings(kept).values()) == {wanted} and kept.manifest.quant == wanted
    scale = np.abs(logits(exact)).max()
    error = np.abs(logits(kept) - logits(exact)).max() / scale
    assert error < (0.02 if wanted == "q8" and kind not in KEPT_AS else 2e-3), error


def test_kept_codes_are_those_of_the_file(tmp_path: Path) -> None:
    """Q8_0: the embedding's bytes lie in the artifact as they lie in the file."""
    made = tiny_llama("Q8_0")
    artifact = built(tmp_path, made, "keep")
    raw = np.frombuffer(made.tensors["token_embd.weight"].data, np.uint8).reshape(-1, 34)
    np.testing.assert_array_equal(
        artifact.tensor("model.embed_tokens.weight.quants").view(np.uint8).reshape(-1, 32), raw[:, 2:]
    )
    scales = artifact.tensor("model.embed_tokens.weight.scales").view(np.uint8)[: 2 * len(raw)]
    np.testing.assert_array_equal(scales.reshape(-1, 2), raw[:, :2])


def test_matrices_that_share_a_kernel_share_a_format(tmp_path: Path) -> None:
    """As in files of Q4_K_M: v is Q6_K and so q, k and v get 8 bits; what is apart keeps four."""
    made = tiny_llama("Q4_K", mixed={"attn_v.weight": "Q6_K", "token_embd.weight": "Q6_K"})
    artifact = built(tmp_path, made, "keep")
    found = encodings(artifact)
    assert {form for name, form in found.items() if "qkv" in name or "embed" in name} == {"q8"}
    assert {form for name, form in found.items() if "mlp" in name or "o_proj" in name} == {"q4a"}
    assert artifact.manifest.quant == "q4a" and len(found) == 1 + 4 * LAYERS
    exact = built(tmp_path, made, "f32")
    for name in found:
        wanted = numbers(exact, name)
        error = np.sqrt(np.mean(np.square(numbers(artifact, name) - wanted)) / np.mean(np.square(wanted)))
        assert 0 < error < (5e-4 if found[name] == "q4a" else 5e-3), name


def test_formats_by_name(tmp_path: Path) -> None:
    made = tiny_llama("Q4_0", mixed={"ffn_up.weight": "Q8_0", "token_embd.weight": "F16"})
    with open_model(made.write(tmp_path / "a.gguf")) as files:
        table = kept_formats(files.model, files.checkpoint, packed_together(files.model))
    assert table.default == "q4"
    layer = "model.layers.0.mlp"
    assert table.format_of([f"{layer}.gate_proj.weight", f"{layer}.up_proj.weight"]) == "q8"
    assert table.format_of([f"{layer}.down_proj.weight"]) == "q4"
    assert table.format_of(["model.embed_tokens.weight"]) == "f16"


class OddNames:
    """A model of two matrices and its checkpoint: the smaller one's name is a pattern for the other's."""

    forms: ClassVar = {"a[bc].weight": "q4", "ab.weight": "q8"}
    config = None

    @property
    def family(self) -> Self:
        return self

    def rows(self, _config: object) -> dict[str, object]:
        return {}

    def source(self, _checkpoint: object) -> Self:
        return self

    def shape(self, name: str) -> tuple[int, int]:
        return (64 if name == "ab.weight" else 32, 32)

    def kept_as(self, tensor: str) -> str:
        return self.forms[tensor]


def test_a_name_is_no_pattern() -> None:
    names: Any = OddNames()
    table = kept_formats(names, names, [[name] for name in OddNames.forms])
    assert {name: table.format_of([name]) for name in OddNames.forms} == OddNames.forms


def test_floats_too_large_for_f16_are_refused(tmp_path: Path) -> None:
    made = tiny_llama("BF16")
    made.tensors = {**made.tensors, "token_embd.weight": stored(np.full((40, 256), 1e6, np.float32), "BF16")}
    with pytest.raises(QuantizeError, match="at most 65504 for f16"):
        built(tmp_path, made, "keep")


def test_the_command_keeps_what_is_quantised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_llama("Q4_1").write(tmp_path / "tiny.Q4_1.gguf")
    assert commands.run("build", "--model", "tiny.Q4_1.gguf", *TARGET)[:2] == (
        0,
        "dist/tiny.Q4_1-keep-opencl\n",
    )
    manifest = json.loads(Path("dist/tiny.Q4_1-keep-opencl/manifest.json").read_text())
    assert (manifest["name"], manifest["quant"]) == ("tiny.Q4_1", "q4a")
    tiny_llama("F32").write(tmp_path / "float.gguf")
    assert commands.run("build", "--model", "float.gguf", *TARGET)[:2] == (0, "dist/float-q4-opencl\n")
    code, out, _ = commands.run("generate", "dist/float-q4-opencl", "--device", "numpy", "--prompt", "#$",
        "--max-gen-len", 2, "--temperature", 0)  # fmt: skip
    assert code == 0 and len(out) == 3


def test_a_chat_with_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tiny_llama("Q8_0").write(tmp_path / "tiny.gguf")
    options = (path, "--device", "numpy", "--temperature", 0, "--max-gen-len", 3)
    code, out, _ = commands.run("chat", *options, "--target", "opencl", lines="#$\n")
    assert code == 0 and len(out) > 3
    assert len(list((tmp_path / "cache/kernelc/artifacts").iterdir())) == 1


def test_a_damaged_file_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.gguf").write_bytes(tiny_llama("Q8_0").encode()[:5000])
    code, out, err = commands.run("build", "--model", "bad.gguf")
    assert code == 2 and not out and err.count("\n") == 1 and "bad.gguf: " in err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.gguf"]


def test_a_file_may_be_called_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_llama("Q8_0").write(tmp_path / "模型 b(1).gguf")
    code, out, err = commands.run("build", "--model", "模型 b(1).gguf")
    assert (code, out) == (0, "dist/b-1-keep-wgsl\n"), err
    assert Artifact.open(out.strip()).manifest.name == "b-1"


def test_bits_of_a_quantised_file_are_those_of_q4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_llama("Q4_1").write(tmp_path / "tiny.gguf")
    code, out, err = commands.run("build", "--model", "tiny.gguf", "--bits", 5)
    assert (code, out) == (0, "dist/tiny-q4-wgsl\n"), err
    code, _, err = commands.run("build", "--model", "tiny.gguf", "--quant", "keep", "--bits", 5)
    assert code == 2
    assert "--bits: keep takes the sizes that the file has (help: give --quant q4 with it)" in err


def test_a_config_alone_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(llama_config()))
    code, _, err = commands.run("inspect", tmp_path / "config.json", "--quant", "keep")
    assert code == 2 and "keep needs the weights" in err
