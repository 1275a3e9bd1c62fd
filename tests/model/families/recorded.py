"""Tiny models of every family and what transformers gave for them, without torch: recorded by `record.py`.

A model's config.json and its tensors' names and shapes are those that transformers wrote. The values come
from numpy's generator, here as when transformers read them, so that only its results are stored.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

FOLDER = Path(__file__).with_name("recorded")
MODELS, LOGITS = FOLDER / "models.json", FOLDER / "logits.npz"
POSITIONS = 56
START = 40  # of the greedy continuation: beyond every window and every original length of `tiny_models`
COLUMNS = slice(None, None, 16)
"""The logits that are stored: of every 16th token. The greedy continuation depends on all of them."""

Array = np.ndarray[Any, Any]


def recorded() -> dict[str, Any]:
    """Every model by name: "config", and "tensors" as `arrays` takes them."""
    return json.loads(MODELS.read_text())["models"]


def generator(name: str) -> np.random.Generator:
    """Return the random numbers of one model, or of one tensor of it."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def ids_of(name: str, vocabulary: int) -> Array:
    """Return the ids that a model is fed. Shape: i64 [POSITIONS]."""
    return generator(name).integers(3, vocabulary, POSITIONS)


def arrays(model: str, tensors: dict[str, list[Any]]) -> dict[str, Array]:
    """Return a model's tensors, f32, by name: "layers.*" stands for as many layers as the entry says."""
    found: dict[str, Array] = {}
    for path, (layers, shape, *value) in tensors.items():
        for number in range(layers):
            name = path.replace("layers.*", f"layers.{number}")
            found[name] = np.array(value[0], np.float32) if value else values(model, name, tuple(shape))
    return found


def values(model: str, tensor: str, shape: tuple[int, ...]) -> Array:
    """Values with which logits are of order one, and gains and biases that are noticed. f32."""
    drawn = generator(f"{model} {tensor}").standard_normal(shape, np.float32)
    if len(shape) == 1:
        return np.float32(0.3) * drawn + np.float32("norm" in tensor and tensor.endswith("weight"))
    return drawn if "embed" in tensor else drawn * np.float32(shape[-1] ** -0.5)


def write_weights(path: Path, tensors: dict[str, list[Any]]) -> None:
    """Write model.safetensors of the model that the folder `path` is named after."""
    save_file(arrays(path.name, tensors), path / "model.safetensors", metadata={"format": "pt"})


def write(folder: Path, name: str) -> Path:
    """Write a model's folder in `folder`, and beside it NAME.npz as `comparison` reads it."""
    model, path = recorded()[name], folder / name
    path.mkdir()
    (path / "config.json").write_text(json.dumps(model["config"]))
    write_weights(path, model["tensors"])
    text = model["config"].get("text_config", model["config"])
    with np.load(LOGITS) as file:
        found = {"logits": file[name], "greedy": file[f"{name} greedy"]}
    columns = np.arange(text["vocab_size"])[COLUMNS]
    ids = ids_of(name, text["vocab_size"])
    np.savez(folder / f"{name}.npz", ids=ids, start=np.int32(START), columns=columns, **found)
    return path
