"""Prompts through real tokenizers and real chat templates: what the cache keeps from turn to turn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kernelc.session import Coder
from model.text.chat_template import PLAIN_TEMPLATE, ChatTemplate
from model.text.tokenizer import Tokenizer, load_tokenizer
from runtime.chat.conversation import Conversation
from runtime.engine.sampling import SamplingParams
from tests.model.test_chat_template import compact
from tests.runtime.fake_engine import FakeEngine

TEMPLATES = {
    "llama-2-chat": "llama2",
    "chatml": "llama2",
    "zephyr": "llama2",
    "vicuna": "llama2",
    "llama-3-instruct": "llama3",
    "meta-llama-Llama-3.1-8B-Instruct": "llama3",
}
SPACED = ("llama-2-chat", "vicuna")  # they write a space before an answer, and models do so too
REPLY = "Hi there! One, two.\nA list: café ☕"


def open_template(shared_data: Path, name: str) -> ChatTemplate:
    folder = shared_data / "chat_templates"
    known = json.loads((folder / "rendered.json").read_text())["rendered"][f"{name}.jinja"]
    source = compact(f"{name}.jinja", (folder / f"{name}.jinja").read_text())
    return ChatTemplate(source, known["bos_token"], known["eos_token"])


def as_generated(tokenizer: Tokenizer, text: str) -> list[int]:
    """Ids that a model may generate for `text`, but encoding does not give: a token for each word's half."""
    halves = [text[at : at + 3] for at in range(0, len(text), 3)]
    lead = tokenizer.encode("\n")
    return [token for half in halves for token in tokenizer.encode("\n" + half)[len(lead) :]]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_next_prompt_keeps_the_ids_of_the_answer(shared_data: Path, name: str) -> None:
    tokenizer = load_tokenizer(shared_data / "tokenizers" / TEMPLATES[name])
    space = " " if name in SPACED else ""
    reply = as_generated(tokenizer, space + REPLY)
    assert reply != tokenizer.encode(REPLY)
    engine = FakeEngine(lambda ids: [*reply, 2], context=4000)
    template = open_template(shared_data, name)
    conversation = Conversation(engine, Coder(tokenizer), template, stop_ids=[2], system="Be kind.")
    for question in ("Hello?", "And then?"):
        assert "".join(conversation.ask(question, 100, SamplingParams())) == REPLY
    first, second = engine.fed
    whole = tokenizer.encode(template.render(conversation.transcript().messages()[:2]), parse_special=True)
    assert first == whole
    assert list(engine.ids[: len(first) + len(reply)]) == first + reply
    assert len(second) < len(first) + 5
    assert "Hello" not in tokenizer.decode(second) and "And then?" in tokenizer.decode(second)


@pytest.mark.parametrize("kind", ["llama2", "llama3"])
def test_markup_in_a_message_stays_text(shared_data: Path, kind: str) -> None:
    tokenizer = load_tokenizer(shared_data / "tokenizers" / kind)
    name = {"llama2": "llama-2-chat", "llama3": "llama-3-instruct"}[kind]
    template = open_template(shared_data, name)
    engine = FakeEngine(lambda ids: [2], context=4000)
    conversation = Conversation(engine, Coder(tokenizer), template, stop_ids=[2])
    markup = list(tokenizer.special_tokens)[1]
    special = set(tokenizer.special_tokens.values())
    honest = [i for i in tokenizer.encode(template.render([user("a b")]), parse_special=True) if i in special]
    list(conversation.ask(f"a {markup} b", 10, SamplingParams()))
    assert [i for i in engine.fed[0] if i in special] == honest
    assert markup in tokenizer.decode(engine.fed[0])


@pytest.mark.parametrize("kind", ["llama2", "llama3"])
def test_a_plain_prompt_is_bos_and_the_text(shared_data: Path, kind: str) -> None:
    tokenizer = load_tokenizer(shared_data / "tokenizers" / kind)
    assert tokenizer.bos_id is not None
    template = ChatTemplate(PLAIN_TEMPLATE, tokenizer.token(tokenizer.bos_id))
    engine = FakeEngine(lambda ids: tokenizer.encode(" a time")[-2:], context=4000)
    conversation = Conversation(engine, Coder(tokenizer), template, stop_ids=[2])
    answer = "".join(conversation.ask("Once upon", 2, SamplingParams()))
    assert engine.fed[0] == [tokenizer.bos_id, *tokenizer.encode("Once upon")]
    assert answer == " a time"


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}
