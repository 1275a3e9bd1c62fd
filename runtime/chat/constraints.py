"""The grammars of requests, made ready for a model's tokens and kept for the next request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from runtime.chat.prompt import TextCoder
from runtime.grammar.grammar import Grammar
from runtime.grammar.matcher import Constraint
from runtime.grammar.vocabulary import Vocabulary

_MOST_KEPT = 8  # each may hold some 100 MB of states and masks


class Constraints:
    """The grammars that were used last, with all the masks that they have needed so far.

    The same object is the same grammar. The bytes of the tokens are read at the first use.
    """

    def __init__(self, coder: TextCoder, vocab_size: int, end_ids: Collection[int]) -> None:
        self._coder, self._vocab_size, self._end_ids = coder, vocab_size, end_ids
        self._vocabulary: Vocabulary | None = None
        self._kept: OrderedDict[int, tuple[Grammar, Constraint]] = OrderedDict()

    def of(self, grammar: Grammar) -> Constraint:
        """Return a grammar for the model's tokens. Raises: UsageError where these cannot write it."""
        if self._vocabulary is None:
            self._vocabulary = self._coder.vocabulary(self._vocab_size)
        if id(grammar) not in self._kept:  # the grammar is kept, too, so that its id stays its own
            self._kept[id(grammar)] = (grammar, Constraint(grammar, self._vocabulary, self._end_ids))
        self._kept.move_to_end(id(grammar))
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return self._kept[id(grammar)][1]
