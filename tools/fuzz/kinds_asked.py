"""What people and programs ask: request bodies, grammars, saved conversations."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from kernelc.errors import UsageError
from runtime.chat.openai.requests import parse_chat, parse_text
from runtime.chat.openai.responses import error_of
from runtime.chat.transcript import load, save
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.regular import regex_grammar
from tests.grammar.vocabularies import constraint, vectors, walk
from tests.requests.test_golden_requests import ENTRIES, VOCAB
from tools.fuzz.kinds import Kind, WrongResult

_GBNF = (
    'root ::= item+\nitem ::= "- " [^\\r\\n\\x0b]+ "\\n"',
    'root ::= "\\"\\\\\\n\\x41\\u00e9" | a*\na ::= [a-z]{2,4} ("x" a)?  # says nothing\n',
    'root ::= expr\nexpr ::= term (("+" | "-") term)*\nterm ::= [0-9]+ | "(" expr ")"',
)


def request(data: bytes, folder: Path) -> None:
    """Read a body as both of the server's endpoints do; a refusal must be JSON."""
    try:
        body: object = json.loads(data)
    except (ValueError, RecursionError):
        return  # `kernelc serve` refuses it before, see tests/serve
    refused: list[UsageError] = []
    for parse in (parse_chat, parse_text):
        try:
            parse(body, vocab_size=VOCAB)
        except UsageError as error:
            json.dumps(error_of(error), allow_nan=False).encode()
            refused.append(error)
    if len(refused) == 2:
        raise refused[0]


def requests(folder: Path) -> Sequence[bytes]:
    """The bodies of `tests/requests/golden.json`."""
    small = [entry["request"] for entry in ENTRIES if "request" in entry and "$" not in json.dumps(entry)]
    return [json.dumps(body).encode() for body in small]


def followed(grammar: Grammar) -> bytes:
    """Follow a grammar at random; returns the text."""
    return walk(constraint(grammar), random.Random(1), 12)


def schema(data: bytes, folder: Path) -> None:
    """Read a JSON schema as a request has it."""
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError):
        return
    followed(json_schema_grammar(document))


def schemas(folder: Path) -> Sequence[bytes]:
    """The schemas that all implementations are held to."""
    return [json.dumps(case["schema"]).encode() for case in vectors("json_schema")]


def transcript(data: bytes, folder: Path) -> None:
    """Load a conversation, save it, and load it again."""
    (folder / "a.json").write_bytes(data)
    found = load(folder / "a.json")
    save(folder / "a.json", found)
    if [len(turn.user) for turn in load(folder / "a.json").turns] != [len(t.user) for t in found.turns]:
        raise WrongResult("a conversation that is not what it saves")


def transcripts(folder: Path) -> Sequence[bytes]:
    """A conversation."""
    messages = [{"role": role, "content": "é 1"} for role in ("system", "user", "assistant")]
    from runtime.chat.transcript import FORMAT, VERSION

    return [json.dumps({"format": FORMAT, "version": VERSION, "messages": messages}).encode()]


KINDS = (
    Kind("request", requests, request),
    Kind("schema", schemas, schema),
    Kind(
        "regex",
        lambda folder: [case["pattern"].encode() for case in vectors("regex")],
        lambda data, folder: followed(regex_grammar(data.decode("utf-8", errors="replace"))),
    ),
    Kind(
        "gbnf",
        lambda folder: [text.encode() for text in _GBNF],
        lambda data, folder: followed(gbnf_grammar(data.decode("utf-8", errors="replace"))),
    ),
    Kind("transcript", transcripts, transcript),
)
