"""What a model says, as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runtime.chat.completion import Completion


class Reply(Iterator[str]):
    """The text of an answer. Iterate over it for the pieces as they are generated, or ask for all of it.

    Nothing is generated before somebody asks. A model has one sequence: the next answer ends this one where
    it is.
    """

    def __init__(self, completion: Completion, ended: Callable[[str], None] | None = None) -> None:
        """`ended` is told the whole text when the answer has come to its end."""
        self._completion, self._ended = completion, ended
        self._pieces: list[str] = []

    def __next__(self) -> str:
        try:
            piece = next(self._completion)
        except StopIteration:
            self._end()
            raise
        self._pieces.append(piece)
        return piece

    @property
    def text(self) -> str:
        """The whole text; what is not generated yet is generated now. Raises: as iterating."""
        for _ in self:
            pass
        return "".join(self._pieces)

    def __str__(self) -> str:
        return self.text

    def stop(self) -> None:
        """End the answer where it is; its text stays."""
        self._completion.close()
        self._end()

    def _end(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended("".join(self._pieces))

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended: "stop" (the model ended it, or a stop string), "length" (as many tokens as
        asked for), "context" (it is full) or "stopped"; None as long as it goes on."""
        return self._completion.finish_reason

    @property
    def ids(self) -> tuple[int, ...]:
        """The tokens generated so far."""
        return tuple(self._completion.ids)

    @property
    def prompt_tokens(self) -> int:
        """How many tokens the prompt has, known once the first piece is there."""
        return self._completion.prompt_tokens

    @property
    def reused_tokens(self) -> int:
        """How many of them were in the cache already, and so were not computed again."""
        return self._completion.reused_tokens

    @property
    def seed(self) -> int:
        """The seed that gives the same text again."""
        return self._completion.seed
