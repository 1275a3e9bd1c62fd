"""What the user tells about themselves, and questions about it later in the conversation."""

from __future__ import annotations

from tools.demo_model.asking import ask, with_article
from tools.demo_model.skills.told import FACTS
from tools.demo_model.tables.words import PLURAL_OBJECTS
from tools.demo_model.talk import Talk, Turn


def _fill(text: str, key: str, value: str) -> str:
    be = "are" if key in PLURAL_OBJECTS else "is"
    large = value[:1].upper() + value[1:]
    article = with_article(value) if value else ""
    text = text.replace("a {k}", with_article(key)) if key else text
    filled = text.format(v=value, V=large, a=article, k=key, be=be, w=value.replace(" my ", " your "))
    return filled[0].upper() + filled[1:]


def choose_kind(talk: Talk) -> tuple[str, str]:
    """Return a kind of fact and its key; names come more often than the rest."""
    kind = "name" if talk.chance(0.2) else talk.choose(tuple(FACTS))
    return kind, talk.choose(FACTS[kind].keys)


def tell(talk: Talk, kind: str, key: str) -> None:
    """Add a turn in which the user tells a fact."""
    fact = FACTS[kind]
    value = fact.value(talk)
    text = talk.phrase(fact.tell)
    heard = fact.heard
    if (kind, key) in talk.facts and talk.chance(0.6):
        text = "Actually, " + text
    talk.facts[kind, key] = value
    user = _fill(text, key, value)
    if kind in ("name", "city") and not talk.held and talk.chance(0.08):
        user = user.lower()  # people who type all small still have names with a large letter
    talk.say("small talk", user, _fill(heard, key, value), keep_case=True)


def recall(talk: Talk, kind: str, key: str) -> None:
    """Add a turn in which the user asks for a fact, told before or not."""
    fact = FACTS[kind]
    value = str(talk.facts.get((kind, key), ""))
    question = _fill(talk.phrase(fact.asked), key, value)
    if not value:
        talk.say("memory", question, _fill(fact.untold, key, ""))
        return
    shown = value.replace(" my ", " your ")
    large = shown if kind == "word" else shown[0].upper() + shown[1:]
    short = large + "." if fact.one_word and " " not in value else None
    ask(talk, "memory", question, _fill(fact.answer, key, value), short=short)


def telling(talk: Talk) -> None:
    """Tell one fact, or two at once."""
    kind, key = choose_kind(talk)
    if talk.chance(0.15):
        _tell_two(talk, kind, key)
    else:
        tell(talk, kind, key)


def _tell_two(talk: Talk, kind: str, key: str) -> None:
    other, other_key = choose_kind(talk)
    if other == kind or "number" in (kind, other) or "word" in (kind, other):
        return tell(talk, kind, key)
    tell(talk, kind, key)
    tell(talk, other, other_key)
    second, first = talk.turns.pop(), talk.turns.pop()
    starts = ("My ", "The ", "Call ", "You ", "Please ", "Put ", "Remember ", "In ", "People ", "They ")
    added = second.user[0].lower() + second.user[1:] if second.user.startswith(starts) else second.user
    joint = f"{first.user.rstrip('.')} and {added}"
    talk.turns.append(Turn(joint, f"{first.answer} {second.answer}", first.skill))


def recalling(talk: Talk) -> None:
    """Ask for something told before, or now and then for something that never was."""
    if talk.facts and talk.chance(0.85):
        kind, key = talk.choose(tuple(talk.facts))
    else:
        kind, key = choose_kind(talk)
    recall(talk, kind, key)
