"""A conversation on disk: one JSON file of its messages, which is checked when it is read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kernelc.errors import UsageError

FORMAT = "kernelc-conversation"
VERSION = 1
MAX_BYTES = 64 * 2**20  # far above any context; a wrong file must not fill the memory


@dataclass(frozen=True)
class Turn:
    """What the user said and what the model answered."""

    user: str
    assistant: str


@dataclass(frozen=True)
class Transcript:
    """A system prompt, if any, and the answered turns, oldest first."""

    system: str | None
    turns: tuple[Turn, ...]

    def messages(self) -> list[dict[str, str]]:
        """Return the messages in the order that chat templates expect."""
        return to_messages(self.system, self.turns)


def to_messages(system: str | None, turns: Sequence[Turn]) -> list[dict[str, str]]:
    """Return system prompt and turns as messages {"role", "content"}."""
    messages = [] if system is None else [{"role": "system", "content": system}]
    for turn in turns:
        messages.append({"role": "user", "content": turn.user})
        messages.append({"role": "assistant", "content": turn.assistant})
    return messages


def save(path: Path, transcript: Transcript) -> None:
    """Write `transcript` to `path`, either whole or not at all, and never over a file that is no saved
    conversation.

    Raises: UsageError where `path` cannot be written or holds something else.
    """
    if path.exists():
        _check_replaceable(path)
    record = {"format": FORMAT, "version": VERSION, "messages": transcript.messages()}
    text = json.dumps(record, ensure_ascii=False, indent=1)
    try:
        _replace(path, text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise UsageError(f"cannot write the conversation: {error.strerror}", where=str(path)) from error


def load(path: Path) -> Transcript:
    """Read a conversation that `save` wrote. Raises: UsageError naming the file and the field that is
    wrong.
    """
    record = _read(path)
    version = record.get("version")
    if record.get("format") != FORMAT or type(version) is not int or version != VERSION:
        got = f"format {record.get('format')!r}, version {record.get('version')!r}"
        raise UsageError(
            f"got {got}, wanted {FORMAT!r}, {VERSION}", where=str(path), help="/save wrote no such file"
        )
    messages = record.get("messages")
    if not isinstance(messages, list):
        raise UsageError("wanted a list of messages", where=f"{path}: messages")
    return _transcript(path, [_message(path, at, m) for at, m in enumerate(cast("list[object]", messages))])


def _transcript(path: Path, messages: list[tuple[str, str]]) -> Transcript:
    """Return the turns of (role, content) pairs in the order system (optional), user, assistant, user, ..."""
    system = messages.pop(0)[1] if messages and messages[0][0] == "system" else None
    for at, (role, _) in enumerate(messages):
        wanted = ("user", "assistant")[at % 2]
        if role != wanted:
            at += system is not None
            raise UsageError(f"got role {role!r}, wanted {wanted!r}", where=f"{path}: messages[{at}]")
    if len(messages) % 2:
        raise UsageError("the last message is the user's, wanted its answer", where=f"{path}: messages")
    contents = [content for _, content in messages]
    return Transcript(system, tuple(map(Turn, contents[::2], contents[1::2])))


def _message(path: Path, at: int, message: object) -> tuple[str, str]:
    fields = cast("dict[str, object]", message) if isinstance(message, dict) else dict[str, object]()
    role, content = fields.get("role"), fields.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise UsageError("wanted an object with texts role and content", where=f"{path}: messages[{at}]")
    return role, content


def _read(path: Path) -> dict[str, object]:
    try:
        if not path.is_file():
            raise UsageError("there is no such file", where=str(path), help="/save FILE writes one")
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"got {path.stat().st_size} bytes, wanted at most {MAX_BYTES}", where=str(path))
        value: object = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "this is not JSON", where=str(path), help="/save FILE writes conversations"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot read the conversation: {error.strerror}", where=str(path)) from error
    if not isinstance(value, dict):
        raise UsageError("wanted a JSON object", where=str(path), help="/save FILE writes conversations")
    return cast("dict[str, object]", value)


def _check_replaceable(path: Path) -> None:
    try:
        load(path)
    except UsageError as error:
        help_ = "choose a new file name"
        raise UsageError("it exists and is not a saved conversation", where=str(path), help=help_) from error


def _replace(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
