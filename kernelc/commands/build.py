"""`kernelc build`: a model folder in, an artifact out."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.commands.options import (
    QUANTS,
    add_activations,
    add_bits,
    add_context,
    add_kv,
    demo_model,
    read_text,
)
from kernelc.commands.progress import progress_bar

if TYPE_CHECKING:
    from kernelc.compile import CompileOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--model", metavar="DIR", help="a Hugging Face model folder (default: the demo model)"
    )
    add_compile_options(parser)
    add_bits(parser)
    parser.add_argument(
        "--calibrate",
        metavar="FILE",
        help="a text like those that the model will meet, UTF-8, 8,192 tokens or more: four-bit weights are"
        " chosen for what they read in it; takes a while",
    )
    parser.add_argument("--out", metavar="DIR", help="where to (default: dist/NAME-QUANT-TARGET)")


def add_compile_options(parser: argparse.ArgumentParser, target: str | None = "wgsl") -> None:
    """Add the options that decide the result of a build.

    `target` is its default; None means what the device runs.
    """
    parser.add_argument(
        "--target",
        default=target,
        metavar="T",
        help=f"wgsl|cuda|spirv|opencl|all (default: {target or 'what the device runs, wgsl for auto'})",
    )
    parser.add_argument("--quant", default="q4", metavar="Q", help=f"{QUANTS} (default: q4)")
    add_activations(parser)
    add_context(parser, "longest context in tokens (default: the model's own, at most 4096)")
    add_kv(parser)


def compile_options(args: argparse.Namespace) -> CompileOptions:
    """Return what the options of `add_compile_options` ask for."""
    from kernelc.compile import (
        CompileOptions,
    )  # not at the top: it loads the whole compiler, which --help does not need

    bits = getattr(args, "bits", None)  # an option of `build` alone
    return CompileOptions(args.target, args.quant, args.context, args.kv, args.activations, bits=bits)


def run(args: argparse.Namespace) -> int:
    """Build, and print the artifact's folder."""
    began = time.perf_counter()
    model = Path(args.model) if args.model is not None else demo_model()
    out = build(model, args, Path(args.out) if args.out is not None else None)
    print(out)
    if sys.stderr.isatty():
        from kernelc.artifact import Artifact
        from kernelc.commands.bits import bits_text

        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        took = time.perf_counter() - began
        print(f"bits: {bits_text(Artifact.open(out).manifest)}", file=sys.stderr)
        print(f"{size / 1e6:.1f} MB in {took:.1f} s; talk to it with: kernelc chat {out}", file=sys.stderr)
    return 0


def build(model: Path, args: argparse.Namespace, out: Path | None) -> Path:
    """Build `model` as the compile options in `args` say. Return the artifact's folder."""
    from kernelc.pipeline import build_artifact

    options = compile_options(args)
    named = getattr(args, "calibrate", None)
    text = None if named is None else read_text(named, "--calibrate")
    with progress_bar(f"building {model.resolve().name}") as report:
        return build_artifact(model, options, out=out, progress=report, calibrate=text)
