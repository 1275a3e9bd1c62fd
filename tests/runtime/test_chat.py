from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from kernelc.errors import KernelcError
from runtime.chat import transcript
from runtime.chat.conversation import Conversation
from runtime.chat.prompt import Template
from runtime.chat.screen import Screen
from runtime.chat.terminal import Chat, ChatSettings, read_lines
from runtime.chat.transcript import Turn
from runtime.engine.sampling import SamplingParams
from tests.conftest import REPO
from tests.runtime.fake_engine import EOS, BytesCoder, FakeEngine, TurnsTemplate, show
from tests.runtime.test_conversation import echo

Reply = Callable[[Sequence[int]], Iterable[int] | str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Held:
    """A chat with a fake engine, and what it wrote."""

    def __init__(
        self,
        *,
        terminal: bool = False,
        context: int = 1000,
        max_new: int = 100,
        reply: Reply = echo,
        template: Template | None = None,
    ) -> None:
        self.engine = FakeEngine(reply, context)
        template = template or TurnsTemplate()
        self.conversation = Conversation(self.engine, BytesCoder(), template, stop_ids=[EOS])
        self.out = Terminal() if terminal else io.StringIO()
        self.err = io.StringIO()
        settings = ChatSettings(max_new, SamplingParams(seed=7), {"model": "fake"})
        self.chat = Chat(self.conversation, settings, Screen(self.out, self.err), interactive=terminal)

    def run(self, *lines: str) -> int:
        return self.chat.run(iter(lines))


def test_a_line_a_turn_through_a_pipe() -> None:
    held = Held()
    assert held.run("abc\n", "\n", "de\r\n", " f") == 0
    assert held.out.getvalue() == "cba\ned\nf\n"
    assert held.conversation.turns[1] == Turn("de", "ed")
    notes = held.err.getvalue().splitlines()
    assert len(notes) == 3 and notes[1].startswith("(prefill 8 tokens (12 more were cached) at ")
    assert "decode 0 tokens at 0.0 tokens/s" in notes[1]  # the fake engine counts none
    assert held.engine.remembered == 3  # after each answer, while nobody waits


def test_on_a_terminal_notes_are_dim_and_beside_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    held = Held(terminal=True)
    assert held.run("abc") == 0
    answer, note, rest = held.out.getvalue().split("\n")
    assert (answer, rest, held.err.getvalue()) == ("cba", "", "")
    assert note.startswith("\x1b[2m(prefill") and note.endswith("\x1b[0m")


class Thinking(TurnsTemplate):
    source = "</think>"


def test_thoughts_are_dim_on_a_terminal_and_whole_in_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    said = "<think>\nhm\n</think>\n\nYes."
    held = Held(terminal=True, reply=lambda ids: said, template=Thinking())
    assert held.run("abc") == 0
    shown = held.out.getvalue()
    assert shown.replace("\x1b[0m\x1b[2m", "").startswith("\x1b[2mhm\x1b[0m\n\nYes.\n")
    assert held.conversation.turns[0].assistant == said
    pipe = Held(reply=lambda ids: said, template=Thinking())
    pipe.run("abc")
    assert pipe.out.getvalue() == said + "\n"


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_none_are_wanted(monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]) -> None:
    monkeypatch.setenv(*variable)
    held = Held(terminal=True)
    held.run("abc", "/stats")
    assert "\x1b" not in held.out.getvalue()


def test_an_answer_cannot_drive_the_terminal() -> None:
    text = "a\x1b]0;title\x07b\x9b31m\u202ec\td\r"
    held = Held(terminal=True, reply=lambda ids: text)
    held.run("q")
    assert held.out.getvalue().startswith("a\ufffd]0;title\ufffdb\ufffd31m\ufffdc\td\ufffd\n")
    piped = Held(reply=lambda ids: text)
    piped.run("q")
    assert piped.out.getvalue() == text + "\n"  # a file gets what the model said


def test_exit_and_what_follows_it() -> None:
    held = Held()
    assert held.run("abc", "/exit", "de") == 0
    assert held.out.getvalue() == "cba\n"


def test_help_names_every_command() -> None:
    held = Held()
    held.run("/help")
    for name in ("help", "reset", "stats", "system TEXT", "edit N TEXT", "save FILE", "load FILE", "exit"):
        assert f"/{name} " in held.out.getvalue()


def test_stats() -> None:
    held = Held()
    held.run("abc", "/stats")
    text = held.out.getvalue()
    assert "model        fake\n" in text
    assert "context      12 of 1000 tokens\n" in text
    assert "turns        1\n" in text
    assert "seed 7" in text
    assert "last answer  prefill 9 tokens at" in text


def test_reset_and_system() -> None:
    held = Held()
    held.run("abc", "/reset", "/system be brief", "de", "/system", "/reset", "f")
    assert show(held.engine.ids) == "<s>U:f</s>A:f"
    assert show(held.engine.fed[1]) == "S:be brief</s>U:de</s>A:"


def test_edit() -> None:
    held = Held()
    assert held.run("abc", "de", "/edit 1 xyz") == 0
    assert held.out.getvalue().endswith("\nzyx\n")
    assert held.conversation.turns == [Turn("xyz", "zyx")]


def test_save_and_load(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    held = Held()
    assert held.run("/system sys", "abc", f"/save {file}") == 0
    other = Held()
    assert other.run(f"/load {file}", "de") == 0
    assert show(other.engine.ids) == "<s>S:sys</s>U:abc</s>A:cba</s>U:de</s>A:ed"
    assert transcript.load(file).turns == (Turn("abc", "cba"),)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("/nope", "error: unknown command /nope (help: /help"),
        ("/usr/bin/python is what?", "error: unknown command /usr/bin/python"),
        ("/edit", "error: wanted /edit N TEXT"),
        ("/edit 1", "error: wanted /edit N TEXT"),
        ("/edit ² x", "error: wanted /edit N TEXT"),
        ("/edit 1 x", "error: no turn 1: there are no turns yet"),
        ("/save", "error: wanted /save FILE"),
        ("/load", "error: wanted /load FILE"),
        ("/load nowhere.json", "error: nowhere.json: there is no such file"),
    ],
)
def test_a_wrong_command_is_an_error_and_the_chat_goes_on(line: str, wanted: str) -> None:
    held = Held()
    assert held.run(line, "abc") == 2
    assert held.err.getvalue().startswith(wanted)
    assert held.out.getvalue() == "cba\n"
    assert Held(terminal=True).run(line) == 0  # a person has seen it


def test_two_slashes_send_one() -> None:
    held = Held()
    held.run("//etc")
    assert held.out.getvalue() == "cte/\n"


def test_a_full_context_is_told() -> None:
    held = Held(context=24, max_new=500, reply=lambda ids: "x" * 99)
    assert held.run("abc", "de") == 2
    assert held.out.getvalue() == "x" * 15 + "\n"
    notes = held.err.getvalue().splitlines()
    assert notes[0] == "(the context of 24 tokens is full: /reset starts a new conversation)"
    assert notes[2].startswith("error: the conversation is 32 tokens, the context holds 24 (help: /reset")


def test_a_cut_answer_is_told() -> None:
    held = Held(max_new=2)
    held.run("abc")
    assert held.out.getvalue() == "cb\n"
    assert held.err.getvalue().startswith("(stopped after 2 tokens: max_new)\n")


def test_forgotten_turns_are_told() -> None:
    held = Held(context=40)
    held.conversation.policy = "slide"
    held.run("abcd", "efgh", "ijkl")
    assert "(the context was full: forgot the oldest turns, 2 of them)" in held.err.getvalue()
    held.run("/stats")
    assert "turns        3, the oldest 2 no longer in the prompt\n" in held.out.getvalue()


def test_an_error_amid_an_answer_stands_on_its_own_line() -> None:
    def broken(ids: object) -> Iterator[int]:
        yield from (100, 101)
        raise KernelcError("the device is gone")

    held = Held(reply=broken)
    held.out = held.err = io.StringIO()
    held.chat = Chat(
        held.conversation,
        ChatSettings(9, SamplingParams()),
        Screen(held.out, held.err),
        interactive=False,
    )
    assert held.run("q") == 2
    assert held.out.getvalue() == "ab\nerror: the device is gone\n"
    assert held.conversation.turns == [Turn("q", "ab")]


def test_lines_of_a_pipe_come_as_they_are_written() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8", errors="replace") as source, os.fdopen(writing, "wb") as sink:
        lines = read_lines(source, interactive=False)
        sink.write(b"one\n")
        sink.flush()
        assert next(lines) == "one\n"  # without waiting for more
        sink.write(b"t\xffwo")
        sink.close()
        assert list(lines) == ["t\ufffdwo"]


# ---- a person at a terminal ----

SLOW_CHAT = """
import sys, time
sys.path.insert(0, {repo!r})
from tests.runtime.test_chat import *

def slowly(ids):
    question = echo(ids)
    for byte in b"x" * 200 if question == "wols" else question.encode():
        time.sleep(0.02 if question == "wols" else 0)
        yield 3 + byte

engine = FakeEngine(slowly, 1000)
conversation = Conversation(engine, BytesCoder(), TurnsTemplate(), stop_ids=[EOS])
settings = ChatSettings(500, SamplingParams(seed=7), {{}})
chat = Chat(conversation, settings, Screen(sys.stdout, sys.stderr), interactive=True)
sys.exit(chat.run(read_lines(sys.stdin, interactive=True)))
"""


class Person:
    """A process on a terminal of its own."""

    def __init__(self, code: str) -> None:
        self._terminal, side = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=side, stdout=side, stderr=side, start_new_session=True
        )
        os.close(side)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C

    def wait_for(self, text: str, seconds: float = 20.0) -> str:
        """Read until `text` shows; returns what was shown before it."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not show in {self.seen!r}"
            self._read()
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self) -> int:
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            os.close(self._terminal)

    def _read(self) -> None:
        import select

        if select.select([self._terminal], [], [], 0.1)[0]:
            self.seen += os.read(self._terminal, 4096).decode()


@pytest.fixture
def person() -> Iterator[Person]:
    person = Person(SLOW_CHAT.format(repo=str(REPO)))
    yield person
    person.process.kill()


def test_control_c_stops_an_answer_and_keeps_the_conversation(person: Person) -> None:
    person.wait_for("> ")
    person.type("slow\n")
    person.wait_for("xxxxx")
    person.interrupt()
    shown = person.wait_for("what was said is kept")
    assert shown.count("x") < 150
    person.wait_for("> ")
    person.type("again\n")
    assert "niaga" in person.wait_for("(prefill ")
    assert "cached" in person.wait_for("> ")
    person.type("/stats\n")
    assert "turns        2" in person.wait_for("> ")
    person.type("\x04")  # Ctrl-D
    assert person.end() == 0


def test_control_c_at_the_prompt_leaves(person: Person) -> None:
    person.wait_for("> ")
    time.sleep(0.5)  # readline may miss one that comes just as it begins to wait
    person.interrupt()
    assert person.end() == 0
    assert "Traceback" not in person.seen
