"""`response_format`: text, any JSON object, JSON that follows a schema, or a text of a grammar.

A schema is always followed, whether `strict` asks for it or not, so what `runtime.grammar` cannot hold an
answer to is refused. Source: "Structured Outputs" in OpenAI's API reference; `grammar` and `regex`, which it
does not have, are named as WebLLM and others name them. docs/grammar.md says what is supported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from kernelc.errors import UsageError
from runtime.chat.openai.fields import Fields
from runtime.chat.openai.names import check_names
from runtime.chat.openai.refusal import RequestError, refuse
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.json.text import json_grammar
from runtime.grammar.pushdown import prepare
from runtime.grammar.regular import regex_grammar

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_PATH = "response_format.json_schema"
_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "regex": "a text with a regular expression",
        "grammar": "a text with a grammar in GBNF",
    }
)


def read_format(fields: Fields) -> Grammar | None:
    """Return the grammar that the answer must follow, None for any text. Raises: RequestError."""
    given = fields.inner("response_format")
    if given is None:
        return None
    kind = given.get("type")
    if kind == "text":
        check_names(given, ("type",), {})
        return None
    if kind == "json_object":
        check_names(given, ("type",), {})
        return _any_object()
    if kind == "json_schema":
        check_names(given, ("type", "json_schema"), {})
        return _read_schema(given)
    if isinstance(kind, str) and kind in _WRITTEN:
        check_names(given, ("type", kind), {})
        source = given.get(kind)
        if not isinstance(source, str):
            refuse(f"response_format.{kind}", source, _WRITTEN[kind])
        return _made(kind, source, f"response_format.{kind}")
    refuse("response_format.type", kind, '"text", "json_object", "json_schema", "regex" or "grammar"')


def _read_schema(given: Fields) -> Grammar:
    described = given.inner("json_schema")
    if described is None:
        refuse(_PATH, None, "an object with name and schema")
    check_names(described, ("name", "description", "schema", "strict"), {})
    name = described.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        refuse(f"{_PATH}.name", name, "1 to 64 of the characters A-Z, a-z, 0-9, _ and -")
    described.word("description")
    described.flag("strict")
    schema = described.get("schema")
    if not isinstance(schema, Mapping):
        refuse(f"{_PATH}.schema", schema, "a JSON schema, which is an object")
    path = f"{_PATH}.schema"
    try:
        return _made("json_schema", json.dumps(schema), path)
    except RecursionError as error:
        raise RequestError(f"{path} is nested too deeply", param=path) from error


def _made(kind: str, text: str, path: str) -> Grammar:
    try:
        return _known(kind, text, path)
    except UsageError as error:
        place = f"{error.where}: " if error.where else f"{path}: "
        raise RequestError(f"{place}{error.message}", param=path) from error


@lru_cache(maxsize=1)
def _any_object() -> Grammar:
    return json_grammar()


_MAKERS: Mapping[str, Callable[[str, str], Grammar]] = MappingProxyType(
    {
        "json_schema": lambda text, where: json_schema_grammar(json.loads(text), where),
        "regex": regex_grammar,
        "grammar": gbnf_grammar,
    }
)


@lru_cache(maxsize=8)  # a large grammar takes some 100 MB
def _known(kind: str, text: str, path: str) -> Grammar:
    """Return the grammar of a text: the same object for the same text, so that its masks are kept."""
    grammar = _MAKERS[kind](text, path)
    prepare(grammar)
    return grammar
