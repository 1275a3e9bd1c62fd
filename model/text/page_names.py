"""What chat templates may ask of the page's template engine, and what one asks beyond that.

The page renders templates with an engine of its own (web/src/text/template), which has what templates are
known to use. page_names.json lists it; the page's tests hold the engine to the list.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from kernelc.errors import TemplateError
from model.text.chat_template import ChatTemplate

_LIST = Path(__file__).with_name("page_names.json")


def missing_in_page(template: ChatTemplate) -> list[str]:
    """Return what the template uses and the page lacks, such as "the filter xmlattr".

    Nothing is said of a damaged template."""
    try:
        used = template.names()
    except TemplateError:
        return []
    known = _known()
    return [
        f"the {kind.removesuffix('s')} {name}"
        for kind, names in used.items()
        for name in names
        if name not in known[kind]
    ]


@cache
def _known() -> dict[str, frozenset[str]]:
    return {kind: frozenset(names) for kind, names in json.loads(_LIST.read_text()).items()}
