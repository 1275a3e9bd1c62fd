"""Answers of a model under many grammars: whether every whole one is valid. It writes down what it counted.

    python -m tests.grammar.model_answers ARTIFACT [--device cpu] [--out benchmarks/results/NAME.json]

Schemas and expressions are random ones from seeds, and the schemas of vectors/answers.json. Each schema is
answered at temperatures 0 and 1.5, each expression at one of them. An answer that `--tokens` cuts off is not
whole. Judges are jsonschema and Python's `re`, which share nothing with the grammars.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
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
            counts = Counter[str]()
            for at, schema in enumerate(schemas(arguments.schemas)):
                text, why = ask(json_schema_grammar(schema), temperature, at)
                counts[why] += 1
                if why == "stop":
                    counts["valid"] += Draft202012Validator(schema).is_valid(json.loads(text))
            result[f"schemas at temperature {temperature}"] = dict(counts)
            print(temperature, counts, flush=True)
        counts = Counter[str]()
        for at, pattern in enumerate(patterns(arguments.regexes)):
            text, why = ask(regex_grammar(pattern), TEMPERATURES[at % 2], at)
            counts[why] += 1
            if why == "stop":
                counts["valid"] += re.fullmatch(pattern, text, re.ASCII) is not None
            if at % 100 == 99:
                print(at + 1, counts, flush=True)
        result["regular expressions"] = dict(counts)
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    for name, counts in result.items():
        assert not isinstance(counts, dict) or counts.get("valid", 0) == counts.get("stop", 0), name


if __name__ == "__main__":
    main()
