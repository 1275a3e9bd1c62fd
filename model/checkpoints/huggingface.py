"""Opens a Hugging Face folder: config.json, the weights, and the tokenizer's files beside them."""

from __future__ import annotations

from pathlib import Path

from kernelc.errors import ConfigError
from model.checkpoints.array_file import READABLE, ArrayFile
from model.checkpoints.checkpoint import Checkpoint
from model.checkpoints.fit import fit
from model.checkpoints.int4_file import Int4File
from model.checkpoints.quantization import Int4, read_int4, read_quantization
from model.checkpoints.tensor_file import TensorFile
from model.checkpoints.weight_files import open_weights
from model.families.registry import AnyModel, load_model
from model.json_fields import Fields, read_json_object

_MAX_CONFIG_BYTES = 1 << 20
_OLDER = {"quantize_config.json": "gptq", "quant_config.json": "awq"}
"""Where AutoGPTQ and AutoAWQ wrote their settings before config.json had a place for them."""


def open_huggingface(path: Path) -> tuple[AnyModel, Checkpoint, tuple[str, ...]]:
    """Return the model, its weights, and sentences for the user about what was found.

    Raises: ConfigError, CheckpointError.
    """
    model = load_model(path)
    checkpoint = _open(path)
    try:
        model, checkpoint, notes = fit(model, checkpoint)
    except BaseException:
        checkpoint.close()
        raise
    if (path / "adapter_config.json").exists():
        notes = (*notes, "the adapter in adapter_config.json is not applied: merge it into the model first")
    return model, checkpoint, notes


def stores_codes(path: Path) -> bool:
    """Whether config.json says that the weights are quantised. Raises: ConfigError."""
    file = path / "config.json"
    if not file.is_file():
        return False
    return read_quantization(_fields(file)) is not None or any((path / name).is_file() for name in _OLDER)


def _open(path: Path) -> Checkpoint:
    """Open the weights; quantised matrices stand under the names of the weights that they replace."""
    files = open_weights(path)
    try:
        settings = _quantization(path, files)
        if settings is None:
            return Checkpoint(path, files)
        matrices = Int4File(path, settings, files)
    except BaseException:
        for file in set(files.values()):
            file.close()
        raise
    parts = matrices.parts()
    plain: dict[str, TensorFile] = {name: file for name, file in files.items() if name not in parts}
    types = (*READABLE, *{matrix.dtype for matrix in matrices.tensors.values()})
    return Checkpoint(path, {**plain, **dict.fromkeys(matrices.tensors, matrices)}, types)


def _quantization(path: Path, files: dict[str, ArrayFile]) -> Int4 | None:
    """Return how the weights are quantised: config.json says so, or a file of its own beside it.

    Raises: ConfigError.
    """
    settings = read_quantization(_fields(path / "config.json"))
    if settings is None and any(name.endswith(".qweight") for name in files):
        for name, method in _OLDER.items():
            if (path / name).is_file():
                return read_int4(_fields(path / name), method)
    return settings


def _fields(file: Path) -> Fields:
    return Fields(read_json_object(file, _MAX_CONFIG_BYTES, ConfigError), str(file), ConfigError)
