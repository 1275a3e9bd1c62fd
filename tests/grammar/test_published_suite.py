"""The published JSON-Schema-Test-Suite, draft 2020-12: groups are refused by name, or their answers validate.

The suite is part of jsonschema's source distribution, which the nightly test downloads into build/cache, and
nothing of which is in the repository. Where it lies there a sample of it is tested by day, too.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from kernelc.errors import UsageError
from runtime.grammar.json.schema import json_schema_grammar
from tests.grammar.vocabularies import accepts, constraint, walk

VERSION = "4.26.0"
FOLDER = f"jsonschema-{VERSION}/json/tests/draft2020-12/"
CACHE = Path(__file__).parents[2] / "build" / "cache"
ARCHIVE = CACHE / f"jsonschema-{VERSION}.tar.gz"
COMBINED = {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf"}
ABOUT = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def groups() -> dict[str, list[dict[str, Any]]]:
    """The groups of tests by the name of their file, which is most often a keyword."""
    with tarfile.open(ARCHIVE) as archive:
        found: dict[str, list[dict[str, Any]]] = {}
        for member in archive.getmembers():
            name = member.name.removeprefix(FOLDER)
            name = name.removeprefix("optional/") if name.startswith("optional/format/") else name
            if name.endswith(".json") and name.removeprefix("format/") in (Path(name).name, FOLDER):
                opened = archive.extractfile(member)
                assert opened is not None
                found[name.removesuffix(".json")] = json.loads(opened.read())
    return found


def closed(schema: Any) -> Any:
    """A schema that says itself what docs/grammar.md says of answers; None where that is not plain."""
    if not isinstance(schema, dict):
        return schema
    made = cast("dict[str, Any]", schema).copy()
    if made.keys() & COMBINED:
        return None
    about = [kind for kind, keywords in ABOUT.items() if made.keys() & set(keywords)]
    if about and not made.keys() & {"type", "enum", "const"}:
        made["type"] = about
    if made.get("properties") and "additionalProperties" not in made:
        made["additionalProperties"] = False
    if made.get("prefixItems") and "items" not in made:
        made["items"] = False
    inner = [made.get("items", True), made.get("additionalProperties", True)]
    inner += [*made.get("properties", {}).values(), *made.get("prefixItems", [])]
    parts = [closed(each) for each in inner]
    if any(part is None for part in parts):
        return None
    made["items"], made["additionalProperties"] = parts[:2]
    made["properties"] = dict(zip(made.get("properties", {}), parts[2:], strict=False))
    if "prefixItems" in made:
        made["prefixItems"] = parts[2 + len(made["properties"]) :]
    return made


def is_plain(value: Any, schema: Any) -> bool:
    """Whether a value is written in the one way that grammars have: no 1.0, and names in their order."""
    if isinstance(value, float) and value.is_integer():
        return False
    if not isinstance(schema, dict):
        return True
    given = cast("dict[str, Any]", schema)
    if isinstance(value, str) and "format" in given:
        return False  # grammars have a narrower format than most of those that are valid
    listed = [given["const"]] if "const" in given else given.get("enum")
    return listed is None or json.dumps(value) in map(json.dumps, listed)


def check(group: dict[str, Any]) -> Counter[str]:
    """Check one group, and return what was met."""
    schema, tests = group["schema"], cast("list[dict[str, Any]]", group["tests"])
    try:
        grammar = json_schema_grammar(schema, "schema")
        held = constraint(grammar)
    except UsageError as refused:
        if "no text at all fits" in refused.message:
            assert not any(test["valid"] for test in tests), group["description"]
            return Counter(empty=1)
        assert (refused.where or "").startswith("schema: #"), refused
        return Counter(refused=1)
    found = Counter(held=1)
    validator = Draft202012Validator(schema)
    for seed in range(10):
        chance = random.Random(seed)
        answer = walk(held, chance, chance.choice([5, 30, 60]))
        assert validator.is_valid(json.loads(answer)), (group["description"], answer)
    narrowed = closed(schema)
    for test in tests:
        text = json.dumps(test["data"], ensure_ascii=False)
        is_answer = accepts(grammar, text)
        assert test["valid"] or not is_answer, (group["description"], text)
        found.update(valid=test["valid"], accepted=is_answer)
        if test["valid"] and narrowed is not None and is_plain(test["data"], schema):
            wanted = Draft202012Validator(narrowed).is_valid(test["data"])
            assert is_answer == wanted, (group["description"], text)
            found.update(told=1)
    return found


@pytest.mark.nightly
def test_every_group_of_the_published_suite() -> None:
    if not ARCHIVE.exists():
        options = ["--quiet", "--no-deps", "--no-binary", "jsonschema", "--dest", str(CACHE)]
        command = [sys.executable, "-m", "pip", "download", *options, f"jsonschema=={VERSION}"]
        subprocess.run(command, check=True, timeout=300)
    met: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, listed in groups().items():
        for group in listed:
            met[name].update(check(group))
    for name, counts in sorted(met.items()):
        print(name, dict(counts))
    total = sum(met.values(), Counter[str]())
    print(total)
    assert total["held"] >= 160 and total["accepted"] >= 290 and total["told"] >= 340


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the nightly tests have not downloaded the suite here")
@pytest.mark.parametrize("name", ["oneOf", "ref", "items", "properties"])
def test_a_sample_of_the_published_suite(name: str) -> None:
    assert sum((check(group) for group in groups()[name]), Counter[str]())["held"]
