"""What `kernelc explore` reads of an artifact: a manifest, whose kernels it prints again, and graphs.

The manifest is a tiny model's, cut to two small kernels, so that an attempt takes well under a second.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernelc.artifact import Artifact, parse_manifest
from kernelc.compiler import CompileOptions
from kernelc.explore.graphs import graph_page, graphs_by_role
from kernelc.explore.site import Subject, explore_files
from kernelc.pipeline import build_artifact
from tests.model.tiny_checkpoint import write_tiny_checkpoint
from tools.fuzz.kinds import Kind, WrongResult
from tools.fuzz.kinds_loaded import CONFIG

SPECS = ("rms_norm", "argmax")


def _whole(folder: Path) -> Artifact:
    (folder / "model").mkdir(parents=True)
    model = write_tiny_checkpoint(folder / "model", CONFIG)
    return Artifact.open(build_artifact(model, CompileOptions("wgsl", "q8", 64), out=folder / "artifact"))


def explored(data: bytes, folder: Path) -> None:
    """Make the files of the page. Each that is JSON must be JSON as others read it."""
    manifest = parse_manifest(data.decode("utf-8", errors="replace"), "manifest.json")
    for name, content in explore_files(Subject(manifest)):
        if name.endswith(".json") and not isinstance(json.loads(content.decode("utf-8")), dict):
            raise WrongResult(f"{name} is no object")


def manifests(folder: Path) -> Sequence[bytes]:
    """The tiny model's manifest with the first kernel of each of `SPECS`, and no other steps."""
    raw: dict[str, Any] = json.loads((_whole(folder).folder / "manifest.json").read_bytes())
    by_spec = {entry["spec"]: name for name, entry in reversed(raw["kernels"].items())}
    kept = [by_spec[spec] for spec in SPECS if spec in by_spec]
    raw["kernels"] = {name: raw["kernels"][name] for name in kept}
    for program in raw["programs"].values():
        program["dispatches"] = [each for each in program["dispatches"] if each["kernel"] in kept]
    raw["programs"] = {name: program for name, program in raw["programs"].items() if program["dispatches"]}
    raw["checks"] = None
    return [json.dumps(raw).encode()]


def explored_graph(data: bytes, folder: Path) -> None:
    """Read the text of an artifact's graphs, and what the page has of each."""
    for text in graphs_by_role(data.decode("utf-8", errors="replace")).values():
        json.dumps(graph_page(text), allow_nan=False)


def graphs(folder: Path) -> Sequence[bytes]:
    """The graphs of the tiny model."""
    artifact = _whole(folder)
    graph = artifact.manifest.graph
    return [artifact.text(graph.file).encode()] if graph else []


KINDS = (Kind("explored", manifests, explored), Kind("explored_graph", graphs, explored_graph))
