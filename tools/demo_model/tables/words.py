"""Opposites, common words, names and the things that people tell about themselves."""

from __future__ import annotations

from tools.demo_model.tables import entries

_OPPOSITES = """

hot:cold big:small tall:short fast:slow up:down left:right happy:sad good:bad old:new light:dark day:night
open:closed full:empty hard:soft wet:dry clean:dirty rich:poor strong:weak high:low near:far early:late
first:last begin:end win:lose buy:sell come:go push:pull love:hate friend:enemy yes:no true:false
right:wrong black:white loud:quiet thick:thin wide:narrow deep:shallow heavy:weightless young:elderly
alive:dead asleep:awake before:after above:below inside:outside over:under front:back top:bottom north:south
east:west summer:winter hello:goodbye give:take ask:answer find:hide remember:forget laugh:cry start:stop
arrive:leave rise:fall build:destroy cheap:expensive easy:difficult simple:complex safe:dangerous
sharp:blunt smooth:rough straight:crooked sweet:bitter fresh:stale brave:cowardly kind:cruel polite:rude
patient:impatient lucky:unlucky possible:impossible visible:invisible public:private internal:external
maximum:minimum positive:negative odd:even add:subtract multiply:divide more:less many:few always:never
all:none everything:nothing success:failure victory:defeat peace:war question:reply teacher:student
king:queen entrance:exit export:import increase:decrease accept:refuse ancient:modern guilty:innocent
generous:selfish lazy:hardworking tight:loose raw:cooked solid:liquid present:absent
"""
_PAIRS = [tuple(pair.split(":")) for pair in _OPPOSITES.split()]
OPPOSITES: dict[str, str] = {}
for _a, _b in _PAIRS:
    OPPOSITES.setdefault(_a, _b)
for _a, _b in _PAIRS:
    OPPOSITES.setdefault(_b, _a)

WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        entries("""

apple banana orange lemon cherry grape melon peach pear plum berry strawberry blueberry raspberry tomato
potato carrot onion garlic pepper cabbage spinach pumpkin bread butter cheese milk cream sugar honey salt
flour rice pasta soup salad sandwich cookie cake chocolate candy coffee tea juice water window door table
chair sofa lamp carpet curtain mirror picture kitchen bathroom bedroom garden garage roof wall floor ceiling
stairs basement key lock clock watch phone computer keyboard screen mouse printer camera radio television
battery cable engine wheel brake bicycle car truck bus train plane boat ship rocket bridge road street
highway tunnel station airport harbour city town village country island mountain valley river lake ocean
beach desert forest jungle field meadow hill cave rock stone sand mud dust snow rain wind storm thunder
lightning cloud rainbow sunshine fog frost ice fire smoke flame spark ash animal dog cat horse cow sheep
goat pig chicken duck goose turkey rabbit hamster mouse rat squirrel fox wolf bear deer lion tiger leopard
elephant giraffe zebra monkey gorilla kangaroo koala panda camel crocodile lizard snake turtle frog toad
fish shark whale dolphin octopus crab lobster shrimp snail worm spider insect butterfly beetle ant bee wasp
mosquito bird eagle owl parrot penguin swan sparrow pigeon crow flower rose tulip daisy lily sunflower tree
leaf branch root seed grass bush moss mushroom music song melody guitar piano violin drum trumpet flute
dance theatre movie story poem book page letter word sentence paragraph chapter library school teacher
student lesson exam pencil paper eraser ruler scissors glue paint brush colour shape circle square triangle
rectangle number plus minus doctor nurse hospital medicine farmer baker butcher driver pilot sailor soldier
police lawyer judge artist writer singer actor dancer painter engineer scientist carpenter plumber king
queen prince princess knight castle tower dragon wizard magic sword shield arrow treasure crown gold silver
copper iron steel wood glass plastic rubber cotton wool silk leather shirt trousers dress skirt jacket coat
hat scarf gloves socks shoes boots belt button pocket morning evening afternoon midnight today tomorrow
yesterday week month year century minute second hour spring summer autumn winter kernel token tensor matrix
vector memory cache buffer shader browser pixel compiler program function variable number integer python
language model weight layer attention happy angry hungry thirsty tired sleepy lonely beautiful wonderful
terrible strange quiet noisy gentle clever curious careful dangerous delicious famous favourite important
impossible interesting mysterious necessary popular powerful serious simple special sudden yellow purple
banner mississippi bookkeeper committee balloon pepper success address coffee happen summer letter bottle
puzzle rhythm zigzag jazz quiz queue level racecar noon radar civic madam stop star live evil draw ward part
trap loop pool giggle umbrella elevator hospital alphabet dinosaur helicopter calendar adventure friend
family mother father sister brother uncle aunt cousin grandmother grandfather baby child people person woman
man girl boy hand foot head face eye ear nose mouth tooth tongue neck shoulder arm elbow finger thumb knee
ankle heart brain blood bone skin hair
""")
    )
)
"""Words for spelling, counting and the like."""

NAMES: tuple[str, ...] = tuple(
    entries("""

Ada Alan Alex Alice Amir Amy Ana Andrew Anna Anton Aria Arthur Asha Ben Bella Bianca Boris Bruno Carla
Carlos Chloe Clara Claire Daniel Daria David Diana Diego Dora Edith Elena Eli Elias Ella Emil Emily Emma
Erik Eva Farah Felix Finn Fiona Frank Freya George Gina Grace Hana Hannah Harry Hassan Helen Henry Hugo Ida
Igor Ines Iris Isaac Ivan Jack Jacob James Jane Jasmin Jin John Jonas Joseph Julia Karim Karl Kate Kenji Kim
Lara Laura Lea Leo Lena Liam Lily Lina Louis Lucas Lucy Luis Luna Mara Marco Maria Mark Martin Mary Max Maya
Mei Mia Michael Mila Miriam Mona Nadia Nina Noah Nora Olga Oliver Olivia Omar Oscar Otto Paul Pedro Peter
Petra Priya Rachel Ravi Rita Robert Rosa Ruby Ruth Sam Samir Sara Simon Sofia Sophie Stella Stefan Tara Theo
Thomas Tim Tina Tom Uma Vera Victor Vera Walter Wendy Xavier Yara Yuki Yusuf Zara Zoe Abby Adam Agnes Albert
Aron Astrid Axel Beth Billy Blake Carl Celia Chris Colin Cora Dean Della Derek Doris Dylan Edgar Eliza Enzo
Esther Ethan Faye Flora Fred Gemma Gavin Greta Gus Heidi Holly Ian Ike Irene Jade Jason Jenny Jill Joan Joel
Judy Keith Kelly Kurt Kyle Leila Linda Logan Lois Lydia Mabel Marta Mason Megan Miles Molly Morgan Nancy
Neil Nico Norman Owen Pablo Pam Patty Penny Quinn Ralph Ramon Rex Rick Robin Ron Rory Rufus Sally Sean Seth
Silas Sonia Steve Susan Tessa Toby Tony Ursula Vince Violet Wade Wanda Will Yasmin Yves Zack Zelda
""")
)
CITIES = entries(
    "Amsterdam Athens Barcelona Basel Berlin Bilbao Bologna Boston Bristol Cairo Chicago Cologne Dallas "
    "Denver Dublin "
    "Florence Geneva Glasgow Hamburg Hanoi Houston Kyoto Lagos Leeds Lima Lisbon London Lyon Madrid Malmo "
    "Milan Miami "
    "Montreal Mumbai Munich Naples Nice Osaka Oslo Oxford Paris Porto Prague Riga Rome Seattle Seville "
    "Sofia Split "
    "Sydney Tokyo Toronto Turin Utrecht Valencia Vienna Warsaw Winnipeg York Zurich"
)
FOODS = entries(
    "pizza pasta rice soup salad bread cheese chocolate pancakes noodles curry sushi lasagne porridge apples "
    "strawberries potatoes dumplings tacos yoghurt"
)
PETS = entries("dog cat rabbit hamster parrot turtle pony goldfish mouse snake lizard goat hen")
JOBS = entries(
    "teacher nurse baker farmer driver pilot painter doctor carpenter gardener programmer lawyer singer "
    "cook writer "
    "plumber dentist tailor sailor librarian"
)
HOBBIES = entries(
    "swimming reading painting dancing cycling running cooking fishing singing hiking skating climbing "
    "drawing "
    "knitting gardening chess football tennis photography sailing"
)
RELATIONS = entries(
    "sister brother friend mother father teacher neighbour cousin aunt uncle boss daughter son doctor "
    "grandmother"
)
GOODS = entries(
    "milk eggs bread butter apples cheese rice sugar flour tea coffee soap pasta honey onions carrots paper "
    "salt "
    "bananas yoghurt juice candles tomatoes batteries"
)
OBJECTS = entries(
    "keys glasses book phone wallet bag hat umbrella coat shoes ticket passport gloves scarf watch"
)
PLURAL_OBJECTS = ("keys", "glasses", "shoes", "gloves")
PLACES = entries(
    "in the drawer,on the table,under the bed,in the car,on the shelf,in the kitchen,behind the door,in my "
    "bag,"
    "next to the lamp,in the garden,on the sofa,in the cupboard,on the desk,in the hall",
    ",",
)
