"""A generation whose tokens the device draws among those that a grammar allows.

The host sends a bit for each token and gets an id back; logits stay where they are. While the device decodes,
the host finds the mask for what comes after, which takes microseconds where the grammar was in that state
before. A step is handed over as soon as the token before it is being drawn, which the device puts in its
place itself: so the device waits for the host only where that is slower than a step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kernelc.artifact.schema import MASK_BUFFER
from runtime.device.executor import Fetch, Ticket
from runtime.engine.chooser import Masks
from runtime.engine.generation import (
    Flight,
    Generated,
    Generation,
    Request,
    check_score,
    chosen,
    first_score,
)
from runtime.engine.sequence import CachedSequence

ROLE = "mask"


def generation(sequence: CachedSequence, request: Request, *, early: bool = True) -> Generation:
    """Return the generation of a request: one that masks on the device, if all that its chooser does is to
    allow some tokens, and the artifact has the program for it. `early`: steps may be handed over that only
    the next token needs.
    """
    if masks_of(request) is not None and sequence.table.has(ROLE):
        return MaskedGeneration(sequence, request, early=early)
    return Generation(sequence, request)


def masks_of(request: Request) -> Masks | None:
    """Return the chooser of a request, if all that it does is to allow some tokens."""
    choose = request.choose
    if request.keep_logits or not isinstance(choose, Masks) or not choose.only_masks:
        return None
    return choose


def chosen_here(sequence: CachedSequence, request: Request, position: int) -> int:
    """Choose the id of a position on the host, where the device found no allowed token that is likelier
    than those that are not: all have scores that are no numbers, or nearly -inf.

    Raises: DeviceError where no score is a number.
    """
    fetch = [Fetch("logits", 0, 4 * request.vocab_size)]
    fields = request.sampling.step_fields()
    fetched = sequence.decode(["decode"], position - 1, fields, fetch).result()
    logits = np.frombuffer(fetched[0], dtype="<f4")
    if not (logits > -np.inf).any():
        raise sequence.no_numbers(position, "scores")
    assert request.choose is not None
    return chosen(request.choose, sequence, logits.copy(), position)


class MaskedGeneration(Generation):
    """See `Generation`. The ids are those that its chooser would give."""

    def __init__(self, sequence: CachedSequence, request: Request, *, early: bool) -> None:
        assert isinstance(request.choose, Masks)
        super().__init__(sequence, request)
        self._is_early = early
        self._masks = request.choose
        self._early: Ticket | None = None  # the step that decodes the token which is being drawn

    def _settle(self, reason: str) -> None:
        self._drop_early()
        super()._settle(reason)

    def _submit(self, position: int) -> Flight:
        """Hand over the decoding of the token before a position, unless it was, or its logits are there."""
        if self._sequence.has_logits:  # of tokens that were known without drawing
            self._drop_early()
        elif self._early is None:
            self._early = self._decode(position)
        return Flight(None, True)

    def _decode(self, position: int) -> Ticket:
        return self._sequence.decode(["decode"], position - 1, self._fields, ())

    def _receive(self, position: int) -> Generated:
        sequence = self._sequence
        mask = self._masks.mask()
        self._flying.clear()
        before, self._early = self._early, None
        sequence.executor.write_buffer(MASK_BUFFER, 0, mask.tobytes())
        sequence.has_logits = False  # they are masked now
        fetch = [sequence.fetch_token(position)]
        if self._watching:
            fetch.append(Fetch("logits", 0, 4))
        ticket = sequence.run([ROLE, self._request.sampling.role], position - 1, 1, self._fields, fetch)
        if before is not None:
            before.discard()  # it is done before what follows it
        if self._is_early and position + 1 < self._end:
            self._early = self._decode(position + 1)
        fetched = ticket.result()
        token = int.from_bytes(fetched[0], "little")
        if not self._masks.took(token):
            self._drop_early()
            token = chosen_here(sequence, self._request, position)
        elif token == 0:
            self._check_score(fetched[1:], position)
        self._watching = token == 0
        sequence.sampled(token)
        self._count_token()
        return Generated(token, position)

    def _check_score(self, fetched: Sequence[bytes], position: int) -> None:
        """Check the score of id 0, which was sampled. Raises: DeviceError where it is no number."""
        if fetched:
            score = float(np.frombuffer(fetched[0], dtype="<f4")[0])
        else:
            self._drop_early()
            score = first_score(self._sequence, self._request.sampling, position)
        if math.isnan(score):  # of few that are allowed, the likeliest may be one of nearly -inf
            check_score(self._sequence, score, position)

    def _drop_early(self) -> None:
        if self._early is not None:
            self._early.discard()
            self._early = None
