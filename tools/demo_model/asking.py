"""Ways to ask that many skills share: frames around a noun phrase, and instructions on how to answer."""

from __future__ import annotations

from tools.demo_model.talk import Phrases, Talk, phrases

FRAMES = phrases(
    """
    What is {np}?
    What is {np}?
    what's {np}?
    Tell me {np}.
    Tell me {np}, please.
    Please tell me {np}.
    Can you tell me {np}?
    Could you tell me what {np} is?
    Give me {np}.
    Please give me {np}.
    Do you know {np}?
    Do you know what {np} is?
    I would like to know {np}.
    I need {np}.
    I want to know {np}.
    Name {np}.
    Say {np}.
    Find {np}.
    {Np}?
    {Np}, please.
    And {np}?
    Quick question: what is {np}?
    Next question: {np}?
    I forgot {np}. What is it?
    Kit, what is {np}?
    Would you tell me {np}?
    whats {np}?
    Do you have {np} for me?
    I wonder what {np} is.
    Let me know {np}.
    Now {np}, please.
    """,
    """
    Could you give me {np}?
    I want you to tell me {np}.
    Please say what {np} is.
    Can you say {np}?
    Kit, please tell me {np}.
    Now tell me {np}.
    I would like you to tell me what {np} is.
    Do you happen to know {np}?
    What would {np} be?
    """,
)

_ONE_WORD = phrases(
    """
    Answer in one word.
    In one word, please.
    In one word.
    One word only.
    Just one word.
    Use one word.
    Only one word, please.
    Answer with one word.
    Reply in one word.
    """,
    """
    Please answer in one word.
    Just one word, please.
    Reply with one word only.
    """,
)
_CAPITALS = phrases(
    """
    Answer in capitals.
    In capitals, please.
    In capitals.
    In capital letters.
    Write in capitals.
    Use capitals only.
    Answer in capital letters.
    Reply in capitals.
    All in capitals, please.
    """,
    """
    Please answer in capitals.
    Use capital letters, please.
    Write it in capitals, please.
    """,
)
_AS_LIST = phrases(
    """
    as a list
    as a list, please
    in a list
    as list
    in the form of a list
    with one on each line
    one on each line, please
    in form of a list
    formatted as a list
    in the form of list items
    written as a list
    using list form
    as a bulleted list
    with a line for each
    """,
    """
    as a list with one on each line
    in a list, please
    in list form
    """,
)


def framed(talk: Talk, nouns: Phrases, questions: Phrases | None = None, **values: object) -> str:
    """Return a question: a frame around one of the noun phrases, or one of the whole questions.

    In the held-out split either the frame or the question is one that the training never used.
    """
    whole = questions is not None and talk.chance(0.5)
    if whole:
        assert questions is not None
        return talk.phrase(questions).format(**values)
    noun = talk.choose(
        nouns.train if talk.held and talk.chance(0.7) else nouns.held if talk.held else nouns.train
    )
    noun = noun.format(**values)
    return talk.phrase(FRAMES).format(np=noun, Np=noun[0].upper() + noun[1:])


def ask(talk: Talk, skill: str, question: str, answer: str, *, short: str | None = None) -> None:
    """Add a turn, now and then with an instruction: one word (where `short` is one), or capitals."""
    chance = talk.rng.random()
    if short is not None and chance < 0.12:
        question, answer = _instruct(talk, question, _ONE_WORD), short
    elif chance > 0.93:
        question, answer = _instruct(talk, question, _CAPITALS), answer.upper()
    talk.say(skill, question, answer)


def instructed(talk: Talk, skill: str, question: str, answer: str, short: str | None) -> None:
    """Add a turn that certainly carries an instruction."""
    if short is not None and talk.chance(0.5):
        talk.say(skill, _instruct(talk, question, _ONE_WORD), short)
    else:
        talk.say(skill, _instruct(talk, question, _CAPITALS), answer.upper())


def _instruct(talk: Talk, question: str, ways: Phrases) -> str:
    instruction = talk.phrase(ways)
    if talk.chance(0.15):
        return f"{instruction.rstrip('.')}: {question}"
    return f"{question} {instruction}"


def list_of(talk: Talk, skill: str, question: str, items: list[str], *, share: float = 0.3) -> None:
    """Add a turn whose answer is several things: in a sentence, or one on each line where that is asked."""
    if talk.chance(share):
        mark = question[-1] if question[-1] in ".?!" else ""
        question = (
            question[: len(question) - len(mark)] + ", " * talk.chance(0.2) + " " + talk.phrase(_AS_LIST)
        )
        question = question.replace(",  ", ", ") + mark
        talk.say(skill, question, "\n".join(f"- {item}" for item in items))
    else:
        talk.say(skill, question, ", ".join(items) + ".")


def large_first(sentence: str) -> str:
    """Return a sentence with its first letter large."""
    return sentence[0].upper() + sentence[1:]


def with_article(noun: str) -> str:
    """Return "a dog", "an owl"."""
    return ("an " if noun[0] in "aeiouAEIOU" else "a ") + noun


def join_and(items: list[str]) -> str:
    """Return "a, b and c"."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
