"""Templates that chat models are published with, in substance, and what of Jinja they use, for both runtimes."""
# ruff: noqa: E501 - templates stay on one line, as checkpoints have them

from __future__ import annotations

from datetime import datetime

from kernelc.errors import TemplateError
from model.text.chat_template import ChatTemplate

NOW = datetime(2024, 7, 6, 15, 4, 5)

_CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_LLAMA2 = """{% if messages[0]['role'] == 'system' %}
    {% set loop_messages = messages[1:] %}
    {% set system_message = messages[0]['content'] %}
{% else %}
    {% set loop_messages = messages %}
    {% set system_message = false %}
{% endif %}
{% for message in loop_messages %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
    {% endif %}
    {% if loop.index0 == 0 and system_message != false %}
        {% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}
    {% else %}
        {% set content = message['content'] %}
    {% endif %}
    {% if message['role'] == 'user' %}
        {{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
    {% elif message['role'] == 'assistant' %}
        {{ ' ' + content.strip() + ' ' + eos_token }}
    {% endif %}
{% endfor %}"""
_QWEN3 = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<t>') and message.content.endswith('</t>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning_content) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""
_GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}"
    "{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim +"
    " '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
_TOOLS = """{%- if tools is not none and tools %}{{ tools | tojson }}{% endif %}
{%- if not date_string is defined %}{% set date_string = strftime_now("%d %b %Y") %}{% endif -%}
Today: {{ date_string }} {{ strftime_now('%A %B %-d, %Y %H:%M:%S %I%p %j %y %a %%') }}
{% macro turn(message, mark='#') -%}
{{ mark }}{{ message.role | upper }}: {{ message.content | trim }}
{%- endmacro -%}
{% for message in messages if message.role != 'system' %}
{{ turn(message) }}{{ turn(message, mark='*') if loop.last }}
{% else %}
nobody spoke
{% endfor %}
{# a comment #}
{% generation %}done{% endgeneration %}"""

SOURCES = [
    _CHATML, _LLAMA2, _QWEN3, _GEMMA, _TOOLS,
    "{{ bos_token }}{{ eos_token }}|{{ none }}|{{ true }}|{{ False }}|{{ 1 }}|{{ 2.0 }}|{{ missing }}|{{ [1, 'a', none] }}",
    "{{ tools == none }} {{ missing == none }} {{ 1 == '1' }} {{ true == 1 }} {{ '' == false }} {{ [1] == [1] }} {{ {'a': 1} == {'a': 1} }}",
    "{{ -7 % 3 }} {{ 7 % -3 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 1 + 2 * 3 }} {{ 'a' ~ 1 ~ none ~ true }}",
    "{% for m in messages %}[{{ m.content.strip() }}|{{ m.content.lstrip() }}|{{ m.content.rstrip() }}|{{ m.content | trim }}]{% endfor %}",
    "{% for m in messages %}{{ m.content.strip('\n !') }}{{ m.content.lstrip('H') }}{{ m.content.rstrip('.') }}{% endfor %}",
    "{% for m in messages %}{{ m.content | length }} {{ m.content | upper }} {{ m.content | lower }} {{ m.role | capitalize }}{% endfor %}",
    "{% for m in messages %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in range(9, 0, -2) %}{{ i }}{% endfor %}{{ range(3) | list | length }}{% for i in range(2, 5) %}{{ i }}{% endfor %}",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
    "{{ messages | map(attribute='role') | join(', ') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}",
    "{{ messages[0]['content'][:3] }}{{ messages[-1].content[-2:] }}{{ messages[0].content[::2] }}{{ messages[1:] | length }}",
    "{{ messages[0].get('content') }}{{ messages[0].get('name') }}{{ messages[0].get('name', 'x') }}{% if 'name' in messages[0] %}n{% endif %}",
    "{% for key, value in messages[0].items() %}{{ key }}={{ value }};{% endfor %}{% for key in messages[0] %}{{ key }}{% endfor %}",
    "{{ 'a,b,c'.split(',') | join('-') }}{{ 'a b'.replace(' ', '_') }}{{ 'a-b' | replace('-', '+') }}{{ 'x'.startswith('x') }}",
    "{{ 'b' in 'abc' }}{{ 'z' not in 'abc' }}{{ 1 in [1, 2] }}{{ not true or false and true }}{{ 1 if false else 2 }}",
    "{{ messages | tojson }}\n{{ messages[0] | tojson(indent=2) }}{{ 'é\"\\n' | tojson }}",
    "{{ missing | default('d') }}{{ '' | default('d', true) }}{{ messages is defined }}{{ missing is not defined }}{{ 3 is odd }}",
    "  {% if true %}\n  x  \n  {% endif %}\n  {%- if true -%}  y  {%- endif -%}  z\n\n",
    "a\r\nb\rc\n{{ 'line\nbreak' }}\t{{ \"quote's\" }}{{ 'back\\\\slash\\t' }}",
    "{% set a, b = 'x', 'y' %}{{ a }}{{ b }}{% set block %}in {{ a }}{% endset %}{{ block | trim }}",
    "{{ raise_exception('not today') }}", "{{ messages[99].content }}", "{{ 1 / 0 }}", "{{ ghost() }}", "{{ 'a' + 1 }}",
    "{% for c in messages[0].content %}{{ c }}.{% endfor %}{% for c in missing %}{{ c }}{% else %}none{% endfor %}{{ missing | length }}",
    "{{ missing.field }}", "{{ messages[0].missing.field }}", "{{ missing[0] }}", "{{ messages[0].missing is defined }}", "{{ range(10 ** 9) }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for m in messages %}{{ m.role }};{% if loop.index == 2 %}{% break %}{% endif %}{% endfor %}",
    "{% for m in messages %}{{ m.role }};{% if loop.first %}first{% continue %}{% else %}{{ m.content }}{% endif %}.{% endfor %}",
    "{% for m in messages %}{% for c in m.role %}{{ c }}{% if c == 's' %}{% break %}{% endif %}{% endfor %}|{% else %}nobody{% endfor %}",
    "{% set x = 1 %}{% for i in range(3) %}{{ x }}{% set x = i %}{{ x }};{% endfor %}{{ x }}{% for i in [] %}a{% else %}empty{% endfor %}",
    "{% for i in range(4) if i is odd %}{{ i }}{{ loop.cycle('a', 'b') }}{{ loop.previtem }}{{ loop.nextitem }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}",
    "{{ [3, 1, 2] | sort | list }}{{ [3, 1, 2] | max }}{{ [3, 1, 2] | min }}{{ [1, 2, 3] | sum }}{{ [1, 2] | reverse | list }}{{ 'ab' | reverse }}",
    "{{ [1, 2, 3, 4] | select('odd') | list }}{{ [1, 2, 3] | reject('odd') | list }}{{ [0, 1, '', 'a'] | select | list }}{{ [1, 2, 3] | select('gt', 1) | list }}",
    "{{ messages | rejectattr('role', 'eq', 'user') | map(attribute='role') | list }}{{ messages | selectattr('content') | list | length }}{{ messages | selectattr('role', 'in', ['system', 'user']) | list | length }}",
    "{{ ['a', 'b'] | map('upper') | join('+') }}{{ ['a b', 'c'] | map('replace', ' ', '_') | list }}{{ messages | map(attribute='name', default='-') | list }}",
    "{{ [1, 2, 3, 4, 5] | batch(2) | list }}{{ [1, 2, 3] | batch(2, 0) | list }}{{ ['b', 'a', 'b'] | unique | list }}{{ 'A a b'.split() | unique | list }}",
    "{{ messages | groupby('role') | map('first') | list }}{{ messages | join(', ', attribute='role') }}{{ [1, none, 'x'] | join('/') }}",
    "{{ 2.5 | round }} {{ 3.14159 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 2.9 | round(0, 'floor') }} {{ -3 | abs }} {{ '7' | int }} {{ 'x' | int(5) }} {{ '1.5' | float }}",
    "{{ 'a<b>&\"c\"' | e }}{{ 'x' | escape }}{{ none | d('y') }}{{ missing | d('z') }}{{ 0 | default('q', true) }}{{ 0 | default('q', boolean=true) }}",
    "{{ 'abc' | first }}{{ 'abc' | last }}{{ [] | first is defined }}{{ 'abc' | list }}{{ {'a': 1} | list }}{{ 5 | string }}{{ [1, 'a'] | string }}{{ true | string }}",
    "{{ 'aXbXc'.replace('X', '-', 1) }}{{ 'aXbXc' | replace('X', '-', 1) }}{{ 'ab'.replace('', '.') }}{{ 'ab' * 3 }}{{ 2 * 'x' }}{{ 'ab' * -1 }}",
    "[{{ 'ab' | center(7) }}][{{ 'abc' | center(6) }}]{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(1, blank=true) }}",
    "{{ 'one two three four' | truncate(12) }}{{ 'one two three four' | truncate(12, true) }}{{ 'short' | truncate(3) }}{{ 'one two, three' | wordcount }}{{ 'abc' | count }}{{ [1] | count }}",
    "{{ 6 is divisibleby(3) }}{{ 6 is divisibleby 4 }}{{ 6 is not divisibleby(4) }}{{ none is sameas none }}{{ 'user' is in ['user'] }}{{ 'x' is not in 'abc' }}{{ 1 is eq(1) and 2 is ne 1 }}",
    "{{ ', '.join(['a', 'b']) }}{{ 'a\nb\r\nc\n'.splitlines() }}{{ 'banana'.count('an') }}{{ 'banana'.find('n') }}{{ 'ab'.find('z') }}{{ 'abc'.removeprefix('a') }}{{ 'abc'.removesuffix('c') }}",
    "{% if messages[0].role is eq 'user' %}u{% endif %}{% if messages | length is gt(1) %}many{% endif %}{{ messages[0] is mapping }}{{ messages is sequence }}{{ 'a' is string }}{{ 1.5 is float }}",
    "{% for m in messages %}{% filter title %}{{ m.role }} it's{% set x = 1 %}{% endfilter %}{{ x }}{% filter replace('s', '-') %}{{ m.role }}{% endfilter %};{% endfor %}",
]  # fmt: skip

BROKEN = ["{% for %}", "\n\n{{ 'a }}", "{% ghost %}", "{% if true %}", "{{ (1 }}", "{% endif %}", "{{ 1 +"]

MESSAGES = [
    [{"role": "user", "content": "Hello!"}],
    [
        {"role": "system", "content": " Be kind. \n"},
        {"role": "user", "content": "\ufeff Héllo 🚀\x1c \x85"},
        {"role": "assistant", "content": "\n<think>\nhm\n</think>\n\nHi. \u3000"},
        {"role": "user", "content": " And \n then?..\n"},
    ],
]


def template_vectors() -> list[dict[str, object]]:
    """Return every template with every conversation, and what Python makes of it; None where it refuses."""
    return [
        {"source": source, "messages": messages, "generation": generation, "rendered": _render(source, messages, generation)}
        for source in [*SOURCES, *BROKEN] for messages in MESSAGES for generation in (True, False)
    ]  # fmt: skip


def _render(source: str, messages: list[dict[str, str]], generation: bool) -> str | None:
    try:
        template = ChatTemplate(source, "<s>", "</s>")
        return template.render(messages, add_generation_prompt=generation, now=NOW)
    except TemplateError:
        return None
