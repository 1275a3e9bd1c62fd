"""The kinds of untrusted inputs: sound examples of each, and what trying one means.

Examples come from the makers of the tests and from the demo model, so that they are small and everybody has
them. `attempt` gets the bytes and an empty folder; it raises what the reader raises. A `KernelcError` with
exit code 2 is a refusal, and whatever else is raised a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Attempt = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Kind:
    """A kind of input. `seeds` makes the sound examples in an empty folder."""

    name: str
    seeds: Callable[[Path], Sequence[bytes]]
    attempt: Attempt


class WrongResult(Exception):
    """An input was accepted, and an independent reading of it says otherwise."""


def all_kinds() -> dict[str, Kind]:
    """Return every kind by its name."""
    from tools.fuzz import (
        kinds_artifact,
        kinds_asked,
        kinds_explored,
        kinds_loaded,
        kinds_model,
        kinds_weights,
    )

    modules = (kinds_model, kinds_weights, kinds_artifact, kinds_asked, kinds_loaded, kinds_explored)
    return {kind.name: kind for module in modules for kind in module.KINDS}
