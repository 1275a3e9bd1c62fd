"""From what a person calls a model to an artifact for the device at hand, for the commands that talk."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

from kernelc.commands.shared.draft_options import DRAFT_ROWS
from kernelc.commands.shared.locating import located
from kernelc.commands.shared.options import is_artifact


def with_draft(text: str | None, args: argparse.Namespace) -> tuple[Path, Path | None]:
    """Return the artifact that `text` names, and that of `args.draft`, which is built in the same way but for
    a context that it does not have; None where no draft is named. Raises: as `artifact_of`.
    """
    if args.draft is None:
        return artifact_of(text, args), None
    of_model, of_draft = copy.copy(args), copy.copy(args)
    of_model.rows, of_draft.sequences = DRAFT_ROWS, 1
    folder = artifact_of(text, of_model)
    if args.context is not None and not is_artifact(Path(args.draft)):
        from model.opening import open_model

        path = located(args.draft).path
        if not is_artifact(path):
            with open_model(path) as files:
                of_draft.context = min(args.context, files.model.info.max_context)
    return folder, artifact_of(args.draft, of_draft)


def artifact_of(text: str | None, args: argparse.Namespace) -> Path:
    """Return the artifact that `text` names, of the demo model for None.

    A model is built into the cache, unless it is there already, as `args` (see `build.add_compile_options`)
    says and for what `args.device` runs. Raises: KernelcError where there is no such model, and what building
    raises.
    """
    if text is not None and is_artifact(Path(text)):
        return Path(text)
    model = located(text)
    if is_artifact(model.path):  # linked in dist/models
        return model.path

    from kernelc.commands.kept import built
    from runtime.devices import target_for

    settled = copy.copy(args)  # what is settled for one model is not for the next
    if settled.target is None:
        settled.target = target_for(settled.device)
    return built(model, settled)
