"""Finds the model that a command line names, saying on stderr what has to be downloaded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kernelc.commands.shared.options import demo_model
from kernelc.commands.shared.paths import cache_folder

if TYPE_CHECKING:
    from model.hub.locate import Located

MODEL_HELP = "a model folder, a .gguf file, a name (smollm2, or NAME in dist/models), or org/name on the hub"


def located(text: str | None) -> Located:
    """Return the model that `text` names, or the demo model for None; see `model.hub.locate.locate`."""
    from model.hub.locate import Located, locate

    if text is None:
        return Located(demo_model())
    return locate(text, store=cache_folder("models"), say=_say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
