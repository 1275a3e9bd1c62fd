"""JSON Schema to a grammar: every answer validates; not everything that validates is an answer.

    grammar = json_schema_grammar({"type": "array", "items": {"type": "integer"}, "maxItems": 3})

Properties come in the order in which the schema lists them, as in OpenAI's structured outputs.
docs/grammar.md lists the keywords, and where answers are narrower than the schema. Source: JSON Schema draft
2020-12.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias, cast

from kernelc.errors import UsageError
from runtime.grammar.dfa import difference, from_texts
from runtime.grammar.embed import json_string
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.disjoint import check_one_of
from runtime.grammar.json.places import Schemas
from runtime.grammar.json.shape import NOWHERE, Arrays, Numbers, Objects, Places, Shape, narrowed
from runtime.grammar.json.text import ANY_STRING, Json, JsonGrammar, Part
from runtime.grammar.json.values import Automata, Fitting

_MOST_COUNT = 1_000
"""Lists and objects with a greatest count have no more than this, since each count is a state."""
_MOST_NODES = 20_000
_ObjectNode: TypeAlias = tuple[bool, int, int, int]
"""Whether a key comes next, the next name's index, and both counts (see `_Compiler._add_object`)."""


def json_schema_grammar(schema: object, where: str = "json_schema") -> Grammar:
    """Return the grammar of the JSON texts that are answers for a schema, as `json.loads` gives it.

    Raises: UsageError with the place (a JSON pointer) of a keyword that is wrong or not supported, of an
    alternative that cannot be told from another, or of what is too large.
    """
    compiler = _Compiler(Schemas(cast("Json", schema), where))
    return compiler.grammar()


class _Compiler:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._automata = Automata()
        self._json = JsonGrammar()

    def grammar(self) -> Grammar:
        root = self._schemas.root
        grammar = self._json.finish(self._value(root), root[0])
        check_one_of(self._schemas, self._automata)
        return grammar

    def _value(self, places: Places) -> Part:
        """Return the values for which the schemas at all places hold."""
        places = self._schemas.referred(places)
        if not places:
            return self._json.any_value()

        def body(begin: int, end: int) -> None:
            for shape in self._schemas.shapes(places):
                for part in self._parts(narrowed(shape), places[0]):
                    part(begin, end)

        return self._json.call(("places", places), places[0], body)

    def _parts(self, shape: Shape, where: str) -> list[Part]:
        """Return the alternatives of a shape, one for each type or value."""
        if shape.values is not None:
            return self._values(shape, where)
        types, made = shape.types, self._json
        parts = [made.text("null")] if "null" in types else []
        if "boolean" in types:
            parts += [made.text("true"), made.text("false")]
        if "integer" in types:
            parts.append(self._number(shape.numbers, "number" not in types, where))
        if "string" in types:
            dfa = self._automata.strings(shape.strings, where)
            parts.append(made.any_string() if dfa is ANY_STRING else made.string(dfa, shape.strings, where))
        if "array" in types:
            parts.append(self._array(shape.arrays, where))
        if "object" in types:
            parts.append(self._object(shape.objects, where))
        return parts

    def _values(self, shape: Shape, where: str) -> list[Part]:
        """Return the listed values that fit the rest of the shape."""
        given = (shape.values or {}).values()
        fits = Fitting(self._schemas, self._automata).fits
        fitting = [value for value in given if fits(value, shape)]
        simple = [value for value in fitting if not isinstance(value, list | dict)]
        texts = [
            json_string(value).decode() if isinstance(value, str) else json.dumps(value) for value in simple
        ]
        parts = [self._json.value(value) for value in fitting if isinstance(value, list | dict)]
        if texts:
            parts.append(self._json.automaton(lambda: from_texts(texts, where), ("texts", *texts), where))
        return parts

    def _number(self, numbers: Numbers, whole: bool, where: str) -> Part:
        if numbers == Numbers() and not whole:
            return self._json.any_number()
        return self._json.automaton(
            lambda: self._automata.numbers(numbers, whole, where), ("number", numbers, whole), where
        )

    def _array(self, arrays: Arrays, where: str) -> Part:
        """Return the arrays, as a node after each count of items that matters."""
        most = None if arrays.most is None else min(arrays.most, max(_MOST_COUNT, arrays.least))
        loop = max(len(arrays.prefix), arrays.least, 1)  # from here on, without a limit, counts are alike
        if min(loop, most or loop) > _MOST_COUNT:
            raise UsageError(f"counts above {_MOST_COUNT} are not supported", where=where)

        def body(begin: int, end: int) -> None:
            made, grammar = self._json, self._json.grammar
            ready = grammar.node()
            made.row(made.text("["), made.space())(begin, ready)
            if arrays.least == 0:
                made.text("]")(ready, end)
            last = loop if most is None else most
            after = ready
            for count in range(1, last + 1):
                before, after = after, grammar.node()
                comma = [made.text(","), made.space()] if count > 1 else []
                made.row(*comma, self._value(arrays.of(count - 1)))(before, after)
                if count >= arrays.least:
                    made.row(made.space(), made.text("]"))(after, end)
            if most is None:
                made.row(made.text(","), made.space(), self._value(arrays.of(loop)))(after, after)

        return self._json.call(("array", where, _key(arrays)), where, body)

    def _object(self, objects: Objects, where: str) -> Part:
        return self._json.call(
            ("object", where, _key(objects)),
            where,
            lambda begin, end: self._add_object(objects, where, begin, end),
        )

    def _add_object(self, objects: Objects, where: str, begin: int, end: int) -> None:
        """Add objects: a node before a key, and one after a value, for each property that may be next.

        Both are there for each count of properties so far, where there is a greatest count, and for each
        count of different names, up to the least one. Of the names that the schema does not list only the
        first counts as different, since a model may write one twice, and a reader takes both for one.
        """
        made, grammar = self._json, self._json.grammar
        names = [*objects.properties, *(each for each in objects.required if each not in objects.properties)]
        required = set(objects.required)
        last_required = max((at + 1 for at, name in enumerate(names) if name in required), default=0)
        most = None if objects.most is None else min(objects.most, max(_MOST_COUNT, len(required)))
        if objects.more != (NOWHERE,) and objects.least > len(names) + 1:
            message = f"minProperties {objects.least} is not supported with {len(names)} names listed"
            raise UsageError(message, where=where, help="list the names in properties")
        if (len(names) + 2) * ((most or 0) + 2) * (objects.least + 1) > _MOST_NODES:
            raise UsageError("the object has too many properties to count them", where=where)
        nodes: dict[_ObjectNode, int] = {}
        pending: list[_ObjectNode] = []

        def node(is_key: bool, at: int, count: int, different: int) -> int:
            key = (is_key, at, count if most is not None else min(count, 1), min(different, objects.least))
            if key not in nodes:
                nodes[key] = grammar.node()
                pending.append(key)
            return nodes[key]

        opened = grammar.node()
        made.row(made.text("{"), made.space())(begin, opened)
        grammar.add_empty(opened, node(True, 0, 0, 0))
        if not last_required and objects.least == 0:
            made.text("}")(opened, end)
        while pending:
            key = pending.pop()
            here, (is_key, at, count, different) = nodes[key], key
            if not is_key:
                if at >= last_required and different >= objects.least:
                    made.row(made.space(), made.text("}"))(here, end)
                made.row(made.text(","), made.space())(here, node(True, at, count, different))
                continue
            may_follow = most is None or count < most
            if at < len(names):
                if may_follow:
                    after = node(False, at + 1, count + 1, different + 1)
                    self._member(made.value(names[at]), objects.of(names[at]))(here, after)
                if names[at] not in required:
                    grammar.add_empty(here, node(True, at + 1, count, different))
            elif may_follow and objects.more != (NOWHERE,):
                after = node(False, len(names) + 1, count + 1, different + (at == len(names)))
                self._member(self._other_key(names), objects.more)(here, after)

    def _member(self, key: Part, value: Places) -> Part:
        return self._json.row(key, self._json.text(":"), self._json.space(), self._value(value))

    def _other_key(self, names: Sequence[str]) -> Part:
        """Return the keys that are none of these names."""
        if not names:
            return self._json.any_string()
        where = "a name"
        dfa = difference(ANY_STRING, from_texts(sorted(names), where), where)
        return self._json.string(dfa, ("key but", *sorted(names)), where)


def _key(keywords: Arrays | Objects) -> str:
    return repr(keywords)
