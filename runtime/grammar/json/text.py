"""The parts that all JSON grammars have: white space, strings, numbers, any value, and values written out.

White space is bounded, or a model could write it for ever: nothing, one space, or a line end with up to 20
spaces, after { [ , : and before } ]. Source: RFC 8259, whose numbers and strings these are, with numbers of
no more digits than programs read exactly.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from runtime.grammar import chars, syntax
from runtime.grammar.dfa import Dfa, from_tree
from runtime.grammar.embed import Embedder, Encoding, json_string
from runtime.grammar.grammar import Grammar
from runtime.grammar.regex import parse_regex

Part: TypeAlias = Callable[[int, int], None]
"""Adds itself between two nodes of the grammar."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

WHITE_SPACE = "(?: |\n {0,20})?"
INTEGER = "0|-?[1-9][0-9]{0,17}"
NUMBER = "-?(?:0|[1-9][0-9]{0,17})(?:\\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?"
ANY_STRING = from_tree(syntax.Repeat(syntax.Chars(chars.ALL), 0, None), "a string")


class JsonGrammar:
    """A grammar of JSON texts in the making. Rules have keys; each is made once, when it is first called.

    Bodies wait in a queue until `finish`, so that rules may call each other however deeply.
    """

    def __init__(self) -> None:
        self.grammar = Grammar()
        self.json = Embedder(self.grammar, Encoding.JSON)
        self.plain = Embedder(self.grammar, Encoding.PLAIN)
        self._queue: deque[tuple[int, Part]] = deque()

    def call(self, key: Hashable, where: str, body: Part) -> Part:
        """Return the part that calls the rule of a key."""

        def later(begin: int, end: int) -> None:
            number = len(self.grammar.rules) - 1
            self._queue.append((number, body))

        rule = self.grammar.rule_for(key, where, later)
        return lambda begin, end: self.grammar.add_call(begin, rule, end)

    def finish(self, root: Part, where: str) -> Grammar:
        """Make `root` the whole text, and return the grammar with the bodies of all rules."""
        self.grammar.start = self.grammar.add_rule(where)
        start = self.grammar.rules[self.grammar.start]
        root(start.entry, start.exit)
        while self._queue:
            number, body = self._queue.popleft()
            body(self.grammar.rules[number].entry, self.grammar.rules[number].exit)
        return self.grammar

    # ---- parts ----

    def text(self, characters: str) -> Part:
        """Return the part of exactly this text."""
        return lambda begin, end: self.grammar.add_bytes(begin, characters.encode(), end)

    def row(self, *parts: Part) -> Part:
        """Return one part after the other."""
        return lambda begin, end: self.grammar.sequence(begin, parts, end)

    def either(self, parts: Sequence[Part]) -> Part:
        """Return one of the parts."""

        def add(begin: int, end: int) -> None:
            for part in parts:
                part(begin, end)

        return add

    def space(self) -> Part:
        """Return bounded white space."""
        return self.pattern(WHITE_SPACE, "white space")

    def pattern(self, regex: str, name: str) -> Part:
        """Return the rule of a pattern of our own."""
        return self.automaton(lambda: from_tree(parse_regex(regex, name), name), ("pattern", regex), name)

    def automaton(self, dfa: Callable[[], Dfa], key: Hashable, where: str) -> Part:
        """Return the rule of an automaton over the characters of the JSON text itself."""
        return self.call(key, where, lambda begin, end: self.plain.add_dfa(begin, dfa(), end))

    def string(self, dfa: Dfa, key: Hashable, where: str) -> Part:
        """Return the rule of JSON strings whose content an automaton accepts."""

        def body(begin: int, end: int) -> None:
            opened, closed = self.grammar.node(), self.grammar.node()
            self.grammar.add_bytes(begin, b'"', opened)
            self.json.add_dfa(opened, dfa, closed)
            self.grammar.add_bytes(closed, b'"', end)

        return self.call(key, where, body)

    def any_string(self) -> Part:
        """Return any JSON string."""
        return self.string(ANY_STRING, "any string", "a string")

    def any_number(self) -> Part:
        """Return any JSON number."""
        return self.pattern(NUMBER, "a number")

    def any_value(self) -> Part:
        """Return any JSON value."""

        def body(begin: int, end: int) -> None:
            simple = [self.text("true"), self.text("false"), self.text("null")]
            nested = [self.any_array(), self.any_object()]
            self.either([*simple, self.any_string(), self.any_number(), *nested])(begin, end)

        return self.call("any value", "a value", body)

    def any_array(self) -> Part:
        """Return any JSON array."""
        return self.call(
            "any array", "an array", lambda begin, end: self.listed("[]", self.any_value())(begin, end)
        )

    def any_object(self) -> Part:
        """Return any JSON object."""

        def body(begin: int, end: int) -> None:
            member = self.row(self.any_string(), self.text(":"), self.space(), self.any_value())
            self.listed("{}", member)(begin, end)

        return self.call("any object", "an object", body)

    def listed(self, brackets: str, item: Part) -> Part:
        """Return any number of items between brackets, with commas and white space."""

        def add(begin: int, end: int) -> None:
            grammar = self.grammar
            opened, ready, after, closing = (grammar.node() for _ in range(4))
            self.text(brackets[0])(begin, opened)
            self.space()(opened, ready)
            item(ready, after)
            self.row(self.text(","), self.space(), item)(after, after)
            self.space()(after, closing)
            self.text(brackets[1])(closing, end)
            self.text(brackets[1])(ready, end)

        return add

    def value(self, value: Json) -> Part:
        """Return one value, written out, with free white space inside."""
        if isinstance(value, str):
            data = json_string(value)
            return lambda begin, end: self.grammar.add_bytes(begin, data, end)
        if isinstance(value, list):
            return self._written("[]", [self.value(item) for item in value])
        if isinstance(value, dict):
            members = [
                self.row(self.value(key), self.text(":"), self.space(), self.value(item))
                for key, item in value.items()
            ]
            return self._written("{}", members)
        return self.text(json.dumps(value))

    def _written(self, brackets: str, items: list[Part]) -> Part:
        parts = [self.text(brackets[0]), self.space()]
        for at, item in enumerate(items):
            parts += [item] if at == 0 else [self.text(","), self.space(), item]
        return self.row(*parts, *([self.space()] if items else []), self.text(brackets[1]))


def json_grammar(*, objects_only: bool = True, where: str = "json") -> Grammar:
    """Return the grammar of JSON mode: any object, or with `objects_only` False any value."""
    json_text = JsonGrammar()
    return json_text.finish(json_text.any_object() if objects_only else json_text.any_value(), where)
