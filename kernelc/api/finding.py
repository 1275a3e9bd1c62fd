"""From what a person calls a model to its artifact for the device at hand, built once and kept."""

from __future__ import annotations

import logging
from pathlib import Path

import model
from kernelc.artifact import MANIFEST
from kernelc.cache_place import cache_place
from kernelc.compiler import CompileOptions
from kernelc.errors import UsageError
from kernelc.kept import kept_artifact, usual_quant
from kernelc.switches import asked
from model.hub.locate import Located, locate
from runtime.device.executor import Progress
from runtime.devices import target_for

_log = logging.getLogger("kernelc")


def artifact_folder(
    named: str | Path | None,
    *,
    device: str,
    quant: str | None,
    context: int | None,
    embeddings: bool,
    progress: Progress | None,
) -> Path:
    """Return the artifact that `named` is, or that is built of the model that it names; None is the demo.

    A model is built into the cache, unless it is there already, for what the device runs. What is downloaded,
    and what a person should know of the build, goes to the logger "kernelc". Raises: UsageError where there
    is no such model, and what building raises.
    """
    if named is not None and (Path(named) / MANIFEST).is_file():
        return Path(named)
    located = _located(named)
    if (located.path / MANIFEST).is_file():  # linked in dist/models
        return located.path
    options = CompileOptions(
        target_for(device),
        quant or usual_quant(located.path),
        context,
        embeddings=embeddings,
        without=asked(None),
    )
    return kept_artifact(located, options, device, progress=progress, note=_log.info)


def _located(named: str | Path | None) -> Located:
    if named is not None:
        return locate(str(named), store=cache_place() / "models", say=_log.info)
    demo = Path(model.__file__ or "").parent / "demo"
    if not (demo / "config.json").is_file():
        raise UsageError("no model given, and this kernelc has no demo model", help="name a model")
    return Located(demo)
