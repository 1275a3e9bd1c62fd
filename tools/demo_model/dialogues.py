"""Whole dialogues of the skills: for training, and the held-out questions for the evaluation.

    python -m tools.demo_model.dialogues [--seed N] [--held] [--count N]

prints some, to be read by people.
"""

from __future__ import annotations

import argparse
import random
from bisect import bisect
from collections.abc import Callable
from itertools import accumulate

from tools.demo_model.skills import (
    arithmetic,
    facts,
    letters,
    memory,
    nature,
    numbers,
    smalltalk,
    stories,
    styles,
    unknown,
)
from tools.demo_model.talk import Talk, Turn

Skill = Callable[[Talk], None]

# How often each comes up: the harder to learn, the more often.
WEIGHTS: tuple[tuple[Skill, float], ...] = (
    (arithmetic.addition, 8), (arithmetic.subtraction, 8), (arithmetic.multiplication, 9),
    (numbers.comparing, 4), (numbers.sorting, 4.5), (numbers.extremes, 2.5), (numbers.counting, 3),
    (letters.spelling, 5),
    (letters.letter_counting, 6), (letters.reversing, 6), (letters.edges, 2), (letters.word_counting, 3),
    (letters.word_order, 3.5), (letters.alphabet, 2.5), (facts.capitals, 6), (facts.opposites, 5),
    (facts.colours, 3),
    (nature.calendar, 4.5), (nature.animals, 4.5), (facts.explaining, 5), (smalltalk.small_talk, 4.5),
    (unknown.not_known, 9), (styles.instructed_skill, 4), (stories.story, 3.5), (memory.telling, 7),
    (memory.recalling, 9),
)  # fmt: skip
_SKILLS = [skill for skill, _ in WEIGHTS]
_TOTALS = list(accumulate(weight for _, weight in WEIGHTS))
MAX_TURNS = 22


def draw_skill(talk: Talk) -> Skill:
    """Return a skill, by the weights."""
    return _SKILLS[bisect(_TOTALS, talk.rng.random() * _TOTALS[-1])]


def make_dialogue(seed: int | str, *, held: bool = False) -> Talk:
    """Return a dialogue of one to MAX_TURNS turns; the same seed gives the same one."""
    talk = Talk(random.Random(seed), held=held)
    styles.system_prompt(talk)
    turns = talk.choose((1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 14, MAX_TURNS))
    if talk.chance(0.15):
        smalltalk.greeting(talk)
    theme = draw_skill(talk) if talk.chance(0.12) else None
    if talk.chance(0.25):
        memory.telling(talk)
    while len(talk.turns) < turns:
        (theme or draw_skill(talk))(talk)
    return talk


def make_question(skill: str, seed: int) -> Talk:
    """Return a held-out dialogue that ends with a question of the named skill, after none to two other "
    "turns."""
    makers = MAKERS[skill]
    number = 0
    while True:
        talk = Talk(random.Random(f"{skill} {seed} {number}"), held=True)
        for _ in range(talk.choose((0, 0, 1, 2))):
            draw_skill(talk)(talk)
        if skill == "memory":
            memory.telling(talk)
        talk.choose(makers)(talk)
        if talk.turns and talk.turns[-1].skill == skill:
            return talk
        number += 1


MAKERS: dict[str, tuple[Skill, ...]] = {
    "addition": (arithmetic.addition,),
    "subtraction": (arithmetic.subtraction,),
    "multiplication": (arithmetic.multiplication,),
    "comparing": (numbers.comparing, numbers.extremes),
    "sorting": (numbers.sorting, letters.alphabet),
    "counting": (numbers.counting,),
    "spelling": (letters.spelling, letters.edges, letters.alphabet),
    "counting letters": (letters.letter_counting,),
    "counting words": (letters.word_counting,),
    "reversing": (letters.reversing, letters.word_order),
    "capitals": (facts.capitals,),
    "opposites": (facts.opposites,),
    "colours": (facts.colours,),
    "calendar": (nature.calendar,),
    "animals": (nature.animals,),
    "explaining": (facts.explaining,),
    "in capitals": (styles.instructed_skill, letters.word_order),
    "in one word": (styles.instructed_skill,),
    "as a list": (styles.instructed_skill,),
    "memory": (memory.recalling,),
    "small talk": (smalltalk.small_talk,),
    "don't know": (unknown.not_known,),
}
"""Skills by name, with what makes their questions; all but the last two have one exact answer."""


def show(talk: Talk) -> str:
    """Return a dialogue as lines to read."""
    lines = [f"[{talk.system}]"] if talk.system else []
    for turn in talk.turns:
        lines += [f"> {turn.user}", f"< {turn.answer}   ({turn.skill})"]
    return "\n".join(lines)


def last_turn(talk: Talk) -> Turn:
    """Return the turn that a held-out dialogue asks about."""
    return talk.turns[-1]


def main() -> None:
    """Print dialogues."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held", action="store_true", help="of the held-out split")
    parser.add_argument("--skill", choices=sorted(MAKERS), help="held-out questions of one skill")
    parser.add_argument("--count", type=int, default=10)
    args = parser.parse_args()
    for seed in range(args.seed, args.seed + args.count):
        print(
            show(make_question(args.skill, seed) if args.skill else make_dialogue(seed, held=args.held)),
            end="\n\n",
        )


if __name__ == "__main__":
    main()
