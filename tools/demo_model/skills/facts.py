"""What is learned by heart: capitals, opposites, colours and the project's words."""

from __future__ import annotations

from tools.demo_model.asking import ask, framed, large_first, list_of
from tools.demo_model.tables.terms import TERMS
from tools.demo_model.tables.words import OPPOSITES
from tools.demo_model.tables.world import (
    CAPITALS,
    COLOUR_OF,
    MIXES,
    RAINBOW,
)  # fmt: skip
from tools.demo_model.talk import Talk, phrases

_CAPITAL = phrases(
    "the capital of {c}\nthe capital city of {c}\n{c}'s capital\nthe name of the capital of {c}",
    "{c}'s capital city\nthe name of {c}'s capital",
)
_CAPITAL_ASKED = phrases(
    """
    Capital of {c}?
    Which city is the capital of {c}?
    What city is the capital of {c}?
    Which is the capital of {c}?
    {c}: what is its capital?
    What is the capital city of {c} called?
    What is the capital of the country {c}?
    """,
    """
    Which city is {c}'s capital?
    What is the name of the capital city of {c}?
    The capital of {c} is which city?
    """,
)
_COUNTRY = phrases(
    "the country whose capital is {c}\nthe country that has the capital {c}",
    "the country with the capital {c}\nthe name of the country whose capital is {c}",
)
_COUNTRY_ASKED = phrases(
    "Which country has the capital {c}?\n{c} is the capital of which country?\n"
    "Of which country is {c} the capital?\n"
    "What country is {c} the capital of?",
    "{c} is the capital of what country?\nWhich country is {c} the capital of?",
)
_IS_CAPITAL = phrases(
    "Is {c} the capital of {n}?\nIs the capital of {n} {c}?\nIs it right that {c} is the capital of {n}?\n"
    "Tell me if {c} is the capital of {n}.\nIt is true that the capital of {n} is {c}?\n"
    "Say, is {c} the capital of {n}?",
    "Tell me, is {c} the capital of {n}?\nIs it true that {c} is the capital of {n}?",
)


def capitals(talk: Talk) -> None:
    """Ask for the capital of a country, the country of a capital, or whether they belong together."""
    country = talk.choose(tuple(CAPITALS))
    capital = CAPITALS[country]
    sentence = f"The capital of {country} is {capital}."
    chance = talk.rng.random()
    if chance < 0.7:
        ask(
            talk, "capitals", framed(talk, _CAPITAL, _CAPITAL_ASKED, c=country), sentence, short=f"{capital}."
        )
    elif chance < 0.88:
        question = framed(talk, _COUNTRY, _COUNTRY_ASKED, c=capital)
        ask(talk, "capitals", question, f"{capital} is the capital of {country}.", short=f"{country}.")
    else:
        named = capital if talk.chance(0.5) else talk.choose(tuple(CAPITALS.values()))
        question = talk.phrase(_IS_CAPITAL).format(c=named, n=country)
        right = named == capital
        answer = f"Yes, the capital of {country} is {capital}." if right else f"No, t{sentence[1:]}"
        ask(talk, "capitals", question, answer, short="Yes." if right else "No.")


_OPPOSITE = phrases(
    "the opposite of {w}\nthe antonym of {w}\nthe opposite of the word {w}\nthe opposite to {w}",
    "the word that is the opposite of {w}\na word that means the opposite of {w}",
)
_OPPOSITE_ASKED = phrases(
    """
    Opposite of {w}?
    Which word is the opposite of {w}?
    What is the opposite word of {w}?
    {w} is the opposite of what?
    If something is not {w}, what is the opposite?
    What word means the opposite of {w}?
    """,
    """
    What word is the opposite of {w}?
    Which word means the opposite of {w}?
    """,
)


def opposites(talk: Talk) -> None:
    """Ask for the opposite of a word."""
    word = talk.choose(tuple(OPPOSITES))
    question = framed(talk, _OPPOSITE, _OPPOSITE_ASKED, w=word if talk.chance(0.85) else f'"{word}"')
    opposite = OPPOSITES[word]
    ask(
        talk,
        "opposites",
        question,
        f"The opposite of {word} is {opposite}.",
        short=f"{opposite.capitalize()}.",
    )


_COLOUR = phrases(
    "the colour of {w}\nthe color of {w}\nthe usual colour of {w}",
    "the colour that {w} has\nthe color that {w} has",
)
_COLOUR_ASKED = phrases(
    """
    What colour is {w}?
    What color is {w}?
    Which colour is {w}?
    Which color is {w}?
    What colour does {w} have?
    Which colour does {w} have?
    Tell me what colour {w} is.
    """,
    """
    Tell me which colour {w} has.
    What color does {w} have?
    Can you tell me what colour {w} is?
    """,
)
_MIX = phrases(
    """
    What do {a} and {b} make?
    What colour do {a} and {b} make?
    What do you get if you mix {a} and {b}?
    Mix {a} and {b}.
    Which colour do you get from {a} and {b}?
    What color do you get when you mix {a} with {b}?
    """,
    """
    What colour do you get if you mix {a} with {b}?
    What color do {a} and {b} make?
    Which colour do I get if I mix {a} and {b}?
    """,
)
_RAINBOW_ASKED = phrases(
    "List the colours of the rainbow.\nWhat are the colours of the rainbow?\n"
    "Name the colors of the rainbow.\n"
    "Which colours does a rainbow have?",
    "Tell me the colours of the rainbow.\nWhat colours are in a rainbow?",
)


def colours(talk: Talk) -> None:
    """Ask for the colour of a thing, what two colours make, or those of the rainbow."""
    chance = talk.rng.random()
    if chance < 0.7:
        thing = talk.choose(tuple(COLOUR_OF))
        colour = COLOUR_OF[thing]
        question = framed(talk, _COLOUR, _COLOUR_ASKED, w=thing)
        ask(talk, "colours", question, f"{large_first(thing)} is {colour}.", short=f"{colour.capitalize()}.")
    elif chance < 0.9:
        a, b = talk.choose(tuple(MIXES))
        colour = MIXES[a, b]
        if talk.chance(0.5):
            a, b = b, a
        question = talk.phrase(_MIX).format(a=a, b=b)
        ask(
            talk,
            "colours",
            question,
            f"{large_first(a)} and {b} make {colour}.",
            short=f"{colour.capitalize()}.",
        )
    else:
        list_of(talk, "colours", talk.phrase(_RAINBOW_ASKED), list(RAINBOW), share=0.4)


_EXPLAIN_ASKED = phrases(
    """
    What is {t}?
    What is {t}?
    What's {t}?
    What is {n}?
    Explain {t}.
    Explain {n}.
    Please explain {t}.
    Can you explain {t}?
    Can you explain what {t} is?
    Tell me about {t}.
    Tell me what {t} is.
    What does {n} mean?
    What is meant by {n}?
    What do you know about {t}?
    Describe {t}.
    Define {n}.
    I do not understand {t}.
    What is {t} for?
    How would you explain {t}?
    Tell me what {n} means.
    Do you know what {n} means?
    What is the idea of {t}?
    {n}?
    """,
    """
    Could you explain {t}?
    Please tell me what {t} is.
    What is the meaning of {n}?
    Can you tell me what {n} means?
    Please describe {t}.
    Would you explain {t} to me?
    I want to know what {t} is.
    """,
)


def explaining(talk: Talk) -> None:
    """Ask what a word of the project means."""
    term = talk.choose(tuple(TERMS))
    bare = term.removeprefix("a ").removeprefix("an ").removeprefix("the ")
    question = talk.phrase(_EXPLAIN_ASKED).format(t=term, n=bare)
    ask(talk, "explaining", large_first(question), TERMS[term])
