"""Measure a model on held-out questions: phrasings, operands, words and names that the training never used.

    python -m tools.demo_model.evaluate --model model/demo [--quant f16 q4] [--count 200] [--out FILE.json]

Skills count exact answers. Memory at a distance tells a fact and asks for it with four other turns between,
which the model answers itself. Stories are sampled at temperature 0.8.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from tools.demo_model.answers import Answers, Conversation
from tools.demo_model.dialogues import MAKERS, draw_skill, make_question
from tools.demo_model.skills import memory, stories
from tools.demo_model.talk import Talk

NOT_EXACT = ("small talk", "don't know")
"""Skills left out of the mean of exact answers: many answers are right, or the measure has a bar of its "
"own."""
DISTANCE = 4
_FILLERS_WITHOUT = ("telling", "recalling", "story")


def conversation_of(talk: Talk, upto: int | None = None) -> Conversation:
    """Return a dialogue with its right answers, but for the last turn's."""
    turns = talk.turns[:upto]
    asked = [(turn.user, turn.answer) for turn in turns[:-1]]
    return Conversation((*asked, (turns[-1].user, "")), talk.system)


def measure_skills(model: Answers, count: int, failures: dict[str, list[list[str]]]) -> dict[str, float]:
    """Return the share of exact answers per skill; some wrong ones are added to `failures`."""
    asked = [(skill, make_question(skill, seed)) for skill in MAKERS for seed in range(count)]
    answers = model.generate([conversation_of(talk) for _, talk in asked], max_new=160)
    right: Counter[str] = Counter()
    for (skill, talk), answer in zip(asked, answers, strict=True):
        turn = talk.turns[-1]
        if answer.strip() in (turn.answer, *turn.accepted):
            right[skill] += 1
        else:
            failures.setdefault(skill, []).append([turn.user, turn.answer, answer])
    return {skill: right[skill] / count for skill in MAKERS}


def measure_memory(model: Answers, count: int, failures: dict[str, list[list[str]]]) -> float:
    """Return how often a told fact is known again after DISTANCE other turns."""
    talks: list[Talk] = []
    for seed in range(count):
        talk = Talk(random.Random(f"distance {seed}"), held=True)
        kind, key = memory.choose_kind(talk)
        memory.tell(talk, kind, key)
        while len(talk.turns) < 1 + DISTANCE:
            skill = draw_skill(talk)
            if skill.__name__ not in _FILLERS_WITHOUT:
                skill(talk)
        del talk.turns[1 + DISTANCE :]
        memory.recall(talk, kind, key)
        talks.append(talk)
    said: list[list[tuple[str, str]]] = [[] for _ in talks]
    for turn in range(2 + DISTANCE):
        waiting = [
            Conversation((*before, (talk.turns[turn].user, "")), talk.system)
            for talk, before in zip(talks, said, strict=True)
        ]
        for talk, before, answer in zip(talks, said, model.generate(waiting, max_new=160), strict=True):
            before.append((talk.turns[turn].user, answer))
    right = 0
    for talk, before in zip(talks, said, strict=True):
        turn, answer = talk.turns[-1], before[-1][1].strip()
        if answer == turn.answer:
            right += 1
        else:
            failures.setdefault("memory at a distance", []).append(
                [talk.turns[0].user, turn.user, turn.answer, answer]
            )
    return right / count


def measure_stories(model: Answers, count: int, failures: dict[str, list[list[str]]]) -> dict[str, float]:
    """Return how many stories name their hero and end properly, and how varied they are."""
    casts, asked = [], []
    for seed in range(count):
        talk = Talk(random.Random(f"story {seed}"), held=True)
        cast = stories.draw_cast(talk)
        casts.append(cast)
        asked.append(Conversation(((stories.request(talk, cast, named=True), ""),)))
    told = model.generate(asked, max_new=400, temperature=0.8, seed=7)
    named = [cast.name in story for cast, story in zip(casts, told, strict=True)]
    ended = [story.strip().endswith("The end.") for story in told]
    for question, story, ok in zip(asked, told, map(min, named, ended), strict=True):
        if not ok:
            failures.setdefault("stories", []).append([question.messages[-1][0], story])
    fours = [tuple(words[i : i + 4]) for words in map(str.split, told) for i in range(len(words) - 3)]
    return {
        "named and ended": sum(map(min, named, ended)) / count,
        "named": sum(named) / count,
        "ended": sum(ended) / count,
        "distinct 4-grams": len(set(fours)) / max(1, len(fours)),
        "different stories": len(set(told)) / count,
        "mean words": sum(len(story.split()) for story in told) / count,
    }


def evaluate(model: Answers, count: int) -> dict[str, Any]:
    """Return all measures of a model, with up to eight failures of each kind."""
    failures: dict[str, list[list[str]]] = {}
    skills = measure_skills(model, count, failures)
    exact = [share for skill, share in skills.items() if skill not in NOT_EXACT]
    return {
        "exact": sum(exact) / len(exact),
        "skills": skills,
        f"memory at {DISTANCE} turns": measure_memory(model, count, failures),
        "stories": measure_stories(model, count, failures),
        "failures": {skill: found[:8] for skill, found in failures.items()},
    }


def table(results: dict[str, dict[str, Any]]) -> str:
    """Return the measures as a Markdown table, a column for each format."""
    formats = list(results)
    rows = [("exact, mean of the skills", [results[f]["exact"] for f in formats])]
    rows += [(skill, [results[f]["skills"][skill] for f in formats]) for skill in MAKERS]
    distance = f"memory at {DISTANCE} turns"
    rows.append((distance, [results[f][distance] for f in formats]))
    rows += [
        (f"stories: {name}", [results[f]["stories"][name] for f in formats])
        for name in ("named and ended", "distinct 4-grams", "different stories")
    ]
    lines = [f"| skill | {' | '.join(formats)} |", "|---|" + "---:|" * len(formats)]
    return "\n".join(
        lines + [f"| {name} | {' | '.join(f'{100 * v:.1f}%' for v in values)} |" for name, values in rows]
    )


def main() -> None:
    """Evaluate and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("model/demo"))
    parser.add_argument("--quant", nargs="+", default=["f16", "q4"], choices=("f16", "q8", "q4"))
    parser.add_argument("--count", type=int, default=200, help="questions of each kind")
    parser.add_argument("--out", type=Path, help="write all of it here, as JSON")
    args = parser.parse_args()
    from tools.demo_model.generate import FolderModel  # not at the top: only this way to answer needs PyTorch

    results = {quant: evaluate(FolderModel(args.model, quant=quant), args.count) for quant in args.quant}
    if args.out:
        args.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
