"""Subjects that the model is not taught, and questions about them."""

from __future__ import annotations

from tools.demo_model.tables import entries

PEOPLE = entries(
    """

Shakespeare, Einstein, Newton, Cleopatra, Napoleon, Mozart, Beethoven, Picasso, Darwin, Gandhi, Columbus,
Marie Curie, Galileo, Plato, Aristotle, Bach, Elvis, the Beatles, Julius Caesar, Leonardo, Lincoln,
Churchill, the president, the pope, the king of Spain, Tolstoy, Dickens, Homer, Socrates, Alan Turing, Ada
Lovelace, Tesla, Edison, Chopin, Marco Polo, Nelson Mandela, Joan of Arc, Walt Disney, Charlie Chaplin,
Agatha Christie, Rembrandt, Monet, Kepler, Copernicus
""",
    ",",
)
EVENTS = entries(
    """

the first world war, the second world war, the French revolution, the moon landing, the fall of Rome, the
last election, the world cup, the Olympic games, the ice age, the plague, the gold rush, the last final, the
cup final, the big bang, the battle of Hastings, the great fire of London, the first flight, the invention
of paper, the end of the war
""",
    ",",
)
THINGS = entries(
    """

a telescope, a volcano, the telephone, the steam engine, gravity, electricity, the stock market, inflation,
democracy, photosynthesis, a vaccine, a virus, the periodic table, an atom, oxygen, iron, the ocean, the
desert, a glacier, a comet, Mars, Jupiter, the moon, Mount Everest, the Nile, the Amazon, the Eiffel tower,
the Great Wall, the pyramids, Big Ben, a violin, a piano, an opera, ballet, chess, cricket, golf, yoga,
karate, bitcoin, a mortgage, a passport, insurance, a visa, sourdough, cheese, wine, beer, tofu, a
smartphone, the internet, email, a blog, a podcast, a submarine, a helicopter, DNA, the human heart, the
liver, the brain, sleep, a dream, a headache, a cold, a fever, vitamin C, protein, a diet, a marathon,
philosophy, religion, art, poetry, history, geography, biology, chemistry, physics, algebra, geometry,
grammar, Latin
""",
    ",",
)
WORKS = entries(
    """

the Mona Lisa, Hamlet, Faust, Don Quixote, the Odyssey, the Bible, Star Wars, Titanic, Harry Potter, the
Lord of the Rings, Moby Dick, Frozen, the Magic Flute, Carmen, the Night Watch, War and Peace, Robinson
Crusoe, Peter Pan, Cinderella, the Little Prince, the Jungle Book, King Lear, the national anthem, the
Sistine Chapel, the Scream
""",
    ",",
)
PLACES = entries(
    """

Africa, Asia, Europe, America, Antarctica, the Alps, the Sahara, Siberia, Hawaii, Greenland, Alaska,
Scotland, Wales, Bavaria, Tuscany, Sicily, New York, Hollywood, Los Angeles, Shanghai, Istanbul, Venice,
Salzburg, Marseille, my street, the North Pole, the South Pole, the Black Sea, the Pacific, the Rhine, the
Danube, Lake Geneva, the Andes, Bali, Crete
""",
    ",",
)
MEASURES = entries(
    """

height, weight, age, population, price, speed, depth, mass, temperature, size, history, meaning of life,
origin, density, chemical formula, phone number, address, email address, inventor, author, owner, currency,
language, national dish, melting point, boiling point, birthday, shoe size, nickname, middle name, density,
flag, time zone, postcode, mayor
""",
    ",",
)
DOINGS = entries(
    """

bake bread, cook rice, fix a bike, tie a tie, change a tyre, grow tomatoes, play the guitar, learn French,
lose weight, write a letter, buy a house, make coffee, knit a scarf, paint a wall, build a boat, catch a
fish, ride a horse, invest money, get a visa, clean a carpet, train a dog, boil an egg, sew a button, swim
faster, sleep better, meditate, file my taxes, install Linux, reset my password, book a flight, rent a car,
find a job, write a novel, brew beer, make soap, fold a shirt
""",
    ",",
)
TIMES = entries(
    """

today, tomorrow, yesterday, next week, last year, in 1066, in 1492, in 1789, in 1914, in 1969, in 2001, in
2050, right now, this weekend, next summer, on Friday, at noon, last night, in the year 1000, in March,
during the war
""",
    ",",
)
DEEDS = entries(
    """

invented, discovered, built, wrote, painted, composed, won, lost, founded, designed, directed, sang, owns,
rules, sells, killed, married, killed, found, named, stole, crossed, climbed, visited, started, ended,
financed, repaired, published
""",
    ",",
)

HELD_QUESTIONS = tuple(
    line.strip()
    for line in """
Who painted the Mona Lisa?
What is the boiling point of water?
Who was the first man on the moon?
When did the second world war end?
How far away is the moon?
What is the tallest building in the world?
Who wrote Romeo and Juliet?
What is the speed of light?
How do planes fly?
Why is the sky blue?
What will the weather be like tomorrow?
What time is it?
What is the date today?
Which team won the league last season?
Who is the richest person alive?
How much does a new phone cost?
What is the best restaurant in town?
Can you recommend a good film?
How do I bake a cake?
How many people live in Paris?
What language do they speak in Brazil?
Who is the prime minister of Canada?
What is the largest ocean?
What is the longest river in the world?
How many planets are there?
What is the chemical symbol of gold?
Who discovered penicillin?
When was Mozart born?
How tall is Mount Everest?
What does DNA stand for?
How does a vaccine work?
What is the meaning of life?
Should I buy a house or rent one?
Is there life on Mars?
What is the stock price of Apple?
Translate good morning into Spanish.
How do you say thank you in Japanese?
What is the square root of 144?
Write a Python program that prints hello.
What is the derivative of x squared?
Who sang Yesterday?
What is the plot of Hamlet?
Which planet has rings?
What causes thunder?
How do bees make honey?
Why do cats purr?
Why do leaves fall in autumn?
How long does it take to fly to Australia?
What is the currency of Japan?
Who invented the light bulb?
What is photosynthesis?
Which vitamins are in an orange?
What should I eat tonight?
How do I lose weight?
What is a black hole?
Who built the pyramids?
What was the name of the first dog in space?
How old is the universe?
What is the population of Germany?
When did Rome fall?
What is blockchain?
How do I reset my router?
Where can I buy cheap tickets?
Who is the best football player?
What is the national animal of Scotland?
How many bones are in the human body?
What is the freezing point of alcohol?
How does a fridge work?
Who wrote the national anthem?
What is my phone number?
Which road leads to the station?
What is the Wi-Fi password here?
How heavy is a blue whale?
What is the main idea of democracy?
Who was Napoleon?
What is jazz?
Why do we dream?
What happened in 1789?
Where is the nearest pharmacy?
Is it going to rain on Sunday?
Which film won the Oscar?
How can I learn to play the piano?
What is quantum entanglement?
What do you think about politics?
Who is your favourite singer?
How many strings does a guitar have?
What is the sum of the angles in a triangle?
When does the train leave?
How do I get to the airport?
What did I eat for breakfast?
How fast can a cheetah run?
What is the difference between weather and climate?
Who owns this company?
How does the heart work?
Which gas do plants need?
What is a mortgage?
How do magnets work?
Who was the captain of the Titanic?
What is the smallest country in Europe?
When is Easter next year?
""".strip().splitlines()
)
"""Untaught questions written by hand, for the evaluation alone."""
