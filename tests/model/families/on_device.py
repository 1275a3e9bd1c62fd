"""Compares a model folder, built in f32 and run on a device, with what transformers gave for it.

    python -m tests.model.families.on_device DEVICE FOLDER [NAME ...]

FOLDER is as in `comparison`, which runs the same models' graphs in numpy; each needs a tokenizer here, as
artifacts do. Steps are short, so that layers with a window keep rings, and prompts are fed in several steps.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernelc import compiler
from kernelc.compiler import CompileOptions
from kernelc.errors import KernelcError
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.pipeline import build_artifact
from model.opening import open_model
from runtime.devices import target_for
from runtime.engine.engine import ALL_ROLES, Engine
from tests.model.families.comparison import (
    CHUNK,
    Evaluated,
    Outcome,
    Reference,
    outcomes,
    read_reference,
)
from tests.packed import dequantised

TOLERANCE = 1e-3
"""Of logits of order one, relative to their largest magnitude where that is larger."""

FED = 20  # rows of a step of prefill; a step of the program "score" has CHUNK


def compare_on(device: str, folder: Path) -> Outcome:
    """Build one model folder, run it, and compare it with the results beside it."""
    reference = read_reference(folder)
    with open_model(folder) as files:
        noted = bool(files.model.config.notes(len(reference.ids)))
    try:
        with _opened(device, folder, "f32", len(reference.ids)) as engine:
            if reference.logits is None:
                return Outcome("only here", reference.error)
            return _compared(engine, reference, noted)
    except KernelcError as error:
        return Outcome("refused", error.render().splitlines()[0].replace(f"{folder}/", ""))


def compare_rounded(device: str, folder: Path) -> Outcome:
    """Build one model folder in q4, run it, and compare it with what its graph gives for the weights that the
    codes stand for."""
    reference = read_reference(folder)
    evaluated = Evaluated(folder, len(reference.ids))
    with _opened(device, folder, "q4", len(reference.ids)) as engine:
        with open_model(folder) as files:
            evaluated.weights = dequantised(engine.artifact, files.model)
        rounded = replace(
            reference,
            logits=evaluated.at_once(reference.ids),
            columns=slice(None),
            greedy=evaluated.greedy(reference.ids[: reference.start], len(reference.greedy)),
        )
        return _compared(engine, rounded, noted=False)


@contextmanager
def _opened(device: str, folder: Path, quant: str, context: int) -> Generator[Engine]:
    """An engine for a model folder that was built with short steps."""
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "PREFILL_ROWS", FED)
        patch.setattr(compiler, "SCORE_ROWS", CHUNK)
        options = CompileOptions(target_for(device), quant, context=context, activations="f32")
        artifact = build_artifact(folder, options, out=Path(scratch, "artifact"))
        with Engine.open(
            artifact, device=device, roles=ALL_ROLES, references=references(), library=Library()
        ) as engine:
            yield engine


def _compared(engine: Engine, reference: Reference, noted: bool) -> Outcome:
    logits: dict[str, np.ndarray] = {}
    found: list[list[int]] = []
    for way in ("in chunks", "one by one"):
        one_by_one = way == "one by one"
        engine.truncate(0)
        logits[way] = engine.score(reference.ids.tolist(), one_by_one=one_by_one)
        engine.truncate(0)
        engine.feed(reference.ids[: reference.start].tolist(), one_by_one=one_by_one)
        found.append([token.id for token in engine.generate(len(reference.greedy))])
    return reference.outcome(logits, found, TOLERANCE, noted)


def main(device: str, folder: Path, names: list[str]) -> int:
    """Print a line for each model folder; return how many are wrong."""
    return outcomes(folder, names, lambda path: compare_on(device, path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]) > 0)
