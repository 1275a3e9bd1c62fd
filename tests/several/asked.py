"""What several sequences are asked at once, and what each gives alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from runtime.engine.chooser import Chooser
from runtime.engine.engine import Engine
from runtime.engine.host_sampling import F32
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import Lease, SeveralEngine

SEQUENCES = 4
GREEDY = SamplingParams()


class KnowsSome:
    """Chooses the third likeliest, and knows three tokens that follow the first, the fifth and so on."""

    def __init__(self) -> None:
        self.choices = 0

    def __call__(self, logits: F32, ids: Sequence[int]) -> int:
        self.choices += 1
        return int(np.argsort(-logits)[2])

    def prepare(self) -> None:
        pass

    def ahead(self, most: int) -> Sequence[int]:
        return [7, 9, 11][:most] if self.choices % 4 == 1 else []


@dataclass(frozen=True)
class Asked:
    """What is asked of a sequence; `begins` counts the steps before that."""

    prompt: Sequence[int]
    new: int
    sampling: SamplingParams = GREEDY
    begins: int = 0
    chosen: bool = False
    known: bool = False

    @property
    def choose(self) -> Chooser | None:
        """The third likeliest, by the host; `known`: with tokens that it knows without logits."""
        if self.known:
            return KnowsSome()
        return (lambda logits, ids: int(np.argsort(-logits)[2])) if self.chosen else None


def ids_of(seed: int, count: int) -> list[int]:
    return [1, *(int(each) for each in np.random.default_rng(seed).integers(3, 500, count - 1))]


# Of all kinds, and with positions on both sides of 512, from where on attention is split.
ASKED = (
    Asked(ids_of(1, 7), 12),
    Asked(ids_of(2, 20), 9, SamplingParams(temperature=0.9, top_p=0.9, seed=5)),
    Asked(ids_of(3, 506), 11, begins=2),
    Asked(ids_of(4, 3), 14, SamplingParams(repetition_penalty=1.3), begins=1),
    Asked(ids_of(5, 150), 6, chosen=True, begins=7),
    Asked(ids_of(6, 40), 5, SamplingParams(temperature=1.2, top_k=9, seed=3), begins=9),
)


@dataclass
class Running:
    """An answer under way: what it gave so far."""

    lease: Lease
    asked: Asked
    ids: list[int] = field(default_factory=list[int])
    over: str | None = None

    def begin(self) -> None:
        kept = self.lease.reuse(self.asked.prompt[:-1])
        self.lease.feed(self.asked.prompt[kept:])
        asked = self.asked
        self.tokens = self.lease.generate(asked.new, asked.sampling, (), choose=asked.choose)

    def go_on(self) -> None:
        """Take tokens until there is none."""
        for token in self.tokens:
            if token is None:
                return
            self.ids.append(token.id)
        self.over = self.tokens.finish_reason
        self.lease.back()


def together(engine: SeveralEngine, every: Sequence[Asked]) -> list[list[int]]:
    """The ids of answers that begin when they say, as soon as a sequence is free."""
    waiting = sorted(range(len(every)), key=lambda at: every[at].begins)
    running: dict[int, Running] = {}
    done: dict[int, list[int]] = {}
    steps = 0
    while waiting or running:
        while waiting and every[waiting[0]].begins <= steps and len(running) < SEQUENCES:
            at = waiting.pop(0)
            running[at] = Running(engine.lease(), every[at])
            running[at].begin()
        for at, each in list(running.items()):
            each.go_on()
            if each.over is not None:
                done[at] = running.pop(at).ids
        engine.step()
        steps += 1
    return [done[at] for at in range(len(every))]


def lone(engine: Engine, asked: Asked) -> list[int]:
    engine.truncate(0)
    engine.feed(asked.prompt)
    return [token.id for token in engine.generate(asked.new, asked.sampling, choose=asked.choose)]
