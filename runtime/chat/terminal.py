"""The chat in a terminal or through a pipe: reads turns, one per line, and streams the answers.

`python -m runtime.chat` is the same as `kernelc chat`.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

from kernelc.errors import KernelcError, UsageError, spell_settings
from runtime.chat import transcript
from runtime.chat.answer import Answer
from runtime.chat.conversation import Conversation, ConversationAnswer
from runtime.chat.screen import Screen
from runtime.chat.tools.parser import AnswerParser
from runtime.device.executor import Progress
from runtime.engine.sampling import SamplingParams

PROMPT = "> "
Watch = Callable[[], AbstractContextManager[Progress | None]]


@dataclass(frozen=True)
class ChatSettings:
    """How answers are generated, and the facts that `/stats` shows about model and device."""

    max_new: int
    sampling: SamplingParams
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


class Chat:
    """The loop over turns and commands.

    When it is interactive, a person types, and neither an error nor Ctrl-C ends the chat.
    """

    def __init__(
        self,
        conversation: Conversation,
        settings: ChatSettings,
        screen: Screen,
        *,
        interactive: bool,
        watch: Watch = contextlib.nullcontext,
        spelling: Mapping[str, str] = {},
    ) -> None:
        """`watch` opens a progress bar while a prompt is read; `spelling` is as in `KernelcError.render`."""
        self._conversation = conversation
        self._settings = settings
        self._screen = screen
        self._interactive = interactive
        self._watch = watch
        self._spelling = spelling
        self._last: ConversationAnswer | None = None
        self._commands: dict[str, tuple[Callable[[str], None], str, str]] = {
            "help": (self._help, "", "show this"),
            "reset": (self._reset, "", "forget the conversation; the system prompt stays"),
            "stats": (self._stats, "", "show the context, the last answer's speed and the settings"),
            "system": (self._system, "TEXT", "set the system prompt, for past turns too (no TEXT: none)"),
            "edit": (self._edit, "N TEXT", "ask TEXT instead of turn N (from 1); later turns are forgotten"),
            "save": (self._save, "FILE", "write the conversation to FILE"),
            "load": (self._load, "FILE", "go on from a saved conversation"),
            "exit": (self._exit, "", "leave (also Ctrl-D)"),
        }

    def run(self, lines: Iterator[str]) -> int:
        """Answer every line and return the exit code: 0, or that of the first error if nobody was there to
        see it.
        """
        code = 0
        for line in lines:
            try:
                self._line(line.rstrip("\r\n"))
            except EOFError:
                break
            except KernelcError as error:
                self._screen.error(error.render(self._spelling))
                code = code or (0 if self._interactive else error.exit_code)
        return code

    def _line(self, line: str) -> None:
        if line.startswith("/") and not line.startswith("//"):
            self._command(line)
        elif line.strip():
            question = line[1:] if line.startswith("//") else line
            self._answer(self._conversation.ask(question, self._settings.max_new, self._settings.sampling))

    def _command(self, line: str) -> None:
        name, _, argument = line[1:].partition(" ")
        if name not in self._commands:
            raise UsageError(f"unknown command /{name}", help="/help lists them; // sends a line with /")
        self._commands[name][0](argument.strip())

    # ---- answers ----

    def _answer(self, answer: ConversationAnswer) -> None:
        """Stream one answer, then show its notes."""
        self._last = answer
        with self._stoppable(answer), contextlib.closing(answer):
            with self._watch() as answer.on_progress:
                first = next(answer, "")  # the progress bar is gone before the answer begins
            answer.on_progress = None
            self._show(answer, itertools.chain([first], answer))
        self._screen.line()
        for note in _notes(answer, self._conversation):
            self._screen.note(spell_settings(note, self._spelling))
        self._conversation.settle()

    def _show(self, answer: ConversationAnswer, pieces: Iterable[str]) -> None:
        """Show an answer as it comes, with its thoughts dimmed and without their marks where that can be."""
        if answer.thoughts is None or not self._screen.dims:
            for piece in pieces:
                self._screen.piece(piece)
            return
        parser = AnswerParser(None, answer.thoughts, thinking=answer.begins_in_thought)
        thought = False
        for delta in parser.read(pieces):
            if delta.kind == "reasoning":
                self._screen.thought(delta.text)
            else:
                self._screen.piece(f"\n\n{delta.text}" if thought else delta.text)
            thought = delta.kind == "reasoning"

    @contextmanager
    def _stoppable(self, answer: ConversationAnswer) -> Generator[None]:
        """While a person waits for an answer, the first Ctrl-C stops the answer, and the second one
        everything.
        """
        if not self._interactive or threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_interrupt(number: int, frame: FrameType | None) -> None:
            if answer.stopping:
                raise KeyboardInterrupt
            answer.stop()  # raise no exception here: it could surface in a driver's callback and be lost

        before = signal.signal(signal.SIGINT, on_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    # ---- commands ----

    def _help(self, argument: str) -> None:
        for name, (_, takes, summary) in self._commands.items():
            self._screen.line(f"/{f'{name} {takes}':14} {summary}")
        self._screen.line("Ctrl-C stops an answer and keeps what was said; at the prompt it leaves.")

    def _reset(self, argument: str) -> None:
        self._conversation.reset()
        self._screen.note("(this is a new conversation)")

    def _stats(self, argument: str) -> None:
        conversation, sampling = self._conversation, self._settings.sampling
        facts = dict(self._settings.facts)
        facts["turns"] = str(len(conversation.turns))
        if conversation.first:
            facts["turns"] += f", the oldest {conversation.first} no longer in the prompt"
        facts["context"] = f"{conversation.cached_tokens} of {conversation.engine.context} tokens"
        facts["sampling"] = ", ".join(f"{name} {value}" for name, value in vars(sampling).items())
        if self._last:
            facts["last answer"] = describe(self._last)
        for name, fact in facts.items():
            self._screen.line(f"{name:12} {fact}")

    def _system(self, argument: str) -> None:
        self._conversation.system = argument or None
        self._screen.note("(the system prompt is set)" if argument else "(there is no system prompt)")

    def _edit(self, argument: str) -> None:
        number, _, question = argument.partition(" ")
        if not (number.isascii() and number.isdigit() and len(number) < 10 and question.strip()):
            raise UsageError("wanted /edit N TEXT: the number of a turn and what to ask instead")
        max_new, sampling = self._settings.max_new, self._settings.sampling
        self._answer(self._conversation.edit(int(number), question, max_new, sampling))

    def _save(self, argument: str) -> None:
        path = _path(argument, "/save")
        transcript.save(path, self._conversation.transcript())
        self._screen.note(f"(saved {len(self._conversation.turns)} turns to {path})")

    def _load(self, argument: str) -> None:
        self._conversation.load(transcript.load(_path(argument, "/load")))
        self._screen.note(f"(loaded {len(self._conversation.turns)} turns)")

    def _exit(self, argument: str) -> None:
        raise EOFError


def describe(answer: Answer) -> str:
    """Return an answer's numbers as one line: tokens and tokens per second of prefill and decode."""
    timings = answer.timings
    reused = f" ({answer.reused_tokens} more were cached)" if answer.reused_tokens else ""
    drafted, accepted = timings.drafted_tokens, timings.accepted_tokens
    guesses = f", {accepted} of {drafted} guesses right" if drafted else ""
    return (
        f"prefill {timings.prompt_tokens} tokens{reused} at {timings.prefill_rate:.1f} tokens/s, "
        f"decode {timings.generated_tokens} tokens at {timings.decode_rate:.1f} tokens/s{guesses}"
    )


def read_lines(source: TextIO, *, interactive: bool) -> Iterator[str]:
    """Yield the lines of `source`, or those that a person types until Ctrl-D or Ctrl-C."""
    if not interactive:
        yield from iter(source.readline, "")
        return
    with contextlib.suppress(ImportError):
        importlib.import_module("readline")  # gives input() line editing and a history
    while True:
        try:
            yield input(PROMPT)
        except (EOFError, KeyboardInterrupt):
            print()
            return


def _notes(answer: ConversationAnswer, conversation: Conversation) -> Iterator[str]:
    if answer.dropped_turns:
        yield f"(the context was full: forgot the oldest turns, {answer.dropped_turns} of them)"
    if answer.finish_reason == "context":
        context = conversation.engine.context
        yield f"(the context of {context} tokens is full: /reset starts a new conversation)"
    elif answer.finish_reason == "length":
        yield f"(stopped after {answer.new_tokens} tokens: `max_new`)"
    elif answer.finish_reason == "stopped":
        kept = "what was said is kept" if answer.new_tokens else "the question is taken back"
        yield f"(stopped; {kept})"
    yield f"({describe(answer)})"


def _path(argument: str, command: str) -> Path:
    if not argument:
        raise UsageError(f"wanted {command} FILE")
    return Path(argument).expanduser()
