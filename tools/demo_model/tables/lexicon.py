"""All words of the tables and more common ones: whatever may be a token of its own is to be spelled once."""

from __future__ import annotations

import re

from tools.demo_model.tables import plots, terms, unknown, words, world

_COMMON = """

about after again all also always am an and another answer any are ask at away back be because been before
being best big bigger both but by call called can city colour color come comes could count country day
describe did do does down each even every explain find first for from get give go good great greater had has
have he hello help her here him his how if in is it its just know larger largest last left less let letter
letters like list live long look lost made make makes many me mean meaning means more most much my name
named near never new next no not now number numbers of often old on one only or order other our out over own
people plus please put remember reverse right said same say second see she should small smaller smallest so
some sort sound spell spelled start still story such sum take tell than thank that the their them then there
these they thing think this those three time times to today together told too two under up us use very want
was way we welcome well went were what when where which while who whole whose why will with without word
words work world would write written year years yes yet you your sorry taught language called nice meet
lovely place
"""


def _words() -> tuple[str, ...]:
    plot_texts = [way for plot in plots.PLOTS.values() for step in plot for way in step]
    texts = [
        _COMMON, *plot_texts, *plots.OPENINGS, *plots.KINDS, *plots.THINGS, *plots.SETTINGS, *terms.TERMS,
        *terms.TERMS.values(), *words.OPPOSITES, *words.WORDS, *words.NAMES, *words.CITIES, *words.FOODS,
        *words.PETS,
        *words.JOBS, *words.HOBBIES, *words.RELATIONS, *words.GOODS, *words.OBJECTS, *words.PLACES,
        *world.CAPITALS,
        *world.CAPITALS.values(), *world.SOUNDS, *world.SOUNDS.values(), *world.LEGS, *world.YOUNG,
        *world.YOUNG.values(),
        *world.COLOUR_OF, *world.COLOURS, *world.DAYS, *world.MONTHS, *world.SEASONS, *world.ORDINALS,
        *world.NUMBER_WORDS, *unknown.PEOPLE, *unknown.THINGS, *unknown.PLACES, *unknown.DOINGS,
    ]  # fmt: skip
    found = dict.fromkeys(word for text in texts for word in re.findall("[A-Za-z]+", text))
    return tuple(word for word in found if len(word) > 1)


LEXICON: tuple[str, ...] = _words()
