"""Expressions whose values the page's template engine must write as jinja2 does: filters, methods, tests, operators."""
# ruff: noqa: E501 - an expression a line, with letters that look like others

from __future__ import annotations

PEOPLE = [
    {"name": "Ada", "age": 36, "tags": ["a", "b"], "home": {"town": "Bath"}},
    {"name": "bob", "age": 7, "tags": [], "home": {"town": "Ayr"}},
    {"name": "Bob", "age": 36, "home": {"town": "bath"}},
]
"""The variable `people` of every case."""

# {} stands for each of the values.
_OF_EACH = {
    ("2.5", "3.5", "-2.5", "-0.5", "0.5", "2.675", "1.005", "7", "-7", "true", "123456789.5", "0.15", "-1.45"): [
        "{} | round", "{} | round(1)", "{} | round(2)", "{} | round(2, 'ceil')", "{} | round(1, 'floor')",
        "{} | round(method='ceil')", "{} | round | int", "{} | abs", "{} | int", "{} | float", "{} | string",
    ],
    ("'12'", "' 7 '", "'-3'", "'1.9'", "'-1.9'", "'x'", "''", "'1_000'", "'0x1f'", "'1e3'", "'12abc'", "none", "true",
     "[]", "'inf'", "2.9", "-2.9"): ["{} | int", "{} | int(5)", "{} | float", "{} | float(1.5)", "{} | int(default=2)"],
    ("'hello wORLD'", "'it\\'s o\\'clock'", "'a-b (c) [d] {{e} <f'", "'éa ßb'", "'x1y 2z'", "'a_b'", "''", "'ǆ'"): [
        "{} | title", "{}.title()", "{} | capitalize", "{}.capitalize()", "{} | upper", "{} | lower", "{} | wordcount",
        "{} | length", "{} | trim", "{} | reverse", "{} | list", "{} | first | upper", "{} | last | upper",
    ],
    ("'a\\nb'", "'a\\n'", "'\\na\\n\\nb\\n'", "''", "'\\n'", "'a\\r\\nb\\rc'", "'a\\x0bb\\x85c\\u2028d'"): [
        "{} | indent", "{} | indent(2)", "{} | indent(2, true)", "{} | indent(2, blank=true)", "{} | indent(1, true, true)",
        "{} | indent('> ')", "{} | indent(width='- ', first=true)", "{}.splitlines()", "{}.splitlines(true)", "{}.splitlines(keepends=true)",
        "{}.split()", "{}.split('\\n')", "{} | wordcount",
    ],
    ("'banana'", "''", "'naïve 🚀 na'"): [
        "{}.find('na')", "{}.find('na', 3)", "{}.find('na', 2, 4)", "{}.find('a', -2)", "{}.find('')", "{}.find('', 99)",
        "{}.find('z')", "{}.count('a')", "{}.count('a', 2)", "{}.count('an', 1, 4)", "{}.count('')",
        "{}.count('a', -3, -1)", "{}.startswith('b')", "{}.startswith('n', 2)", "{}.startswith(('x', 'b'))",
        "{}.endswith('a')", "{}.endswith('n', 0, 3)", "{}.endswith(('x', 'a'))", "{}.replace('a', 'o', 2)",
        "{}.replace('', '-')", "{}.split('a', 1)", "{}.split('a')",
        "{}.strip('ab')",
        "{}.upper()", "{}.lower()", "{}[1:3]", "{}[::-1]",
        "{} | truncate(5)", "{} | truncate(3, true)", "{} | truncate(5, end='', leeway=0)", "{} | center(10)",
    ],
    ("[1, 1.0, true, 2]", "['a', 'A', 'b']", "[none, none, 0, false]", "['1', 1, '1']", "[(1, 2), (1, 2), (2, 1)]", "[]"): [
        "{} | unique | list", "{} | unique(true) | list", "{} | length", "{} | first", "{} | last", "{} | join('|')",
        "{} | reverse | list", "{} | list", "{}", "{} | string", "{}[0]", "{}[-1]", "{}[1:]", "1 in {}", "'a' in {}", "(1, 2) in {}",
        "{} | batch(2) | list", "{} | batch(2, '-') | list", "{} | select | list", "{} | reject | list",
        "{} | select('string') | list", "{} | reject('none') | list", "{} == {}", "{} != []", "{} + [0]", "{} | count",
    ],
    ("[3, 1, 2]", "['b', 'A', 'c', 'a']", "[2.5, 1, true]", "[[2], [1, 5]]", "[(2, 'x'), (1, 'y')]", "[]"): [
        "{} | sort", "{} | sort(true)", "{} | sort(case_sensitive=true)", "{} | sort(reverse=true) | first", "{} | min", "{} | max",
        "{} | max(true)", "{} | min(case_sensitive=true)", "{} | sum", "{} | sum(start=1)", "{} | sum(start=0.5)", "{} | tojson",
    ],
    ("0", "1", "-1", "2.0", "1.5", "10.0 ** 16", "10.0 ** 15", "0.00001", "0.0001", "10.0 ** 100", "-0.0", "123456789.125", "10 ** 20", "2 ** 0.5", "7 // 2", "7.5 // 2", "-7 // 2", "7 % 3", "-7 % 3",
     "7.5 % -2", "-7.5 % 2", "6 / 3", "1 / 3", "2 ** -1", "true + 1", "true", "false", "none", "3 - 5", "1 + 1.0"): [
        "{}", "[{}]", "({}) | string", "({}) | tojson", "'a' ~ ({})", "({}) == 1", "({}) is number", "({}) is integer", "({}) is float", "({}) is boolean",
        "({}) is none", "({}) is string", "({}) is sequence", "({}) is iterable", "({}) is mapping", "({}) is callable", "not ({})", "({}) | default('d', true)",
    ],
    ("(1, 2)", "[(1, 'a')]", "('x', none, true, 1.0)", "{'a': (1, 2)}", "{'b': 1, 'a': 'x'}", "{}", "[1, [2, ['q']]]",
     "['it\\'s', '\"', 'é', '\\n\\t\\\\']", "['\\x00\\x1f\\x7f\\u200b🚀']"): [
        "{}", "[{}]", "{} | string", "{} | length", "{} | list", "{} | tojson", "{} | tojson(indent=2)", "{} is sequence", "{} is iterable", "{} is mapping",
        "{} | tojson(sort_keys=true)", "{} | tojson(separators=(',', ':'))", "{} | tojson(ensure_ascii=true)",
    ],
}  # fmt: skip

_PLAIN = [
    # sums and groups
    "people | sum('age')", "people | sum(attribute='age')", "people | sum(attribute='age', start=1.5)", "people | map(attribute='age') | sum",
    "['a', 'b'] | sum", "[[1], [2]] | sum(start=[])", "people | sum(attribute='missing')", "[1, none] | sum",
    "people | groupby('name')", "people | groupby('age') | map('first') | list", "people | groupby('name', case_sensitive=true) | map(attribute='grouper') | list",
    "people | groupby('tags', default=[])", "people | groupby('home.town') | map(attribute='list') | map('length') | list",
    "people | groupby('missing')", "people | groupby('missing', default='x') | length", "people | groupby('home.town') | map(attribute=0) | list",
    "(people | groupby('age'))[0].grouper", "(people | groupby('age'))[0].list | length", "(people | groupby('age'))[1][1][0].name",
    # attributes
    "people[0] | attr('name')", "namespace(a=1) | attr('a')", "namespace(a=1) | attr('b')", "people[0] | attr('missing') is defined", "'abc' | attr('missing')", "people | map(attribute='home.town') | list",
    "people | map(attribute='tags') | list", "people | map(attribute='tags', default='none') | list", "people | map(attribute='tags.0', default='-') | list",
    "[[1, 2], [3, 4]] | map(attribute=1) | list", "[[1, 2], [3, 4]] | map(attribute='0') | list", "people | map('attr', 'name') | list",
    "people | selectattr('age', 'gt', 10) | map(attribute='name') | list", "people | rejectattr('tags') | map(attribute='name') | list",
    "people | selectattr('tags', 'defined') | list | length", "people | selectattr('home.town', 'eq', 'Ayr') | list | length",
    "people | sort(attribute='age') | map(attribute='name') | list", "people | sort(attribute='age,name') | map(attribute='name') | list",
    "people | sort(attribute='name', case_sensitive=true) | map(attribute='name') | list", "people | sort(reverse=true, attribute='age') | map(attribute='name') | list",
    "people | min(attribute='age')", "(people | max(attribute='age')).name", "people | unique(attribute='age') | map(attribute='name') | list",
    "people | unique(attribute='name') | map(attribute='name') | list", "people | unique(attribute='name', case_sensitive=true) | list | length",
    "people | join(', ', attribute='name')", "people | join(attribute='age')", "people | map(attribute='name') | map('lower') | join", "people | map('length') | list",
    # mappings
    "{'b': 1, 'a': 2} | dictsort", "{'b': 1, 'A': 2} | dictsort(true)", "{'b': 1, 'a': 2} | dictsort(by='value')", "{'b': 1, 'a': 2} | dictsort(reverse=true)",
    "{'b': 1} | items | list", "{'b': 1}.items() | list", "{'b': 1}.keys() | list", "{'b': 1}.values() | list", "{'b': 1} | list", "missing | items | list",
    "{'b': 1}.get('b')", "{'b': 1}.get('c')", "{'b': 1}.get('c', 4)", "{'b': 1}['c'] is defined", "'b' in {'b': 1}", "{'b': none}.b is none", "{'a': 1} == {'a': 1.0}",
    "{'items': 3}['items']", "{'x': {'y': 1}}.x.y", "{'a': 1, 'b': 2} | length", "{'b': 1, 'a': 2} | map('upper') | list",
    # `in` and comparisons
    "1 in [1.0]", "1 in [true]", "none in [none]", "[1] in [[1], [2]]", "{'a': 1} in [{'a': 1}]", "'' in 'abc'", "1.0 in (1, 2)", "'a' not in ['b']", "missing in [1]", "1 in missing",
    "'a' < 'b'", "'a' < 'B'", "[1, 2] < [1, 3]", "(1, 2) == [1, 2]", "1 < 2 < 3", "3 > 2 > 2", "'10' < '9'", "true > false", "true >= 1", "'a' < 1", "none < 1", "none == none", "none == false", "0 == false", "'' == none",
    "1 is eq 1.0", "'a' is lt 'b'", "2 is ge 2", "[1] is eq [1]", "'a' is in 'abc'", "3 is in [1, 2]", "people[0].age is gt people[1].age", "people[1].name is eq people[1]['name']",
    "people[0].name is eq('Ada') and true", "'Ada' is in people[0].name", "4 is divisibleby 2", "4 is divisibleby(people[1].age)", "people[0].tags is eq ['a', 'b']", "1 is sameas 1", "none is sameas none",
    "'aB' is lower", "'AB' is upper", "'a1' is lower", "'1' is lower", "'' is upper", "missing is undefined", "people is defined and people[0].tags is iterable",
    # booleans and numbers together
    "true + true", "[true, 2] | sum", "true * 3", "-true", "true and 1", "0 or 'x'", "'' or []", "none and 1", "1 if missing else 2", "1 if missing", "(1 if false) is defined",
    "'ab' * 2", "[1] * 2", "2 * [0]", "'a' ~ none ~ 1.0 ~ [1] ~ true", "'a' ~ missing ~ 'b'", "7 // 0", "7 % 0", "1 + none", "'a' + 'b'", "[1] + (2, 3)", "(1, 0) + (2, 3)", "1 - '1'",
    # tuples, lists and slices
    "(1, 2)[0]", "(1, 2) | last", "(1, 2, 3)[1:]", "[1, 2, 3][-2:]", "[1, 2, 3][::2]", "[1, 2][5] is defined", "[1, 2][5]", "'abc'[5] is defined", "'a🚀b'[1]", "'a🚀b'[-1]", "(1, 2) + (3, 4)", "[[1, 2], (3, 4)]",
    "(1, 2) is sequence", "range(3) | list", "range(1, 4) | sum", "range(5)[1:3] | list", "range(3) | length", "3 in range(4)",
    # texts
    "'a,b,,c'.split(',')", "' a  b '.split()", "' a  b '.split(none, 1)", "'a,b'.split(',', maxsplit=1)", "'\\x1ca\\x1c'.strip()", "'\\ufeffa'.strip()", "'abc' | replace('b', 1)", "'aaa' | replace('a', 'b', count=2)", "5 | replace(5, 6)",
    "'x'.join(['a', 'b'])", "''.join(('a', 'b'))", "','.join('abc')", "', '.join([1])", "'abc'.removeprefix('ab')", "'abc'.removesuffix('')", "'<b>' | e", "'<b>' | escape | upper",
    "'x' | safe", "'one two three' | truncate(9)", "'one two three' | truncate(9, leeway=0)", "'one two' | truncate(length=5, leeway=0, killwords=true, end='')",
    "'ab' | center(5)", "'ab' | center(6)", "'abc' | center(6)", "'🚀' | center(4)", "'one_two three-four' | wordcount", "'x' | d('y')", "missing | d", "none | d('y')", "none | d('y', true)", "'' | default(default_value='q', boolean=true)", "'abc' | batch(2) | list", "'abc' | join('-')", "123 | string | length", "123 | length",
    "none | length", "missing | length", "none | list", "missing | list", "missing | join", "none | join", "none | upper", "5 | upper", "missing | int", "missing | float", "missing | upper", "missing | sort", "[[1], [2, 3]] | sum(start=[])", "none | trim", "' x ' | trim", "'xxaxx' | trim('x')", "5 | trim", "[1] | trim", "true | upper", "1.50 | string", "'É' | lower", "'ß' | upper", "'İ' | lower | length", "'a\\tb'", "5 | wordcount", "5 | title", "none | capitalize", "5 | reverse", "none | reverse",
]  # fmt: skip


def expressions() -> list[str]:
    """Return all expressions, each once."""
    spread = [
        each.replace("{}", value)
        for values, patterns in _OF_EACH.items()
        for value in values
        for each in patterns
    ]
    return list(dict.fromkeys([*spread, *_PLAIN]))
