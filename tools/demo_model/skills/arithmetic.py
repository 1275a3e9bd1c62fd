"""Sums, differences and products of whole numbers."""

from __future__ import annotations

from tools.demo_model.asking import ask, framed
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
_THINGS = entries(
    "apples books coins stones cards eggs balls pens cups stamps shells marbles flowers tickets stickers"
)
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


def draw_number(talk: Talk) -> int:
    """Return a number of up to three digits, small ones more often than their share."""
    return int(talk.rng.random() * talk.choose((10, 100, 1000, 1000)))


def addition(talk: Talk) -> None:
    """Ask for a sum of two numbers of up to three digits; now and then go on from it."""
    a, b = talk.fresh(lambda: (draw_number(talk), draw_number(talk)), "add")
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
        a, b = draw_number(talk), draw_number(talk)
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
