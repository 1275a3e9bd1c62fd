"""The seam between the evaluation and whatever runs the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Message = tuple[str, str]
"""What the user said and the answer."""


@dataclass(frozen=True)
class Conversation:
    """What was said so far: pairs of the user's text and the answer, the last answer ""."""

    messages: tuple[Message, ...]
    system: str = ""


class Answers(Protocol):
    """What the evaluation needs of a model; another runtime can be put in here."""

    def generate(
        self, conversations: Sequence[Conversation], *, max_new: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Return the answer that each conversation waits for."""
        ...
