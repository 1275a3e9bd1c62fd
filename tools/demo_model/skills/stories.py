"""Short stories about a hero whom the user names."""

from __future__ import annotations

from dataclasses import dataclass

from tools.demo_model.asking import ask, large_first, with_article
from tools.demo_model.skills.told import draw_name
from tools.demo_model.tables.plots import KINDS, MORALS, OPENINGS, PLOTS, SETTINGS, THINGS
from tools.demo_model.talk import Talk, phrases

_REQUEST = phrases(
    """
    Tell me a story about {A} named {N}{more}.
    Tell me a story about {A} called {N}{more}.
    Tell me a story about {N} the {k}{more}.
    Tell a story about {A} named {N}{more}.
    Please tell me a story about {N}, {A}{more}.
    Can you tell me a story about {A} called {N}{more}?
    Write a story about {A} named {N}{more}.
    Write a short story about {N} the {k}{more}.
    Make up a story about {A} called {N}{more}.
    I want a story about {A} named {N}{more}.
    A story about {N} the {k}{more}, please.
    Do you know a story about {A} named {N}{more}?
    Tell me a short story about {A} whose name is {N}{more}.
    """,
    """
    Could you tell me a story about {A} called {N}{more}?
    I would like a story about {A} named {N}{more}.
    Please write a short story about {A} called {N}{more}.
    Can you make up a story about {N} the {k}{more}?
    """,
)
_REQUEST_BARE = phrases(
    """
    Tell me a story about {N}{more}.
    Tell a story about {N}{more}.
    Write a story about {N}{more}.
    Can you tell me a story about {N}{more}?
    A story about {N}{more}, please.
    Tell me a story. The hero is {N}{more}.
    Tell me a story with {N}{more}.
    """,
    """
    Could you tell me a story about {N}{more}?
    I would like a story about {N}{more}.
    Please make up a story about {N}{more}.
    """,
)
_REQUEST_KIND = phrases(
    """
    Tell me a story about {A}{more}.
    Tell a story about {A}{more}.
    Write a story about {A}{more}.
    Can you tell me a story about {A}{more}?
    A story about {A}{more}, please.
    """,
    """
    Could you tell me a story about {A}{more}?
    I would like a story about {A}{more}.
    """,
)
_REQUEST_ANY = phrases(
    "Tell me a story.\nTell a story.\nA story, please.\nCan you tell me a story?\nI want to hear a story.\n"
    "Another story.",
    "Please tell me a story.\nI would like to hear a story.",
)
_PRONOUNS = {"she": ("she", "her", "her"), "he": ("he", "him", "his")}


@dataclass(frozen=True)
class Cast:
    """Who and what a story is about."""

    name: str
    kind: str
    pronoun: str
    thing: str
    place: str
    friend: str
    friend_kind: str


def draw_cast(talk: Talk) -> Cast:
    """Return a hero with a name of this split, a friend, a thing and a place."""
    kind = talk.choose(tuple(KINDS))
    friend_kind = talk.choose([other for other in KINDS if other != kind])
    name = draw_name(talk)
    friend = talk.fresh(lambda: draw_name(talk), "name")
    while friend == name:
        friend = draw_name(talk)
    pronoun = KINDS[kind] or talk.choose(("she", "he"))
    return Cast(name, kind, pronoun, talk.choose(THINGS), talk.choose(SETTINGS), friend, friend_kind)


def tell_story(talk: Talk, cast: Cast) -> str:
    """Return a story: an opening, one plot from its first step to its last, and the end."""
    subject, object_, possessive = _PRONOUNS[cast.pronoun]
    steps = [
        talk.choose(OPENINGS),
        *map(talk.choose, talk.choose(tuple(PLOTS.values()))),
        talk.choose(MORALS),
        "The end.",
    ]
    values = {
        "N": cast.name, "k": cast.kind, "A": with_article(cast.kind), "s": subject, "S": subject.capitalize(),
        "o": object_, "p": possessive, "P": possessive.capitalize(), "t": cast.thing,
        "T": with_article(cast.thing),
        "l": cast.place, "F": cast.friend, "B": with_article(cast.friend_kind),
    }  # fmt: skip
    return " ".join(large_first(step.format(**values)) for step in steps if step)


def story(talk: Talk) -> None:
    """Ask for a story about a hero; now and then for a thing or a place in it, and afterwards who it was."""
    cast = draw_cast(talk)
    talk.say("stories", request(talk, cast), tell_story(talk, cast), keep_case=True)
    if talk.chance(0.25):
        _about(talk, cast)


def request(talk: Talk, cast: Cast, *, named: bool = False) -> str:
    """Return a wish for a story; `named` makes sure that it names the hero."""
    more = talk.choose(("", "", "", f" and {with_article(cast.thing)}", f" in {cast.place}"))
    chance = talk.rng.random() * (0.8 if named else 1.0)
    ways = (
        _REQUEST
        if chance < 0.6
        else _REQUEST_BARE
        if chance < 0.8
        else _REQUEST_KIND
        if chance < 0.92
        else _REQUEST_ANY
    )
    return talk.phrase(ways).format(N=cast.name, k=cast.kind, A=with_article(cast.kind), more=more)


_WHO = phrases(
    "Who was the story about?\nWhat was the hero called?\nWhat was the name of the {k}?\nWho was the hero?\n"
    "What was the {k} called?",
    "Who is the story about?\nTell me the name of the hero.",
)
_FRIEND = phrases(
    "Who was the friend?\nWhat was the friend called?\nWhat was the name of the friend?\nWho helped?\n"
    "Which friend was in the story?",
    "Who was the friend in the story?\nTell me the name of the friend.",
)


def _about(talk: Talk, cast: Cast) -> None:
    if talk.chance(0.6):
        answer = f"The story was about {cast.name} the {cast.kind}."
        ask(talk, "memory", talk.phrase(_WHO).format(k=cast.kind), answer, short=f"{cast.name}.")
    else:
        answer = f"The friend was {cast.friend} the {cast.friend_kind}."
        ask(talk, "memory", talk.phrase(_FRIEND), answer, short=f"{cast.friend}.")
