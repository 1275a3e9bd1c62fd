"""Compiles a model as a build would, but without its weights: a config.json or a name is enough for that."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.artifact import Manifest, Weights
from kernelc.commands.build import compile_options, settle_quant
from kernelc.commands.shared.options import is_model
from kernelc.commands.shared.progress import progress_bar

if TYPE_CHECKING:
    from kernelc.compiler import Compiled
    from kernelc.source import ModelSource


@dataclass(frozen=True)
class Plan:
    """A compiled model without weights, and the manifest that its artifact would have."""

    model: ModelSource
    compiled: Compiled
    manifest: Manifest


def planned(text: str, args: argparse.Namespace) -> Plan:
    """Compile the model folder, config.json, .gguf file or well known model that `text` names.

    Raises: ConfigError and UsageError for what is none of these, or options that do not fit it.
    """
    from kernelc.compiler import compile_model
    from kernelc.pipeline import KEEP, settled
    from model.families.registry import find_model
    from model.opening import layout_of, open_model

    path = Path(text)
    settle_quant(path, args)
    options = compile_options(args)
    if layout_of(path) is not None and (args.quant == KEEP or not is_model(path)):
        with open_model(path) as files:
            model, options = files.model, settled(options, files.model, files.checkpoint)
    else:  # config.json suffices
        model = find_model(text)
        options = settled(options, model, None)
    with progress_bar("compiling"):
        compiled = compile_model(model, options)
    name = path.resolve().parent.name if path.is_file() else path.resolve().name
    return Plan(model, compiled, compiled.manifest(name, Weights()))
