"""The process that renders chat templates: a program of its own, started by model.text.template_process.

A chat template comes with a checkpoint, so anybody may have written it. jinja2's sandbox keeps it away from
Python's objects, but cannot limit time or memory: nested loops never return to our code, and a single filter
can allocate gigabytes. So templates run in this process, under limits of the operating system: a timer whose
signal ends the process limits processor time, and an address space limit bounds memory.

Requests and replies are JSON objects, each preceded by its length in 8 bytes (little endian). This file
imports nothing from kernelc, so that it starts fast.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO, NoReturn, cast

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

try:
    import resource
except ImportError:  # Windows, where the parent's timer is the only limit
    resource = None

MAX_MEMORY_BYTES = 512 << 20
MAX_CPU_SECONDS = 1.0
_RARE_STATEMENTS = (nodes.With, nodes.Block)
_RARE_GLOBALS = {"cycler", "dict", "joiner", "lipsum"}  # jinja2's own, besides range and namespace


class _Refused(Exception):
    """The template called raise_exception."""


class _TooLong(Exception):
    """The output exceeded its limit."""


class _GenerationBlock(Extension):
    """Renders the body of `{% generation %}` blocks, which mark the assistant's words for training."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 reads a plain set

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, in which access to something forbidden is an error instead of an empty string."""

    def unsafe_undefined(self, obj: object, attribute: str) -> NoReturn:
        raise SecurityError(f"it reaches for {attribute!r} of a {type(obj).__name__}")


def _make_environment() -> _Environment:
    """Set jinja2 up as transformers does. Source: its utils/chat_template_utils.py."""
    environment = _Environment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationBlock, "jinja2.ext.loopcontrols"]
    )
    # jinja2 does not annotate the values of these two dicts.
    environment.filters["tojson"] = _to_json  # pyright: ignore[reportUnknownMemberType]
    environment.globals["raise_exception"] = _raise_exception  # pyright: ignore[reportUnknownMemberType]
    return environment


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return json.dumps of the value, because jinja2's own filter escapes for HTML."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise_exception(message: object) -> NoReturn:
    raise _Refused(str(message))


_ENVIRONMENT = _make_environment()


@lru_cache(maxsize=4)
def _compile(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def _answer(request: dict[str, object]) -> dict[str, object]:
    """Render the request's template, or only compile it if there is no "context"; return the reply."""
    try:
        template = _compile(cast(str, request["source"]))
        if "context" not in request:
            return {"text": "", "names": _names(cast(str, request["source"]))}
        context = cast("dict[str, object]", request["context"])
        now = datetime.fromisoformat(cast(str, request["now"]))
        parts = template.generate({**context, "strftime_now": now.strftime})
        return {"text": _join(parts, cast(int, request["max_chars"]))}
    except MemoryError:
        return {"error": "memory"}
    except Exception as error:
        return _describe(error)


def _names(source: str) -> dict[str, list[str]]:
    """Return what the template asks of its engine: names of filters, tests, methods, globals, statements."""
    tree = _ENVIRONMENT.parse(source)
    calls = [call.node for call in tree.find_all(nodes.Call)]
    statements = {type(node).__name__.lower() for node in tree.find_all(_RARE_STATEMENTS)}
    if any(loop.recursive for loop in tree.find_all(nodes.For)):
        statements.add("recursive")
    if any(kind == "raw_begin" for _, kind, _ in _ENVIRONMENT.lex(source)):
        statements.add("raw")
    found = {
        "filters": {node.name for node in tree.find_all(nodes.Filter)},
        "tests": {node.name for node in tree.find_all(nodes.Test)},
        "methods": {node.attr for node in calls if isinstance(node, nodes.Getattr)},
        "globals": {node.name for node in tree.find_all(nodes.Name)} & _RARE_GLOBALS,
        "statements": statements,
    }
    return {kind: sorted(names) for kind, names in found.items()}


def _join(parts: Iterable[str], max_chars: int) -> str:
    """Return the joined output. Raises: _TooLong as soon as it has more than max_chars characters."""
    text: list[str] = []
    for part in parts:
        max_chars -= len(part)
        if max_chars < 0:
            raise _TooLong
        text.append(part)
    return "".join(text)


def _describe(error: Exception) -> dict[str, object]:
    kinds = {
        _Refused: "refused",
        _TooLong: "length",
        SecurityError: "security",
        TemplateSyntaxError: "syntax",
    }
    kind = next((name for type_, name in kinds.items() if isinstance(error, type_)), "error")
    message = str(error.message if isinstance(error, TemplateSyntaxError) else error)
    return {"error": kind, "message": message[:1000] or type(error).__name__, "line": _line(error)}


def _line(error: Exception) -> int | None:
    """Return the line of the template that failed, which jinja2 puts into the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _limit_process() -> None:
    """Permanently give up what rendering does not need."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C; if it ends, our input closes
    if resource is not None:
        _lower(resource.RLIMIT_AS, MAX_MEMORY_BYTES)
        _lower(resource.RLIMIT_FSIZE, 0)
        _lower(resource.RLIMIT_CORE, 0)


def _lower(limit: int, value: int) -> None:
    assert resource is not None
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _set_clock(seconds: float) -> None:
    """Let a signal end the process after this much processor time; 0 cancels the timer."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the input ends."""
    while len(header := requests.read(8)) == 8:
        request = cast("dict[str, object]", json.loads(requests.read(int.from_bytes(header, "little"))))
        _set_clock(MAX_CPU_SECONDS)
        reply = json.dumps(_answer(request)).encode()
        _set_clock(0.0)
        replies.write(len(reply).to_bytes(8, "little") + reply)
        replies.flush()


if __name__ == "__main__":
    _limit_process()
    _serve(sys.stdin.buffer, sys.stdout.buffer)
