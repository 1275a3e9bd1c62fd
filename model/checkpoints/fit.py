"""Fits a checkpoint to the model that its config.json describes, as transformers does when it loads one.

Three things differ between files that are all in order: the prefix "model." is missing where the model was
saved without its head; of two tied weights only one is stored, which may be the head; and both are stored and
differ although the config ties them. What nobody reads is said.

Source: `tie_weights` and `_adjust_missing_and_unexpected_keys` of transformers 5's modeling_utils.py.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np

from kernelc.errors import CheckpointError
from model.checkpoints.checkpoint import Checkpoint
from model.families.registry import AnyModel

_PREFIX = "model."
_OTHER_PREFIXES = ("", "language_model.model.", "model.language_model.", "language_model.")
"""What stands in its place: without its head, and in the text parts of models that see images."""
_HARMLESS = (
    "*rotary_emb.inv_freq",
    "*rotary_emb.cos_cached",
    "*rotary_emb.sin_cached",
    "rope.freqs",
    "blk.*.attn_rot_embd.weight",
    "*.masked_bias",
    "*position_ids",
)
"""Tensors of older files that hold nothing learnt: they are computed from the config."""
_MAX_ZEROS = 1 << 20


def fit(model: AnyModel, checkpoint: Checkpoint) -> tuple[AnyModel, Checkpoint, tuple[str, ...]]:
    """Return the model, the checkpoint with the names that the model reads, and sentences for the user.

    The checkpoint returned shares its files with the one given: close one of them.
    Raises: CheckpointError if the weights compared are not finite, or cannot be those of so many layers.
    """
    if model.config.layers > len(checkpoint.names()):  # a graph of a thousand layers takes seconds
        raise CheckpointError(
            f"got {len(checkpoint.names())} tensors for {model.config.layers} layers",
            where=str(checkpoint.folder),
            help="config.json describes another model, or a file is missing",
        )
    checkpoint = _with_prefix(model, checkpoint)
    embedding, head = model.roles.embedding, model.roles.head
    notes: list[str] = []
    known: set[str] = set()
    stored = checkpoint.names()
    if model.config.tie_word_embeddings and head in stored:
        if embedding not in stored:
            checkpoint = checkpoint.renamed({embedding: head})
        elif _same(checkpoint, embedding, head):
            known.add(head)
        else:
            untied = model.family.model(replace(model.config, tie_word_embeddings=False))
            if head in untied.weights():  # else the family always ties, and the head is among what is unread
                model = untied
                notes.append(
                    f"config.json ties the output layer to the embedding, but the checkpoint has a {head}"
                    " that differs: that one is used"
                )
    return model, checkpoint, (*notes, *_unread(model, checkpoint, known))


def _with_prefix(model: AnyModel, checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint with "model." before its names, where another prefix or none is there."""
    stored = set(checkpoint.names())
    names: dict[str, str] = {}
    for name in (name for name in model.weights() if name not in stored):
        bare = name.removeprefix(_PREFIX)
        given = (f"{prefix}{bare}" for prefix in _OTHER_PREFIXES)
        found = next((other for other in given if other in stored), None)
        if found is not None:
            names[name] = found
    return checkpoint.renamed(names)


def _same(checkpoint: Checkpoint, one: str, other: str) -> bool:
    """Whether two tensors hold the same values; it stops at the first block that differs."""
    if checkpoint.shape(one) != checkpoint.shape(other):
        return False
    return all(
        np.array_equal(block, checkpoint.rows(other, begin, begin + len(block)))
        for begin, block in checkpoint.blocks(one)
    )


def _unread(model: AnyModel, checkpoint: Checkpoint, known: set[str]) -> tuple[str, ...]:
    """Return a sentence about the tensors that no part of the model reads; none if all are `known`."""
    read = set(model.weights()) | known
    left = [name for name in checkpoint.names() if name not in read and not _says_nothing(checkpoint, name)]
    if not left:
        return ()
    count = "1 tensor" if len(left) == 1 else f"{len(left)} tensors"
    listed = ", ".join(left[:2]) + (", ..." if len(left) > 2 else "")
    return (f"{count} of the checkpoint that no part of the model reads: {listed}",)


def _says_nothing(checkpoint: Checkpoint, name: str) -> bool:
    """Whether a tensor is one that older files keep for convenience, or a bias of zeros."""
    if any(fnmatchcase(name, pattern) for pattern in _HARMLESS):
        return True
    shape = checkpoint.shape(name)
    small = name.endswith(".bias") and len(shape) == 1 and shape[0] <= _MAX_ZEROS
    return small and checkpoint.is_float(name) and not checkpoint.read(name).any()
