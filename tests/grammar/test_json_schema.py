"""A table of schemas, keyword by keyword, in the manner of the public JSON-Schema-Test-Suite: for each, texts
that are answers, texts that are none, and that `jsonschema` agrees about the first."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kernelc.errors import UsageError
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.json.text import json_grammar
from runtime.grammar.pushdown import prepare
from tests.grammar.vocabularies import accepts, vectors

TABLE = vectors("json_schema")
REFUSED = vectors("json_schema_refused")


@pytest.mark.parametrize("case", TABLE, ids=[case["name"] for case in TABLE])
def test_what_is_an_answer(case: dict[str, Any]) -> None:
    grammar = json_schema_grammar(case["schema"])
    assert [text for text in case["yes"] if not accepts(grammar, text)] == []
    assert [text for text in case["no"] if accepts(grammar, text)] == []
    validator = Draft202012Validator(case["schema"])
    assert all(validator.is_valid(json.loads(text)) for text in case["yes"]), "an answer must validate"


@pytest.mark.parametrize("case", REFUSED, ids=[f"{case['place']} {case['reason']}" for case in REFUSED])
def test_what_is_refused_and_where(case: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        json_schema_grammar(case["schema"], "response_format")
    assert case["reason"] in refused.value.message
    assert refused.value.where == f"response_format: {case['place']}"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_no_json(value: float) -> None:
    with pytest.raises(UsageError, match="no JSON"):
        json_schema_grammar({"minimum": value})


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string", "enum": [1]},
        {"allOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "object", "properties": {"a": False}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
    ],
)
def test_schemas_that_nothing_satisfies(schema: Any) -> None:
    with pytest.raises(UsageError, match="no text at all fits"):
        prepare(json_schema_grammar(schema))


def test_json_mode() -> None:
    assert accepts(json_grammar(), '{"a": {"b": [1.5e3, null, "x"]}}')
    assert not accepts(json_grammar(), "[]") and accepts(json_grammar(objects_only=False), "[]")


def test_white_space_is_bounded() -> None:
    grammar = json_schema_grammar({"type": "array", "items": {"const": 1}})
    assert accepts(grammar, "[\n" + 20 * " " + "1]") and not accepts(grammar, "[\n" + 21 * " " + "1]")
    assert not any(accepts(grammar, text) for text in [" []", "[] ", "[  1]", "[1 ,1]", "[\n\n1]", "[\t1]"])
