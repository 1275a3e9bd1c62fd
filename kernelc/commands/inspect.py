"""`kernelc inspect`: the graph, the kernels and the memory plan of an artifact or a model to be built."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelc.artifact import Artifact, Manifest
from kernelc.commands.shared.bits import bits_text, formats_of
from kernelc.commands.shared.draft_options import add_rows
from kernelc.commands.shared.options import (
    QUANTS,
    add_activations,
    add_bits,
    add_context,
    add_json,
    add_kv,
    add_sequences,
    is_artifact,
    print_json,
)
from kernelc.commands.shared.table import print_table, size
from kernelc.errors import ContextError
from runtime.device.program import plan_load
from runtime.engine.engine import ALL_ROLES, GENERATE_ROLES, SCORE_ROLES

PARTS = ("graph", "kernels", "programs", "memory")
USES = {"chat, generate": GENERATE_ROLES, "evaluate": SCORE_ROLES, "all programs": ALL_ROLES}


@dataclass(frozen=True)
class Subject:
    """What is inspected: a manifest, and the text of its graph."""

    manifest: Manifest
    graph: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "artifact",
        metavar="ARTIFACT",
        help="an artifact, or what is not built yet: a model, or without weights a config.json or the name of"
        " a well known model",
    )
    add_context(parser, "plan the memory for N tokens (default: the longest)")
    parser.add_argument(
        "--quant",
        metavar="Q",
        help=f"of what is not built yet: {QUANTS}, or keep (default: keep for quantised files, else q4)",
    )
    parser.add_argument(
        "--target", default="wgsl", metavar="T", help="of what is not built yet (default: wgsl)"
    )
    add_bits(parser)
    add_activations(parser, "of what is not built yet: ")
    add_kv(parser)
    add_sequences(parser, 1, "1")
    add_rows(parser)
    parser.add_argument("--only", choices=PARTS, help="print one part alone")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the parts."""
    subject = _subject(args)
    manifest = subject.manifest
    most = manifest.model.max_context
    context = args.context or most
    if context > most:
        raise ContextError(
            f"--context is {context}, this is made for 1 to {most}", help=f"ask for at most {most}"
        )
    if args.json:
        print_json(as_json(subject, context))
        return 0
    parts = {
        "graph": lambda: print(subject.graph.rstrip() or "(the artifact carries no graph)"),
        "kernels": lambda: _show_kernels(manifest),
        "programs": lambda: _show_programs(manifest),
        "memory": lambda: _show_memory(manifest, context),
    }
    if args.only:
        parts[args.only]()
        return 0
    _show_model(manifest)
    for title, show in parts.items():
        print(f"\n== {title}")
        show()
    return 0


def as_json(subject: Subject, context: int) -> dict[str, Any]:
    """Return everything that is printed. `memory` has bytes by buffer, and totals for each use."""
    manifest = subject.manifest
    return {
        "name": manifest.name,
        "target": manifest.target,
        "quant": manifest.quant,
        "bits_per_weight": formats_of(manifest).average,
        "formats": formats_of(manifest).weights,
        "activations": manifest.activations,
        "kv": manifest.kv,
        "model": manifest.to_json()["model"],
        "graph": subject.graph,
        "kernels": manifest.to_json()["kernels"],
        "programs": {name: len(program.dispatches) for name, program in manifest.programs.items()},
        "memory": {
            "context": context,
            "buffers": dict(plan_load(manifest, context, ALL_ROLES).buffers),
            "totals": totals(manifest, context),
        },
    }


def totals(manifest: Manifest, context: int) -> dict[str, int]:
    """Return the bytes that the runtime allocates, exactly, for each purpose that it may be opened for."""
    return {use: plan_load(manifest, context, roles).total_bytes for use, roles in USES.items()}


def _subject(args: argparse.Namespace) -> Subject:
    path = Path(args.artifact)
    if is_artifact(path):
        artifact = Artifact.open(path)
        graph = artifact.manifest.graph
        return Subject(artifact.manifest, artifact.text(graph.file) if graph else "")
    return _planned(args)


def _planned(args: argparse.Namespace) -> Subject:
    """Compile a config as a build would, without weights."""
    from kernelc.commands.shared.planning import planned

    plan = planned(args.artifact, args)
    return Subject(plan.manifest, plan.compiled.graph)


def _show_model(manifest: Manifest) -> None:
    model = manifest.model
    rows = [
        ["quant", f"{manifest.quant} for {manifest.target}"],
        ["bits", bits_text(manifest)],
        ["activations", manifest.activations],
        *([["cache", f"{manifest.kv}: bytes with a scale for each head"]] if manifest.kv else []),
        [
            "shape",
            f"{model.architecture}: {model.layers} layers, hidden {model.hidden_size}, {model.heads} heads,",
        ],
        ["", f"{model.kv_heads} kv heads of {model.head_dim}, intermediate {model.intermediate_size}"],
        ["tokens", f"vocabulary {model.vocab_size}, context up to {model.max_context}"],
        ["weights", size(sum(tensor.bytes for tensor in manifest.weights.tensors.values()))],
    ]
    print_table(
        ["model", manifest.name],
        rows if manifest.weights.tensors else [row for row in rows if row[0] not in ("bits", "weights")],
    )


def _show_kernels(manifest: Manifest) -> None:
    rows: list[list[str]] = []
    calls = _calls(manifest)
    for name, kernel in manifest.kernels.items():
        for at, variant in enumerate(kernel.variants):
            needs = variant.requires
            rows.append(
                [
                    name if at == 0 else "",
                    kernel.spec if at == 0 else "",
                    str(calls.get(name, 0)) if at == 0 else "",
                    "x".join(map(str, variant.workgroup)),
                    ", ".join(needs.features) or "-",
                    size(needs.shared_bytes) if needs.shared_bytes else "-",
                    variant.file,
                ]
            )
    print_table(["kernel", "family", "uses", "workgroup", "needs", "shared", "file"], rows, right=(2,))


def _show_programs(manifest: Manifest) -> None:
    rows: list[list[str]] = []
    for name, program in manifest.programs.items():
        bounds: Mapping[str, tuple[int, int]] = {**manifest.symbols, **program.symbols}
        steps = ", ".join(f"{symbol} {bounds[symbol][0]}..{bounds[symbol][1]}" for symbol in ("seq", "past"))
        rows.append([name, program.role, steps, str(len(program.dispatches))])
    print_table(["program", "role", "steps", "dispatches"], rows, right=(3,))


def _show_memory(manifest: Manifest, context: int) -> None:
    plan = plan_load(manifest, context, ALL_ROLES)
    uses = {use: plan_load(manifest, context, roles).buffers for use, roles in USES.items()}
    rows: list[list[str]] = []
    for kind in ("weight", "state", "slot"):
        for name, count in plan.buffers.items():
            if manifest.buffers[name].kind == kind:
                used_by = [use for use, buffers in uses.items() if name in buffers and use != "all programs"]
                rows.append([name, kind, f"{count:,}", "; ".join(used_by)])
    print(f"context {context}")
    print_table(["buffer", "kind", "bytes", "used by"], rows, right=(2,))
    print()
    sums = [[use, f"{count:,}", size(count)] for use, count in totals(manifest, context).items()]
    print_table(["total for", "bytes", ""], sums, right=(1,))


def _calls(manifest: Manifest) -> dict[str, int]:
    """Return how often each kernel is dispatched, over all programs."""
    calls: dict[str, int] = {}
    for program in manifest.programs.values():
        for dispatch in program.dispatches:
            calls[dispatch.kernel] = calls.get(dispatch.kernel, 0) + 1
    return calls
