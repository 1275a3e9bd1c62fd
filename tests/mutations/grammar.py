"""Bugs in the grammar engine: answers that are not valid, dead ends, and masks of another state."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_MASKS = ("tests/grammar/test_masks.py",)
_ALIKE = ("tests/grammar/test_alike.py",)
_REGEX = ("tests/grammar/test_regex.py",)
_GBNF = ("tests/grammar/test_gbnf.py",)
_NUMBERS = ("tests/grammar/test_json_numbers.py",)
_SCHEMAS = ("tests/grammar/test_json_schema.py", "tests/grammar/test_random_schemas.py")
_GUIDE = ("tests/runtime/test_guide.py",)
_ANSWERS = ("tests/grammar/test_answers.py", "-k", "chosen")

GRAMMAR: tuple[Mutation, ...] = (
    Mutation(
        "grammar_dead_ends",
        "Edges from which no end can be reached stay in the grammar.",
        "runtime/grammar/pushdown.py",
        "alive = [each < math.inf for each in cost]",
        "alive = [True for each in cost]",
        _GBNF,
    ),
    Mutation(
        "grammar_left_recursion",
        "A rule that comes to itself behind a rule that may be empty is not noticed.",
        "runtime/grammar/pushdown.py",
        "if nullable[inside]:",
        "if False and nullable[inside]:",
        _GBNF,
    ),
    Mutation(
        "grammar_bytes_without_tokens",
        "A text may begin whose next byte no token is.",
        "runtime/grammar/matcher.py",
        "if not pushdown.used_bytes() <= vocabulary.single_bytes:",
        "if False:",
        _MASKS,
    ),
    Mutation(
        "grammar_escapes_forgotten",
        "Tokens that go on behind the end of a rule are left out.",
        "runtime/grammar/masks.py",
        "while walk.escapes and at > 0:",
        "while walk.escapes and at > len(below):",
        _MASKS,
    ),
    Mutation(
        "grammar_escapes_of_the_first_kind",
        "What follows a rule is taken from the first place that the rule returned to.",
        "runtime/grammar/masks.py",
        "following = walk.nexts.get(below[at])",
        "following = next(iter(walk.nexts.values()), None)",
        _MASKS,
    ),
    Mutation(
        "grammar_alike_for_too_few_bytes",
        "Nodes share a mask though a token of the greatest length tells them apart.",
        "runtime/grammar/masks.py",
        "[vocabulary.long.length, len(vocabulary.levels) - 2]",
        "[vocabulary.long.length, len(vocabulary.levels) - 3]",
        _ALIKE,
    ),
    Mutation(
        "grammar_long_tokens_of_another_state",
        "Long tokens are taken over from a state that only short ones do not tell apart.",
        "runtime/grammar/masks.py",
        "self._with_long(wholly, short)",
        "self._with_long(nearly, short)",
        _ALIKE,
    ),
    Mutation(
        "grammar_classes_not_refined",
        "Nodes before one that has left its class stay together.",
        "runtime/grammar/alike.py",
        "affected = {node for each in changed for node in before[each]}",
        "affected = set[int]()",
        _ALIKE,
    ),
    Mutation(
        "grammar_stack_not_shared",
        "A string in a nested list is another state than in the list itself.",
        "runtime/grammar/machine.py",
        "if len(joints) < 2:\n                self._splits",
        "if True:\n                self._splits",
        _MASKS,
    ),
    Mutation(
        "grammar_stale_state",
        "A matcher goes on with the number of a state that the machine has forgotten.",
        "runtime/grammar/matcher.py",
        "if self._epoch != self._machine.epoch:",
        "if False:",
        _MASKS,
    ),
    Mutation(
        "grammar_half_a_token",
        "A token that is refused leaves its first bytes behind.",
        "runtime/grammar/matcher.py",
        "                    self._become(state, below)\n",
        "",
        _MASKS,
    ),
    Mutation(
        "grammar_end_anywhere",
        "An answer may end before its text is whole.",
        "runtime/grammar/matcher.py",
        "return mask | constraint.end_mask if self._machine.ends[state] else mask",
        "return mask | constraint.end_mask",
        _MASKS,
    ),
    Mutation(
        "grammar_difference_forgets_the_gap",
        "What lies before a range that is taken away is taken away, too.",
        "runtime/grammar/dfa.py",
        "found.append((low, other_low - 1, (to, -1)))",
        "pass",
        _REGEX,
    ),
    Mutation(
        "grammar_last_character_of_a_range",
        "Negated classes lose the character behind a range.",
        "runtime/grammar/chars.py",
        "begin = high + 1",
        "begin = high + 2",
        _REGEX,
    ),
    Mutation(
        "grammar_strict_bounds",
        "A number may be a bound that it has to be above.",
        "runtime/grammar/json/numbers.py",
        "may_be_whole = not low and not above and",
        "may_be_whole = not low and",
        _NUMBERS,
    ),
    Mutation(
        "grammar_other_schema_forgotten",
        "Of two schemas for one property only the first holds.",
        "runtime/grammar/json/shape.py",
        "{name: both(a.of(name), b.of(name)) for name in names},",
        "{name: a.of(name) for name in names},",
        _SCHEMAS,
    ),
    Mutation(
        "grammar_one_of_unchecked",
        "Alternatives of oneOf may hold both.",
        "runtime/grammar/json/disjoint.py",
        "if not (proofs.disjoint((first,), (second,)) and proofs.disjoint((second,), (first,))):",
        "if False:",
        _SCHEMAS,
    ),
    Mutation(
        "grammar_names_twice",
        "A name that is there twice counts as two.",
        "runtime/grammar/json/schema.py",
        "different + (at == len(names))",
        "different + 1",
        _SCHEMAS,
    ),
    Mutation(
        "grammar_mask_not_applied",
        "The chooser draws from all tokens.",
        "runtime/engine/chooser.py",
        "logits[~allowed] = -np.inf",
        "pass",
        _ANSWERS,
    ),
    Mutation(
        "grammar_no_score",
        "Where no allowed token has a score, one that is not allowed is chosen.",
        "runtime/engine/chooser.py",
        "if not allowed[token]:",
        "if False:",
        _ANSWERS,
    ),
    Mutation(
        "mask_bit_of_a_neighbour",
        "On the device a token is allowed by the bit of the one after it.",
        "kernelc/kernels/sampling/mask.py",
        "word = mask[first >> 5] >> (first & 31)",
        "word = mask[first >> 5] >> ((first + 1) & 31)",
        ("tests/kernels/test_mask.py", "-k", "interpreter or cpu"),
    ),
    Mutation(
        "guide_ends_within_a_thought",
        "An answer that must have a call may end while the model thinks.",
        "runtime/chat/tools/guide.py",
        "bits[list(self._ends)] = self._free",
        "bits[list(self._ends)] = True",
        _GUIDE,
    ),
    Mutation(
        "guide_lets_a_token_through_a_mark",
        "A token may end the mark of a call and go on with what nobody holds.",
        "runtime/chat/tools/guide.py",
        "bits[self._beyond_marks()] = False",
        "bits[self._beyond_marks()] = True",
        _GUIDE,
    ),
    Mutation(
        "guide_calls_for_ever",
        "Another call may follow the last that may come.",
        "runtime/chat/tools/guide.py",
        "if separator and self._calls < self._course.most",
        "if separator and self._calls <= self._course.most",
        _GUIDE,
    ),
)
