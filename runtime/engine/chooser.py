"""Choosing the next token on the host: where the device's sampling programs cannot decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from runtime.engine.host_sampling import F32, Adjustments, LogprobTable, TokenLogprob, adjust, draw
from runtime.engine.sampling import SamplingParams
from runtime.grammar.ahead import ForcedTokens
from runtime.grammar.masks import Mask
from runtime.grammar.matcher import bits_of

Chooser: TypeAlias = Callable[[F32, Sequence[int]], int]
"""`choose(logits, ids)` returns the id that comes after `ids`, all ids of the sequence so far.

Shapes: logits f32 [vocab], a copy that it may change. The position of the chosen id is len(ids).
"""


@runtime_checkable
class LooksAhead(Protocol):
    """A chooser that can do something before it sees logits."""

    def prepare(self) -> None:
        """Do what the next choice needs; it is called while the device computes that choice's logits."""
        ...

    def ahead(self, most: int) -> Sequence[int]:
        """Return the ids that come after the one chosen last, at most `most`. They count as chosen."""
        ...


@runtime_checkable
class Masks(Protocol):
    """A chooser that may leave the drawing to the device."""

    @property
    def only_masks(self) -> bool:
        """Whether all that it does to logits is to allow some tokens."""
        ...

    def mask(self) -> Mask:
        """Return the tokens that may come next, u32 [words], not to be changed."""
        ...

    def took(self, token: int) -> bool:
        """Take the token that was drawn. Return False, and change nothing, where it may not come here."""
        ...


class AnswerMatcher(Protocol):
    """What says which tokens of an answer may come; see `runtime.grammar.matcher.Matcher`."""

    ended: bool

    def mask(self) -> Mask: ...

    def advance(self, token: int) -> bool: ...

    def forced_bytes(self) -> bytes: ...


@runtime_checkable
class KnowsTokens(Protocol):
    """A matcher that knows tokens which must come, not only their text."""

    def known(self, most: int) -> list[int]: ...


@dataclass(frozen=True)
class ChosenLogprobs:
    """Log probabilities at one position: of the chosen token, and of the likeliest ones."""

    chosen: TokenLogprob
    top: tuple[TokenLogprob, ...]


class SamplingChooser:
    """A `Chooser` that samples as the device does, after adjustments that the device does not know.

    With a `matcher` only the tokens that its grammar allows are drawn, and it is told of each; where that is
    all, the device may draw them (`only_masks`). With `forced`, too, the tokens that the grammar leaves no
    choice about are not drawn.

    `logprobs` grows by one entry per chosen token where log probabilities were asked for. They are those of
    the model itself, before any adjustment, temperature or filter.
    """

    def __init__(
        self,
        sampling: SamplingParams,
        adjustments: Adjustments,
        *,
        prompt_tokens: int,
        top_logprobs: int | None = None,
        matcher: AnswerMatcher | None = None,
        forced: ForcedTokens | None = None,
    ) -> None:
        """`sampling` has its seed. Ids from `prompt_tokens` on count as generated; `top_logprobs` is how many
        of the likeliest tokens to report, None for no log probabilities at all."""
        self.logprobs: list[ChosenLogprobs] = []
        self._sampling = sampling
        self._adjustments = adjustments
        self._prompt_tokens = prompt_tokens
        self._top_logprobs = top_logprobs
        self._matcher = matcher
        # Tokens that nobody asks the model for have no log probabilities.
        self._forced = None if top_logprobs is not None else forced
        self._last: int | None = None
        self._mask: Mask | None = None

    def __call__(self, logits: F32, ids: Sequence[int]) -> int:
        """Return the next id; see `Chooser`."""
        table = None if self._top_logprobs is None else LogprobTable(logits)
        adjust(logits, self._sampling, self._adjustments, ids, Counter(ids[self._prompt_tokens :]))
        if self._matcher is None:
            token = draw(logits, self._sampling, len(ids))
        else:
            token = self._drawn_by_grammar(logits, len(ids), self._matcher)
        self._last = token
        if table is not None:
            self.logprobs.append(ChosenLogprobs(table.of(token), table.top(self._top_logprobs or 0)))
        return token

    def prepare(self) -> None:
        """Find out which tokens may come next, which takes a millisecond where nobody asked before."""
        if self._matcher is not None:
            self._mask = self._matcher.mask()

    @property
    def only_masks(self) -> bool:
        """Whether the grammar alone keeps the device from sampling by itself; see `Masks`."""
        return self._matcher is not None and not self._adjustments.any and self._top_logprobs is None

    def mask(self) -> Mask:
        """Return the tokens that the grammar allows; see `Masks`."""
        assert self._matcher is not None
        if self._mask is None:
            self._mask = self._matcher.mask()
        return self._mask

    def took(self, token: int) -> bool:
        """Let the matcher take a token that the device has drawn; see `Masks`."""
        assert self._matcher is not None
        if not self._matcher.advance(token):
            return False
        self._last, self._mask = token, None
        return True

    def ahead(self, most: int) -> Sequence[int]:
        """Return the tokens that the grammar forces; see `LooksAhead`."""
        if self._matcher is None or self._forced is None or self._last is None or self._matcher.ended:
            return ()
        known: list[int] = []
        if isinstance(self._matcher, KnowsTokens):
            known = self._matcher.known(most)
        after = known[-1] if known else self._last
        return [*known, *self._forced.take(self._matcher, after, most - len(known))]

    def _drawn_by_grammar(self, logits: F32, position: int, matcher: AnswerMatcher) -> int:
        mask, self._mask = matcher.mask() if self._mask is None else self._mask, None
        allowed = bits_of(mask, len(logits))
        logits[~allowed] = -np.inf
        token = draw(logits, self._sampling, position)
        if not allowed[token]:  # no allowed token has a score above -inf
            token = int(allowed.argmax())
        matcher.advance(token)
        return token
