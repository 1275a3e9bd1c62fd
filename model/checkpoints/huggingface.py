"""Opens a Hugging Face folder: config.json, the weights, and the tokenizer's files beside them."""

from __future__ import annotations

from pathlib import Path

from model.checkpoints.checkpoint import Checkpoint
from model.checkpoints.fit import fit
from model.families.registry import AnyModel, load_model


def open_huggingface(path: Path) -> tuple[AnyModel, Checkpoint, tuple[str, ...]]:
    """Return the model, its weights, and sentences for the user about what was found.

    Raises: ConfigError, CheckpointError.
    """
    model = load_model(path)
    checkpoint = Checkpoint.open(path)
    try:
        model, checkpoint, notes = fit(model, checkpoint)
    except BaseException:
        checkpoint.close()
        raise
    if (path / "adapter_config.json").exists():
        notes = (*notes, "the adapter in adapter_config.json is not applied: merge it into the model first")
    return model, checkpoint, notes
