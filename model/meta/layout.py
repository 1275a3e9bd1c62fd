"""A folder of Meta's, as a model: the layout that `model.opening` asks."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from kernelc.errors import CheckpointError, ConfigError, TokenizerError
from model.checkpoints.array_file import READABLE, ArrayFile
from model.checkpoints.checkpoint import Checkpoint
from model.checkpoints.fit import fit
from model.checkpoints.weight_files import open_file
from model.families.registry import AnyModel, model_of
from model.json_fields import read_json_object
from model.meta.params import config_of, read_params
from model.meta.tokenizer import write_text_files
from model.meta.weights import MetaWeights

_PARAMS = "params.json"
_TOKENIZER = "tokenizer.model"
_MAX_PARAMS_BYTES = 1 << 20
_MAX_SHARDS = 256
_SHARD = re.compile(r"consolidated\.(\d{2,3})\.pth")


def is_meta(path: Path) -> bool:
    """Whether the folder has params.json and a consolidated file, but no config.json."""
    if (path / "config.json").is_file() or not (path / _PARAMS).is_file():
        return False
    return next(path.glob("consolidated.*.pth"), None) is not None


def open_meta(path: Path) -> tuple[str, AnyModel, Checkpoint, Path, Callable[[], None], tuple[str, ...]]:
    """Return the name, model, weights and text folder of a folder of Meta's, what removes that, and notes.

    Raises: CheckpointError, ConfigError, TokenizerError.
    """
    with ExitStack() as undo:
        text = Path(tempfile.mkdtemp(prefix="kernelc-text-"))
        undo.callback(shutil.rmtree, text, ignore_errors=True)
        params = read_params(
            read_json_object(path / _PARAMS, _MAX_PARAMS_BYTES, ConfigError), str(path / _PARAMS)
        )
        vocabulary = write_text_files(_tokenizer(path), text)
        shards: list[ArrayFile] = []
        for shard in _shards(path):
            shards.append(open_file(shard))
            undo.callback(shards[-1].close)
        tied = "output.weight" not in shards[0].tensors
        model = model_of(config_of(params, vocabulary, tied), params.where)
        weights = MetaWeights(path, shards, model.config.hidden_size, model.config.head_dim)
        checkpoint = Checkpoint(path, dict.fromkeys(weights.tensors, weights), tuple(READABLE))
        model, checkpoint, notes = fit(model, checkpoint)
        undo.pop_all()
    return (
        path.resolve().name,
        model,
        checkpoint,
        text,
        lambda: shutil.rmtree(text, ignore_errors=True),
        notes,
    )


def _shards(path: Path) -> list[Path]:
    """Return consolidated.00.pth and those that follow. Raises: CheckpointError if one is missing."""
    found = {int(match[1]): file for file in path.iterdir() if (match := _SHARD.fullmatch(file.name))}
    if not found or len(found) > _MAX_SHARDS or sorted(found) != list(range(len(found))):
        raise CheckpointError(
            f"got the consolidated files {sorted(found)[:8]}, wanted all from 00 on",
            where=str(path),
            help="download the files that are missing",
        )
    return [found[number] for number in range(len(found))]


def _tokenizer(path: Path) -> Path:
    """Return tokenizer.model: Llama 1 and 2 keep it beside the folders of their sizes.

    Raises: TokenizerError if there is none.
    """
    for file in (path / _TOKENIZER, path.resolve().parent / _TOKENIZER):
        if file.is_file():
            return file
    message = f"got no {_TOKENIZER} here or in the folder above"
    raise TokenizerError(message, where=str(path), help="download it from where the weights are")
