"""Artifacts that commands build and keep, so that the next one opens at once (see `kernelc.kept`)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.commands import build
from kernelc.kept import Entry

if TYPE_CHECKING:
    from kernelc.compiler import CompileOptions
    from model.hub.locate import Located


def built(model: Located, args: argparse.Namespace) -> Path:
    """Return the artifact of a model, building it as `args` says if the cache does not have it.

    A command without a device builds for any.
    """
    build.settle_quant(model.path, args)

    def make(options: CompileOptions, out: Path) -> None:
        args.tuned = options.tuned
        build.build(model, args, out)

    return Entry(model, build.compile_options(args), getattr(args, "device", None)).made(make)
