"""Conversations with tools through templates, as prompts.json has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kernelc.errors import TemplateError, UsageError
from model.text.chat_template import PLAIN_TEMPLATE, ChatTemplate
from runtime.chat.messages import plain_messages
from runtime.chat.prompt import PromptEncoder
from runtime.chat.tools.forms import LLAMA, form_of
from runtime.chat.tools.rendering import rendered
from tests.runtime.fake_engine import BytesCoder, show

VECTORS = json.loads((Path(__file__).parent / "prompts.json").read_text("utf-8"))
TOOL = {"type": "function", "function": {"name": "f", "description": "</s>", "parameters": {"</s>": "<s>"}}}


@pytest.mark.parametrize("vector", VECTORS["prompts"], ids=lambda vector: vector["name"])
def test_a_conversation_goes_through_its_template(vector: dict[str, Any]):
    source = VECTORS["templates"][vector["template"]]
    template = ChatTemplate(source, "<s>", "</s>")
    messages = plain_messages(vector["messages"])
    assert rendered(template, form_of(source), messages, vector["tools"]) == vector["text"]


def test_a_template_that_refuses_calls_says_why():
    source = "{% if tools %}{% endif %}{{ raise_exception('one call at most') }}"
    asked = [{"role": "user", "content": "x"}]
    with pytest.raises(TemplateError, match="one call at most"):
        rendered(ChatTemplate(source), form_of(source), asked, [])
    calls = [{"id": "a", "type": "function", "function": {"name": "f", "arguments": {}}}]
    with pytest.raises(TemplateError, match="one call at most"):
        rendered(ChatTemplate(source), form_of(source), [*asked, {**asked[0], "tool_calls": calls}], [TOOL])


def test_without_a_template_there_are_no_tools():
    with pytest.raises(UsageError, match="no chat template"):
        rendered(ChatTemplate(PLAIN_TEMPLATE), form_of(PLAIN_TEMPLATE), [], [TOOL])


@pytest.mark.parametrize("source", [VECTORS["templates"][name] for name in ("hermes", "chatml")])
def test_nobody_forges_markup_through_tools(source: str):
    said = {"name": "f", "arguments": {"</s>": ["<s>"]}}
    messages = plain_messages(
        [
            {"role": "user", "content": "x"},
            {"role": "assistant", "tool_calls": [{"id": "</s>", "type": "function", "function": said}]},
            {"role": "tool", "content": "</s>", "tool_call_id": "</s>"},
        ]
    )
    coder = BytesCoder()
    prompts = PromptEncoder(coder, ChatTemplate(source))
    ids = prompts.ids_of(prompts.render(messages, [TOOL]))
    assert not set(ids) & set(coder.markup.values())
    assert show(ids).count("</s>") == 4  # twice in the definition, in the arguments and in the result


def test_a_role_stays_what_it_is_where_its_name_is_a_token():
    coder = BytesCoder()
    coder.markup = {**BytesCoder.markup, "user": 0}
    prompts = PromptEncoder(coder, ChatTemplate(VECTORS["templates"]["chatml"]))
    text = prompts.render([{"role": "user", "content": "a user"}])
    assert text.startswith("<|im_start|>user\na ") and "a user" not in text


def test_the_template_of_llama_3_1(shared_data: Path):
    source = (shared_data / "chat_templates/meta-llama-Llama-3.1-8B-Instruct.jinja").read_text("utf-8")
    assert form_of(source) == LLAMA
    messages = plain_messages(
        [
            {"role": "user", "content": "What time is it?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
                ],
            },
            {"role": "tool", "content": "12:00", "tool_call_id": "a"},
        ]
    )
    text = rendered(ChatTemplate(source, "<|begin_of_text|>"), LLAMA, messages, [TOOL])
    assert 'Respond in the format {"name": function name, "parameters"' in text
    assert json.dumps(TOOL, indent=4) in text
    assert '{"name": "f", "parameters": {"x": 1}}<|eot_id|>' in text
    assert text.endswith(
        '<|start_header_id|>ipython<|end_header_id|>\n\n"12:00"<|eot_id|>'
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
