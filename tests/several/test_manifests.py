"""Artifacts of several sequences whose manifests do not fit, and those of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kernelc.artifact import Artifact, parse_manifest
from kernelc.artifact.check import check_manifest
from kernelc.commands.shared.options import demo_model
from kernelc.compiler import CompileOptions
from kernelc.errors import ArtifactError, UsageError
from kernelc.kernels.registry import references
from kernelc.kernels.several.table import FIELDS
from kernelc.native import Library
from kernelc.pipeline import build_artifact
from runtime.engine.several import SeveralEngine


def test_an_artifact_of_one_sequence_is_refused_in_words(tmp_path: Path) -> None:
    build_artifact(demo_model(), CompileOptions("c", "q4"), out=tmp_path / "one")
    with pytest.raises(UsageError, match="single sequence"):
        SeveralEngine.open(tmp_path / "one", device="numpy", references=references())


@pytest.mark.parametrize("role", ["sample_greedy", "greedy_rows"])
def test_a_range_that_a_kernel_exceeds_is_refused(artifact: Artifact, role: str) -> None:
    manifest: Any = artifact.manifest.to_json()
    bound = manifest["programs"][role]["dispatches"][0]["bindings"][0]
    bound["bytes"] = 64
    changed = Artifact(artifact.folder, parse_manifest(json.dumps(manifest), "manifest.json"))
    with pytest.raises(ArtifactError, match="its kernel accesses up to"):
        SeveralEngine.open(changed, "numpy", references=references(), library=Library())


MOVED = [{"name": field.name, "type": str(field.type)} for field in (FIELDS[1], FIELDS[0], *FIELDS[2:])]
"""Kernels find a field by its place: with these, `past` would say where a sequence begins."""


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("sequences/count", 1, "sequences.count: got 1, wanted an integer of 2..64"),
        ("sequences/count", 5, "buffers.step_rows: wanted a state of 160 bytes"),
        ("sequences/buffers/0", "nothing", "sequences.buffers: got nothing, wanted names of states"),
        ("sequences/fields/0/name", "last", "sequences.fields: got [last u32, past u32, "),
        ("sequences/fields/0/type", "f32", "sequences.fields: got [first f32, "),
        ("sequences/fields", MOVED, "sequences.fields: got [past u32, first u32, seed u32, "),
        ("sequences/rows", 64, "sequences.rows: wanted the context and one more"),
        ("programs/decode_rows/symbols/seq", [2, 5], "got up to 5 rows, wanted at most 4"),
        ("sequences/step_rows", 1, "sequences.step_rows: got 1, wanted an integer of 2..64"),
        ("sequences/step_rows", 3, "sequences.step_rows: got 3, wanted at least 4"),
        ("sequences/step_rows", 5, "buffers.step_rows: wanted a state of 160 bytes"),
        (
            "kernels/argmax_rows_2048_of4/problem/rows",
            3,
            "got a kernel for 3 rows, wanted one for a row of each",
        ),
        ("kernels/argmax_rows_2048_of4/problem/sequences", 3, "got a kernel for 3 sequences"),
        ("programs/decode/dispatches/0/bindings/0/offset", 256, "beyond the"),
    ],
)
def test_manifests_whose_sequences_do_not_fit_are_refused(
    artifact: Artifact, path: str, value: object, said: str
) -> None:
    manifest: Any = artifact.manifest.to_json()
    assert parse_manifest(json.dumps(manifest), "manifest.json") == artifact.manifest
    *keys, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    at = manifest
    for key in keys:
        at = at[key]
    at[last] = value
    with pytest.raises(ArtifactError) as caught:
        check_manifest(parse_manifest(json.dumps(manifest), "manifest.json"), "manifest.json")
    assert said in f"{caught.value.where}: {caught.value.message}"


def test_fields_of_rows_in_another_order_are_refused(artifact: Artifact) -> None:
    """A kernel of this order would take a client's seed for where its sequence begins."""
    manifest: Any = artifact.manifest.to_json()
    manifest["sequences"]["fields"].reverse()
    with pytest.raises(ArtifactError, match=r"got \[repetition_penalty f32, .*, wanted \[first u32, "):
        check_manifest(parse_manifest(json.dumps(manifest), "manifest.json"), "manifest.json")


@pytest.mark.parametrize("rows", [0, 9])
def test_numbers_of_rows_that_cannot_be_are_refused(rows: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="wanted 1 to 8"):
        build_artifact(demo_model(), CompileOptions("c", "q4", rows=rows), out=tmp_path / "none")


@pytest.mark.parametrize(("sequences", "context"), [(-1, None), (9, None), (8, 4)])
def test_numbers_of_sequences_that_cannot_be_are_refused(
    sequences: int, context: int | None, tmp_path: Path
) -> None:
    options = CompileOptions("c", "q4", context=context, sequences=sequences)
    with pytest.raises(UsageError, match="wanted 1 to 8"):
        build_artifact(demo_model(), options, out=tmp_path / "none")
