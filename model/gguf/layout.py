"""A GGUF file, or the parts of one, as a model: the layout that `model.opening` asks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError
from model.checkpoints.checkpoint import Checkpoint
from model.checkpoints.fit import fit
from model.checkpoints.tensor_file import TensorFile
from model.families.registry import AnyModel, model_of
from model.gguf.config import architecture_of, config_of
from model.gguf.container import Container, TensorInfo
from model.gguf.dequantize import READERS, dequantize
from model.gguf.metadata import Metadata
from model.gguf.splits import name_of, open_parts
from model.gguf.text.files import write_text_files
from model.gguf.text.vocabulary import Vocabulary
from model.gguf.weights import GgufWeights

_MAX_VECTOR = 1 << 16


def is_gguf(path: Path) -> bool:
    """Whether the path is a GGUF file by its name, or a folder with such files and no config.json."""
    if path.is_dir():
        return not (path / "config.json").is_file() and next(path.glob("*.gguf"), None) is not None
    return path.suffix == ".gguf"


def stores_codes(path: Path) -> bool:
    """Whether most weights of the file at `path` are quantised.

    Raises: CheckpointError, ConfigError where it cannot be opened.
    """
    containers = open_parts(path)
    try:
        sizes = {True: 0, False: 0}
        for container in containers:
            for info in container.tensors.values():
                sizes[info.type.elements > 1] += info.end - info.begin
        return sizes[True] > sizes[False]
    finally:
        _close(containers)


def open_gguf(path: Path) -> tuple[str, AnyModel, Checkpoint, Path, Callable[[], None], tuple[str, ...]]:
    """Return the name, model, weights and text folder of a GGUF file, what removes that folder, and notes.

    Raises: CheckpointError, ConfigError, TokenizerError.
    """
    containers = open_parts(path)
    text = Path(tempfile.mkdtemp(prefix="kernelc-text-"))
    try:
        metadata = Metadata(containers[0].metadata, str(containers[0].path))
        architecture_of(metadata)  # say that a family is missing before anything else
        vocabulary = Vocabulary.read(metadata)
        write_text_files(vocabulary, text)
        model = model_of(_config(containers, metadata, vocabulary), metadata.where)
        checkpoint = Checkpoint(containers[0].path, _weights(containers, metadata, model), tuple(READERS))
        model, checkpoint, notes = fit(model, checkpoint)
    except BaseException:
        shutil.rmtree(text, ignore_errors=True)
        _close(containers)
        raise
    return (
        name_of(path),
        model,
        checkpoint,
        text,
        lambda: shutil.rmtree(text, ignore_errors=True),
        notes,
    )


def _config(containers: list[Container], metadata: Metadata, vocabulary: Vocabulary) -> dict[str, object]:
    tensors: dict[str, TensorInfo] = {}
    for container in containers:
        tensors |= container.tensors

    def read(name: str) -> npt.NDArray[np.float32]:
        holder = next(each for each in containers if name in each.tensors)
        return _small_vector(holder, name)

    return config_of(metadata, tensors, read, vocabulary.stops())


def _small_vector(container: Container, name: str) -> npt.NDArray[np.float32]:
    info = container.tensors[name]
    if len(info.shape) != 1 or info.shape[0] > _MAX_VECTOR or info.type.name not in ("F32", "F16", "BF16"):
        message = f"got {info.type.name} of shape {list(info.shape)}, wanted a vector of floats"
        raise CheckpointError(message, where=f"{container.path}: {name}")
    return dequantize(info.type.name, container.rows(name, slice(None)))[0]


def _weights(containers: list[Container], metadata: Metadata, model: AnyModel) -> dict[str, TensorFile]:
    heads = model.config.heads, model.config.kv_heads
    architecture = architecture_of(metadata)
    files = [GgufWeights(container, architecture, heads) for container in containers]
    return {name: file for file in files for name in file.tensors}


def _close(containers: list[Container]) -> None:
    for container in containers:
        container.close()
