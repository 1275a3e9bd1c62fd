"""Answers of a model under many grammars: whether every whole one is valid. It writes down what it counted.

    python -m tests.grammar.model_answers ARTIFACT [--device cpu] [--out benchmarks/results/NAME.json]

Schemas and expressions are random ones from seeds, and the schemas of vectors/answers.json. Each schema is
answered at temperatures 0 and 1.5, each expression at one of them. An answer that `--tokens` cuts off, as one
under `.*` may go on for ever, must still be the beginning of a valid one: it is judged with the fewest bytes
that end it (`Matcher.shortest_end`), so every answer counts. Judges are jsonschema and Python's `re`, which
share nothing with the grammars.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from kernelc.errors import UsageError
from kernelc.session import Session
from runtime.chat.request import CompletionRequest
from runtime.engine.sampling import SamplingParams
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Matcher
from runtime.grammar.pushdown import prepare
from runtime.grammar.regular import regex_grammar
from tests.grammar.test_random_schemas import random_schema
from tests.grammar.vocabularies import constraint, vectors

TEMPERATURES = (0.0, 1.5)
Ask = Callable[[Grammar, float, int], tuple[str, str]]
"""Asks a model question number `at` under a grammar, at a temperature; returns the text and how it ended."""

QUESTIONS = (
    "My name is Ada and I am 12 years old. Who am I?",
    "Describe a small town by the sea.",
    "What is 12 + 30?",
    "Write a list of five fruits.",
)


def random_pattern(chance: random.Random, depth: int = 0) -> str:
    """Draw a regular expression that Python reads as ECMA-262 does, with re.ASCII."""
    if depth > 2 or chance.random() < 0.3:
        return chance.choice(
            ["a", "the ", "[a-z]", "\\d", "[A-Z][a-z]", "\\w", "é", "日", "[^x\\n]", ", ", "\\."]
        )
    parts = [random_pattern(chance, depth + 1) for _ in range(chance.randint(1, 3))]
    inner = ("|" if chance.random() < 0.4 else "").join(parts)
    return f"(?:{inner})" + chance.choice(["", "", "?", "{2}", "{1,3}", "{0,9}", "+", "*"])


def schemas(count: int) -> list[Any]:
    """The shared schemas, then random ones that some text satisfies."""
    found = [case["schema"] for case in vectors("answers")]
    seed = 0
    while len(found) < count:
        chance, seed = random.Random(seed), seed + 1
        schema = random_schema(chance)
        schema["$defs"] = {"one": random_schema(chance, 1), "two": random_schema(chance, 2)}
        try:
            Matcher(constraint(json_schema_grammar(schema)))
        except UsageError:
            continue
        found.append(schema)
    return found[:count]


def patterns(count: int) -> list[str]:
    """Random expressions that are not too large."""
    found: list[str] = []
    seed = 0
    while len(found) < count:
        pattern, seed = random_pattern(random.Random(seed)), seed + 1
        try:
            prepare(regex_grammar(pattern))
        except UsageError:
            continue
        found.append(pattern)
    return found


def schema_answers(ask: Ask, count: int, temperature: float) -> Counter[str]:
    """Answers under schemas: how each ended, and how many are valid."""
    counts = Counter[str]()
    for at, schema in enumerate(schemas(count)):
        grammar = json_schema_grammar(schema)
        text, why = ask(grammar, temperature, at)
        whole = json.loads(completed(grammar, text, why))
        counts.update(["answers", why, *["valid"] * Draft202012Validator(schema).is_valid(whole)])
    return counts


def regex_answers(ask: Ask, count: int) -> Counter[str]:
    """Answers under regular expressions: how each ended, and how many are valid."""
    counts = Counter[str]()
    for at, pattern in enumerate(patterns(count)):
        grammar = regex_grammar(pattern)
        text, why = ask(grammar, TEMPERATURES[at % 2], at)
        whole = completed(grammar, text, why)
        counts.update(["answers", why, *["valid"] * (re.fullmatch(pattern, whole, re.ASCII) is not None)])
    return counts


def completed(grammar: Grammar, text: str, why: str) -> str:
    """An answer that was cut off with the fewest bytes that end it, any other as it is. Half a character at
    the end, which decoders show as U+FFFD, goes first."""
    if why == "stop":
        return text
    text = text.rstrip("\ufffd")
    matcher = Matcher(constraint(grammar), drops_space=False)
    assert matcher.advance_bytes(text.encode()), text
    return text + matcher.shortest_end().decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--schemas", type=int, default=200)
    parser.add_argument("--regexes", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=120, help="at most, in an answer")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"model": arguments.artifact.name, "most_tokens": arguments.tokens}
    with Session.open(arguments.artifact, device=arguments.device) as session:
        completer = session.completer()

        def ask(grammar: Grammar, temperature: float, at: int) -> tuple[str, str]:
            messages = [{"role": "user", "content": QUESTIONS[at % len(QUESTIONS)]}]
            sampling = SamplingParams(temperature=temperature, seed=at)
            done = completer.complete(
                CompletionRequest(
                    messages=messages, grammar=grammar, sampling=sampling, max_new=arguments.tokens
                )
            )
            return done.text, done.finish_reason

        for temperature in TEMPERATURES:
            found = schema_answers(ask, arguments.schemas, temperature)
            result[f"schemas at temperature {temperature}"] = dict(found)
            print(temperature, found, flush=True)
        result["regular expressions"] = dict(regex_answers(ask, arguments.regexes))
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    for name, counts in result.items():
        assert not isinstance(counts, dict) or counts.get("valid", 0) == counts["answers"], name


if __name__ == "__main__":
    main()
