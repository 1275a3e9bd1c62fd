"""Grammars put together: one of several texts with a grammar in each. Calls of tools are held by such."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.grammar.join import one_of
from runtime.grammar.json.schema import json_schema_grammar
from tests.grammar.vocabularies import accepts, vectors


@pytest.mark.parametrize("case", vectors("joined"), ids=lambda case: case["name"])
def test_one_of_several_texts_is_accepted(case: dict[str, Any]) -> None:
    texts = [
        (before.encode(), json_schema_grammar(schema), after.encode())
        for before, schema, after in case["texts"]
    ]
    grammar = one_of(texts, "texts")
    assert [text for text in case["yes"] if not accepts(grammar, text)] == []
    assert [text for text in case["no"] if accepts(grammar, text)] == []
