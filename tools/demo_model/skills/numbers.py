"""Sums, products, comparing, sorting and counting with whole numbers."""

from __future__ import annotations

from tools.demo_model.asking import ask, framed, list_of
from tools.demo_model.tables import entries
from tools.demo_model.tables.world import NUMBER_WORDS
from tools.demo_model.talk import Talk, phrases

_ADD = phrases(
    """
    {a} + {b}
    {a}+{b}
    {a} plus {b}
    the sum of {a} and {b}
    {a} added to {b}
    the total of {a} and {b}
    the result of {a} + {b}
    the answer to {a} + {b}
    """,
    """
    the result of {a} plus {b}
    the total of {a} plus {b}
    the answer to {a} plus {b}
    """,
)
_ADD_ASKED = phrases(
    """
    {a} + {b}
    {a}+{b}
    {a} + {b} =
    {a}+{b}=?
    {a} + {b} = ?
    Add {a} and {b}.
    Add {a} to {b}.
    Calculate {a} + {b}.
    Compute {a} plus {b}.
    How much is {a} + {b}?
    How much is {a} plus {b}?
    What does {a} plus {b} make?
    What do you get if you add {a} and {b}?
    If I add {a} and {b}, what do I get?
    Work out {a} + {b}.
    Can you add {a} and {b}?
    What are {a} and {b} together?
    Together, {a} and {b} are how much?
    How much do I get from {a} plus {b}?
    """,
    """
    What do I get if I add {a} and {b}?
    Please calculate {a} plus {b}.
    How much do {a} and {b} make together?
    Could you add {a} to {b}?
    Please work out {a} plus {b}.
    """,
)
_SUBTRACT = phrases(
    """
    {a} - {b}
    {a}-{b}
    {a} minus {b}
    {a} less {b}
    the result of {a} - {b}
    the answer to {a} - {b}
    {b} taken from {a}
    {b} subtracted from {a}
    """,
    """
    the result of {a} minus {b}
    the answer to {a} minus {b}
    """,
)
_SUBTRACT_ASKED = phrases(
    """
    {a} - {b}
    {a}-{b}
    {a} - {b} =
    {a}-{b}=?
    {a} - {b} = ?
    Subtract {b} from {a}.
    Take {b} from {a}.
    Take {b} away from {a}.
    Calculate {a} - {b}.
    Compute {a} minus {b}.
    How much is {a} - {b}?
    How much is {a} minus {b}?
    What is left if you take {b} from {a}?
    What do you get if you subtract {b} from {a}?
    Work out {a} - {b}.
    Can you subtract {b} from {a}?
    """,
    """
    What do I get if I take {b} from {a}?
    Please calculate {a} minus {b}.
    Could you subtract {b} from {a}?
    Please work out {a} minus {b}.
    Can you take {b} away from {a}?
    """,
)
_MULTIPLY = phrases(
    """
    {a} x {b}
    {a} * {b}
    {a}*{b}
    {a}x{b}
    {a} \u00d7 {b}
    {a} times {b}
    {a} multiplied by {b}
    the product of {a} and {b}
    the result of {a} x {b}
    the answer to {a} x {b}
    """,
    """
    the result of {a} times {b}
    the answer to {a} times {b}
    """,
)
_MULTIPLY_ASKED = phrases(
    """
    {a} x {b}
    {a}*{b}
    {a} * {b} =
    {a} \u00d7 {b} = ?
    Multiply {a} by {b}.
    Multiply {a} and {b}.
    Calculate {a} x {b}.
    Compute {a} times {b}.
    How much is {a} x {b}?
    How much is {a} times {b}?
    What do you get if you multiply {a} by {b}?
    Work out {a} * {b}.
    Can you multiply {a} and {b}?
    """,
    """
    What do I get if I multiply {a} and {b}?
    Please calculate {a} times {b}.
    Could you multiply {a} by {b}?
    Please work out {a} times {b}.
    """,
)
_MORE = phrases(
    "Now add {b}.\nAdd {b}.\nPlus {b}?\nAnd plus {b}?\nAdd {b} to that.\nNow add {b} to it.",
    "Now add {b} to that.\nAnd now plus {b}?",
)
_LESS = phrases(
    "Now subtract {b}.\nSubtract {b}.\nMinus {b}?\nAnd minus {b}?\nTake {b} from that.\nNow take away {b}.",
    "Now subtract {b} from that.\nAnd now minus {b}?",
)
_THINGS = entries("apples books coins stones cards eggs balls pens cups stamps shells marbles flowers "
    "tickets stickers")
_GAIN = phrases(
    """
    I have {a} {t} and get {b} more. How many {t} do I have?
    I have {a} {t} and buy {b} more. How many do I have?
    I have {a} {t} and find {b} more. How many do I have now?
    There are {a} {t} in a box. I put in {b} more. How many {t} are in the box?
    {n} has {a} {t} and gets {b} more. How many {t} does {n} have?
    """,
    """
    I have {a} {t}. I get {b} more. How many {t} do I have now?
    {n} has {a} {t} and buys {b} more. How many does {n} have?
    """,
)
_LOSS = phrases(
    """
    I have {a} {t} and lose {b}. How many {t} do I have?
    I have {a} {t} and give away {b}. How many are left?
    I have {a} {t} and sell {b} of them. How many do I have left?
    There are {a} {t} in a box. I take out {b}. How many {t} are in the box?
    {n} has {a} {t} and loses {b}. How many {t} does {n} have?
    """,
    """
    I have {a} {t}. I give away {b}. How many {t} do I have now?
    {n} has {a} {t} and sells {b}. How many does {n} have left?
    """,
)


def _number(talk: Talk) -> int:
    return int(talk.rng.random() * talk.choose((10, 100, 1000, 1000)))


def addition(talk: Talk) -> None:
    """Ask for a sum of two numbers of up to three digits; now and then go on from it."""
    a, b = talk.fresh(lambda: (_number(talk), _number(talk)), "add")
    if talk.chance(0.05):
        a, b = talk.fresh(lambda: (talk.rng.randrange(21), talk.rng.randrange(21)), "add")
        question = framed(talk, _ADD, _ADD_ASKED, a=NUMBER_WORDS[a], b=NUMBER_WORDS[b])
    elif talk.chance(0.08):
        question = talk.phrase(_GAIN).format(
            a=a, b=b, t=talk.choose(_THINGS), n=talk.choose(("Tom", "Mia", "Ben"))
        )
    else:
        question = framed(talk, _ADD, _ADD_ASKED, a=a, b=b)
    ask(talk, "addition", question, f"{a} + {b} = {a + b}.", short=f"{a + b}.")
    _go_on(talk, a + b, 0.08)


def subtraction(talk: Talk) -> None:
    """Ask for a difference of two numbers of up to three digits, which may be negative."""

    def pair() -> tuple[int, int]:
        a, b = _number(talk), _number(talk)
        return (a, b) if a >= b or talk.chance(0.3) else (b, a)

    a, b = talk.fresh(pair, "subtract")
    if a >= b and talk.chance(0.08):
        question = talk.phrase(_LOSS).format(
            a=a, b=b, t=talk.choose(_THINGS), n=talk.choose(("Tom", "Mia", "Ben"))
        )
    else:
        question = framed(talk, _SUBTRACT, _SUBTRACT_ASKED, a=a, b=b)
    ask(talk, "subtraction", question, f"{a} - {b} = {a - b}.", short=f"{a - b}.")
    _go_on(talk, a - b, 0.06)


def _go_on(talk: Talk, value: int, share: float) -> None:
    """Now and then change the last result once more."""
    if not 0 <= value < 1000 or not talk.chance(share):
        return
    if talk.chance(0.5):
        b = talk.fresh(lambda: talk.rng.randrange(100), "add", value)
        talk.say("addition", talk.phrase(_MORE).format(b=b), f"{value} + {b} = {value + b}.")
    else:
        b = talk.fresh(lambda: talk.rng.randrange(100), "subtract", value)
        talk.say("subtraction", talk.phrase(_LESS).format(b=b), f"{value} - {b} = {value - b}.")


def product_text(a: int, b: int) -> str:
    """Return a product with its working: by the tens and the ones of the second factor, if it has both."""
    tens, ones = b // 10 * 10, b % 10
    if a < 10 and tens and ones:
        return product_text(b, a).replace(f"{b} x {a} =", f"{a} x {b} = {b} x {a} =", 1)
    if a >= 10 and tens and ones:
        return f"{a} x {b} = {a} x {tens} + {a} x {ones} = {a * tens} + {a * ones} = {a * b}."
    return f"{a} x {b} = {a * b}."


def multiplication(talk: Talk) -> None:
    """Ask for a product of two numbers of up to two digits; the answer shows its working."""

    def draw() -> int:
        return int(talk.rng.random() * talk.choose((11, 100, 100)))

    a, b = talk.fresh(lambda: (draw(), draw()), "multiply")
    question = framed(talk, _MULTIPLY, _MULTIPLY_ASKED, a=a, b=b)
    talk.say("multiplication", question, product_text(a, b))


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
    a = talk.fresh(lambda: _number(talk), "compare")
    b = (
        a
        if talk.chance(0.08)
        else talk.choose((_number(talk), _number(talk), max(0, a + talk.rng.randint(-20, 20))))
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
    a = talk.fresh(lambda: _number(talk), "counting", kind)
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
