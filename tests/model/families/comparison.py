"""Compares a model folder with what transformers gave for it, and prints a table of many such folders.

    python -m tests.model.families.comparison FOLDER [NAME ...]

FOLDER holds model folders, and beside each NAME.npz: ids [n], and logits f32 [n, vocab] of transformers in
float32 without a cache (of the tokens `columns` alone, where the file has these), greedy [m] ids that
continue the first `start` ids; or, where transformers itself cannot load the model, no logits but an "error".
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.errors import KernelcError
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.types import DType
from kernelc.source import ROLES, Role
from model.opening import open_model

TOLERANCE = 1e-4
"""Of logits of order one, relative to their largest magnitude where that is larger; most are off by 1e-6."""

CHUNK = 13  # rows of a step
Array = npt.NDArray[Any]


class Evaluated:
    """A model folder's graphs, run by the numpy evaluator: one conversation of up to `context` positions.

    With steps of at most `rows`, fewer than the context, layers with a window have rings for caches.
    """

    def __init__(self, folder: Path, context: int, rows: int | None = None) -> None:
        self.rows = most = rows or context
        with open_model(folder) as files:
            model, checkpoint = files.model, files.checkpoint
            checkpoint.check_against(model.weights(), head=model.roles.head)
            graphs: dict[Role, Graph] = {
                role: model.graph(role, max_context=context, chunk=most, kv_dtype=DType.F32, spare=most)
                for role in ROLES
            }
            source = model.source(checkpoint)
            self.notes = model.config.notes(context)
            self.has_windows = any(window is not None for window in model.config.windows)
            self.weights = {name: source.read(name) for name in graphs["decode"].weights}
        self.graphs: Mapping[Role, Graph] = graphs
        self.context = context
        self.reset()

    def reset(self) -> None:
        """Forget the conversation."""
        self.past = 0
        self.states = empty_states(self.graphs["decode"], {"seq": 1, "past": 0, "context": self.context})

    def step(self, role: Role, ids: Array) -> Array:
        """Feed ids; return the logits of the last row, or of every row of the role "score"."""
        self.states["tokens"][self.past : self.past + len(ids)] = ids
        env = {"seq": len(ids), "past": self.past, "context": self.context}
        outputs, self.states = evaluate(
            self.graphs[role], env, weights=self.weights.__getitem__, states=self.states
        )
        self.past += len(ids)
        return next(iter(outputs.values()))

    def at_once(self, ids: Array) -> Array:
        """Logits of every position, of all ids in one step."""
        self.reset()
        return self.step("score", ids)

    def in_chunks(self, ids: Array, chunk: int) -> Array:
        """Logits of every position, `chunk` ids a step."""
        self.reset()
        return np.concatenate([self.step("score", ids[at : at + chunk]) for at in range(0, len(ids), chunk)])

    def one_by_one(self, ids: Array) -> Array:
        """Logits of every position, one id a step."""
        self.reset()
        return np.concatenate([self.step("decode", ids[at : at + 1]) for at in range(len(ids))])

    def greedy(self, ids: Array, count: int) -> list[int]:
        """The `count` ids that continue these, each the likeliest."""
        self.reset()
        parts = [ids[at : at + self.rows] for at in range(0, len(ids), self.rows)]
        found = [int(logits[-1].argmax()) for logits in [self.step("prefill", part) for part in parts]][-1:]
        while len(found) < count:
            found.append(int(self.step("decode", np.array(found[-1:], np.uint32))[-1].argmax()))
        return found


@dataclass(frozen=True)
class Outcome:
    """`kind`: "equal", "refused", "WRONG", "noted" where it differs and a build says so, or "only here" where
    transformers gives nothing to compare."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Reference:
    """What transformers gave for a model folder: the file beside it. Without logits, the `error` instead."""

    ids: Array
    logits: Array | None
    columns: Any
    start: int
    greedy: list[int]
    error: str

    def outcome(
        self, ways: Mapping[str, Array], continued: list[list[int]], tolerance: float, noted: bool
    ) -> Outcome:
        """Compare the logits f32 [n, vocab] of several ways to feed the ids, and the ids that continue
        `start` of them."""
        assert self.logits is not None
        scale = max(1.0, float(np.abs(self.logits).max()))
        errors = {
            way: float(np.abs(got[:, self.columns] - self.logits).max()) / scale for way, got in ways.items()
        }
        same = all(ids == self.greedy for ids in continued)
        right = all(error < tolerance for error in errors.values()) and same
        kind = "equal" if right else "noted" if noted else "WRONG"
        detail = ", ".join(f"{way} {error:.1e}" for way, error in errors.items())
        return Outcome(kind, f"{detail}, greedy {'same' if same else 'DIFFERENT'}, of up to {scale:.1f}")


def read_reference(folder: Path) -> Reference:
    """Read the results beside a model folder."""
    with np.load(folder.with_name(f"{folder.name}.npz")) as file:
        found = {key: file[key] for key in file.files}
    error = str(found["error"])[:80] if "error" in found else ""
    return Reference(
        found["ids"].astype(np.uint32),
        found.get("logits"),
        found.get("columns", slice(None)),
        int(found["start"]),
        found["greedy"].tolist() if "greedy" in found else [],
        error,
    )


def compare(folder: Path) -> Outcome:
    """Compare one model folder with the results beside it."""
    reference = read_reference(folder)
    try:
        model = Evaluated(folder, len(reference.ids))
        in_rings = Evaluated(folder, len(reference.ids), CHUNK) if model.has_windows else None
    except KernelcError as error:
        return Outcome("refused", error.render().splitlines()[0].replace(f"{folder}/", ""))
    if reference.logits is None:
        return Outcome("only here", reference.error)
    return _compared(model, in_rings, reference)


def _compared(model: Evaluated, in_rings: Evaluated | None, reference: Reference) -> Outcome:
    ids = reference.ids
    ways = {
        "at once": model.at_once(ids),
        "in chunks": model.in_chunks(ids, CHUNK),
        "one by one": model.one_by_one(ids),
    }
    if in_rings is not None:
        ways |= {
            "rings in chunks": in_rings.in_chunks(ids, CHUNK),
            "rings one by one": in_rings.one_by_one(ids),
        }
    start, count = reference.start, len(reference.greedy)
    continued = [each.greedy(ids[:start], count) for each in (model, in_rings) if each]
    return reference.outcome(ways, continued, TOLERANCE, bool(model.notes))


def outcomes(folder: Path, names: list[str], compared: Callable[[Path], Outcome]) -> int:
    """Print a line for each model folder in `folder`; return how many are wrong."""
    found = sorted(path.with_suffix("") for path in folder.glob("*.npz"))
    kinds: Counter[str] = Counter()
    for path in found:
        if names and not any(name in path.name for name in names):
            continue
        outcome = compared(path)
        kinds[outcome.kind] += 1
        print(f"{path.name:36} {outcome.kind:9} {outcome.detail}", flush=True)
    print(", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    return kinds["WRONG"]


def main(folder: Path, names: list[str]) -> int:
    """Print a line for each model folder; return how many are wrong."""
    return outcomes(folder, names, compare)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]) > 0)
