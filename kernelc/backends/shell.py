"""The Jinja shells around a kernel's body: one file in the `templates` folder of each backend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jinja2

from kernelc.backends.base import Places


def fill(template: Path, **values: object) -> str:
    """Return the text of a shell with these values filled in and no trailing blanks."""
    return re.sub(r"[ \t]+\n", "\n", _loaded(template).render(**values))


def placed(text: str, body: str, places: Sequence[Places]) -> tuple[Places, ...]:
    """Return the places of each line of a shell's text, given those of the body's lines."""
    before = text[: text.index(body)].count("\n")
    after = text.count("\n") + 1 - before - len(places)
    return (*((),) * before, *places, *((),) * after)


@cache
def _loaded(template: Path) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    return environment.get_template(template.name)
