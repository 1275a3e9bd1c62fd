"""From a request to what an engine is asked: the ids of the prompt, a grammar, and how its answer is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kernelc.errors import ContextError
from runtime.chat.constraints import Constraints
from runtime.chat.messages import plain_messages
from runtime.chat.prompt import PromptEncoder, StreamDecoder, Template, TextCoder
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.characters import SPACE
from runtime.chat.tools.constraint import RequiredCalls
from runtime.chat.tools.forms import form_of, thoughts_of
from runtime.chat.tools.guide import MOST_CALLS, CallMark, Course, Guide, ThoughtMarks
from runtime.chat.tools.marked import MarkedDecoder, shown_marks
from runtime.chat.tools.parser import AnswerParser
from runtime.engine.chooser import AnswerMatcher
from runtime.grammar.grammar import Grammar
from runtime.grammar.matcher import Matcher


@dataclass(frozen=True)
class Plan:
    """`text` is that of the prompt where it went through the template. `continued`: the answer goes on from
    it. `parser` takes the answer apart, None where it is nothing but text. Of a call that must come: `begun`
    says that the prompt has its beginning, `thinking` that it ends within a thought."""

    text: str | None
    ids: Sequence[int]
    continued: bool
    decoder: StreamDecoder
    parser: AnswerParser | None
    begun: bool = False
    thinking: bool = False


class Planner:
    """Plans answers of a model, of which it knows how it writes calls and thoughts."""

    def __init__(
        self,
        coder: TextCoder,
        template: Template,
        *,
        prefix: Sequence[int],
        context: int,
        ends: Collection[int],
    ) -> None:
        """`prefix` starts every plain prompt; `ends` are the ids that end an answer, which are no marks."""
        self.prompts = PromptEncoder(coder, template)
        self._coder, self._template = coder, template
        self._prefix, self._context, self._ends = prefix, context, frozenset(ends)
        self._form = form_of(template.source)
        tokens = {*coder.special_tokens, *coder.markup}
        self._thoughts = None if template.is_plain else thoughts_of(template.source, tokens)
        self._required = RequiredCalls(self._form)

    def grammar_of(self, request: CompletionRequest) -> Grammar | None:
        """Return the grammar of the answer: the same object for the same tools. Raises: UsageError."""
        tools = request.tools
        if tools is not None and (tools.required or (tools.held and self._form.opens)):
            return self._required.of(tools).grammar
        return request.grammar

    def matcher_of(self, request: CompletionRequest, plan: Plan, constraints: Constraints) -> AnswerMatcher:
        """Return what holds an answer to the grammar of its request."""
        tools, grammar = request.tools, self.grammar_of(request)
        assert grammar is not None
        constraint, drops_space = constraints.of(grammar), not plan.continued
        if tools is None:
            return Matcher(constraint, drops_space=drops_space)
        call, free = self._required.of(tools), not tools.required
        if plan.begun and not call.several:
            return Matcher(constraint, drops_space=drops_space)
        opens = [each for each in self._form.opens if each in call.begins] if free else []
        course = Course(
            self._tokens(call.begins),
            constraint,
            after_thought=self._tokens("\n\n"),
            separator=self._tokens(call.separator),
            tail=self._tokens(call.tail),
            most=MOST_CALLS if call.several else 1,
            marks=[self._call_mark(each, call.begins) for each in opens],
        )
        return Guide(
            course,
            self._ends,
            self._thought_marks(min(request.max_new, self._context - len(plan.ids)) // 2),
            begun=plan.begun,
            thinking=plan.thinking,
            drops_space=drops_space,
        )

    def _call_mark(self, mark: str, begins: str) -> CallMark:
        """Return a mark of calls with what follows it in the beginning of one."""
        ids = self._tokens(mark)
        token = ids[0] if len(ids) == 1 else None
        return CallMark(mark.encode(), token, self._tokens(begins.partition(mark)[2]))

    def _tokens(self, text: str) -> list[int]:
        return self._coder.encode(text, parse_special=True) if text else []

    def _thought_marks(self, most: int = 0) -> ThoughtMarks | None:
        """Return the marks of thoughts as tokens. One that is no token by itself is none that may come."""
        if self._thoughts is None:
            return None
        opens, closes = (self._tokens(mark) for mark in (self._thoughts.open, self._thoughts.close))
        alone = opens if len(opens) == 1 else []
        return ThoughtMarks(alone, closes, self._thoughts.close.encode(), most)

    def plan(self, request: CompletionRequest) -> Plan:
        """Return how a request is answered. Raises: ContextError, TemplateError, UsageError."""
        if request.messages is not None:
            plan = self._of_messages(request)
        else:
            ids = list(request.prompt_ids or ())
            if request.prompt is not None:
                ids = [*self._prefix, *self._coder.encode(request.prompt)]
            plan = Plan(None, ids, True, self._coder.stream_decoder(continued=True), None)
        if len(plan.ids) > self._context:
            raise ContextError(
                f"the prompt is {len(plan.ids)} tokens, the context holds {self._context}",
                help="shorten it, or load the model with a longer `context`",
            )
        return plan

    def _of_messages(self, request: CompletionRequest) -> Plan:
        tools = request.tools
        definitions = [] if tools is None else [each.definition for each in tools.tools]
        text = self.prompts.render(plain_messages(request.messages or ()), definitions)
        form = None if tools is None else self._form
        thoughts = self._thoughts
        thinking = thoughts is not None and text.rstrip(SPACE).endswith(thoughts.open)
        begun, calls = "", False
        if tools is not None and tools.required:
            marks, begins = self._thought_marks(), self._required.of(tools).begins
            may_think = marks is not None and bool(marks.opens) and bool(begins)
            calls = not thinking and not may_think  # at once
            begun = begins if calls else ""
        if calls or not request.splits_thoughts:
            thoughts = None
        continued = self._template.is_plain
        decoder = self._coder.stream_decoder(continued=continued)
        parser = None
        if form is not None or thoughts is not None:
            special = {
                mark: token for mark, token in self._coder.special_tokens.items() if token not in self._ends
            }
            decoder = MarkedDecoder(decoder, shown_marks(special, form, thoughts))
            names = () if tools is None else tools.callable
            most = None
            if tools is not None and (not tools.parallel or tools.required):
                several = tools.required and self._required.of(tools).several
                most = MOST_CALLS if several else 1
            strings = {} if tools is None else tools.strings
            parser = AnswerParser(form, thoughts, names, strings=strings, thinking=thinking, most_calls=most)
            parser.feed(begun)
        text += begun
        ids = self.prompts.ids_of(text)
        return Plan(text, ids, continued, decoder, parser, begun=calls, thinking=thinking)
