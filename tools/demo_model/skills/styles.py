"""System prompts, and questions that say how to answer."""

from __future__ import annotations

from tools.demo_model.asking import instructed, list_of
from tools.demo_model.skills import facts, nature, numbers, told
from tools.demo_model.tables.world import CAPITALS, DAYS, MONTHS, RAINBOW, SEASONS
from tools.demo_model.talk import Talk, Turn, phrases

_NAMED = phrases(
    "You are {v}.\nYour name is {v}.\nYou are an assistant called {v}.\n"
    "You are a friendly assistant named {v}.",
    "You are a helpful assistant called {v}.",
)
_PLAIN = phrases(
    "You are a helpful assistant.\nYou are Kit, a helpful assistant.\nBe helpful and friendly.\n"
    "Answer the questions.",
    "You are a friendly assistant.\nPlease be helpful.",
)
_LOUD = phrases(
    "Answer in capitals.\nAlways answer in capitals.\nWrite everything in capital letters.\n"
    "Use capitals only.",
    "Please always answer in capitals.",
)
_USER = phrases(
    "The user is called {v}.\nThe name of the user is {v}.\nYou are talking to {v}.",
    "The user's name is {v}.",
)


def system_prompt(talk: Talk) -> None:
    """Give some conversations a system prompt: plain, a name for the model or the user, or capitals "
    "always."""
    chance = talk.rng.random()
    if chance < 0.05:
        talk.system = talk.phrase(_PLAIN)
    elif chance < 0.09:
        talk.assistant_name = told.draw_name(talk)
        talk.system = talk.phrase(_NAMED).format(v=talk.assistant_name)
    elif chance < 0.12:
        talk.capitals = True
        talk.system = talk.phrase(_LOUD)
    elif chance < 0.15:
        talk.facts["name", ""] = told.draw_name(talk)
        talk.system = talk.phrase(_USER).format(v=talk.facts["name", ""])


def instructed_skill(talk: Talk) -> None:
    """Ask something that has a short answer in one word or in capitals, or something as a list."""
    chance = talk.rng.random()
    if chance < 0.25:
        _listed(talk)
        return
    probe = Talk(talk.rng, held=talk.held)
    maker = talk.choose(
        (facts.capitals, facts.opposites, facts.colours, nature.calendar, nature.animals, numbers.comparing)
    )
    while not probe.turns or "\n" in probe.turns[-1].answer:
        maker(probe)
    _restyle(talk, probe.turns[-1])


def _restyle(talk: Talk, turn: Turn) -> None:
    """Ask a question of a skill in one word or in capitals, unless it says already how to answer."""
    plain = turn.answer.count(" ") >= 2 and turn.answer != turn.answer.upper() and "," not in turn.answer
    if not plain:
        talk.turns.append(Turn(turn.user, turn.answer, turn.skill))
        return
    short = _short_of(turn)
    before = len(talk.turns)
    instructed(talk, "in one word", turn.user, turn.answer, short)
    added = talk.turns[before]
    if added.answer == turn.answer.upper():
        talk.turns[before] = Turn(added.user, added.answer, "in capitals")


def _short_of(turn: Turn) -> str | None:
    """Return the one word that answers, which in these sentences stands first or last."""
    words = turn.answer.rstrip(".").split()
    if turn.skill == "capitals" and turn.answer.startswith("The capital of "):
        return words[-1] + "." if words[-2] == "is" else None
    if turn.skill == "opposites" or (turn.skill == "colours" and words[-2] in ("is", "make")):
        return words[-1].capitalize() + "."
    if turn.skill == "comparing" and words[1] == "is":
        return words[0] + "."
    if turn.skill == "calendar" and words[1] == "comes":
        return words[0] + "."
    return None


_LISTS = phrases(
    "List {u}.\nName {u}.\nTell me {u}.\nGive me {u}.\nWrite down {u}.\nWhat are {u}?",
    "Please list {u}.\nCan you give me {u}?",
)


def _listed(talk: Talk) -> None:
    kind = talk.rng.randrange(3)
    if kind == 0:
        what, items = talk.choose(
            (("the days of the week", DAYS), ("the months of the year", MONTHS), ("the seasons", SEASONS),
             ("the colours of the rainbow", RAINBOW))
        )  # fmt: skip
        _add_list(talk, talk.phrase(_LISTS).format(u=what), list(items))
    elif kind == 1:
        countries = talk.rng.sample(tuple(CAPITALS), talk.rng.randint(2, 3))
        what = "the capitals of " + ", ".join(countries[:-1]) + " and " + countries[-1]
        _add_list(talk, talk.phrase(_LISTS).format(u=what), [CAPITALS[country] for country in countries])
    else:
        values = talk.fresh(lambda: [talk.rng.randrange(100) for _ in range(talk.rng.randint(3, 5))], "sort")
        shown = ", ".join(map(str, values))
        _add_list(talk, talk.phrase(_SORTED).format(n=shown), [str(n) for n in sorted(values)])


_SORTED = phrases(
    "Sort {n}\nSort the numbers {n}\nPut {n} in order",
    "Please sort the numbers {n}\nPlease put {n} in order",
)


def _add_list(talk: Talk, question: str, items: list[str]) -> None:
    list_of(talk, "as a list" if len(items) > 1 else "sorting", question, items, share=1.0)
