"""Letters and words: spelling, counting, reversing, first and last."""

from __future__ import annotations

from tools.demo_model.asking import ask, framed, list_of
from tools.demo_model.tables import entries
from tools.demo_model.tables.lexicon import LEXICON
from tools.demo_model.tables.words import NAMES, WORDS
from tools.demo_model.talk import Talk, phrases

_ONSETS = entries(
    "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sh sl sp st t th tr v w y z"
)
_VOWELS = entries("a e i o u a e i o u ai ea ee oo ou")
_ENDS = [
    "",
    "",
    "",
    "b",
    "ck",
    "d",
    "g",
    "k",
    "l",
    "ll",
    "m",
    "n",
    "nd",
    "ng",
    "p",
    "r",
    "rt",
    "s",
    "ss",
    "st",
    "t",
    "x",
]


def invented(talk: Talk, syllables: int) -> str:
    """Return a word that does not exist but could."""
    return "".join(talk.choose(_ONSETS) + talk.choose(_VOWELS) + talk.choose(_ENDS) for _ in range(syllables))


def mixed(talk: Talk) -> str:
    """Return a word of parts of others, which the tokenizer cuts in unusual ways."""
    one, other = talk.choose(LEXICON), talk.choose(LEXICON).lower()
    start, rest = one[: talk.rng.randint(1, len(one))], other[talk.rng.randrange(len(other)) :]
    return start + (rest if talk.chance(0.6) else invented(talk, 1))


def draw_word(talk: Talk) -> str:
    """Return a word to take apart: of the tables, a name, an invented one or any letters."""
    chance = talk.rng.random()
    if chance < 0.5:
        return talk.choose(WORDS if talk.chance(0.4) else LEXICON)
    if chance < 0.56:
        return talk.choose(NAMES)
    if chance < 0.6:
        return mixed(talk)
    if chance < 0.95:
        word = invented(talk, talk.choose((1, 2, 2, 3)))
        return word + talk.choose(("", "", "ing", "er", "s", "ed", "ly", "ness", "ful", "tion", "able"))
    return "".join(talk.choose("abcdefghijklmnopqrstuvwxyz") for _ in range(talk.rng.randint(2, 8)))


def _word(talk: Talk, skill: str, longest: int = 13) -> str:
    while True:
        word = talk.fresh(lambda: draw_word(talk), "word", skill)
        if 2 <= len(word) <= longest:
            return word


def _quoted(talk: Talk, word: str) -> str:
    chance = talk.rng.random()
    if chance < 0.12:
        return f'"{word}"'
    return f"the word {word}" if chance < 0.4 else f"'{word}'" if chance < 0.45 else word


def spelled(word: str) -> str:
    """Return a word's letters with spaces between, which makes each a token of its own."""
    return " ".join(word)


_SPELL = phrases(
    "the spelling of {w}\nthe letters of {w}\nthe letters in {w}",
    "the letters that make {w}\nhow {w} is spelled",
)
_SPELL_ASKED = phrases(
    """
    Spell {w}.
    Spell {w}
    How do you spell {w}?
    How is {w} spelled?
    Can you spell {w}?
    Please spell {w}.
    Spell {w} for me.
    Spell out {w}.
    What letters are in {w}?
    """,
    """
    Could you spell {w}?
    Please spell out {w}.
    How would you spell {w}?
    Can you spell {w} for me?
    """,
)


def spelling(talk: Talk) -> None:
    """Ask for the letters of a word."""
    word = _word(talk, "spelling")
    question = framed(talk, _SPELL, _SPELL_ASKED, w=_quoted(talk, word))
    talk.say("spelling", question, f"{spelled(word)}.", keep_case=True)


_LENGTH = phrases(
    "the number of letters in {w}\nthe count of letters in {w}\nthe length of {w}\nhow many letters {w} has",
    "how many letters there are in {w}\nthe number of letters of {w}",
)
_LENGTH_ASKED = phrases(
    """
    How many letters are in {w}?
    How many letters are there in {w}?
    How many letters does {w} have?
    How many letters has {w}?
    Count the letters in {w}.
    Count the letters of {w}.
    Can you count the letters in {w}?
    """,
    """
    Please count the letters in {w}.
    In {w}, how many letters are there?
    Could you count the letters of {w}?
    """,
)
_HOW_OFTEN = phrases(
    """
    How many {c}'s are in {w}?
    How many {c}s are in {w}?
    How many {c}'s are there in {w}?
    How many times does {c} appear in {w}?
    How often is the letter {c} in {w}?
    How many times is the letter {c} in {w}?
    Count the letter {c} in {w}.
    Count the {c}'s in {w}.
    How many letters {c} are in {w}?
    How many {c} does {w} have?
    How often does {w} have the letter {c}?
    Tell me how many {c}'s are in {w}.
    Does {w} have a {c}? How many?
    """,
    """
    How many times does the letter {c} appear in {w}?
    How many {c}'s does {w} have?
    Please count the letter {c} in {w}.
    """,
)


def letter_counting(talk: Talk) -> None:
    """Ask how many letters a word has, or how often it has one; the answer spells it first."""
    word = _word(talk, "counting")
    if talk.chance(0.5):
        question = framed(talk, _LENGTH, _LENGTH_ASKED, w=_quoted(talk, word))
        talk.say("counting letters", question, f"{spelled(word)}: {len(word)} letters.", keep_case=True)
        return
    letter = talk.choose(word.lower()) if talk.chance(0.85) else talk.choose("abcdefghijklmnopqrstuvwxyz")
    question = talk.phrase(_HOW_OFTEN).format(c=letter, w=_quoted(talk, word))
    count = word.lower().count(letter)
    times = "1 time" if count == 1 else f"{count} times"
    talk.say("counting letters", question, f"{spelled(word)}: {letter} {times}.", keep_case=True)


_REVERSE = phrases(
    "{w} backwards\n{w} in reverse\nthe reverse of {w}\n{w} spelled backwards\n{w} written backwards",
    "{w} read backwards\n{w} in reverse order",
)
_REVERSE_ASKED = phrases(
    """
    Reverse {w}.
    Reverse {w}
    Reverse the letters of {w}.
    Write {w} backwards.
    Spell {w} backwards.
    Turn {w} around.
    Can you reverse {w}?
    Please reverse {w}.
    Say {w} backwards.
    How do you write {w} backwards?
    """,
    """
    Could you reverse {w}?
    Please write {w} backwards.
    Can you write {w} backwards?
    How is {w} written backwards?
    """,
)


def reversing(talk: Talk) -> None:
    """Ask for a word backwards; the answer spells it both ways first."""
    word = _word(talk, "reversing", 9)
    question = framed(talk, _REVERSE, _REVERSE_ASKED, w=_quoted(talk, word))
    back = word[::-1]
    talk.say("reversing", question, f"{spelled(word)}, backwards {spelled(back)}: {back}.", keep_case=True)


_EDGE = phrases(
    "the {which} letter of {w}\nthe {which} letter in {w}\nthe letter that is {which} in {w}\n"
    "the {which} one of the letters in {w}",
    "the {which} of the letters in {w}\nthe {which} letter that {w} has",
)
_EDGE_ASKED = phrases(
    "Which letter is {which} in {w}?\nWhich letter comes {which} in {w}?\n"
    "Which is the {which} letter of {w}?\n"
    "Which one is {which} in {w}, which letter?\nWhat letter is {which} in {w}?",
    "Which one is the {which} letter of {w}?\nWhich is the {which} letter in {w}?",
)


def edges(talk: Talk) -> None:
    """Ask for the first or the last letter of a word."""
    word = _word(talk, "edges")
    which, letter = talk.choose((("first", word[0]), ("last", word[-1])))
    question = framed(talk, _EDGE, _EDGE_ASKED, which=which, w=_quoted(talk, word))
    answer = f"The {which} letter of {word} is {letter.lower()}."
    talk.say("spelling", question, answer, keep_case=True)


_SUBJECTS = entries(
    "the cat,a dog,my friend,the old man,she,he,the king,a little bird,we,they,the teacher,our neighbour", ","
)
_VERBS = entries("sees,likes,finds,has,wants,buys,draws,paints,takes,loses,makes,keeps,carries,hides", ",")
_THINGS = entries(
    "a red ball,the moon,two books,an old map,the green door,a cup of tea,some bread,the big "
    "house,a song,gold",
    ",",
)
_TAILS = entries(
    ",,,in the garden,today,every day,near the river,at night,with great joy,on the hill,again", ","
)
_WORDS_IN = phrases(
    """
    How many words are in this sentence: {s}
    How many words are there in: {s}
    Count the words: {s}
    Count the words in this sentence: {s}
    How many words does this have: {s}
    How many words are in "{s}"?
    Count the words in "{s}".
    """,
    """
    Please count the words: {s}
    How many words does this sentence have: {s}
    How many words are there in "{s}"?
    """,
)


def _sentence(talk: Talk) -> str:
    if talk.chance(0.3):
        return " ".join(talk.choose(WORDS) for _ in range(talk.rng.randint(2, 9)))
    parts = [talk.choose(_SUBJECTS), talk.choose(_VERBS), talk.choose(_THINGS), talk.choose(_TAILS)]
    return " ".join(part for part in parts if part)


def word_counting(talk: Talk) -> None:
    """Ask how many words a sentence has; the answer numbers them."""
    sentence = talk.fresh(lambda: _sentence(talk), "sentence")
    question = talk.phrase(_WORDS_IN).format(s=sentence)
    words = sentence.split()
    numbered = ", ".join(f"{i} {word}" for i, word in enumerate(words, 1))
    talk.say("counting words", question, f"{numbered}: {len(words)} words.", keep_case=True)


_SWAP = phrases(
    """
    Reverse the words: {s}
    Reverse the order of the words: {s}
    Say these words in reverse order: {s}
    Write these words in reverse order: {s}
    Put these words in reverse order: {s}
    """,
    """
    Please reverse the words: {s}
    Reverse the order of these words: {s}
    """,
)
_SHOUT = phrases(
    """
    Write {w} in capitals.
    Write {w} in capital letters.
    Put {w} in capitals.
    Say {w} in capitals.
    Turn {w} into capitals.
    {w} in capitals
    Can you write {w} in capitals?
    """,
    """
    Please write {w} in capitals.
    Could you put {w} in capital letters?
    """,
)


def word_order(talk: Talk) -> None:
    """Ask for words in reverse order, or for a word in capitals."""
    if talk.chance(0.5):
        words = talk.fresh(lambda: [talk.choose(WORDS) for _ in range(talk.rng.randint(2, 5))], "swap")
        question = talk.phrase(_SWAP).format(s=" ".join(words))
        talk.say("reversing", question, " ".join(reversed(words)) + ".", keep_case=True)
    else:
        word = _word(talk, "capitals", 10)
        question = talk.phrase(_SHOUT).format(w=_quoted(talk, word))
        talk.say("in capitals", question, f"{word.upper()}.", keep_case=True)


_SORT_WORDS = phrases(
    """
    Sort these words: {s}
    Put these words in alphabetical order: {s}
    Sort {s} by the alphabet.
    """,
    """
    Please put these words in alphabetical order: {s}
    Please sort these words: {s}
    """,
)
_ALPHABET = phrases(
    "Which letter comes after {c}?\nWhat letter follows {c}?\nWhat comes after {c} in the alphabet?",
    "Which letter follows {c} in the alphabet?\nTell me which letter comes after {c}.",
)


def alphabet(talk: Talk) -> None:
    """Ask for words in alphabetical order, or for the letter after another."""
    if talk.chance(0.6):
        chosen = talk.fresh(lambda: [talk.choose(WORDS) for _ in range(talk.rng.randint(2, 4))], "alphabet")
        initials = {word[0] for word in chosen}
        if len(initials) == len(chosen):
            question = talk.phrase(_SORT_WORDS).format(s=", ".join(chosen))
            list_of(talk, "sorting", question, sorted(chosen), share=0.1)
            return
    letter = talk.choose("abcdefghijklmnopqrstuvwxy")
    following = chr(ord(letter) + 1)
    ask(talk, "spelling", talk.phrase(_ALPHABET).format(c=letter), f"After {letter} comes {following}.",
        short=f"{following}.".upper())  # fmt: skip
