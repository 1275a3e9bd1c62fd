"""The kinds of things that users tell about themselves, and how they are told and asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.demo_model.asking import join_and
from tools.demo_model.skills.letters import invented, mixed
from tools.demo_model.tables.words import (
    CITIES,
    FOODS,
    GOODS,
    HOBBIES,
    JOBS,
    NAMES,
    OBJECTS,
    PETS,
    PLACES,
    RELATIONS,
    WORDS,
)  # fmt: skip
from tools.demo_model.tables.world import COLOURS, MONTHS, SOUNDS
from tools.demo_model.talk import Phrases, Talk, phrases


@dataclass(frozen=True)
class Fact:
    """One kind of thing that is told and asked for; `key` may vary it ("sister": whose name it is).

    In the texts {v} is the value, {a} the value with its article and {k} the key.
    """

    value: Callable[[Talk], str]
    tell: Phrases
    heard: str
    asked: Phrases
    answer: str
    untold: str
    keys: tuple[str, ...] = ("",)
    one_word: bool = True


def draw_name(talk: Talk) -> str:
    """Return a person's name of this split; some are invented, because people have all kinds of names."""

    def draw() -> str:
        if talk.chance(0.5):
            return talk.choose(NAMES)
        return (
            mixed(talk)[:12] if talk.chance(0.4) else invented(talk, talk.choose((1, 2, 2, 3)))
        ).capitalize()

    return talk.fresh(draw, "name")


def _one_of(items: tuple[str, ...]) -> Callable[[Talk], str]:
    return lambda talk: talk.choose(items)


def _city(talk: Talk) -> str:
    return talk.choose(CITIES) if talk.chance(0.7) else invented(talk, 2).capitalize()


def _goods(talk: Talk) -> str:
    return join_and(talk.rng.sample(GOODS, talk.rng.randint(2, 4)))


def _favourite(kind: str, value: Callable[[Talk], str], also: str) -> Fact:
    return Fact(
        value,
        phrases(
            f"My favourite {kind} is {{v}}.\nI like the {kind} {{v}} best.\n"
            f"The {kind} I like most is {{v}}.\n"
            f"{{v}} is my favourite {kind}.\nMy favorite {kind} is {{v}}.",
            f"The {kind} I like best is {{v}}.\nI think my favourite {kind} is {{v}}.",
        ),
        also,
        phrases(
            f"What is my favourite {kind}?\nWhich {kind} do I like best?\nWhat {kind} do I like most?\n"
            f"What's my favorite {kind}?\nDo you remember my favourite {kind}?\nTell me my favourite {kind}.",
            f"Do you know my favourite {kind}?\nWhich {kind} do I like most?\n"
            f"Can you tell me my favourite {kind}?",
        ),
        f"Your favourite {kind} is {{v}}.",
        f"You have not told me your favourite {kind}.",
    )


FACTS: dict[str, Fact] = {
    "name": Fact(
        draw_name,
        phrases(
            """
            My name is {v}.
            My name is {v}
            I am {v}.
            I'm {v}.
            Call me {v}.
            You can call me {v}.
            Please call me {v}.
            Hello, my name is {v}.
            Hi, I am {v}.
            Hello! I'm {v}.
            Hi, my name is {v}.
            Hi Kit, I'm {v}.
            They call me {v}.
            People call me {v}.
            The name is {v}.
            """,
            """
            Hello Kit, my name is {v}.
            Hello, you can call me {v}.
            Hi, people call me {v}.
            Hello, I am {v}.
            """,
        ),
        "Nice to meet you, {v}!",
        phrases(
            """
            What is my name?
            What's my name?
            Do you remember my name?
            Do you know my name?
            Who am I?
            Tell me my name.
            Say my name.
            What am I called?
            Can you tell me my name?
            Do you still know my name?
            How am I called?
            """,
            """
            Can you say my name?
            Do you still remember my name?
            Please tell me my name.
            What was my name?
            """,
        ),
        "Your name is {v}.",
        "You have not told me your name.",
    ),
    "age": Fact(
        lambda talk: str(talk.rng.randint(5, 95)),
        phrases(
            "I am {v} years old.\nI'm {v} years old.\nMy age is {v}.\nI am {v}.\nI turned {v} this year.\n"
            "I just turned {v}.",
            "I am now {v} years old.\nThis year I turned {v}.",
        ),
        "{v} is a good age.",
        phrases(
            "How old am I?\nWhat is my age?\nDo you remember how old I am?\nDo you know my age?\n"
            "Tell me my age.",
            "Can you tell me how old I am?\nDo you remember my age?",
        ),
        "You are {v} years old.",
        "You have not told me your age.",
    ),
    "city": Fact(
        _city,
        phrases(
            "I live in {v}.\nMy home is in {v}.\nI am from {v}.\nI come from {v}.\nMy city is {v}.\n"
            "I have a flat in {v}.",
            "My home is {v}.\nI am at home in {v}.",
        ),
        "{v} sounds like a nice place.",
        phrases(
            "Where do I live?\nWhere am I from?\nWhere is my home?\nWhich city do I live in?\n"
            "Do you know where I live?\n"
            "In which city do I live?\nTell me where I live.",
            "Do you remember where I live?\nCan you tell me where I live?\nWhat city do I live in?",
        ),
        "You live in {v}.",
        "You have not told me where you live.",
    ),
    "colour": _favourite("colour", _one_of(COLOURS), "{V} is a lovely colour."),
    "food": _favourite("food", _one_of(FOODS), "{V} sounds tasty."),
    "animal": _favourite("animal", lambda talk: "the " + talk.choose(tuple(SOUNDS)), "I like {v} too."),
    "job": Fact(
        _one_of(JOBS),
        phrases(
            "I work as {a}.\nI am {a}.\nMy job is {v}.\nI'm {a}.\nI earn my money as {a}.",
            "My work is being {a}.\nI have a job as {a}.",
        ),
        "Being {a} must be interesting.",
        phrases(
            "What is my job?\nWhat do I do for work?\nWhat do I work as?\nDo you remember my job?\n"
            "Which job do I have?",
            "Do you know my job?\nWhat job do I have?",
        ),
        "You are {a}.",
        "You have not told me your job.",
    ),
    "hobby": Fact(
        _one_of(HOBBIES),
        phrases(
            "My hobby is {v}.\nI like {v}.\nI love {v}.\nI enjoy {v}.\nIn my free time I like {v}.\n"
            "My favourite hobby is {v}.",
            "I really like {v}.\nIn my free time I enjoy {v}.",
        ),
        "{V} is a fine hobby.",
        phrases(
            "What is my hobby?\nWhat do I like to do?\nWhich hobby do I have?\nDo you remember my hobby?\n"
            "What do I do in my free time?",
            "Do you know my hobby?\nWhat hobby do I have?",
        ),
        "Your hobby is {v}.",
        "You have not told me your hobby.",
    ),
    "birthday": Fact(
        _one_of(MONTHS),
        phrases(
            "My birthday is in {v}.\nI was born in {v}.\nI have my birthday in {v}.\nMy birth month is {v}.",
            "My birthday comes in {v}.\nI have a birthday in {v}.",
        ),
        "I will remember that your birthday is in {v}.",
        phrases(
            "When is my birthday?\nIn which month is my birthday?\nWhich month was I born in?\n"
            "Do you remember my birthday?",
            "Do you know when my birthday is?\nWhat month is my birthday in?",
        ),
        "Your birthday is in {v}.",
        "You have not told me your birthday.",
    ),
    "pet": Fact(
        draw_name,
        phrases(
            "I have a {k} called {v}.\nMy {k} is called {v}.\nI have a {k} named {v}.\n"
            "My {k}'s name is {v}.\n"
            "The name of my {k} is {v}.",
            "I have a {k} and its name is {v}.\nMy {k} has the name {v}.",
        ),
        "{v} is a good name for a {k}.",
        phrases(
            "What is my {k} called?\nWhat is the name of my {k}?\nWhat's my {k}'s name?\n"
            "Do you remember my {k}'s name?\n"
            "How is my {k} called?",
            "Do you remember the name of my {k}?\nTell me the name of my {k}.",
        ),
        "Your {k} is called {v}.",
        "You have not told me the name of your {k}.",
        keys=tuple(PETS),
    ),
    "relation": Fact(
        draw_name,
        phrases(
            "My {k} is called {v}.\nMy {k}'s name is {v}.\nThe name of my {k} is {v}.\n"
            "I have a {k} called {v}.\n"
            "{v} is my {k}.\nMy {k} is {v}.",
            "I have a {k} named {v}.\nMy {k} has the name {v}.",
        ),
        "I will remember that your {k} is called {v}.",
        phrases(
            "What is my {k} called?\nWhat is my {k}'s name?\nWhat is the name of my {k}?\nWho is my {k}?\n"
            "Do you remember my {k}'s name?",
            "Do you remember the name of my {k}?\nTell me the name of my {k}.",
        ),
        "Your {k} is called {v}.",
        "You have not told me the name of your {k}.",
        keys=tuple(RELATIONS),
    ),
    "number": Fact(
        lambda talk: str(int(talk.rng.random() * talk.choose((10, 100, 1000, 10000)))),
        phrases(
            "Remember the number {v}.\nPlease remember the number {v}.\nKeep the number {v} in mind.\n"
            "Remember this number: {v}\nMy lucky number is {v}.\nThe secret number is {v}.",
            "Please keep the number {v} in mind.\nPlease remember this number: {v}",
        ),
        "I will remember the number {v}.",
        phrases(
            "Which number did I tell you?\nWhat number did I tell you?\nWhat was the number?\n"
            "Which number should you remember?\n"
            "Do you remember the number?\nWhich one was the number?\nWhat was my number?\n"
            "Tell me the number.",
            "Can you tell me the number?\nDo you still know the number?\nWhich number was it?",
        ),
        "The number is {v}.",
        "You have not told me a number.",
    ),
    "word": Fact(
        _one_of(WORDS),
        phrases(
            "Remember the word {v}.\nPlease remember the word {v}.\nKeep the word {v} in mind.\n"
            "Remember this word: {v}\n"
            "The secret word is {v}.\nThe password is {v}.",
            "Please keep the word {v} in mind.\nPlease remember this word: {v}",
        ),
        "I will remember the word {v}.",
        phrases(
            "Which word did I tell you?\nWhat word did I tell you?\nWhat was the word?\n"
            "Which word should you remember?\n"
            "Do you remember the word?\nWhat was the secret word?\nTell me the word.",
            "Can you tell me the word?\nDo you still know the word?\nWhich word was it?",
        ),
        "The word is {v}.",
        "You have not told me a word.",
    ),
    "list": Fact(
        _goods,
        phrases(
            "I need to buy {v}.\nI have to buy {v}.\nMy shopping list: {v}.\nI want to buy {v}.\n"
            "Put {v} on my shopping list.",
            "I still need to buy {v}.\nMy shopping list is {v}.",
        ),
        "Your list: {v}.",
        phrases(
            "What do I need to buy?\nWhat do I have to buy?\nWhat is on my shopping list?\n"
            "What did I want to buy?\n"
            "Do you remember my shopping list?",
            "Tell me what I need to buy.\nWhat was on my shopping list?",
        ),
        "You need to buy {v}.",
        "You have not told me what you need to buy.",
        one_word=False,
    ),
    "place": Fact(
        _one_of(PLACES),
        phrases(
            "My {k} {be} {v}.\nI put my {k} {v}.\nI left my {k} {v}.\nRemember that my {k} {be} {v}.\n"
            "I keep my {k} {v}.",
            "Please remember that my {k} {be} {v}.\nI have put my {k} {v}.",
        ),
        "I will remember that your {k} {be} {w}.",
        phrases(
            "Where {be} my {k}?\nWhere did I put my {k}?\nWhere did I leave my {k}?\n"
            "Do you remember where my {k} {be}?\n"
            "Where can I find my {k}?",
            "Do you know where my {k} {be}?\nTell me where my {k} {be}.",
        ),
        "Your {k} {be} {w}.",
        "You have not told me where your {k} {be}.",
        keys=tuple(OBJECTS),
        one_word=False,
    ),
}
