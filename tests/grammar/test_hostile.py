"""Untrusted grammars: refused with a plain error, or done, after an amount of work that has a bound."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from kernelc.errors import UsageError
from runtime.grammar import stacks
from runtime.grammar.dfa import Dfa, from_tree, intersection
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json import values
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.json.shape import Shape
from runtime.grammar.json.values import Fitting
from runtime.grammar.matcher import Matcher
from runtime.grammar.pushdown import prepare
from runtime.grammar.regex import parse_regex
from runtime.grammar.regular import choice_grammar, regex_grammar
from tests.grammar.vocabularies import constraint, walk

DEEP: Any = {}
for _ in range(3000):
    DEEP = {"items": DEEP}

CHAIN = {"$defs": {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(3000)}, "$ref": "#/$defs/d0"}
CHAIN["$defs"]["d3000"] = {}  # type: ignore[index]
DOUBLING = {
    "$defs": {f"d{n}": {"anyOf": 2 * [{"$ref": f"#/$defs/d{n + 1}"}]} for n in range(40)},
    "$ref": "#/$defs/d0",
}
DOUBLING["$defs"]["d40"] = {"type": "null"}  # type: ignore[index]
COMBINED = {"allOf": [{"anyOf": [{"maxLength": n, "minimum": k} for n in range(8)]} for k in range(8)]}


@pytest.mark.parametrize(
    "pattern",
    [
        ".*a.{40}",
        "(a|ab|b)*c(a|b|c){30}d|(x+x+)+y(a|b)*a(a|b){25}",
        "((a{100}){100}){100}",
        "(.{0,1000}){0,1000}",
        "(a?){3000}a{3000}",
        "[é-日]{10000}" * 5,
    ],
)
def test_regexes_too_large_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="too large") as refused:
        regex_grammar(pattern)
    assert refused.value.where == "regex"


@pytest.mark.parametrize("pattern", ["((a|a)*){1000}", "(x+x+)+y", "(a*)*(a*)*b", "((a?)?)*"])
def test_regexes_that_only_look_hostile_are_done(pattern: str) -> None:
    walk(constraint(regex_grammar(pattern)), random.Random(1), 10)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (DEEP, "deep"),
        (CHAIN, "deep"),
        (DOUBLING, "combinations"),
        (COMBINED, "combinations"),
        ({"$ref": "#"}, "refers to itself"),
        (
            {
                "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}},
                "$ref": "#/$defs/a",
            },
            "refers to itself",
        ),
        ({"anyOf": [{"type": "null"}, {"$ref": "#"}]}, "refers to itself"),
        ({"enum": [f"{n:08x}{n:08x}" for n in range(60_000)]}, "too large"),
        ({"enum": list(range(300_000))}, "values"),
        ({"type": "string", "pattern": "a.{30}b"}, "too large"),
        (
            {
                "type": "object",
                "properties": {f"p{n}": {} for n in range(2000)},
                "minProperties": 1000,
                "maxProperties": 1500,
            },
            "too many properties",
        ),
        ({"type": "array", "prefixItems": [{}] * 5000}, "counts above"),
        (
            {"oneOf": [{"type": "object", "properties": {f"p{n}": {"type": "string"}}} for n in range(300)]},
            "may hold at once",
        ),
        ({"minimum": 10**500}, "too many digits"),
        ({"minimum": 1.5e-300}, "too many digits"),
        ({"type": "number", "minimum": 0.1234567890123, "exclusiveMaximum": 12345.5}, "more than 15 digits"),
        ({"type": "number", "exclusiveMinimum": 123456789012345680}, "more than 15 digits"),
        ({"oneOf": [False] * 400}, "too many to compare"),
        ({"allOf": [{"$ref": "#/allOf/0000000001"}, {}]}, "not there"),
    ],
)
def test_hostile_schemas_are_refused(schema: Any, reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        json_schema_grammar(schema)
    assert reason in refused.value.message and refused.value.where is not None


def test_schemas_that_are_merely_large_are_done() -> None:
    values = [f"value-{n}" for n in range(3000)]
    assert walk(constraint(json_schema_grammar({"enum": values})), random.Random(1)).decode()[1:-1] in values
    wide = {"type": "object", "properties": {f"p{n}": {"type": "integer"} for n in range(300)}}
    assert walk(constraint(json_schema_grammar(wide)), random.Random(1)).startswith(b"{")
    defs = {f"d{n}": {"properties": {"x": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(2000)}
    chain = {"$defs": {**defs, "d2000": {"type": "null"}}, "$ref": "#/$defs/d0"}
    assert walk(constraint(json_schema_grammar(chain)), random.Random(1))


def test_choices_too_many_are_refused() -> None:
    with pytest.raises(UsageError, match="too large"):
        choice_grammar([f"{n:08x}{n:08x}" for n in range(60_000)])


@pytest.mark.parametrize(
    "source",
    [
        "root ::= " + " ".join('"a"{2000}' for _ in range(200)),
        "root ::= " + "[a-z]" * 50_000,
        "root ::= (((a{2000}){2000}){2000}){2000}\na ::= " + "(" * 90 + '"x"{2000}' + "){2000}" * 90,
    ],
)
def test_grammars_too_large_are_refused(source: str) -> None:
    with pytest.raises(UsageError):
        prepare(gbnf_grammar(source))


def test_a_grammar_with_too_many_places_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.grammar.machine._MOST_PLACES", 60)
    source = "root ::= " + " | ".join(f'"a" [ab]* "{n:03}"' for n in range(70))
    matcher = Matcher(constraint(gbnf_grammar(source)))
    with pytest.raises(UsageError, match="more than 60 places of the grammar"):
        matcher.advance_bytes(b"a" * 5)


def test_a_grammar_with_too_many_sets_of_stacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.grammar.stacks._MOST_STACKS", 2_000)
    source = 'root ::= ("a" | "aa") root "b" | ("a" | "aaa") root "c" | "x"'
    matcher = Matcher(constraint(gbnf_grammar(source)))
    with pytest.raises(UsageError, match="read in too many ways"):
        matcher.advance_bytes(b"a" * 500)


def test_as_many_sets_of_stacks_as_there_may_be_take_bounded_memory() -> None:
    """A server keeps several grammars of strangers at once."""
    source = 'root ::= ("a" | "aa") root "b" | ("a" | "aaa") root "c" | "x"'
    held = constraint(gbnf_grammar(source))
    matcher = Matcher(held)
    tracemalloc.start()
    try:
        matcher.advance_bytes(b"a" * 100)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    made = len(held.machine._stacks.frames)  # pyright: ignore[reportPrivateUsage]
    most = stacks._MOST_STACKS  # pyright: ignore[reportPrivateUsage]
    assert made > 5_000 and taken / made * most < 200e6


def test_left_recursion_through_very_many_rules_is_found() -> None:
    rules = "\n".join(f'r{n} ::= ""? r{n + 1}' for n in range(3000))
    with pytest.raises(UsageError, match="left recursion"):
        prepare(gbnf_grammar(f'root ::= r0\n{rules}\nr3000 ::= root | "x"'))


@pytest.mark.parametrize(
    "make",
    [
        lambda: json_schema_grammar({"const": "\ud800"}),
        lambda: json_schema_grammar({"properties": {"\udfff": {}}}),
        lambda: regex_grammar("a\ud800"),
        lambda: gbnf_grammar('root ::= "\ud800"'),
        lambda: choice_grammar(["\ud800"]),
    ],
)
def test_half_a_surrogate_pair_is_refused(make: Callable[[], Grammar]) -> None:
    with pytest.raises(UsageError, match="surrogate"):
        make()


def test_listed_values_are_compared_once_for_each_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways on at every level would make as many ways in all as two to the power of the depth."""
    looked = 0
    plain = Fitting.fits

    def counted(self: Fitting, value: Any, shape: Shape) -> bool:
        nonlocal looked
        looked += 1
        return plain(self, value, shape)

    monkeypatch.setattr(Fitting, "fits", counted)
    item = {"type": "array", "items": {"$ref": "#/$defs/t"}}
    value: Any = 5
    for _ in range(40):
        value = [value]
    schema = {
        "$defs": {"t": {"anyOf": [item, {**item, "minItems": 1}]}},
        "allOf": [{"$ref": "#/$defs/t"}, {"enum": [value]}],
    }
    with pytest.raises(UsageError, match="no text at all fits"):
        prepare(json_schema_grammar(schema))
    assert 40 < looked < 400


def test_automata_of_a_schema_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nothing is left of them, so that they add no nodes."""
    monkeypatch.setattr(values, "_MOST_WORK", 20_000)
    patterns = [{"allOf": [{"pattern": "^b"}, {"pattern": f"^a.*{n}a.{{5}}$"}]} for n in range(100)]
    few = {"properties": {f"p{n}": each for n, each in enumerate(patterns[:3])}}
    assert prepare(json_schema_grammar(few))
    with pytest.raises(UsageError, match="too many, or their patterns too large"):
        json_schema_grammar({"properties": {f"p{n}": each for n, each in enumerate(patterns)}})


def test_wide_classes_are_intersected_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    every, odd = ("".join(chr(0x4E00 + step * n) for n in range(4_000)) for step in (2, 4))
    a, b = (from_tree(parse_regex(f"[{text}]{{2}}"), "test") for text in (every, odd))
    compared = 0

    class Counted(list[tuple[int, int, int]]):
        def __getitem__(self, at: Any) -> Any:
            nonlocal compared
            compared += 1
            return super().__getitem__(at)

    counted = Dfa([Counted(each) for each in a.edges], a.accepting)
    assert intersection(counted, b, "test").accepts(odd[1] * 2)
    assert 0 < compared < 3 * (sum(map(len, a.edges)) + sum(map(len, b.edges)))
