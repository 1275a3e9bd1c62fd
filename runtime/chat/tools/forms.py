"""The forms in which models write calls and thoughts. Which one a model has is read off its template.

A form is data: the marks around a call, and what stands between them. Sources: the chat templates of
Hermes 2 Pro, Qwen 2.5 and 3, GLM 4.5, Llama 3.1 to 3.3, Mistral 7B v0.3 to Small 3.2, Granite 3, Phi-4-mini,
DeepSeek V3 to V3.1 and gpt-oss.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from runtime.chat.tools.channels import CHANNEL, CHANNEL_MARKS, CONSTRAIN, END_MESSAGE, MESSAGE
from runtime.chat.tools.typed_calls import BEGIN, BEGINS, END_OF_CALL, ENDS, SEPARATOR


def _frame(key: str) -> tuple[str, str, str]:
    return '{"name": "', f'", "{key}": ', "}"


def _listed() -> tuple[str, str, str]:
    before, between, after = _frame("arguments")
    return f"[{before}", between, f"{after}]"


@dataclass(frozen=True)
class CallForm:
    """How a model writes calls.

    Between one of `opens` and `close` stands a JSON object of a name and its arguments, or a list of such
    objects. With `bare` an answer may also begin with such a thing, without any mark. With `named` it may be
    the name, [ARGS], and the arguments alone, with `xml` or `keyed` a function in XML (`xml_calls.py`), and
    with `typed` a kind, a name and arguments, behind which no `close` is wanted (`typed_calls.py`). With
    `channels` an answer is messages, of which some are calls (`channels.py`). A call that must come is
    written so: `begins`, which ends its prompt, then the name and the arguments with `frame` before, between
    and after them. Where there may be several of these, `begins_list` ends the prompt, each is in
    `listed_frame`, and then come `separator` before another and `tail` at the end; without a `tail` there is
    one. `told` says that the model is told of tools in the system prompt, because its template knows none.
    """

    name: str
    opens: tuple[str, ...]
    close: str = ""
    bare: bool = False
    named: bool = False
    xml: bool = False
    keyed: bool = False
    typed: bool = False
    channels: bool = False
    begins: str = ""
    frame: tuple[str, str, str] = _frame("arguments")
    begins_list: str = ""
    listed_frame: tuple[str, str, str] = _frame("arguments")
    separator: str = ""
    tail: str = ""
    told: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """All marks that a parser must see, though they may be special tokens, which are no text."""
        closes = (self.close,) if self.close else ()
        named = _NAMED_MARKS if self.named else ()
        typed = _TYPED_MARKS if self.typed else ()
        return (*self.opens, *closes, *named, *typed, *(CHANNEL_MARKS if self.channels else ()))


_NAMED_MARKS = ("[ARGS]", "[CALL_ID]")
_TYPED_MARKS = (SEPARATOR, END_OF_CALL, ENDS)

HERMES = CallForm(
    "hermes",
    ("<tool_call>",),
    "</tool_call>",
    begins="<tool_call>\n",
    begins_list="<tool_call>\n",
    separator="\n</tool_call>\n<tool_call>\n",
    tail="\n</tool_call>",
)
QWEN_CODER = replace(HERMES, name="qwen-coder", xml=True)
MISTRAL = CallForm(
    "mistral",
    ("[TOOL_CALLS]",),
    named=True,
    begins="[TOOL_CALLS]",
    frame=_listed(),
    begins_list="[TOOL_CALLS][",
    separator=", ",
    tail="]",
)
MISTRAL_ARGS = replace(
    MISTRAL, name="mistral-args", frame=("", "[ARGS]", ""), begins_list="", separator="", tail=""
)
GRANITE = replace(
    MISTRAL,
    name="granite",
    opens=("<|tool_call|>",),
    named=False,
    bare=True,
    begins="<|tool_call|>",
    begins_list="<|tool_call|>[",
)
PHI = replace(GRANITE, name="phi", close="<|/tool_call|>", bare=False, tail="]<|/tool_call|>")
LLAMA = CallForm("llama", ("<|python_tag|>",), bare=True, frame=_frame("parameters"))
PLAIN = CallForm("json", (), bare=True)
PLAIN_PARAMETERS = replace(PLAIN, name="json-parameters", frame=_frame("parameters"))
GLM = replace(HERMES, name="glm", keyed=True)
DEEPSEEK = CallForm(
    "deepseek",
    (BEGINS, BEGIN),
    typed=True,
    begins=f"{BEGINS}{BEGIN}function{SEPARATOR}",
    frame=("", "\n```json\n", ""),
)
DEEPSEEK_NAMED = replace(
    DEEPSEEK, name="deepseek-named", begins=f"{BEGINS}{BEGIN}", frame=("", SEPARATOR, "")
)
HARMONY = CallForm(
    "harmony",
    (),
    channels=True,
    begins=f"{CHANNEL}commentary to=functions.",
    frame=("", f" {CONSTRAIN}json{MESSAGE}", ""),
)
TOLD = replace(HERMES, name="told", told=True)
TOLD_DEEPSEEK = replace(TOLD, name="told-deepseek", opens=(*TOLD.opens, BEGINS, BEGIN), typed=True)

FORMS = (
    HERMES, QWEN_CODER, GLM, MISTRAL, MISTRAL_ARGS, GRANITE, PHI, LLAMA, PLAIN, PLAIN_PARAMETERS,
    DEEPSEEK, DEEPSEEK_NAMED, HARMONY, TOLD, TOLD_DEEPSEEK,
)  # fmt: skip

_TOOLS = re.compile(r"\btools\b")
_PARAMETERS = re.compile(r"""["']parameters\\?["']\s*:""")


def form_of(source: str) -> CallForm:
    """Return the form of a model whose chat template has this text.

    A template that does not look at `tools` gets the form of Hermes, of which the model is told; where it
    writes calls of its own all the same, as DeepSeek's do, these are read, too.
    """
    if not _TOOLS.search(source):
        return TOLD_DEEPSEEK if BEGIN in source else TOLD
    if CHANNEL in source and MESSAGE in source:
        return HARMONY
    if BEGIN in source:
        return DEEPSEEK if "```json" in source else DEEPSEEK_NAMED
    if "[TOOL_CALLS]" in source:
        return MISTRAL_ARGS if "[ARGS]" in source else MISTRAL
    if "<tool_call>" in source:
        if "<arg_key>" in source:
            return GLM
        return QWEN_CODER if "<function=" in source else HERMES
    if "<|tool_call|>" in source:
        return PHI if "<|/tool_call|>" in source else GRANITE
    if "<|python_tag|>" in source:
        return LLAMA
    return PLAIN_PARAMETERS if _PARAMETERS.search(source) else PLAIN


@dataclass(frozen=True)
class Thoughts:
    """The marks around what a model thinks before it answers. `channels`: the answer is messages, as of a
    form that has these, and thoughts are among them."""

    open: str
    close: str
    channels: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """All marks that a parser must see."""
        return CHANNEL_MARKS if self.channels else (self.open, self.close)


_THOUGHTS = (
    Thoughts("<think>", "</think>"),
    Thoughts("[THINK]", "[/THINK]"),
    Thoughts("<seed:think>", "</seed:think>"),
    Thoughts("<|START_THINKING|>", "<|END_THINKING|>"),
)


_ANALYSIS = Thoughts(f"{CHANNEL}analysis{MESSAGE}", END_MESSAGE, channels=True)


def thoughts_of(source: str, tokens: Collection[str]) -> Thoughts | None:
    """Return the marks of a model's thoughts, None where neither its template nor its tokens have any."""
    if CHANNEL in source and MESSAGE in source:
        return _ANALYSIS
    for each in _THOUGHTS:
        if each.close in source or each.close in tokens:
            return each
    return None
