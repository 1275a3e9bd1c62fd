"""Writes a model folder of random weights with a tokenizer of single characters, for any known family."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models

from model.families.registry import load_model


def write_tiny_checkpoint(folder: Path, config: dict[str, object], seed: int = 5) -> Path:
    """Write config.json, weights of standard deviation 0.3 and a tokenizer of vocab_size characters."""
    (folder / "config.json").write_text(json.dumps(config))
    model, rng = load_model(folder), np.random.default_rng(seed)
    sizes = {name: [int(str(dim)) for dim in kind.shape] for name, kind in model.weights().items()}
    weights = {name: 0.3 * rng.standard_normal(shape, np.float32) for name, shape in sizes.items()}
    save_file(weights, folder / "model.safetensors")
    write_tokenizer(folder, model.info.vocab_size)
    return folder


def write_tokenizer(folder: Path, vocab_size: int) -> None:
    """Write a tokenizer.json of so many single characters."""
    vocab = {chr(ord("A") + number): number for number in range(vocab_size)}
    tokenizer = Tokenizer(models.BPE(vocab, []))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.save(str(folder / "tokenizer.json"))
