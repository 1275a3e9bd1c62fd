"""Random schemas and random walks through their masks: every answer is JSON, and validates."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from kernelc.errors import UsageError
from runtime.grammar.json.schema import json_schema_grammar
from tests.grammar.vocabularies import EXAMPLES, constraint, vectors, walk

NAMES = ("name", "na", "n", "é", 'q"', "")


def random_schema(chance: random.Random, depth: int = 0) -> Any:
    """A schema that may contradict itself: then it must be refused."""
    kinds = ["integer", "number", "string", "enum", "null"]
    if depth < 3:
        kinds += ["object", "object", "array", "anyOf", "allOf", "oneOf", "ref", "object"]
    kind = chance.choice(kinds)
    return _MAKERS.get(kind, _simple)(chance, depth, kind)


def _simple(chance: random.Random, depth: int, kind: str) -> Any:
    return {"type": chance.choice([kind, [kind, "boolean"]])}


def _number(chance: random.Random, depth: int, kind: str) -> Any:
    schema: dict[str, Any] = {"type": kind}
    if chance.random() < 0.5:
        schema[chance.choice(["minimum", "exclusiveMinimum"])] = chance.choice([-2.5, 0, 3, 17.25, -120])
    if chance.random() < 0.5:
        schema[chance.choice(["maximum", "exclusiveMaximum"])] = chance.choice([20, 99.5, 1000, 17.5])
    if kind == "integer" and chance.random() < 0.3:
        schema["multipleOf"] = chance.choice([2, 3, 10])
    return schema


def _string(chance: random.Random, depth: int, kind: str) -> Any:
    schema: dict[str, Any] = {"type": "string"}
    if chance.random() < 0.4:
        schema["minLength"] = chance.randrange(4)
    if chance.random() < 0.5:
        schema["maxLength"] = chance.randrange(2, 9)
    if chance.random() < 0.3:
        schema["pattern"] = chance.choice(["^[a-c]+$", "a|é", "^(ab|ba)*", "[0-9]{2}$", "^[^ab\\n]*$"])
    return schema


def _enum(chance: random.Random, depth: int, kind: str) -> Any:
    values = ["a", "ab", "é\n", 0, 1, -1.5, None, True, [1, "x"], {"name": {"n": []}}, {}]
    return {"enum": chance.sample(values, chance.randrange(1, 5))}


def _object(chance: random.Random, depth: int, kind: str) -> Any:
    names = chance.sample(NAMES, chance.randrange(len(NAMES)))
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: random_schema(chance, depth + 1) for name in names},
        "required": [name for name in names if chance.random() < 0.4],
    }
    if chance.random() < 0.5:
        schema["additionalProperties"] = chance.choice([False, True, {"type": "boolean"}])
    if chance.random() < 0.2:
        schema["maxProperties"] = chance.randrange(1, 5)
    if chance.random() < 0.2:
        schema["minProperties"] = chance.randrange(3)
    return schema


def _array(chance: random.Random, depth: int, kind: str) -> Any:
    schema: dict[str, Any] = {"type": "array", "items": random_schema(chance, depth + 1)}
    if chance.random() < 0.3:
        schema["prefixItems"] = [random_schema(chance, depth + 1) for _ in range(chance.randrange(3))]
    if chance.random() < 0.5:
        schema["minItems"] = chance.randrange(3)
    if chance.random() < 0.5:
        schema["maxItems"] = chance.randrange(1, 5)
    return schema


def _several(chance: random.Random, depth: int, kind: str) -> Any:
    return {kind: [random_schema(chance, depth + 1) for _ in range(chance.randrange(1, 4))]}


def _ref(chance: random.Random, depth: int, kind: str) -> Any:
    return {"$ref": chance.choice(["#", "#/$defs/one", "#/$defs/two"])}


_MAKERS = {
    "integer": _number,
    "number": _number,
    "string": _string,
    "enum": _enum,
    "object": _object,
    "array": _array,
    "anyOf": _several,
    "allOf": _several,
    "oneOf": _several,
    "ref": _ref,
}


def check_answers(schema: Any, chance: random.Random, count: int) -> None:
    held = constraint(json_schema_grammar(schema))
    validator = Draft202012Validator(schema)
    for _ in range(count):
        answer = walk(held, chance, chance.choice([5, 40, 80]))
        assert validator.is_valid(json.loads(answer)), answer


@settings(max_examples=40 * EXAMPLES)
@given(st.integers(0, 2**32))
def test_every_answer_to_a_random_schema_validates(seed: int) -> None:
    chance = random.Random(seed)
    schema = random_schema(chance)
    schema["$defs"] = {"one": random_schema(chance, 1), "two": random_schema(chance, 2)}
    try:
        check_answers(schema, chance, 4)
    except UsageError as refused:
        expected = ("no text at all fits", "refers to itself", "may hold at once", "combinations", "minProp")
        assert any(part in refused.message for part in expected), refused


def test_most_random_schemas_are_not_refused() -> None:
    """So that the test above tests something."""
    made = 0
    for seed in range(60):
        chance = random.Random(seed)
        schema = random_schema(chance)
        schema["$defs"] = {"one": random_schema(chance, 1), "two": random_schema(chance, 2)}
        try:
            constraint(json_schema_grammar(schema))
            made += 1
        except UsageError:
            continue
    assert made >= 40


@pytest.mark.parametrize("case", vectors("json_schema"), ids=lambda case: case["name"])
def test_every_answer_to_the_schemas_of_the_table_validates(case: dict[str, Any]) -> None:
    check_answers(case["schema"], random.Random(case["name"]), EXAMPLES)
