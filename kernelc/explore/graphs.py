"""The tensor graphs of a model, layer by layer: as its code computes it, and as kernels do after fusing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from kernelc.artifact import Manifest
from kernelc.errors import KernelcError
from kernelc.ir.graph import Graph
from kernelc.ir.text import graph_text
from kernelc.ir.types import DType
from kernelc.passes.fuse import FuseOptions, fuse
from kernelc.passes.last_row import last_row_early
from kernelc.source import PREFILL_ROWS, ROLES, ModelSource

# A stranger may have written these texts: roles become names of files, and none may take long to match.
_HEAD = re.compile(r"graph (?:\S*\.)?([A-Za-z0-9_]{1,64})$")
_OP = re.compile(r"(?P<results>%[^=]+?) = (?P<op>\w+)\((?P<arguments>.*)\)(?:  # (?P<source>.*))?$")
_RESULT = re.compile(r"%(?P<name>[^%:\s]+): (?P<type>\w+\[[^\[\]]*\])")
_LAYER = re.compile(r"^(layers\.\d+)\.")

SCORE_ROWS = 64
"""Of the graph that keeps all logits, as `kernelc.compiler` asks for it."""

MOST_GRAPHS = 64
"""As many as the page takes."""

Texts = Mapping[str, str]


def graphs_by_role(text: str) -> dict[str, str]:
    """Cut the text of several graphs, as an artifact has it, into the text of each, by role.

    What has no plain name as its role is left out, and so is what comes after the first `MOST_GRAPHS`.
    """
    found: dict[str, str] = {}
    for part in re.split(r"(?m)^(?=graph )", text):
        head = _HEAD.match(part.split("\n", 1)[0])
        if head and (head[1] in found or len(found) < MOST_GRAPHS):
            found.setdefault(head[1], part.rstrip() + "\n")
    return found


def traced_graphs(source: ModelSource, manifest: Manifest, fused: Texts) -> dict[str, str]:
    """Trace a model's graphs anew, as they are before they are fused; {} unless fusing them gives `fused`.

    What a build decided beside the context is found by trying it: the numbers of the cache, whether heads may
    be fused, and whether a prompt's last row goes on alone where nothing reads the others.
    """
    context = manifest.model.max_context
    for dtype in (DType("f16"), DType("f32"), DType("q8")):
        try:
            graphs = {role: _graph(source, role, context, dtype) for role in ROLES if role in fused}
        except KernelcError:  # such as a context that the model does not allow
            return {}
        for off, early in product((frozenset[str](), frozenset({"heads"})), (True, False)):
            options = FuseOptions(off=off)
            cut = {role: last_row_early(graph) if early else graph for role, graph in graphs.items()}
            again = {role: graph_text(fuse(graph, options)) for role, graph in cut.items()}
            if graphs and all(again[role].rstrip() == fused[role].rstrip() for role in graphs):
                return {role: graph_text(graph) for role, graph in graphs.items()}
    return {}


def _graph(source: ModelSource, role: Any, context: int, dtype: DType) -> Graph:
    rows = SCORE_ROWS if role == "score" else PREFILL_ROWS
    return source.graph(role, max_context=context, chunk=rows, kv_dtype=dtype, spare=PREFILL_ROWS)


def graph_page(text: str) -> list[dict[str, Any]]:
    """Return the operations of a graph's text in order, each with the layer that it is of.

    `results` are names with their types, `arguments` the text between brackets, `line` the model's Python.
    """
    operations: list[dict[str, Any]] = []
    for line, comment in _statements(text):
        match = _OP.match(line)
        if match is None:
            continue
        results = [[found["name"], found["type"]] for found in _RESULT.finditer(match["results"])]
        source = (match["source"] or comment).split("  ")
        origin = source[0] if source[0] and ".py:" not in source[0] else (results[0][0] if results else "")
        layer = _LAYER.match(origin)
        operations.append({
            "op": match["op"], "results": results, "arguments": match["arguments"], "origin": origin,
            "layer": layer[1] if layer else "", "line": source[-1] if ".py:" in source[-1] else "",
        })  # fmt: skip
    return operations


def _statements(text: str) -> list[tuple[str, str]]:
    """The operations' lines, with the comment above those that take several, which are joined."""
    found: list[tuple[str, str]] = []
    inside, comment = False, ""
    for line in text.split("\n"):
        if not line.startswith("    "):
            inside, comment = line == "  ops", ""
        elif not inside:
            continue
        elif line.startswith("    # "):
            comment = line[6:]
        elif line.startswith("        ") and found:
            found[-1] = (f"{found[-1][0]} {line.strip()}", found[-1][1])
        else:
            found.append((line.strip(), comment))
            comment = ""
    return found
