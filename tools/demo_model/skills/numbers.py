"""Comparing, sorting and counting with whole numbers."""

from __future__ import annotations

from tools.demo_model.asking import ask, framed, list_of
from tools.demo_model.skills.arithmetic import draw_number
from tools.demo_model.talk import Talk, phrases

_LARGER = phrases(
    """
    Which is larger, {a} or {b}?
    Which is bigger, {a} or {b}?
    Which number is larger: {a} or {b}?
    What is more, {a} or {b}?
    Is {a} or {b} larger?
    Is {a} or {b} bigger?
    Which is greater, {a} or {b}?
    Compare {a} and {b}.
    Compare {a} with {b}.
    Which one of {a} and {b} is larger?
    Which of {a} and {b} is greater?
    Tell me which is bigger, {a} or {b}.
    """,
    """
    Which number is bigger, {a} or {b}?
    Please compare {a} and {b}.
    Which one is greater: {a} or {b}?
    """,
)
_SMALLER = phrases(
    """
    Which is smaller, {a} or {b}?
    Which is less, {a} or {b}?
    Which number is smaller: {a} or {b}?
    What is less, {a} or {b}?
    Is {a} or {b} smaller?
    Which one of {a} and {b} is smaller?
    Which of {a} and {b} is less?
    Tell me which is smaller, {a} or {b}.
    """,
    """
    Which number is less, {a} or {b}?
    Which one is smaller: {a} or {b}?
    """,
)
_IS_LARGER = phrases(
    "Is {a} larger than {b}?\nTell me if {a} is larger than {b}.\nIs it true that {a} is bigger than {b}?\n"
    "Is {a} bigger than {b}?\nIs {a} greater than {b}?\nIs {a} more than {b}?\nIs {a} > {b}?",
    "Tell me, is {a} larger than {b}?\nCan you tell me if {a} is bigger than {b}?",
)
_IS_SMALLER = phrases(
    "Is {a} smaller than {b}?\nTell me if {a} is smaller than {b}.\nIs it true that {a} is less than {b}?\n"
    "Is {a} less than {b}?\nIs {a} lower than {b}?\nIs {a} < {b}?",
    "Tell me, is {a} smaller than {b}?\nCan you tell me if {a} is less than {b}?",
)


def comparing(talk: Talk) -> None:
    """Ask which of two numbers is larger or smaller, or whether one is."""
    a = talk.fresh(lambda: draw_number(talk), "compare")
    b = (
        a
        if talk.chance(0.08)
        else talk.choose((draw_number(talk), draw_number(talk), max(0, a + talk.rng.randint(-20, 20))))
    )
    large, small = max(a, b), min(a, b)
    which = talk.rng.randrange(4)
    question = talk.phrase((_LARGER, _SMALLER, _IS_LARGER, _IS_SMALLER)[which]).format(a=a, b=b)
    same = f"{a} and {b} are equal."
    if which < 2:
        answer = f"{large} is larger than {small}." if which == 0 else f"{small} is smaller than {large}."
        short = str(large if which == 0 else small) + "."
    else:
        truth = a > b if which == 2 else a < b
        answer = ("Yes, " if truth else "No, ") + f"{a} is {'larger' if a > b else 'smaller'} than {b}."
        short = "Yes." if truth else "No."
        same = f"No, {a} and {b} are equal."
    ask(talk, "comparing", question, answer if a != b else same, short=short if a != b else None)


_UPWARD = phrases(
    """
    Sort these numbers: {n}
    Sort {n}.
    Sort the numbers {n}.
    Put {n} in order.
    Put these numbers in order: {n}
    Order these numbers: {n}
    Arrange {n} from small to large.
    Sort {n} from smallest to largest.
    Sort {n} in ascending order.
    Can you sort {n}?
    Please sort {n}.
    """,
    """
    Could you sort these numbers: {n}
    Please put {n} in order.
    Sort the numbers {n} from small to large.
    """,
)
_DOWNWARD = phrases(
    """
    Sort {n} from largest to smallest.
    Sort these numbers from large to small: {n}
    Arrange {n} from large to small.
    Sort {n} in descending order.
    Put {n} in descending order.
    Sort {n} backwards, the largest first.
    """,
    """
    Put these numbers in descending order: {n}
    Please sort {n} from large to small.
    """,
)


def sorting(talk: Talk) -> None:
    """Ask for a short list of numbers in order, upwards or downwards."""
    limit = talk.choose((10, 100, 100, 1000))
    numbers = talk.fresh(
        lambda: [int(talk.rng.random() * limit) for _ in range(talk.rng.randint(3, 6))], "sort"
    )
    down = talk.chance(0.3)
    shown = ", ".join(map(str, numbers)) if talk.chance(0.8) else " ".join(map(str, numbers))
    question = talk.phrase(_DOWNWARD if down else _UPWARD).format(n=shown)
    list_of(talk, "sorting", question, [str(n) for n in sorted(numbers, reverse=down)], share=0.15)


_EXTREME = phrases(
    "the {which} of {n}\nthe {which} number of {n}\nthe {which} of these numbers: {n}\n"
    "the {which} number in {n}",
    "the {which} number of these: {n}\nthe {which} in {n}",
)
_EXTREME_ASKED = phrases(
    "Which is the {which}: {n}?\nWhich of {n} is the {which}?\nWhich number is the {which}: {n}?\n"
    "Find the {which}: {n}",
    "Which of these is the {which}: {n}?\nWhich of the numbers {n} is the {which}?",
)


def extremes(talk: Talk) -> None:
    """Ask for the largest or smallest of a few numbers."""
    limit = talk.choose((10, 100, 1000))
    numbers = talk.fresh(
        lambda: [int(talk.rng.random() * limit) for _ in range(talk.rng.randint(3, 6))], "extreme"
    )
    which, value = talk.choose(
        (("largest", max(numbers)), ("smallest", min(numbers)), ("biggest", max(numbers)))
    )
    question = framed(talk, _EXTREME, _EXTREME_ASKED, which=which, n=", ".join(map(str, numbers)))
    ask(talk, "comparing", question, f"The {which} is {value}.", short=f"{value}.")


_NEXT = phrases(
    "What comes after {a}?\nWhich number comes after {a}?\nWhat is the number after {a}?\n"
    "What number follows {a}?",
    "Tell me which number comes after {a}.\nWhich number follows {a}?",
)
_BEFORE = phrases(
    "What comes before {a}?\nWhich number comes before {a}?\nWhat is the number before {a}?\n"
    "What number is before {a}?",
    "Tell me which number comes before {a}.\nWhich number is just before {a}?",
)
_COUNT = phrases(
    "Count from {a} to {b}.\nCount from {a} up to {b}.\nCan you count from {a} to {b}?\n"
    "List the numbers from {a} to {b}.",
    "Please count from {a} to {b}.\nCould you count from {a} up to {b}?",
)
_EVEN = phrases(
    "Is {a} even?\nIs {a} odd or even?\nIs {a} an even number?\nIs {a} even or odd?",
    "Tell me if {a} is even or odd.\nIs the number {a} odd or even?",
)


def counting(talk: Talk) -> None:
    """Ask for the next or the last number, to count, or whether a number is even."""
    kind = talk.rng.randrange(4)
    a = talk.fresh(lambda: draw_number(talk), "counting", kind)
    if kind == 0:
        ask(talk, "counting", talk.phrase(_NEXT).format(a=a), f"{a + 1} comes after {a}.", short=f"{a + 1}.")
    elif kind == 1:
        ask(
            talk,
            "counting",
            talk.phrase(_BEFORE).format(a=a),
            f"{a - 1} comes before {a}.",
            short=f"{a - 1}.",
        )
    elif kind == 2:
        word = "odd" if a % 2 else "even"
        ask(
            talk, "counting", talk.phrase(_EVEN).format(a=a), f"{a} is {word}.", short=word.capitalize() + "."
        )
    else:
        a, b = talk.fresh(lambda: (s := talk.rng.randrange(40), s + talk.rng.randint(2, 11)), "count")
        list_of(
            talk,
            "counting",
            talk.phrase(_COUNT).format(a=a, b=b),
            [str(n) for n in range(a, b + 1)],
            share=0.15,
        )
