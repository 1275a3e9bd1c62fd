"""What is learned by heart of the calendar and of animals."""

from __future__ import annotations

from tools.demo_model.asking import ask, framed, large_first, list_of, with_article
from tools.demo_model.tables.world import DAYS, LEGS, MONTH_DAYS, MONTHS, ORDINALS, SEASONS, SOUNDS, YOUNG
from tools.demo_model.talk import Talk, phrases

_AFTER = phrases(
    "the {u} after {x}\nthe {u} that comes after {x}\nthe next {u} after {x}",
    "the {u} that follows {x}\nthe {u} right after {x}",
)
_AFTER_ASKED = phrases(
    "What {u} comes after {x}?\nWhich {u} comes after {x}?\nWhich {u} follows {x}?\nWhat comes after {x}?\n"
    "If today is {x}, what comes next?\nWhich {u} is after {x}?",
    "What {u} follows {x}?\nWhat {u} is after {x}?",
)
_EARLIER = phrases(
    "the {u} before {x}\nthe {u} that comes before {x}",
    "the {u} right before {x}\nthe {u} that is before {x}",
)
_EARLIER_ASKED = phrases(
    "What {u} comes before {x}?\nWhich {u} comes before {x}?\nWhich {u} is before {x}?\n"
    "What comes before {x}?",
    "What {u} is before {x}?\nTell me which {u} comes before {x}.",
)
_NTH = phrases(
    "the {n} {u} of the {whole}\nthe {n} {u} in the {whole}",
    "the {u} that is {n} in the {whole}",
)
_NTH_ASKED = phrases(
    "Which is the {n} {u} of the {whole}?\nWhich {u} is the {n} of the {whole}?\n"
    "Which {u} is {n} in the {whole}?",
    "Which {u} is the {n} in the {whole}?\nWhat {u} is the {n} of the {whole}?",
)
_ALL = phrases(
    "List the {u}.\nWhat are the {u}?\nName the {u}.\nList all {u}.\nTell me the {u}.\nWhich {u} are there?",
    "Please list the {u}.\nName all the {u}.\nCan you list the {u}?",
)
_MONTH_LENGTH = phrases(
    "How many days are in {m}?\nHow many days does {m} have?\nHow long is {m}?\nHow many days has {m}?\n"
    "How many days are there in {m}?",
    "In {m}, how many days are there?\nTell me how many days {m} has.",
)
_UNITS = {
    "days in a week": 7, "months in a year": 12, "hours in a day": 24, "minutes in an hour": 60,
    "seconds in a minute": 60, "seasons in a year": 4, "days in a year": 365, "weeks in a year": 52,
}  # fmt: skip
_UNITS_ASKED = phrases(
    "How many {a} are in {b}?\nHow many {a} does {b} have?\nHow many {a} are there in {b}?\n"
    "How many {a} has {b}?\n"
    "In {b} there are how many {a}?\nHow many {a} make {b}?",
    "In {b}, how many {a} are there?\nTell me how many {a} are in {b}.",
)


def calendar(talk: Talk) -> None:
    """Ask about days, months and seasons."""
    unit, items, whole = talk.choose(
        (("day", DAYS, "week"), ("month", MONTHS, "year"), ("month", MONTHS, "year"))
    )
    chance = talk.rng.random()
    if chance < 0.5:
        i = talk.rng.randrange(len(items))
        after = chance < 0.3
        noun, asked = (_AFTER, _AFTER_ASKED) if after else (_EARLIER, _EARLIER_ASKED)
        other = items[(i + (1 if after else -1)) % len(items)]
        question = framed(talk, noun, asked, u=unit, x=items[i])
        answer = f"{other} comes {'after' if after else 'before'} {items[i]}."
        ask(talk, "calendar", question, answer, short=f"{other}.")
    elif chance < 0.65:
        i = talk.rng.randrange(len(items))
        question = framed(talk, _NTH, _NTH_ASKED, n=ORDINALS[i], u=unit, whole=whole)
        answer = f"The {ORDINALS[i]} {unit} of the {whole} is {items[i]}."
        ask(talk, "calendar", question, answer, short=f"{items[i]}.")
    elif chance < 0.78:
        name, listed = talk.choose(
            (("days of the week", DAYS), ("months of the year", MONTHS), ("seasons", SEASONS))
        )
        list_of(talk, "calendar", talk.phrase(_ALL).format(u=name), list(listed), share=0.5)
    elif chance < 0.9:
        i = talk.rng.randrange(12)
        days = MONTH_DAYS[i]
        ask(
            talk,
            "calendar",
            talk.phrase(_MONTH_LENGTH).format(m=MONTHS[i]),
            f"{MONTHS[i]} has {days} days.",
            short=f"{days}.",
        )
    else:
        key = talk.choose(tuple(_UNITS))
        a, b = key.split(" in ")
        count = _UNITS[key]
        ask(
            talk,
            "calendar",
            talk.phrase(_UNITS_ASKED).format(a=a, b=b),
            f"{large_first(b)} has {count} {a}.",
            short=f"{count}.",
        )


_SOUND = phrases(
    "the sound of {a}\nthe sound that {a} makes\nthe noise of {a}\nthe noise that {a} makes\n"
    "the sound {a} makes",
    "the noise {a} makes\nthe sound made by {a}",
)
_SOUND_ASKED = phrases(
    """
    What sound does {a} make?
    What does {a} say?
    What noise does {a} make?
    Which sound does {a} make?
    How does {a} sound?
    How does {a} go?
    """,
    """
    Which noise does {a} make?
    Tell me what sound {a} makes.
    What kind of sound does {a} make?
    """,
)
_LEGS_ASKED = phrases(
    """
    How many legs does {a} have?
    How many legs has {a}?
    How many legs are on {a}?
    Tell me how many legs {a} has.
    Count the legs of {a}.
    """,
    """
    Do you know how many legs {a} has?
    Can you tell me how many legs {a} has?
    """,
)
_LEGS_NOUN = phrases(
    "the number of legs of {a}\nthe number of legs that {a} has\nthe number of legs on {a}",
    "how many legs {a} has",
)
_YOUNG = phrases(
    "the name of a baby {a}\nthe name for a baby {a}\nthe word for a young {a}",
    "the name for a young {a}\nthe word for a baby {a}",
)
_YOUNG_ASKED = phrases(
    "What is a baby {a} called?\nWhat is a young {a} called?\nWhat do you call a baby {a}?",
    "How do you call a baby {a}?\nWhat do you call a young {a}?",
)


def animals(talk: Talk) -> None:
    """Ask for an animal's sound, its legs or the name of its young."""
    chance = talk.rng.random()
    if chance < 0.45:
        animal = talk.choose(tuple(SOUNDS))
        question = framed(talk, _SOUND, _SOUND_ASKED, a=with_article(animal))
        sound = SOUNDS[animal]
        ask(
            talk,
            "animals",
            question,
            f"{large_first(with_article(animal))} says {sound}.",
            short=f"{sound.capitalize()}.",
        )
    elif chance < 0.85:
        animal = talk.choose(tuple(LEGS))
        question = framed(talk, _LEGS_NOUN, _LEGS_ASKED, a=with_article(animal))
        legs = LEGS[animal]
        answer = f"{large_first(with_article(animal))} has {legs or 'no'} legs."
        ask(talk, "animals", question, answer, short=f"{legs or 'None'}.")
    else:
        animal = talk.choose(tuple(YOUNG))
        question = framed(talk, _YOUNG, _YOUNG_ASKED, a=animal)
        young = YOUNG[animal]
        ask(
            talk,
            "animals",
            question,
            f"A baby {animal} is called {with_article(young)}.",
            short=f"{young.capitalize()}.",
        )
