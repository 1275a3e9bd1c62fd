"""Plots of short stories: each is a row of steps, each step a few ways to tell it.

In the texts {N} is the hero's name, {k} what the hero is, {A} that with its article; {s}, {S}, {o}, {p} are
the hero's pronouns (she, She, her, her); {t} is a thing and {T} it with its article, {l} the place; {F} is
the friend's name and {B} what the friend is, with its article.
"""

from __future__ import annotations

OPENINGS: tuple[str, ...] = (
    "Once upon a time there was {A} called {N}.",
    "There once was {A} named {N}.",
    "Long ago there lived {A} whose name was {N}.",
    "In {l} lived {A} called {N}.",
    "{N} was {A} who lived near {l}.",
    "This is the story of {N}, {A} from {l}.",
)
PLOTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "lost and found": (
        (
            "{N} had {T} that {s} loved more than anything.",
            "The dearest thing {N} had was {T}.",
            "Every day {N} played with {T}.",
        ),
        (
            "One morning the {t} was gone.",
            "One day {N} woke up and could not find the {t}.",
            "Then, on a windy day, the {t} was lost in {l}.",
        ),
        (
            "{N} looked under every stone, but it was not there.",
            "{S} searched the whole day and found nothing.",
            "{N} cried a little, and then {s} began to search.",
        ),
        (
            "In {l} {s} met {B} called {F}.",
            "On the way {s} met {F}, {B}.",
            "{B} called {F} heard {o} and came closer.",
        ),
        (
            '"I saw the {t} near the old tree," said {F}.',
            '"Let us look together," said {F}. "Four eyes see more than two."',
            "{F} had sharp eyes and saw something shine in the grass.",
        ),
        (
            "There it was! {N} held the {t} tight and thanked {F}.",
            "Together they found the {t}, and {N} danced with joy.",
            "Soon the {t} was back, and {N} hugged {F}.",
        ),
        (
            "From that day on {N} and {F} were best friends.",
            "{N} had found the {t} and a friend as well.",
            "After that they met every day.",
        ),
    ),
    "the storm": (
        (
            "{N} was building a small house in {l}.",
            "{N} wanted a house of {p} own in {l}.",
            "All summer {N} worked on a little house.",
        ),
        (
            "{S} was proud of it and put {T} above the door.",
            "When it was done, {s} hung {T} on the wall.",
            "Inside there was a bed, a lamp and {T}.",
        ),
        (
            "But one night a great storm came.",
            "Then the wind grew stronger and stronger.",
            "In autumn a terrible storm came over {l}.",
        ),
        (
            "The roof flew away and the rain came in.",
            "In the morning only the {t} was left.",
            "The walls shook and fell, one after another.",
        ),
        (
            "{F}, {B}, saw it and called all the neighbours.",
            '"Do not be sad," said {F}, {B}. "We will build it again."',
            "Then {B} called {F} came with wood and nails.",
        ),
        (
            "They worked for seven days, and the new house was stronger than the old one.",
            "Together they built a house of stone that no wind could move.",
            "Everyone helped, and soon the house stood again.",
        ),
        (
            "{N} cooked soup for everyone, and they sang until late.",
            "That evening {N} gave the {t} to {F} as a gift.",
            "Since then {N} has never been afraid of the wind.",
        ),
    ),
    "the race": (
        (
            "{N} was small and slow, and the others laughed at {o}.",
            "Nobody thought that {N} could run fast.",
            "{N} dreamed of winning the great race of {l}.",
        ),
        (
            "The prize was {T}, and {N} wanted it very much.",
            "Whoever won the race would get {T}.",
            "This year the winner would take home {T}.",
        ),
        (
            "So {N} trained every morning before the sun was up.",
            "{N} ran up the hill each day, in rain and in snow.",
            "Day after day {N} ran a little farther.",
        ),
        (
            "On the day of the race {F}, {B}, was far ahead.",
            "At the start {F}, {B}, ran faster than the wind.",
            "The fastest of all was {F}, {B}.",
        ),
        (
            "But {F} fell over a root and hurt a foot.",
            "Near the end {F} slipped and fell into the mud.",
            "Then {F} took a wrong turn and got stuck in the bushes.",
        ),
        (
            "{N} stopped and helped {F} to get up.",
            "{N} could have won, but {s} went back to help.",
            "{N} did not run on. {S} held out a hand and pulled {F} up.",
        ),
        (
            "They crossed the line together and shared the {t}.",
            "They came last, but everyone cheered, and {N} got the {t} for {p} good heart.",
            "Side by side they reached the end, and the {t} was given to both.",
        ),
    ),
    "the dark cave": (
        (
            "{N} was afraid of the dark.",
            "{N} never went out at night, because the dark frightened {o}.",
            "Everything was easy for {N}, but not the dark.",
        ),
        (
            "One evening {F}, {B}, did not come home.",
            "One day {p} friend {F}, {B}, fell into a deep cave near {l}.",
            "Then {p} friend {F}, {B}, got lost in a cave.",
        ),
        (
            "It was dark and cold, and nobody dared to go in.",
            "The others said that it was too dangerous.",
            "From the cave came a quiet cry for help.",
        ),
        (
            "{N} took {T} and a small lamp and went in.",
            "{N} held {T} tight, took a deep breath and went into the dark.",
            "With only {T} in {p} hand, {N} climbed down.",
        ),
        (
            "{P} heart beat fast, but {s} did not turn back.",
            "Step by step {s} went deeper.",
            "Something moved, but it was only a small bat.",
        ),
        (
            "At last {s} found {F} behind a big stone.",
            "There sat {F}, cold but safe.",
            "{S} heard {F} sing softly and followed the voice.",
        ),
        (
            "They used the {t} to find the way out, and {N} was not afraid any more.",
            "Together they walked out under the stars. The dark was only the sky with its eyes closed.",
            "When they came out, {N} said that the dark was not so bad with a friend.",
        ),
    ),
    "the gift": (
        (
            "Winter had come to {l}, and {N} had little to eat.",
            "{N} was poor, but {s} always had a kind word.",
            "All that {N} had was a piece of bread and {T}.",
        ),
        (
            "One cold evening there was a knock at the door.",
            "On a snowy night somebody knocked.",
            "One day {s} met a stranger by the road.",
        ),
        (
            "It was {F}, {B}, hungry and tired.",
            "There stood {B} called {F}, wet from the snow.",
            "{B} called {F} asked for something to eat.",
        ),
        (
            "{N} shared the last bread with {F}.",
            "{N} gave {F} {p} own blanket and half of the soup.",
            '"Come in," said {N}. "There is enough for two."',
        ),
        (
            "In the morning {F} was gone, but on the table lay {T}.",
            "The next day {F} had left, and in the snow lay {T}.",
            "When the sun rose, {F} gave {N} {T} and said goodbye.",
        ),
        (
            "The {t} was magic. Whenever {N} touched it, the table was full of food.",
            "It was no common {t}: it kept the house warm all winter.",
            "As long as {N} kept the {t}, {s} was never hungry again.",
        ),
        (
            "And {N} shared it all with everyone in {l}.",
            "{N} never forgot {F}, and left the door open for every guest.",
            "So a small kindness came back as a great one.",
        ),
    ),
    "the secret map": (
        (
            "One day {N} found an old map in a bottle.",
            "Under the floor {N} found a map with a red cross.",
            "{F}, {B}, gave {N} an old map.",
        ),
        (
            "It showed the way to {T}, hidden in {l}.",
            "The map said that {T} lay hidden in {l}.",
            "On it somebody had drawn {T} and the way to {l}.",
        ),
        (
            "{N} packed some bread and asked {F}, {B}, to come along.",
            "Together with {F}, {B}, {s} left before sunrise.",
            "{N} did not want to go alone, so {F}, {B}, came too.",
        ),
        (
            "They crossed a wild river on a fallen tree.",
            "They walked for three days and slept under the stars.",
            "They climbed over rocks and crept through thorns.",
        ),
        (
            "At the red cross they dug until their hands hurt.",
            "Under a flat stone they found a wooden box.",
            "Behind a waterfall they saw a little door.",
        ),
        (
            "Inside lay the {t}, and it shone like the moon.",
            "There it was: the {t}, as beautiful as on the first day.",
            "They opened it slowly and found the {t}.",
        ),
        (
            "They took it home, and whoever saw it had to smile.",
            "But the best of it, said {N}, was the journey with {F}.",
            "They hid the {t} again and drew a new map for others to find.",
        ),
    ),
    "the song": (
        (
            "{N} loved to sing, but {p} voice was very quiet.",
            "{N} wanted to sing at the feast of {l}.",
            "{N} knew a song that nobody else knew.",
        ),
        (
            "The others said that nobody would hear {o}.",
            'But {s} was shy. "What if they laugh?" {s} thought.',
            "{S} only sang when {s} was alone.",
        ),
        (
            "{F}, {B}, heard the song by chance and stood still.",
            "One evening {F}, {B}, listened behind a tree.",
            "Only {F}, {B}, had ever heard it.",
        ),
        (
            '"You must sing for all of us," said {F}, and gave {o} {T} for luck.',
            '{F} gave {o} {T}. "Hold this when you are afraid," said {F}.',
            '"Take {T} with you," said {F}. "It will help you."',
        ),
        (
            "The day of the feast came, and {N} stood before them all.",
            "On the evening of the feast it grew very quiet.",
            "{N} climbed on a stone and closed {p} eyes.",
        ),
        (
            "{S} held the {t} and began to sing, and the song rose up to the stars.",
            "With the {t} in {p} hand, {N} sang, first softly and then loud and clear.",
            "{N} touched the {t}, breathed in and sang like never before.",
        ),
        (
            "When it was over, everyone clapped, and {F} clapped the loudest.",
            "Nobody laughed. They asked for one more song, and then for another.",
            "Since that night all of {l} sings the song of {N}.",
        ),
    ),
    "the wrong wish": (
        (
            "{N} always wanted more than {s} had.",
            "{N} was never content.",
            "Nothing was ever good enough for {N}.",
        ),
        (
            "One day {s} found {T} in {l}, and a voice said: You have one wish.",
            "In {l} {s} found {T} that could grant one wish.",
            "{F}, {B}, gave {o} {T} that granted wishes.",
        ),
        (
            '"I want to be as big as a mountain," said {N}.',
            '"I wish that everything I touch turns into gold," said {N}.',
            '"I wish that I can fly," said {N}.',
        ),
        (
            "At once it came true, and {N} was happy for an hour.",
            "And so it was. {N} laughed with joy.",
            "It happened in a moment, and at first it was wonderful.",
        ),
        (
            "But soon {s} was hungry and all alone.",
            "But then {s} could not play with {p} friends any more.",
            "But in the evening {s} could not get into {p} own house.",
        ),
        (
            "{F}, {B}, came and said that a wish can be given back.",
            '{N} called for help, and {F}, {B}, said: "Give the {t} back."',
            "Only {F}, {B}, knew what to do: the {t} must go back where it came from.",
        ),
        (
            "So {N} gave the {t} back and was content with what {s} had.",
            "{N} did so, and home had never looked so good.",
            "Since then {N} says thank you every day.",
        ),
    ),
}
MORALS: tuple[str, ...] = (
    "", "", "",
    "And they all lived happily.",
    "That night {N} slept very well.",
    "And if you go to {l}, you may still meet {o}.",
    "{N} smiled for a long time.",
)  # fmt: skip
KINDS: dict[str, str] = {
    "girl": "she", "boy": "he", "queen": "she", "king": "he", "knight": "he", "witch": "she", "wizard": "he",
    "princess": "she", "prince": "he", "sailor": "he", "farmer": "he", "baker": "she", "robot": "",
    "pirate": "",
    "dragon": "", "fox": "", "cat": "", "dog": "", "mouse": "", "rabbit": "", "bear": "", "owl": "",
    "frog": "",
    "duck": "", "hedgehog": "", "squirrel": "", "elephant": "", "horse": "", "penguin": "", "turtle": "",
    "wolf": "",
    "lion": "", "giant": "", "elf": "", "ghost": "", "snail": "", "bee": "", "monkey": "", "donkey": "",
    "goat": "",
}  # fmt: skip
THINGS: tuple[str, ...] = (
    "golden key", "red ball", "silver bell", "magic lamp", "blue stone", "old book", "green hat",
    "little boat",
    "wooden flute", "shiny coin", "warm scarf", "glass star", "paper kite", "small drum", "tiny mirror",
    "white shell",
    "music box", "old lantern", "big umbrella", "clay pot", "compass", "crown", "ring", "feather", "candle",
    "map",
    "watch", "violin", "basket", "teapot",
)  # fmt: skip
SETTINGS: tuple[str, ...] = (
    "the forest", "the mountains", "the old castle", "the valley", "the village", "the desert", "the harbour",
    "the big city", "the meadow", "the swamp", "the island", "the snow", "the jungle", "the garden",
    "the green hills",
    "the lake", "the river", "the market", "the moor", "the lighthouse",
)  # fmt: skip
