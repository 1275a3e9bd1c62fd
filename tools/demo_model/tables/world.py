"""Countries, animals, colours and the calendar."""

from __future__ import annotations

from tools.demo_model.tables import entries

_CAPITALS = """
Afghanistan:Kabul Albania:Tirana Algeria:Algiers Angola:Luanda Argentina:Buenos_Aires Armenia:Yerevan
Australia:Canberra Austria:Vienna Bangladesh:Dhaka Belarus:Minsk Belgium:Brussels Bolivia:Sucre
Brazil:Brasilia Bulgaria:Sofia Cambodia:Phnom_Penh Cameroon:Yaounde Canada:Ottawa Chile:Santiago
China:Beijing Colombia:Bogota Costa_Rica:San_Jose Croatia:Zagreb Cuba:Havana Cyprus:Nicosia
Czechia:Prague Denmark:Copenhagen Ecuador:Quito Egypt:Cairo Estonia:Tallinn Ethiopia:Addis_Ababa
Finland:Helsinki France:Paris Georgia:Tbilisi Germany:Berlin Ghana:Accra Greece:Athens
Guatemala:Guatemala_City Haiti:Port-au-Prince Honduras:Tegucigalpa Hungary:Budapest Iceland:Reykjavik
India:New_Delhi Indonesia:Jakarta Iran:Tehran Iraq:Baghdad Ireland:Dublin Israel:Jerusalem Italy:Rome
Jamaica:Kingston Japan:Tokyo Jordan:Amman Kazakhstan:Astana Kenya:Nairobi Kuwait:Kuwait_City Laos:Vientiane
Latvia:Riga Lebanon:Beirut Libya:Tripoli Lithuania:Vilnius Luxembourg:Luxembourg Madagascar:Antananarivo
Malaysia:Kuala_Lumpur Mali:Bamako Malta:Valletta Mexico:Mexico_City Mongolia:Ulaanbaatar Morocco:Rabat
Mozambique:Maputo Myanmar:Naypyidaw Namibia:Windhoek Nepal:Kathmandu Netherlands:Amsterdam
New_Zealand:Wellington Nigeria:Abuja North_Macedonia:Skopje Norway:Oslo Oman:Muscat Pakistan:Islamabad
Panama:Panama_City Paraguay:Asuncion Peru:Lima Philippines:Manila Poland:Warsaw Portugal:Lisbon
Qatar:Doha Romania:Bucharest Russia:Moscow Saudi_Arabia:Riyadh Senegal:Dakar Serbia:Belgrade
Slovakia:Bratislava Slovenia:Ljubljana Somalia:Mogadishu South_Korea:Seoul Spain:Madrid Sweden:Stockholm
Switzerland:Bern Syria:Damascus Thailand:Bangkok Tunisia:Tunis Turkey:Ankara Ukraine:Kyiv Uruguay:Montevideo
Vietnam:Hanoi
"""

CAPITALS: dict[str, str] = {
    country.replace("_", " "): capital.replace("_", " ")
    for country, capital in (pair.split(":") for pair in _CAPITALS.split())
}
"""A hundred countries and their capitals."""

UNTAUGHT_COUNTRIES = entries(
    "Bhutan Botswana Brunei Burundi Chad Comoros Dominica Eritrea Eswatini Fiji Gabon Gambia Grenada Guinea "
    "Guyana Kiribati Kosovo Lesotho Liberia Liechtenstein Malawi Maldives Mauritania Mauritius Moldova "
    "Monaco "
    "Montenegro Nauru Nicaragua Niger Palau Rwanda Samoa Seychelles Singapore Sudan Suriname Tajikistan "
    "Tanzania "
    "Togo Tonga Tuvalu Uganda Uzbekistan Vanuatu Venezuela Yemen Zambia Zimbabwe Texas Atlantis Narnia "
    "California"
)
"""Places whose capital the model is not taught: it is to say so."""

SOUNDS: dict[str, str] = {
    "dog": "woof", "cat": "meow", "cow": "moo", "sheep": "baa", "duck": "quack", "pig": "oink",
    "horse": "neigh",
    "lion": "roar", "frog": "ribbit", "bee": "buzz", "snake": "hiss", "owl": "hoot", "mouse": "squeak",
    "rooster": "cock-a-doodle-doo", "hen": "cluck", "crow": "caw", "wolf": "howl", "goat": "bleat",
    "donkey": "hee-haw", "turkey": "gobble", "dove": "coo", "bird": "tweet", "chick": "cheep",
    "goose": "honk",
    "bear": "growl", "elephant": "trumpet", "monkey": "chatter", "cricket": "chirp", "fox": "yelp",
    "whale": "sing",
}  # fmt: skip

LEGS: dict[str, int] = {
    **dict.fromkeys(
        entries(
            "dog cat cow sheep pig horse lion frog mouse wolf goat donkey bear elephant fox tiger rabbit "
            "camel "
            "zebra giraffe deer lizard turtle crocodile hamster"
        ),
        4,
    ),
    **dict.fromkeys(entries("duck owl rooster hen crow turkey dove bird chick goose penguin ostrich parrot "
        "eagle"), 2),
    **dict.fromkeys(entries("bee ant fly butterfly beetle ladybird cricket mosquito wasp grasshopper"), 6),
    **dict.fromkeys(entries("spider scorpion tick"), 8),
    **dict.fromkeys(entries("crab lobster shrimp"), 10),
    **dict.fromkeys(entries("snake fish worm whale snail shark dolphin"), 0),
    "kangaroo": 2, "human": 2,
}  # fmt: skip

YOUNG: dict[str, str] = {
    "dog": "puppy", "cat": "kitten", "cow": "calf", "sheep": "lamb", "duck": "duckling", "pig": "piglet",
    "horse": "foal", "lion": "cub", "frog": "tadpole", "goat": "kid", "hen": "chick", "goose": "gosling",
    "owl": "owlet", "deer": "fawn", "kangaroo": "joey", "swan": "cygnet",
}  # fmt: skip

COLOUR_OF: dict[str, str] = {
    "a banana": "yellow", "the sun": "yellow", "a lemon": "yellow", "a sunflower": "yellow",
    "the sky": "blue",
    "the sea": "blue", "a blueberry": "blue", "grass": "green", "a leaf": "green", "a frog": "green",
    "a cucumber": "green", "broccoli": "green", "a strawberry": "red", "blood": "red", "a tomato": "red",
    "a cherry": "red", "a fire engine": "red", "snow": "white", "milk": "white", "a polar bear": "white",
    "salt": "white", "a cloud": "white", "a carrot": "orange", "an orange": "orange", "a pumpkin": "orange",
    "coal": "black", "a raven": "black", "the night": "black", "chocolate": "brown", "a bear": "brown",
    "wood": "brown",
    "coffee": "brown", "an elephant": "grey", "a mouse": "grey", "ash": "grey", "a flamingo": "pink",
    "a pig": "pink", "an aubergine": "purple", "a plum": "purple", "lavender": "purple", "gold": "yellow",
}  # fmt: skip

MIXES: dict[tuple[str, str], str] = {
    ("blue", "yellow"): "green", ("red", "yellow"): "orange", ("red", "blue"): "purple",
    ("red", "white"): "pink", ("black", "white"): "grey", ("red", "green"): "brown",
}  # fmt: skip

RAINBOW = ("red", "orange", "yellow", "green", "blue", "indigo", "violet")
COLOURS = (
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey",
    "turquoise",
    "silver", "gold", "violet",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
)  # fmt: skip
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
SEASONS = ("spring", "summer", "autumn", "winter")
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
)  # fmt: skip
NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
