"""`response_format`: which grammar an answer must follow. tests/requests/golden.json has what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.chat.openai.requests import RequestError, parse_chat
from runtime.grammar.grammar import Grammar
from runtime.grammar.machine import DEAD, Machine
from runtime.grammar.pushdown import prepare

SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


def grammar_of(response_format: object) -> Grammar | None:
    body = {"messages": [{"role": "user", "content": "hi"}], "response_format": response_format, "n": 2}
    first, second = parse_chat(body, vocab_size=100).requests
    assert first.grammar is second.grammar
    return first.grammar


def schema_format(schema: object, **more: object) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, **more}}


def accepts(grammar: Grammar | None, text: str) -> bool:
    assert grammar is not None
    machine = Machine(prepare(grammar))
    state = machine.begin()
    for byte in text.encode():
        state = machine.step(state, byte)
        if state == DEAD:
            return False
    return bool(machine.ends[state])


def test_any_text_needs_no_grammar() -> None:
    assert grammar_of(None) is None and grammar_of({"type": "text"}) is None


def test_an_object_of_json() -> None:
    grammar = grammar_of({"type": "json_object"})
    assert accepts(grammar, '{"a": [1, null]}') and not accepts(grammar, "[1]") and not accepts(grammar, "{")
    assert grammar_of({"type": "json_object"}) is grammar


@pytest.mark.parametrize("more", [{}, {"strict": True}, {"strict": None, "description": "of a person"}])
def test_a_schema(more: dict[str, object]) -> None:
    grammar = grammar_of(schema_format(SCHEMA, **more))
    assert accepts(grammar, '{"age": 3}')
    assert not accepts(grammar, "{}") and not accepts(grammar, '{"age": "3"}')


def test_the_same_schema_is_prepared_once() -> None:
    assert grammar_of(schema_format(SCHEMA)) is grammar_of(schema_format(dict(SCHEMA), strict=True))
    assert grammar_of(schema_format(SCHEMA)) is not grammar_of(schema_format({**SCHEMA, "required": []}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "anyOf", "$ref", "enum", "pattern", "minimum", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(JSON)
@settings(max_examples=100)
def test_any_schema_is_read_or_refused(schema: object) -> None:
    try:
        grammar_of(schema_format(schema))
    except RequestError as error:
        assert error.param is not None and error.param.startswith("response_format")
