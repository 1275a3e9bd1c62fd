"""An answer on its way: the prompt into the cache, tokens out of the engine, text out of tokens."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Protocol

from kernelc.errors import UsageError
from runtime.chat.prompt import StreamDecoder
from runtime.device.executor import Progress
from runtime.engine.chooser import Chooser
from runtime.engine.sampling import SamplingParams
from runtime.engine.timings import Timings


class Token(Protocol):
    """One generated token."""

    @property
    def id(self) -> int: ...


class Tokens(Protocol):
    """A running generation; see `runtime.engine.generation.Generation`.

    None in place of a token says that there is none yet: where several sequences share an engine, whoever
    runs their steps asks again after the next one.
    """

    @property
    def finish_reason(self) -> str | None: ...

    def __iter__(self) -> Iterator[Token | None]: ...

    def close(self) -> None: ...


class Sequencer(Protocol):
    """What an answer needs of the engine; see `runtime.engine.engine.Engine`."""

    @property
    def context(self) -> int: ...

    @property
    def vocab_size(self) -> int: ...

    @property
    def ids(self) -> Sequence[int]: ...

    def start_timing(self) -> Timings: ...

    def reuse(self, ids: Sequence[int]) -> int: ...

    def remember(self) -> None: ...

    def feed(self, ids: Sequence[int], *, progress: Progress | None = None) -> None: ...

    def generate(
        self,
        max_new: int,
        sampling: SamplingParams,
        stop_ids: Iterable[int],
        *,
        choose: Chooser | None = None,
    ) -> Tokens: ...


class Stopped(Exception):
    """Raised to leave the feeding of a prompt when the answer was stopped meanwhile."""


def _no_pieces() -> Generator[str]:
    yield from ()


class Answer(Iterator[str]):
    """An answer as pieces of whole characters. Iterate over it to generate it.

    `stop` may be called at any time, also from a signal handler. At the end `finish_reason` is "stop" (the
    model ended the answer), "length" (as many tokens as asked for), "context" (the context is full) or
    "stopped". `prompt_tokens` counts the tokens of the prompt, `reused_tokens` those of them that were
    already in the cache, or kept beside it, and `new_tokens` the generated ones.
    """

    def __init__(self) -> None:
        self.prompt_tokens = 0
        self.reused_tokens = 0
        self.new_tokens = 0
        self.finish_reason: str | None = None
        self.timings = Timings()
        self.stopping = False
        self.pieces = _no_pieces()
        self.on_progress: Progress | None = None

    def __next__(self) -> str:
        return next(self.pieces)

    def close(self) -> None:
        """End the answer here, for a caller that stops iterating early."""
        self.pieces.close()

    def stop(self) -> None:
        """End the answer after the token that is being generated. What was generated so far is kept."""
        self.stopping = True

    def progress(self, what: str, done: int, total: int) -> None:
        """Report the progress of the prompt. Raises: Stopped where the answer was stopped meanwhile."""
        if self.on_progress:
            self.on_progress(what, done, total)
        if self.stopping:
            raise Stopped


def load_prompt(engine: Sequencer, answer: Answer, ids: Sequence[int]) -> None:
    """Make the engine hold exactly `ids`, computing what its cache does not have.

    Raises: UsageError where there are none; Stopped; ContextError and DeviceError as `Engine.feed`.
    """
    if not ids:
        raise UsageError("the prompt is empty", help="write something for the model to go on from")
    kept = engine.reuse(ids[:-1])  # one is fed at least: it makes the logits
    answer.prompt_tokens, answer.reused_tokens = len(ids), kept
    engine.feed(ids[kept:], progress=answer.progress)


def stream_text(answer: Answer, tokens: Tokens, ids: list[int], decoder: StreamDecoder) -> Generator[str]:
    """Yield the text of `tokens` as it becomes whole characters, until they end or the answer is stopped; an
    empty text where there is no token yet.

    Each id is appended to `ids`. Whatever the decoder holds back at the end is left for the caller to flush.
    """
    try:
        for token in tokens:
            if token is None:
                yield ""
            else:
                ids.append(token.id)
                answer.new_tokens += 1
                piece = decoder.feed(token.id)
                if piece:
                    yield piece
            if answer.stopping:
                return
    finally:
        tokens.close()
