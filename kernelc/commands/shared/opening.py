"""Opens artifacts for the commands, with progress bars and a line about the device that was chosen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from kernelc import session, shared_session
from kernelc.artifact import Artifact
from kernelc.commands.shared.options import FLAGS
from kernelc.commands.shared.progress import progress_bar
from kernelc.errors import spell_settings
from kernelc.session import Session
from kernelc.shared_session import SharedSession
from kernelc.switches import Without
from runtime.devices import Choice
from runtime.engine.engine import GENERATE_ROLES, Engine
from runtime.engine.several import SeveralEngine
from runtime.prefixes.settings import PrefixSettings


def open_session(
    artifact: Artifact,
    device: str,
    context: int | None = None,
    *,
    roles: Sequence[str] = GENERATE_ROLES,
    prefixes: PrefixSettings | None = None,
) -> Session:
    """See `Session.open`."""
    with progress_bar(f"loading {artifact.manifest.name}") as report:
        return Session.open(
            artifact,
            device=device,
            context=context,
            roles=roles,
            progress=report,
            explain=show_choice,
            prefixes=prefixes,
        )


def open_shared_session(
    artifact: Artifact,
    device: str,
    context: int | None = None,
    prefixes: PrefixSettings | None = None,
    draft: Artifact | None = None,
) -> SharedSession:
    """See `SharedSession.open`."""
    with progress_bar(f"loading {artifact.manifest.name}") as report:
        return SharedSession.open(
            artifact,
            device=device,
            context=context,
            progress=report,
            explain=show_choice,
            prefixes=prefixes,
            draft=draft,
        )


def open_engine(
    artifact: Artifact,
    device: str,
    context: int | None = None,
    *,
    roles: Sequence[str] = GENERATE_ROLES,
    without: Without | None = None,
) -> Engine:
    """See `kernelc.session.open_engine`."""
    with progress_bar(f"loading {artifact.manifest.name}") as report:
        return session.open_engine(
            artifact,
            device=device,
            context=context,
            roles=roles,
            progress=report,
            explain=show_choice,
            without=without,
        )


def open_several_engine(
    artifact: Artifact, device: str, context: int | None = None, *, without: Without | None = None
) -> SeveralEngine:
    """See `kernelc.shared_session.open_several_engine`."""
    with progress_bar(f"loading {artifact.manifest.name}") as report:
        return shared_session.open_several_engine(
            artifact, device=device, context=context, progress=report, explain=show_choice, without=without
        )


def show_choice(choice: Choice) -> None:
    """Print on stderr which device was taken, where that is a terminal; once also where it is none, if the
    device is numpy in place of something faster."""
    shown = "".join(char for char in spell_settings(choice.line, FLAGS) if char.isprintable())
    if not sys.stderr.isatty():
        if choice.slow:
            warn_once(shown)
        return
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    print(shown if plain else f"\x1b[2m{shown}\x1b[0m", file=sys.stderr, flush=True)


@cache
def warn_once(line: str) -> None:
    """Print a warning on stderr, the first time that this process has it."""
    print(f"warning: {line}", file=sys.stderr, flush=True)


def facts_of(engine: Engine | SeveralEngine, artifact: Artifact, folder: Path) -> dict[str, str]:
    """Return the facts about a running model that a person may want to know."""
    manifest, info = artifact.manifest, engine.executor.info
    facts = {
        "model": f"{manifest.name} ({manifest.quant}), {folder}",
        "device": f"{info.kind}: {info.name} ({info.driver})",
        "memory": f"{engine.executor.allocated_bytes / 1e6:.1f} MB on the device",
    }
    if isinstance(engine, SeveralEngine) and engine.draft is not None:
        own = engine.draft.artifact.manifest
        size = engine.draft.executor.allocated_bytes / 1e6
        facts["draft"] = f"{own.name} ({own.quant}), {size:.1f} MB on the device"
    return facts
