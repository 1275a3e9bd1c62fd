"""Embeddings of texts: the mean of a model's final hidden states, scaled to length 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.errors import ContextError

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Embedding:
    """The embedding of one text, f32 [hidden], and how many tokens the text has."""

    vector: F32
    tokens: int


class Embedder:
    """Makes embeddings, one after the other, on one engine."""

    def __init__(
        self,
        embed: Callable[[Sequence[int]], F32],
        encode: Callable[[str], list[int]],
        *,
        prefix: Sequence[int],
        context: int,
    ) -> None:
        """`embed` is that of an engine, `encode` a tokenizer's; `prefix`, such as BOS, starts every text."""
        self._embed, self._encode = embed, encode
        self._prefix, self._context = list(prefix), context

    def embed(self, text: str | Sequence[int]) -> Embedding:
        """Return the embedding of a text, or of token ids as they are.

        Raises: ContextError where it does not fit; UsageError, DeviceError as the engine.
        """
        ids = [*self._prefix, *self._encode(text)] if isinstance(text, str) else list(text)
        if len(ids) > self._context:
            raise ContextError(
                f"the text is {len(ids)} tokens, the context holds {self._context}",
                help="cut it into parts, or load the model with a longer `context`",
            )
        return Embedding(self._embed(ids), len(ids))
