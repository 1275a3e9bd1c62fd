"""Reads answers in OpenAI's harmony format: messages, each with a channel and perhaps somebody to go to.

<|channel|>analysis<|message|>The user asks ...<|end|><|start|>assistant<|channel|>commentary
to=functions.get_weather <|constrain|>json<|message|>{"city": "Paris"}<|call|>

Analysis is thought, what goes to a function is a call, and all the rest is text: the final channel, and
commentary that nobody is named in, with which models say what they are about to do. Whom a message is for may
also stand before the channel. Source: github.com/openai/harmony, docs/format.md, and gpt-oss's template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

START, CHANNEL, MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
CONSTRAIN, END_MESSAGE, CALL, RETURN = "<|constrain|>", "<|end|>", "<|call|>", "<|return|>"
CHANNEL_MARKS = (START, CHANNEL, CONSTRAIN, MESSAGE, END_MESSAGE, CALL, RETURN)
ENDS = (END_MESSAGE, CALL, RETURN, START, CHANNEL)
"""What ends a message; behind the last two is the next one's header."""
MOST_HEADER = 300  # characters before <|message|>; no tool has a longer name

_RECIPIENT = re.compile(r"to=([^ \t\r\n<]+)")
_CHANNEL = re.compile(r"<\|channel\|>[ \t\r\n]*(\w*)", re.ASCII)
_FUNCTIONS = "functions."
_BEGINS = (CHANNEL, START, "to=")


@dataclass(frozen=True)
class Header:
    """What stands before a message: its channel, and whom it goes to, "" where that is the user."""

    channel: str
    recipient: str

    @staticmethod
    def of(text: str) -> Header:
        """Read the text up to <|message|>."""
        channel, recipient = _CHANNEL.search(text), _RECIPIENT.search(text)
        to = "" if recipient is None or recipient[1] in ("user", "all") else recipient[1]
        return Header("" if channel is None else channel[1], to)

    @property
    def function(self) -> str:
        """The function that it calls, if it does."""
        return self.recipient.removeprefix(_FUNCTIONS) if self.recipient.startswith(_FUNCTIONS) else ""


def may_be_header(text: str) -> bool:
    """Whether a header may go on with this, which has no white space before it."""
    if text.endswith((END_MESSAGE, CALL, RETURN)) or text.count(START) > 1 or text.count(CHANNEL) > 1:
        return False
    return len(text) < MOST_HEADER and any(b.startswith(text) or text.startswith(b) for b in _BEGINS)
