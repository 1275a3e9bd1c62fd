"""Chat templates: a checkpoint's Jinja text, which turns a conversation into a prompt.

A template is untrusted. It runs in jinja2's immutable sandbox, inside a process with limits on time and
memory (model/text/template_worker.py says why).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from kernelc.errors import TemplateError
from model.json_fields import Fields, read_bytes, read_json_object, show
from model.text.special_tokens import TOKENIZER_CONFIG, TokenizerSettings
from model.text.template_process import shared_process

CHAT_TEMPLATE = "chat_template.jinja"
_MAX_SOURCE_BYTES = 1 << 20
_MAX_CONFIG_BYTES = 16 << 20
_MAX_OUTPUT_CHARS = 4 << 20
_HALF = "the checkpoint's chat template is damaged: download it again"

PLAIN_TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}"
"""For checkpoints without a template. Base models continue text and know no turns, so the messages are joined
unchanged and the model continues after the last one."""

_PROBLEMS = {
    "syntax": ("not a valid template: {}", "the checkpoint's chat template is damaged: download it again"),
    "security": ("the template was stopped: {}", "do not use this checkpoint unless you trust its author"),
    "refused": (
        "the template refuses this conversation: {}",
        "change the messages; their roles and order matter",
    ),
    "memory": (
        "the template was stopped: it asks for too much memory",
        "use a corrected chat_template.jinja",
    ),
    "length": ("the prompt is longer than {} characters", "shorten the conversation or correct the template"),
    "error": ("the template failed: {}", "the template may want other messages, or be damaged"),
}


class ChatTemplate:
    """A checkpoint's chat template with its special tokens."""

    def __init__(
        self,
        source: str,
        bos_token: str | None = None,
        eos_token: str | None = None,
        *,
        variables: Mapping[str, object] | None = None,
        where: str = "chat template",
    ) -> None:
        """Take a template's text, without compiling it.

        `variables` are further ones that it sees, such as unk_token (`TokenizerSettings.template_tokens`).
        `where` names it in errors.

        Raises: TemplateError if it has more than 2**20 characters.
        """
        if len(source) > _MAX_SOURCE_BYTES:
            raise TemplateError(
                f"got {len(source)} characters, wanted at most {_MAX_SOURCE_BYTES}", where=where
            )
        self.source = source
        self.bos_token = bos_token or ""
        self.eos_token = eos_token or ""
        self.variables = dict(variables or {})
        self._where = where

    @property
    def is_plain(self) -> bool:
        """Whether this is PLAIN_TEMPLATE, the substitute for a checkpoint without a template."""
        return self.source == PLAIN_TEMPLATE

    def check(self) -> None:
        """Compile the template, to find a damaged one before it is needed. Raises: TemplateError."""
        self._request({"source": self.source})

    def names(self) -> Mapping[str, Sequence[str]]:
        """Return what the template asks of its engine: names of filters, tests, methods and more, by kind.

        Raises: TemplateError where it is damaged.
        """
        return cast("dict[str, list[str]]", self._reply({"source": self.source})["names"])

    def render(
        self,
        messages: Sequence[Mapping[str, object]],
        *,
        add_generation_prompt: bool = True,
        now: datetime | None = None,
        **extra: object,
    ) -> str:
        """Return the prompt for messages of {"role", "content"}, to be encoded with parse_special=True.

        With `add_generation_prompt` the prompt ends where the assistant's answer begins. `now` is the time
        that the template sees. `extra` are further variables of the template, as JSON values.
        Raises: TemplateError if the template refuses the messages, fails or was stopped.
        """
        context: dict[str, object] = {
            **self.variables,  # first: no token may take the place of what the conversation gives
            "messages": list(map(dict, messages)),
            "tools": None,
            "documents": None,
            "add_generation_prompt": add_generation_prompt,
            "bos_token": self.bos_token,
            "eos_token": self.eos_token,
            **extra,
        }
        moment = (now or datetime.now()).isoformat()
        request = {"source": self.source, "context": context, "now": moment, "max_chars": _MAX_OUTPUT_CHARS}
        try:
            return self._request(request)
        except TemplateError as error:
            raise self._explained(error, request, context) from error

    def _explained(
        self, error: TemplateError, request: Mapping[str, object], context: Mapping[str, object]
    ) -> TemplateError:
        """Return the error; where the messages are fine but for the system prompt, its help says so."""
        messages = cast("list[Mapping[str, object]]", context["messages"])
        others = [message for message in messages if message.get("role") != "system"]
        if len(others) in (0, len(messages)):
            return error
        try:
            self._request({**request, "context": {**context, "messages": others}})
        except TemplateError:
            return error
        help_ = "the model's template takes no system prompt: leave out `system`, or say it in the question"
        return TemplateError(error.message, where=error.where, help=help_)

    def _request(self, request: Mapping[str, object]) -> str:
        return cast(str, self._reply(request)["text"])

    def _reply(self, request: Mapping[str, object]) -> Mapping[str, object]:
        reply = shared_process.request(request, self._where)
        if "error" not in reply:
            return reply
        message, help_ = _PROBLEMS[cast(str, reply["error"])]
        detail = _MAX_OUTPUT_CHARS if reply["error"] == "length" else reply.get("message")
        line = f": line {reply['line']}" if reply.get("line") else ""
        raise TemplateError(message.format(detail), where=f"{self._where}{line}", help=help_)


def load_chat_template(
    folder: str | Path, *, bos_token: str | None = None, eos_token: str | None = None
) -> ChatTemplate:
    """Return a model folder's chat template.

    It is taken from chat_template.jinja, else from tokenizer_config.json, else it is PLAIN_TEMPLATE. The
    special tokens that the folder's files name take precedence over the given ones.
    Raises: TemplateError, TokenizerError if a file is malformed.
    """
    folder = Path(folder)
    settings = TokenizerSettings.load(folder)
    source, where = _find_source(folder)
    if any("\ud800" <= char <= "\udfff" for char in source):  # JSON may hold one, and no file takes it
        raise TemplateError("it holds half of a character (a lone surrogate)", where=where, help=_HALF)
    bos, eos = settings.bos_token or bos_token, settings.eos_token or eos_token
    return ChatTemplate(source, bos, eos, variables=settings.template_tokens, where=where)


def _find_source(folder: Path) -> tuple[str, str]:
    """Return the template's text, and where it was found (as errors name it)."""
    file, config = folder / CHAT_TEMPLATE, folder / TOKENIZER_CONFIG
    if file.is_file():
        try:
            return read_bytes(file, _MAX_SOURCE_BYTES, TemplateError).decode(), str(file)
        except UnicodeDecodeError as reason:
            raise TemplateError(f"not UTF-8: {reason}", where=str(file)) from reason
    if not config.is_file():
        return PLAIN_TEMPLATE, "chat template"
    fields = Fields(read_json_object(config, _MAX_CONFIG_BYTES, TemplateError), str(config), TemplateError)
    value = fields.data.get("chat_template")
    if value is None:
        return PLAIN_TEMPLATE, "chat template"
    source = _default_of(fields, cast("list[object]", value)) if isinstance(value, list) else value
    if not isinstance(source, str):
        raise fields.fail(
            "chat_template", f"got {show(source)}, wanted a string or a list of named templates"
        )
    return source, f"{config}: chat_template"


def _default_of(fields: Fields, templates: list[object]) -> object:
    """Return the template named "default", or the only one. Others may be for tools or retrieval."""
    named = [
        Fields(cast("dict[str, object]", t), fields.where, fields.error)
        for t in templates
        if isinstance(t, dict)
    ]
    for template in named:
        if len(named) == 1 or template.text("name") == "default":
            return template.text("template")
    raise fields.fail("chat_template", f'got {len(templates)} templates, wanted one with the name "default"')
