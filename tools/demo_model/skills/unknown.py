"""Questions that the model was not taught to answer: it says that it does not know."""

from __future__ import annotations

from tools.demo_model.asking import FRAMES, with_article
from tools.demo_model.skills.letters import invented, mixed
from tools.demo_model.tables import entries
from tools.demo_model.tables.terms import TERMS
from tools.demo_model.tables.unknown import (
    DEEDS,
    DOINGS,
    EVENTS,
    HELD_QUESTIONS,
    MEASURES,
    PEOPLE,
    PLACES,
    THINGS,
    TIMES,
    WORKS,
)  # fmt: skip
from tools.demo_model.tables.words import CITIES, GOODS, NAMES, OPPOSITES, WORDS
from tools.demo_model.tables.world import CAPITALS, COLOUR_OF, LEGS, SOUNDS, UNTAUGHT_COUNTRIES
from tools.demo_model.talk import DONT_KNOW, Talk, phrases

_OPEN = phrases(
    """
    Who {deed} {thing}?
    Who {deed} {work}?
    Who was {person}?
    Who is {person}?
    When was {person} born?
    When did {person} die?
    What did {person} do {time}?
    Where did {person} live?
    Where is {place}?
    Where does {thing} come from?
    Who won {event}?
    When was {event}?
    When did {event} happen?
    Why did {event} happen?
    What happened {time}?
    What happened in {place} {time}?
    How do I {doing}?
    How can I {doing}?
    How do you {doing}?
    Can you {doing} for me?
    Can you help me to {doing}?
    What do I need to {doing}?
    Why do people {doing}?
    Should I {doing}?
    Is it hard to {doing}?
    How long does it take to {doing}?
    Where can I {doing}?
    What is {thing}?
    What is {work}?
    What was {event}?
    Explain {thing}.
    Tell me about {thing}.
    Tell me about {person}.
    Tell me about {event}.
    Tell me about {place}.
    What do you know about {person}?
    What do you think about {thing}?
    How does {thing} work?
    Why is {thing} important?
    Why is {thing} so expensive?
    Is {thing} good for me?
    Is {thing} dangerous?
    Do you like {work}?
    Have you read {work}?
    What is {work} about?
    How much does {thing} cost?
    How much is {thing}?
    How tall is {person}?
    How big is {place}?
    How far is it to {place}?
    How many people live in {place}?
    How many people know {thing}?
    What is the {measure} of {thing}?
    What is the {measure} of {place}?
    What is the {measure} of {person}?
    What is the {measure} of {country}?
    Which {measure} does {country} have?
    the {measure} of {city}
    What is the best {word} in {city}?
    Which {word} is the best?
    Where can I buy {goods}?
    How is {goods} made?
    Who makes the best {goods}?
    Why is the {word} so {adjective}?
    Why are {word}s {adjective}?
    What makes a {word} {adjective}?
    How do you make a {word}?
    How old is the {word}?
    How much does a {word} weigh?
    Which {word} should I buy?
    What is the weather in {place}?
    What is the weather like {time}?
    Will it rain {time}?
    What time is it in {city}?
    What time is it {time}?
    Which time is it in {place}?
    What is the name of the {word}?
    What was the name of {person}'s {word}?
    What is the name of {person}?
    What day is it {time}?
    What is the news from {place}?
    Who lives in {city}?
    Who is the mayor of {city}?
    Who rules {country}?
    Which language is spoken in {country}?
    What do people eat in {country}?
    What is {country} famous for?
    Is {country} larger than {country2}?
    How do I get from {city} to {place}?
    Translate {word} into French.
    How do you say {word} in Spanish?
    What is {word} in German?
    What rhymes with {word}?
    Write a poem about {thing}.
    Write a program for {thing}.
    Solve x + {n} = {m}.
    What is {n} percent of {m}?
    What is {n} divided by {m}?
    What is the root of {n}?
    Is {n} a prime number?
    What is the cube of {n}?
    What are the best {word}s {time}?
    Did {person} know {person2}?
    What did {person} say about {thing}?
    Which is better, {thing} or {thing2}?
    What is the difference between {thing} and {thing2}?
    Are {word}s {adjective}?
    What are you going to do {time}?
    What did you do {time}?
    Can I {doing} {time}?
    What colour is {person}?
    Do you know {person}?
    Have you heard of {event}?
    """,
    """
    Who first {deed} {thing}?
    Which person {deed} {work}?
    Why was {person} famous?
    In which year was {event}?
    Tell me how to {doing}.
    Give me advice on how to {doing}.
    Can you tell me more about {thing}?
    Tell me the {measure} of {thing}.
    What is known about {place}?
    How do people in {place} {doing}?
    What will happen {time}?
    Does {person} like {thing}?
    How was {thing} made?
    What would {person} say?
    Where was {person} {time}?
    Which {word} is the most {adjective}?
    Is {thing} better than {thing2}?
    What is the {measure} of the {word}?
    """,
)
_ADJECTIVES = entries(
    "expensive cheap popular rare famous useful dangerous healthy beautiful heavy old green fast loud"
)


_TAUGHT_WORDS = {word.lower() for term in TERMS for word in term.replace("-", " ").split()}


def _near_miss(talk: Talk) -> str:
    """Return a question in the form of a taught one, about something untaught."""
    kind = talk.rng.randrange(9)
    nothing = talk.fresh(lambda: invented(talk, talk.choose((2, 2, 3))), "nothing")
    word = talk.fresh(lambda: talk.choose(WORDS), "untaught")
    place = talk.pick(UNTAUGHT_COUNTRIES, "untaught")
    if talk.chance(0.6):
        other = talk.choose(NAMES if talk.chance(0.4) else WORDS)
        place = talk.choose((nothing, mixed(talk), mixed(talk), other)).capitalize()
        place = "Nowhere" if place in CAPITALS else place
    frame = talk.phrase(FRAMES)

    def framed(noun: str) -> str:
        return frame.format(np=noun, Np=noun[0].upper() + noun[1:])

    if kind <= 1:
        return framed(f"the capital of {place}")
    if kind == 2:
        return f"Which country has the capital {nothing.capitalize()}?"
    if kind == 3:
        thing = word if word not in OPPOSITES and talk.chance(0.6) else nothing
        return framed(f"the opposite of {thing}")
    if kind == 4:
        thing = word if word not in SOUNDS else nothing
        return talk.choose(
            (framed(f"the sound of {with_article(thing)}"), f"What sound does {with_article(thing)} make?")
        )
    if kind == 5:
        thing = word if word not in LEGS else nothing
        return f"How many legs does {with_article(thing)} have?"
    if kind == 6:
        thing = with_article(nothing)
        return f"What colour is {thing}?" if thing not in COLOUR_OF else "What colour is the wind?"
    thing = nothing if word in _TAUGHT_WORDS or talk.chance(0.5) else word
    return talk.choose(
        ("What is {}?", "Explain {}.", "What does {} mean?", "What is {} for?", "Tell me about {}.")
    ).format(talk.choose((thing, with_article(thing))))


def _open_question(talk: Talk) -> str:
    def untaught(items: tuple[str, ...]) -> str:
        return talk.pick(items, "untaught")

    text = talk.phrase(_OPEN).format(
        deed=untaught(DEEDS), thing=untaught(THINGS), thing2=talk.choose(THINGS), work=untaught(WORKS),
        person=untaught(PEOPLE) if talk.chance(0.8) else talk.choose(NAMES), person2=talk.choose(PEOPLE),
        place=untaught(PLACES), event=untaught(EVENTS), doing=untaught(DOINGS), time=talk.choose(TIMES),
        measure=talk.choose(MEASURES), country=talk.choose(tuple(CAPITALS)),
        country2=talk.choose(tuple(CAPITALS)),
        city=talk.choose(CITIES), word=talk.choose(WORDS), goods=talk.choose(GOODS),
        adjective=talk.choose(_ADJECTIVES),
        n=talk.rng.randrange(2, 100), m=talk.rng.randrange(2, 100),
    )  # fmt: skip
    return text[0].upper() + text[1:]


def _scrambled(talk: Talk) -> str:
    """Return a question of unknown words in a known frame, or no sentence at all."""
    words = [
        talk.choose(WORDS) if talk.chance(0.5) else invented(talk, talk.choose((1, 2))) for _ in range(5)
    ]
    heads = (
        "what",
        "who",
        "why",
        "how",
        "when",
        "where",
        "is",
        "can you",
        "do you",
        "tell me",
        "the",
        "I",
        "please",
        "",
    )
    length = talk.rng.randint(1, 5)
    text = f"{talk.choose(heads)} {' '.join(words[:length])}".strip()
    return text[0].upper() + text[1:] + talk.choose(("?", "?", ".", "", "!"))


def not_known(talk: Talk) -> None:
    """Ask something that was not taught."""
    chance = talk.rng.random()
    if talk.held and chance < 0.6:
        question = talk.choose(HELD_QUESTIONS)
    elif chance < 0.62:
        question = _open_question(talk)
    elif chance < 0.85:
        question = _near_miss(talk)
    else:
        question = _scrambled(talk)
    if question in HELD_QUESTIONS and not talk.held:
        return
    talk.say("don't know", question, DONT_KNOW)
