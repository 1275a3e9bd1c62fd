"""Walks through grammars with the mask of every step: vectors/masks.json, which the page follows, too.

A walk begins after the text `before`, where a case has one.

    python -m tests.grammar.mask_vectors

writes it anew where masks are meant to be others.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Matcher
from tests.grammar.vocabularies import allowed_tokens, constraint, vectors, vocabulary

PATH = Path(__file__).parent / "vectors" / "masks.json"
STEPS = 12

# Alternatives that begin alike and nest in each other, of which one leads elsewhere by a name of its own.
_NESTED = {"type": "object", "properties": {"l": {"$ref": "#"}, "r": {"$ref": "#"}}, "required": ["l"]}
_LEAF = {"properties": {"l": {"enum": [1]}, "name": {"enum": ["a", "b"]}}, "required": ["l", "name"]}
ALIKE = {"anyOf": [{"enum": [1, 12]}, _NESTED, {**_NESTED, "required": ["l", "r"]}, _LEAF]}
BEFORE = ['{"l":' * 20, '{"l":' * 20 + "1", '{"l":' * 20 + "1" + ',"r":12}' * 8]


def document() -> dict[str, Any]:
    """What the file holds: the tokens' bytes, and for each schema a walk of masks with the tokens taken."""
    schemas = [case["schema"] for case in vectors("answers")]
    schemas += [True, {"type": "array"}, {"properties": {"a": {"$ref": "#"}}, "required": []}]
    chance = random.Random(14)
    cases = [{"schema": schema, "walk": _walk(schema, "", chance)} for schema in schemas]
    for before in BEFORE:
        cases.append({"schema": ALIKE, "before": before, "walk": _walk(ALIKE, before, chance)})
    return {
        "note": "Masks, as bytes, before each token of a walk. Written by tests/grammar/mask_vectors.py.",
        "pieces": [piece.hex() for piece in vocabulary().pieces],
        "cases": cases,
    }


def _walk(schema: Any, before: str, chance: random.Random) -> list[list[Any]]:
    held = constraint(json_schema_grammar(schema))
    matcher, found = Matcher(held), list[list[Any]]()
    assert matcher.advance_bytes(before.encode())
    while len(found) < STEPS and not matcher.ended:
        token = chance.choice(allowed_tokens(matcher, held.vocabulary))
        found.append([matcher.mask().tobytes().hex(), token])
        assert matcher.advance(token)
    return found


def _written(given: dict[str, Any]) -> str:
    cases = ",\n  ".join(json.dumps(case, ensure_ascii=False) for case in given["cases"])
    head = f' "note": {json.dumps(given["note"])},\n "pieces": {json.dumps(given["pieces"])},\n'
    return "{\n" + head + f' "cases": [\n  {cases}\n ]\n}}\n'


if __name__ == "__main__":
    PATH.write_text(_written(document()), "utf-8")
