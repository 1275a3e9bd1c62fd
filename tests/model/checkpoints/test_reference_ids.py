"""stories260K gives the reference ids from every file format that it can be written in, as f32, f16 and bf16.

The ids are greedy, so each is the likeliest after those before it: all positions of a run are scored at once.
Rounding to f16 or bf16 changes none of them: the two likeliest tokens stay 0.004 apart at least.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.pipeline import build_artifact
from runtime.engine.engine import SCORE_ROLES, Engine
from tests.model.checkpoints.torch_files import write_legacy, write_zip
from tests.model.gguf.tiny_models import from_folder
from tests.model.gguf.tokenizers_as_metadata import of_sentencepiece
from tests.model.meta.meta_folder import write_stories

Tensors = dict[str, np.ndarray]
TYPES = {"F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16}


def for_torch(tensors: Tensors) -> Tensors:
    """The tensors with bf16 as its bits, which is how `torch_files` takes it."""
    brain = np.dtype(ml_dtypes.bfloat16)
    return {name: each.view("<u2") if each.dtype == brain else each for name, each in tensors.items()}


FOLDERS: dict[str, Callable[[Path, Tensors], object]] = {
    "safetensors": lambda folder, tensors: save_file(tensors, folder / "model.safetensors"),
    "zip": lambda folder, tensors: write_zip(folder / "pytorch_model.bin", for_torch(tensors)),
    "legacy": lambda folder, tensors: write_legacy(folder / "pytorch_model.bin", for_torch(tensors)),
    "meta": lambda folder, tensors: write_stories(folder, for_torch(tensors)),
}


def written(source: Path, folder: Path, form: str, kind: str) -> Path:
    """Write the model in `folder` in a form, its weights as `kind`; return what `--model` would get."""
    if form == "gguf":
        tokenizer = of_sentencepiece(source / "tokenizer.model")
        return from_folder(source, kind, tokenizer).write(folder / "stories260K.gguf")
    path = folder / "stories260K"
    shutil.copytree(source, path, ignore=shutil.ignore_patterns("*.safetensors"))
    tensors = load_file(source / "model.safetensors")
    FOLDERS[form](path, {name: tensor.astype(TYPES[kind]) for name, tensor in tensors.items()})
    return path


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("form", [*FOLDERS, "gguf"])
def test_the_reference_ids(tmp_path: Path, shared_data: Path, form: str, kind: str) -> None:
    model = written(shared_data / "models" / "stories260K", tmp_path, form, kind)
    artifact = build_artifact(model, CompileOptions("opencl", "f32"), out=tmp_path / "out")
    runs = json.loads((shared_data / "reference" / "stories260K.json").read_text())["runs"]
    with Engine.open(artifact, device="numpy", roles=SCORE_ROLES, references=references()) as engine:
        for run in runs:
            first = len(run["prompt_ids"])
            engine.truncate(0)
            found = engine.score(run["ids"][:-1])[first - 1 :].argmax(-1)
            assert found.tolist() == run["ids"][first:]
