"""What holds an answer to a call, where one is required."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from runtime.chat.tools.forms import CallForm
from runtime.chat.tools.use import ToolUse
from runtime.grammar.grammar import Grammar
from runtime.grammar.join import one_of
from runtime.grammar.json.text import json_grammar

_MOST_KEPT = 8
ANY_OBJECT = json_grammar()  # of arguments that no schema holds


@dataclass(frozen=True)
class RequiredCall:
    """A call that must come: `begins` ends the prompt, or stands before it in the answer, and then it follows
    `grammar`. Of several, each follows it; `separator` stands between two and `tail` after the last."""

    begins: str
    grammar: Grammar
    separator: str = ""
    tail: str = ""

    @property
    def several(self) -> bool:
        """Whether there may be more than one."""
        return bool(self.tail)


class RequiredCalls:
    """What was made for the last requests, so that grammars keep their masks."""

    def __init__(self, form: CallForm) -> None:
        self._form = form
        self._kept: OrderedDict[tuple[object, ...], tuple[ToolUse, RequiredCall]] = OrderedDict()

    def of(self, use: ToolUse) -> RequiredCall:
        """Return the call that a request wants, of one of the tools that it may call.

        The name of an only tool belongs to the beginning where nothing but special tokens stands around it.
        Raises: UsageError where its grammars together are too large.
        """
        key = (use.several, use.required, *((each.name, id(each.grammar)) for each in use.called))
        if key not in self._kept:
            self._kept[key] = use, self._made(use)  # the use is kept so that ids stay those of its grammars
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key][1]

    def _made(self, use: ToolUse) -> RequiredCall:
        form = self._form
        several = (use.several or not use.required) and bool(form.tail)
        before, between, after = form.listed_frame if several else form.frame
        begins = form.begins_list if several else form.begins
        grammars = [(each.name, each.grammar or ANY_OBJECT) for each in use.called]
        if use.required and len(grammars) == 1 and not before and not after:
            name, grammar = grammars[0]
            return RequiredCall(begins + name + between, grammar)
        framed = [
            (f"{before}{name}{between}".encode(), grammar, after.encode()) for name, grammar in grammars
        ]
        ends = (form.separator, form.tail) if several else ()
        return RequiredCall(begins, one_of(framed, "tools"), *ends)
