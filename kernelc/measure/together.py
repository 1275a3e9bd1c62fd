"""How many tokens a second sequences that share weights make together, against one of them alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

import numpy as np

from runtime.engine.sampling import SamplingParams
from runtime.engine.seat import Seat
from runtime.engine.several import SeveralEngine


def decoding_rate(engine: SeveralEngine, count: int, prompt: int, generate: int) -> float:
    """Return the tokens per second that `count` sequences decode together, greedily.

    Each has a prompt of `prompt` random ids of its own, which is read before the time begins, as its first
    token is. Raises: DeviceError.
    """
    seats, running = engine.seats[:count], list[Iterator[object]]()
    try:
        for number, seat in enumerate(seats):
            seat.taken = True
            seat.truncate(0)
            seat.feed(_ids(engine.vocab_size, number, prompt))
        for seat in seats:
            running.append(iter(seat.generate(generate + 1, SamplingParams(), ())))
        for each in running:
            next(each)  # made of what the prompt left, before any step
        began = perf_counter()
        made = _run(engine, running)
        return made / (perf_counter() - began)
    finally:
        for seat in seats:
            _leave(seat)


def _ids(vocabulary: int, number: int, count: int) -> list[int]:
    return np.random.default_rng(number).integers(0, vocabulary, count).tolist()


def _run(engine: SeveralEngine, running: Sequence[Iterator[object]]) -> int:
    """Let all come to their end, a step after the other; return how many tokens they made."""
    made, live = 0, list(running)
    while live:
        for each in tuple(live):
            for token in each:
                if token is None:
                    break  # it waits for a step
                made += 1
            else:
                live.remove(each)
        engine.step()
    return made


def _leave(seat: Seat) -> None:
    seat.truncate(0)
    seat.taken = False
