"""Chat templates: the real ones render exactly, hostile ones are stopped, and the next one still renders."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kernelc.errors import TemplateError, TokenizerError
from model.text.chat_template import PLAIN_TEMPLATE, ChatTemplate, load_chat_template
from model.text.template_process import shared_process

HELLO = [{"role": "user", "content": "Hello!"}]
DAY = datetime(2024, 7, 26)


def refusal(source: str, messages: list[dict[str, str]] | None = None) -> str:
    with pytest.raises(TemplateError) as caught:
        ChatTemplate(source, where="chat_template.jinja").render(messages or HELLO)
    line = caught.value.render()
    assert "\n" not in line and "chat_template.jinja" in line
    return line


def render(source: str, **extra: Any) -> str:
    return ChatTemplate(source, "<s>", "</s>").render(HELLO, now=DAY, **extra)


def compact(name: str, source: str) -> str:
    """The collection's templates are laid out for reading, and are compacted like this (its README) for use;
    the one that is a checkpoint's own is used as it is."""
    return source if name.startswith("meta-llama") else source.replace("    ", "").replace("\n", "")


def test_every_rendered_case(shared_data: Path) -> None:
    folder = shared_data / "chat_templates"
    known: dict[str, Any] = json.loads((folder / "rendered.json").read_text())
    assert len(known["rendered"]) == 7
    for name, expected in known["rendered"].items():
        source = compact(name, (folder / name).read_text())
        template = ChatTemplate(source, expected["bos_token"], expected["eos_token"])
        for case, wanted in expected["cases"].items():
            assert template.render(known["conversations"][case], now=DAY) == wanted, (name, case)


def test_the_real_template_of_llama3_in_tokenizer_config(shared_data: Path) -> None:
    template = load_chat_template(shared_data / "tokenizers" / "llama3")
    template.check()
    assert not template.is_plain
    header = "<|start_header_id|>{}<|end_header_id|>\n\n"
    wanted = "<|begin_of_text|>" + header.format("user") + "Hello!<|eot_id|>"
    assert template.render(HELLO, add_generation_prompt=False) == wanted
    assert template.render(HELLO) == wanted + header.format("assistant")


def test_a_checkpoint_without_template_continues_text(shared_data: Path, tmp_path: Path) -> None:
    template = load_chat_template(shared_data / "models" / "stories260K")
    assert template.is_plain and template.source == PLAIN_TEMPLATE
    turns = [{"role": "user", "content": "Once upon"}, {"role": "assistant", "content": " a time"}]
    assert template.render(turns) == "<s>Once upon a time"
    assert load_chat_template(tmp_path, bos_token="<b>").render(HELLO) == "<b>Hello!"


def test_a_refused_system_prompt_is_named() -> None:
    source = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    line = refusal(source, [{"role": "system", "content": "be kind"}, *HELLO])
    assert "no system role" in line and "takes no system prompt: leave out system" in line
    always = refusal("{{ raise_exception('never') }}", [{"role": "system", "content": "be kind"}, *HELLO])
    assert "change the messages" in always
    with pytest.raises(TemplateError) as caught:
        ChatTemplate(source).render([{"role": "system", "content": "be kind"}, *HELLO])
    assert "leave out --system" in caught.value.render({"system": "--system"})


# As transformers 5.24 renders them.
@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("{{ unk_token }} {{ pad_token }} {{ image_token }}", "<|user|> </s> <|user|>"),
        ("{{ sep_token }}|{{ cls_token is defined }}", "|False"),
        ("{{ tools is none }} {{ documents }}", "True None"),
        (
            "{{ messages | tojson(ensure_ascii=True, sort_keys=true, separators=(',', ':')) }}",
            '[{"content":"Hello!","role":"user"}]',
        ),
        ("{{ messages[0] | tojson(indent=2) }}", '{\n  "role": "user",\n  "content": "Hello!"\n}'),
    ],
)
def test_templates_see_what_transformers_gives_them(tmp_path: Path, source: str, wanted: str) -> None:
    config = {
        "chat_template": source,
        "unk_token": "<|user|>",
        "pad_token": {"content": "</s>"},
        "extra_special_tokens": {"image_token": "<|user|>"},
    }
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert load_chat_template(tmp_path).render(HELLO) == wanted


def test_no_token_takes_the_place_of_what_the_conversation_gives(tmp_path: Path) -> None:
    taken = ["messages", "bos_token", "add_generation_prompt", "strftime_now", "self", "true", "range"]
    config = {
        "chat_template": "{{ bos_token }}{{ messages[0].content }} {{ add_generation_prompt }} {{ true }}"
        " {{ strftime_now('%Y') }} {{ range }} {{ image_token }}",
        "bos_token": "<b>",
        "extra_special_tokens": {**dict.fromkeys(taken, "<x>"), "image_token": "<i>"},
    }
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert load_chat_template(tmp_path).render(HELLO, now=DAY) == "<b>Hello! True True 2024 <x> <i>"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (
            "{% for m in messages %}{{m.role}};{% if loop.index==2 %}{% break %}{% endif %}{% endfor %}",
            "system;user;",
        ),
        (
            "{% for m in messages %}{{m.role}};"
            "{% if loop.first %}{% continue %}{% endif %}{{m.content}}{% endfor %}",
            "system;user;uassistant;a",
        ),
    ],
)
def test_loops_that_are_left_keep_what_they_wrote(source: str, wanted: str) -> None:
    said = [("system", "s"), ("user", "u"), ("assistant", "a")]
    messages = [{"role": role, "content": content} for role, content in said]
    assert ChatTemplate(source).render(messages) == wanted


def test_what_transformers_offers_to_templates() -> None:
    assert render("{{ strftime_now('%d %B %Y') }}") == "26 July 2024"
    assert render("{{ {'a': '<é>', 'b': [1]} | tojson }}") == '{"a": "<é>", "b": [1]}'
    assert render("{{ {'a': 1} | tojson(indent=2) }}") == '{\n  "a": 1\n}'
    assert render("{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}") == "012"
    assert render("{% generation %}{{ messages[0].content }}{% endgeneration %}") == "Hello!"
    assert render("  {% if true %}\nx\n  {% endif %}\n") == "x\n"
    assert (
        render("{{ bos_token }}{{ eos_token }}{{ tools is none }}{{ missing is defined }}")
        == "<s></s>TrueFalse"
    )
    assert render("{{ enable_thinking }}{{ messages | length }}", enable_thinking=False) == "False1"
    assert render("{{ '\ud83e' }}é字🚀") == "\ud83eé字🚀"


def test_the_template_may_refuse_a_conversation() -> None:
    line = refusal("\n{{ raise_exception('roles must\nalternate') }}")
    assert "line 2: the template refuses this conversation: roles must alternate (help:" in line


REACHING = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ '{0.__class__}'.format('') }}",
    "{% set f = ''.__class__ %}",
    "{{ raise_exception.__globals__ }}",
    "{{ strftime_now.__self__ }}",
    "{{ cycler.__init__.__globals__.os.system('true') }}",
    "{{ self.__init__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__call__.__func__ }}",
]


@pytest.mark.parametrize("source", REACHING)
def test_reaching_for_attributes_is_stopped(source: str) -> None:
    line = refusal(source)
    assert "line 1: the template was stopped: it reaches for '_" in line and "trust its author" in line


@pytest.mark.parametrize(
    "source", ["{{ messages.append(1) }}", "{{ messages[0].update(a=1) }}", "{{ messages.clear() }}"]
)
def test_changing_the_messages_is_stopped(source: str) -> None:
    assert "the template was stopped" in refusal(source)


ENDLESS = {
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a loop that computes": "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a %}"
    "{% endfor %}{% endfor %}",
    "a power of powers": "{{ 9 ** (9 ** 9) }}",
    "a power at compile time": "{% set x = 7 ** 99999999 %}",
    "a product of long numbers": "{% set n = namespace(x=7) %}{% for i in range(99) %}"
    "{% set n.x = n.x * n.x %}{% endfor %}",
    "macros in macros": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}"
    "{{ f(60) }}",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_work_is_stopped_in_about_a_second(name: str) -> None:
    shared_process.close()  # a child counts when it has ended, with all that it did before
    before = children_seconds()
    line = refusal(ENDLESS[name])
    assert "the template was stopped" in line and "help:" in line
    assert children_seconds() - before < 2.0
    assert render("{{ bos_token }}") == "<s>"


def children_seconds() -> float:
    """Processor time of ended children: what a busy machine does not stretch."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


REPO = Path(__file__).resolve().parents[2]

GREEDY = {
    "a long string": "{{ 'a' * 10 ** 9 }}",
    "a long string at compile time": "{% set a = 'a' * 1000000000 %}{{ a | length }}",
    "doubling": "{% set n = namespace(s='aaaaaaaa') %}{% for i in range(40) %}{% set n.s = n.s ~ n.s %}"
    "{% endfor %}",
    "a wide field": "{{ '%01000000000d' % 1 }}",
    "a wide format": "{{ '{:1000000000}'.format(1) }}",
    "a wide filter": "{{ 'a' | center(1000000000) }}",
    "a long list": "{% set a = [0] * 10 ** 9 %}",
    "a long list of lists": "{% set a = (range(99999) | list) * 9999 %}",
}


# In a process of its own, whose one child is the one that renders. Mostly it has refused and lives on; on a
# busy machine its second of computing may end it first.
PEAK = """
import os, pathlib, re, resource, sys
from kernelc.errors import TemplateError
from model.text.chat_template import ChatTemplate
try:
    ChatTemplate(sys.argv[1]).render([{"role": "user", "content": "Hello!"}])
except TemplateError as error:
    children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    if children:
        status = pathlib.Path(f"/proc/{children[0]}/status").read_text()
        peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])
    else:
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(peak * 1024, error.message)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux holds a process to RLIMIT_AS")
@pytest.mark.parametrize("name", GREEDY)
def test_too_much_memory_is_refused(name: str) -> None:
    command = [sys.executable, "-c", PEAK, GREEDY[name]]
    said = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True).stdout
    peak_bytes, message = said.split(" ", 1)
    assert "the template was stopped" in message
    assert 0 < int(peak_bytes) < 700 << 20
    assert render("{{ bos_token }}") == "<s>"


def test_too_long_an_output_is_refused() -> None:
    line = refusal("{% for i in range(90000) %}{{ 'a' * 1000 }}{% endfor %}")
    assert "the prompt is longer than 4194304 characters" in line
    assert len(render("{{ 'a' * 4000000 }}")) == 4_000_000


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("{% for %}", "line 1: not a valid template"),
        ("\n\n{{ 'a }}", "line 3: not a valid template"),
        ("{% ghost %}", "not a valid template: Encountered unknown tag 'ghost'"),
        ("{% include 'x' %}", "the template failed"),
        ("{% import 'os' as os %}", "the template failed"),
        ("{{ messages[3].content }}", "the template failed: list object has no element 3"),
        ("\n{{ 1 / 0 }}", "line 2: the template failed: division by zero"),
        ("{{ ghost() }}", "'ghost' is undefined"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "maximum recursion depth"),
        ("{{ range(10 ** 9) }}", "Range too big"),
        ("{{ " + "(" * 5000 + ")" * 5000 + " }}", "template"),
        ("{{ " + "-" * 100_000 + "1 }}", "template"),
    ],
)
def test_templates_that_fail_say_where_and_why(source: str, wanted: str) -> None:
    assert wanted in refusal(source)
    assert render("{{ bos_token }}") == "<s>"


def test_absurd_sizes_are_refused_before_rendering() -> None:
    with pytest.raises(TemplateError, match="wanted at most 1048576"):
        ChatTemplate("a" * (1 << 20) + "a")
    with pytest.raises(TemplateError, match="the conversation takes"):
        ChatTemplate("").render([{"role": "user", "content": "a" * (65 << 20)}])


def test_check_finds_a_damaged_template_without_messages() -> None:
    ChatTemplate("{{ raise_exception('only when rendered') }}").check()
    with pytest.raises(TemplateError, match="not a valid template"):
        ChatTemplate("{% if %}").check()


def test_one_process_serves_many_templates_and_threads() -> None:
    render("")
    process = shared_process._worker._process
    assert process is not None
    results: dict[int, str] = {}

    def work(i: int) -> None:
        results[i] = ChatTemplate("{{ messages[0].content * n }}").render(HELLO, n=i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {i: "Hello!" * i for i in range(8)}
    assert shared_process._worker._process is process


def test_a_process_that_dies_is_replaced() -> None:
    render("")
    process = shared_process._worker._process
    assert process is not None
    process.kill()
    process.wait()
    with pytest.raises(TemplateError, match="exit status -9"):
        render("")
    assert render("{{ bos_token }}") == "<s>"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals here")
def test_ctrl_c_reaches_the_caller_and_leaves_no_stale_reply() -> None:
    render("")
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        render(ENDLESS["loops in loops"])
        time.sleep(5)  # in case the template was stopped first
    assert render("{{ bos_token }}") == "<s>"


def write_config(folder: Path, **config: object) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def test_where_a_folder_keeps_its_template(tmp_path: Path) -> None:
    write_config(tmp_path, chat_template="one {{ bos_token }}", bos_token={"content": "<s>"})
    assert load_chat_template(tmp_path).render(HELLO) == "one <s>"
    named = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "two"}]
    write_config(tmp_path, chat_template=named)
    assert load_chat_template(tmp_path).render(HELLO) == "two"
    write_config(tmp_path, chat_template=named[:1])
    assert load_chat_template(tmp_path).render(HELLO) == "tools"
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"eos_token": "</s>"}))
    (tmp_path / "chat_template.jinja").write_text("three {{ eos_token }}")
    assert load_chat_template(tmp_path).render(HELLO) == "three </s>"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (3, "chat_template: got 3, wanted a string"),
        ([], 'got 0 templates, wanted one with the name "default"'),
        ([{"name": "a", "template": "x"}, {"name": "b", "template": "x"}], "got 2 templates"),
        ([{"name": "default"}], "template: got nothing"),
        ("a" * (1 << 21), "got 2097152 characters"),
    ],
)
def test_bad_chat_template_fields_are_named(tmp_path: Path, value: object, wanted: str) -> None:
    write_config(tmp_path, chat_template=value)
    with pytest.raises(TemplateError) as caught:
        load_chat_template(tmp_path)
    assert wanted in caught.value.render() and "tokenizer_config.json" in caught.value.render()


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff\xfe")
    with pytest.raises(TemplateError, match="not UTF-8"):
        load_chat_template(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(TokenizerError, match="not valid JSON"):
        load_chat_template(tmp_path)


def test_half_a_character_is_refused_where_it_is_read(tmp_path: Path) -> None:
    """JSON may hold it as an escape; no file takes it."""
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "\\ud800{{ messages }}"}')
    with pytest.raises(TemplateError, match="lone surrogate"):
        load_chat_template(tmp_path)
