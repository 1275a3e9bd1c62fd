"""The explorer of a few kernels of an artifact, written in a moment; `kernelc explore` shows all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from kernelc.artifact import Artifact
from kernelc.commands.static_site.explorer import add_explorer
from kernelc.commands.static_site.page import EXPLORER, built_page
from kernelc.explore.site import Subject

FAMILIES = ("rms_norm", "matvec", "argmax")  # a sum over a workgroup, packed weights, whole numbers


def explorer_of(folder: str, out: Path) -> str:
    """Write the explorer of the first kernel of each of these families; return its folder."""
    subject = Subject.of(Artifact.open(folder))
    manifest = subject.manifest
    first = {entry.spec: name for name, entry in reversed(manifest.kernels.items())}
    kept = {first[family] for family in FAMILIES}
    programs = {
        name: replace(program, dispatches=found)
        for name, program in manifest.programs.items()
        if (found := tuple(dispatch for dispatch in program.dispatches if dispatch.kernel in kept))
    }
    kernels = {name: entry for name, entry in manifest.kernels.items() if name in kept}
    shutil.rmtree(out, ignore_errors=True)
    shown = replace(subject, manifest=replace(manifest, kernels=kernels, programs=programs))
    add_explorer(out, built_page(EXPLORER), shown)
    return str(out)
