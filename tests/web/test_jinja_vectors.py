"""The page's template engine is compared with jinja2: the values of many expressions, which both sides read.

web/tests/unit/text_template.test.ts holds the page to the committed file, this holds the file to jinja2.
"""

from __future__ import annotations

import json

from kernelc.errors import TemplateError
from model.text.chat_template import ChatTemplate
from model.text.page_names import missing_in_page
from tests.web.jinja_cases import PEOPLE, expressions
from tests.web.text_vectors import REPO

COMMITTED = REPO / "web" / "tests" / "vectors" / "jinja.json"


def test_the_committed_values_are_what_jinja2_gives(update_golden: bool) -> None:
    cases = [[each, rendered(each)] for each in expressions()]
    text = json.dumps({"people": PEOPLE, "cases": cases}) + "\n"
    if update_golden:
        COMMITTED.write_text(text)
    assert COMMITTED.read_text() == text, "the page's expressions changed: --update-golden writes them anew"


def test_the_page_is_said_to_have_what_the_expressions_use() -> None:
    everything = ChatTemplate("".join(f"{{{{ {each} }}}}" for each in expressions()))
    assert missing_in_page(everything) == []


def rendered(expression: str) -> str | None:
    """Return what jinja2 writes for an expression; None where it refuses it."""
    try:
        return ChatTemplate(f"{{{{ {expression} }}}}", variables={"people": PEOPLE}).render([])
    except TemplateError:
        return None
