"""`kernelc build`: a model in, an artifact out."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.commands.shared.draft_options import add_rows
from kernelc.commands.shared.locating import MODEL_HELP, located
from kernelc.commands.shared.options import (
    QUANTS,
    add_activations,
    add_bits,
    add_context,
    add_embeddings,
    add_kv,
    add_sequences,
    add_without,
    read_text,
)
from kernelc.commands.shared.progress import progress_bar

if TYPE_CHECKING:
    from kernelc.compiler import CompileOptions
    from model.hub.locate import Located


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--model", metavar="MODEL", help=f"{MODEL_HELP} (default: the demo model)")
    add_compile_options(parser)
    add_bits(parser)
    add_sequences(parser, 1, "1")
    add_rows(parser)
    parser.add_argument(
        "--calibrate",
        metavar="FILE",
        help="a text like those that the model will meet, UTF-8, 8,192 tokens or more: four-bit weights are"
        " chosen for what they read in it; takes a while",
    )
    parser.add_argument(
        "--tuned",
        metavar="CLASS",
        help="schedules for devices of a class as `kernelc devices` shows it, or of a table's FILE"
        " (default: those that are good everywhere)",
    )
    add_without(parser)
    add_embeddings(parser, "add a program for embeddings of texts, which `kernelc serve --embeddings` runs")
    parser.add_argument("--out", metavar="DIR", help="where to (default: dist/NAME-QUANT-TARGET)")


def add_compile_options(parser: argparse.ArgumentParser, target: str | None = "wgsl") -> None:
    """Add the options that decide the result of a build.

    `target` is its default; None means what the device runs.
    """
    parser.add_argument(
        "--target",
        default=target,
        metavar="T",
        help="wgsl|cuda|spirv|opencl|c|wasm|all, or several as a+b"
        f" (default: {target or 'what the device runs'})",
    )
    parser.add_argument(
        "--quant", metavar="Q", help=f"{QUANTS}, or keep (default: keep for quantised files, else q4)"
    )
    add_activations(parser)
    add_context(parser, "longest context in tokens (default: the model's own, at most 4096)")
    add_kv(parser)


def compile_options(args: argparse.Namespace) -> CompileOptions:
    """Return what the options of `add_compile_options` ask for."""
    # not at the top: these load the whole compiler, which --help does not need
    from kernelc.compiler import CompileOptions
    from kernelc.switches import asked

    bits = getattr(args, "bits", None)  # an option of `build` alone
    tuned = getattr(args, "tuned", None)  # likewise, but `chat` sets it
    sequences = getattr(args, "sequences", 1)  # of `build` and `serve`
    without = asked(getattr(args, "without", None))  # likewise; `chat` takes the environment's
    return CompileOptions(
        args.target,
        args.quant,
        args.context,
        args.kv,
        args.activations,
        bits=bits,
        tuned=tuned,
        sequences=sequences,
        rows=getattr(args, "rows", 1),  # of `build`; `chat` and `serve` set it for a draft
        without=without,
        embeddings=getattr(args, "embeddings", False),  # of `build` and `serve`
    )


def settle_quant(path: Path, args: argparse.Namespace) -> None:
    """Fill in --quant where it was left out: weights that are quantised already are kept as they are.

    --bits and --calibrate are of q4, so where they are given it is that.
    """
    if args.quant is None:
        from model.opening import stores_codes

        asked = getattr(args, "bits", None) is not None or getattr(args, "calibrate", None) is not None
        args.quant = "keep" if stores_codes(path) and not asked else "q4"


def run(args: argparse.Namespace) -> int:
    """Build, and print the artifact's folder."""
    began = time.perf_counter()
    out = build(located(args.model), args, Path(args.out) if args.out is not None else None)
    print(out)
    if sys.stderr.isatty():
        from kernelc.artifact import Artifact
        from kernelc.commands.shared.bits import bits_text

        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        took = time.perf_counter() - began
        print(f"bits: {bits_text(Artifact.open(out).manifest)}", file=sys.stderr)
        print(f"{size / 1e6:.1f} MB in {took:.1f} s; talk to it with: kernelc chat {out}", file=sys.stderr)
    return 0


def build(model: Located, args: argparse.Namespace, out: Path | None) -> Path:
    """Build `model` as the compile options in `args` say. Return the artifact's folder."""
    from kernelc.pipeline import build_artifact

    settle_quant(model.path, args)
    options = compile_options(args)
    named = getattr(args, "calibrate", None)
    text = None if named is None else read_text(named, "--calibrate")
    notes: list[str] = []
    with progress_bar(f"building {model.name or model.path.resolve().name}") as report:
        built = build_artifact(
            model.path,
            options,
            out=out,
            name=model.name,
            progress=report,
            note=notes.append,
            calibrate=text,
        )
    for sentence in notes:  # after the bar, which would write over them, and only where no error says more
        print(f"note: {sentence}", file=sys.stderr)
    return built
