"""`kernelc explore`: a page of a model: its graphs, its memory, and every kernel line by line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernelc.commands.shared.draft_options import add_rows
from kernelc.commands.shared.options import (
    QUANTS,
    add_activations,
    add_bits,
    add_context,
    add_kv,
    add_sequences,
    is_artifact,
    port,
)
from kernelc.errors import UsageError

if TYPE_CHECKING:
    from kernelc.explore.site import Subject

DEFAULT_PORT = 8001
DEMO = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "artifact",
        metavar="ARTIFACT",
        help="what `kernelc build` wrote; or demo, a model, or without weights a config.json or the name of a"
        " well known model, which is compiled on the way",
    )
    parser.add_argument(
        "--out", default="explore", metavar="DIR", help="the page's folder (default: explore)"
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="of an artifact, the model folder, config.json, .gguf file or well known model that it was built"
        " from: the page then shows the graph before fusing, too",
    )
    parser.add_argument(
        "--measured",
        action="append",
        default=[],
        metavar="FILE",
        help="times of kernels, as `kernelc bench --profile --json` writes them; may be given several times",
    )
    parser.add_argument(
        "--serve",
        nargs="?",
        type=port,
        const=DEFAULT_PORT,
        metavar="PORT",
        help=f"then serve the folder on this machine until Ctrl-C (default port: {DEFAULT_PORT})",
    )
    add_context(
        parser, "of what is not built yet: the longest context (default: the model's own, at most 4096)"
    )
    parser.add_argument(
        "--quant", metavar="Q", help=f"of what is not built yet: {QUANTS}, or keep (default: q4)"
    )
    parser.add_argument(
        "--target", default="wgsl", metavar="T", help="of what is not built yet (default: wgsl)"
    )
    add_bits(parser)
    add_activations(parser, "of what is not built yet: ")
    add_kv(parser)
    add_sequences(parser, 1, "1")
    add_rows(parser)


def run(args: argparse.Namespace) -> int:
    """Write the page and print its folder, or serve it."""
    from kernelc.commands.static_site.explorer import add_explorer
    from kernelc.commands.static_site.page import EXPLORER, built_page
    from kernelc.commands.static_site.site import write_whole

    subject = _subject(args)
    measured = _measured(args.measured, subject)
    page, out, path = built_page(EXPLORER), Path(args.out), Path(args.artifact)
    artifacts = [path] if is_artifact(path) else []
    write_whole(out, artifacts, lambda draft: add_explorer(draft, page, subject, measured))
    print(out, flush=True)
    if args.serve is None:
        if sys.stderr.isatty():
            print(f"put {out} on any file server, or look at it here with --serve", file=sys.stderr)
        return 0
    from kernelc.commands.static_site.file_server import serve

    return serve(out, args.serve)


def _subject(args: argparse.Namespace) -> Subject:
    from kernelc.artifact import Artifact
    from kernelc.commands.shared.tracing import traced_of
    from kernelc.explore.graphs import graphs_by_role, traced_graphs
    from kernelc.explore.site import Subject

    path = Path(args.artifact)
    if is_artifact(path):
        artifact = Artifact.open(path)
        return Subject.of(artifact, traced_of(args.model, artifact))
    if args.model is not None:
        raise UsageError("this is for an artifact, and a model was named already", where="--model")
    from kernelc.commands.shared.options import demo_model
    from kernelc.commands.shared.planning import planned

    named = str(demo_model()) if args.artifact == DEMO and not path.exists() else args.artifact
    plan = planned(named, args)
    traced = traced_graphs(plan.model, plan.manifest, graphs_by_role(plan.compiled.graph))
    return Subject(plan.manifest, plan.compiled.graph, traced)


def _measured(files: list[str], subject: Subject) -> dict[str, list[dict[str, Any]]]:
    from kernelc.explore.measured import read_measured

    found: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        for name, rows in read_measured(Path(file), subject.manifest.kernels.keys()).items():
            found.setdefault(name, []).extend(rows)
    return found
