"""The requests that both runtimes read alike (golden.json), and any other JSON, read natively.

`web/tests/unit/engine_requests.test.ts` holds the page's engine to the same file.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runtime.chat.openai import names
from runtime.chat.openai.requests import ChatCall, RequestError, TextCall, parse_chat, parse_text
from runtime.chat.openai.responses import error_of
from runtime.chat.openai.shared import MOST_TOKENS
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.use import ToolUse
from runtime.engine.sampling import SamplingChanges

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
VOCAB = GOLDEN["vocab_size"]
ENTRIES = [entry for entry in GOLDEN["entries"] if entry.get("only") != "page"]
READ = [entry for entry in ENTRIES if "normal" in entry]
REFUSED = [entry for entry in ENTRIES if "refused" in entry]


def expanded(value: Any) -> Any:
    """The value that an entry writes in few words; see golden.json."""
    if isinstance(value, list):
        return [expanded(each) for each in value]
    if not isinstance(value, dict):
        return value
    match list(value.items()):
        case [("$times", [each, count])]:
            return [expanded(each)] * count
        case [("$chars", [text, count])]:
            return text * count
        case [("$named", [count, each])]:
            return {str(at): expanded(each) for at in range(count)}
        case [("$deep", int(count))]:
            return nested(count)
    return {name: expanded(each) for name, each in value.items()}


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


def parse(endpoint: str, body: object) -> ChatCall | TextCall:
    return (parse_chat if endpoint == "chat" else parse_text)(body, vocab_size=VOCAB)


def normal_form(call: ChatCall | TextCall) -> dict[str, Any]:
    """A call as golden.json writes it; every request of it must have been used."""
    first = call.requests[0]
    assert isinstance(first.sampling, SamplingChanges)
    sampling = {name: value for name, value in vars(first.sampling).items() if value is not None}
    found = {
        "model": call.model,
        "stream": call.stream,
        "include_usage": call.include_usage,
        "max_new": None if first.max_new == MOST_TOKENS else first.max_new,
        "sampling": {name: value for name, value in sampling.items() if name != "seed"},
        "seeds": [vars(request.sampling)["seed"] for request in call.requests[: call.n]],
        "stop": list(first.stop),
        "logit_bias": {str(token): bias for token, bias in first.logit_bias.items()},
        "frequency_penalty": first.frequency_penalty,
        "presence_penalty": first.presence_penalty,
        "top_logprobs": first.top_logprobs,
        "grammar": first.grammar is not None or (first.tools is not None and first.tools.held),
    }
    assert call.logprobs == (first.top_logprobs is not None)
    if isinstance(call, ChatCall):
        tools = None if first.tools is None else shown(first.tools)
        said = {"messages": first.messages, "tools": tools, "splits_thoughts": first.splits_thoughts}
        return found | said
    return found | {"prompts": [prompt_of(each) for each in call.requests[:: call.n]], "echo": call.echo}


def shown(use: ToolUse) -> dict[str, Any]:
    held = [each.name for each in use.called if each.grammar is not None]
    assert not use.required or held == list(use.callable)
    return {
        "tools": [each.definition for each in use.tools],
        "callable": list(use.callable),
        "required": use.required,
        "parallel": use.parallel,
        "several": use.several,
        "held": held,
    }


def prompt_of(request: CompletionRequest) -> str | list[int]:
    return list(request.prompt_ids or ()) if request.prompt is None else request.prompt


@pytest.mark.parametrize("entry", READ, ids=lambda entry: entry["name"])
def test_a_request_is_read_as_it_is_meant(entry: dict[str, Any]):
    wanted = GOLDEN["defaults"][entry["endpoint"]] | expanded(entry["normal"])
    call = parse(entry["endpoint"], expanded(entry["request"]))
    assert normal_form(call) == wanted
    assert len(call.requests) == call.n * len(wanted.get("prompts", [0]))
    constant = {field.name for field in fields(CompletionRequest)} - {"sampling", "prompt", "prompt_ids"}
    for name in constant:
        assert all(vars(each)[name] == vars(call.requests[0])[name] for each in call.requests), name
    for at, request in enumerate(call.requests):
        assert vars(request.sampling)["seed"] == wanted["seeds"][at % call.n]
        if isinstance(call, TextCall):
            assert prompt_of(request) == wanted["prompts"][at // call.n]


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: entry["name"])
def test_a_request_is_refused_by_its_field(entry: dict[str, Any]):
    with pytest.raises(RequestError) as caught:
        parse(entry["endpoint"], expanded(entry["request"]))
    assert caught.value.param == entry["refused"]["param"]
    assert entry["refused"]["message"] in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_file_has_every_field_and_is_large_enough():
    assert len(ENTRIES) >= 80 and len({entry["name"] for entry in GOLDEN["entries"]}) == len(
        GOLDEN["entries"]
    )
    for endpoint, known, unsupported in (
        ("chat", names.CHAT, names.CHAT_UNSUPPORTED),
        ("text", names.TEXT, names.TEXT_UNSUPPORTED),
    ):
        own = [entry for entry in ENTRIES if entry["endpoint"] == endpoint]
        requests = [entry["request"] for entry in own if isinstance(entry["request"], dict)]
        used = {name for request in requests for name, value in request.items() if value is not None}
        assert used >= {*known, *unsupported}
        refused = {entry["refused"]["param"] for entry in own if "refused" in entry}
        assert refused >= set(unsupported)


def test_codes_tell_programs_what_kind_of_refusal_it_is():
    hi = [{"role": "user", "content": "hi"}]
    for fields_, code in (
        ({"messages": []}, "invalid_value"),
        ({"functions": []}, "unsupported_parameter"),
        ({"tols": []}, "unknown_parameter"),
    ):
        with pytest.raises(RequestError) as caught:
            parse_chat({"messages": hi, **fields_}, vocab_size=VOCAB)
        assert caught.value.code == code


# ---- any JSON ----

CHARACTERS = st.characters() | st.characters(categories=["Cs"])  # lone surrogates, too
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(CHARACTERS, max_size=8)
    | st.just(10**500)
)
KNOWN = st.sampled_from(
    sorted({*names.CHAT, *names.TEXT, *names.MESSAGE, *names.CHAT_UNSUPPORTED, "type", "text", "$", "7"})
)
NAMES = KNOWN | st.text(CHARACTERS, max_size=12)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "assistant"]), "content": ANYTHING}),
    min_size=1,
    max_size=3,
)
GOOD = {"chat": {"messages": [{"role": "user", "content": "hi"}]}, "text": {"prompt": "hi"}}


def read_or_refuse(endpoint: str, body: object) -> None:
    """Parse; what is refused must be a refusal whose words can be sent."""
    try:
        call = parse(endpoint, body)
    except RequestError as error:
        sent = json.dumps(error_of(error), ensure_ascii=False).encode()
        assert len(sent) < 4000
    else:
        assert 1 <= len(call.requests) <= 128


@given(st.sampled_from(["chat", "text"]), ANYTHING)
@settings(deadline=5000, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_is_read_or_refused(endpoint: str, body: object):
    read_or_refuse(endpoint, body)


@given(st.sampled_from(["chat", "text"]), st.dictionaries(KNOWN, ANYTHING, max_size=4))
@example("chat", {"metadata": {"\ud800": "\ud800"}})
@example("chat", {"\ud800" * 100: 1})
@settings(deadline=5000, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_of_a_known_field_is_read_or_refused(endpoint: str, body: dict[str, object]):
    read_or_refuse(endpoint, GOOD[endpoint] | body)


@given(MESSAGES)
@settings(deadline=5000, suppress_health_check=[HealthCheck.too_slow])
def test_any_content_is_read_or_refused(messages: list[object]):
    read_or_refuse("chat", {"messages": messages})


@pytest.mark.parametrize("endpoint", ["chat", "text"])
@pytest.mark.parametrize("value", [nested(100_000), ["x"] * 1_000_000, {str(at): 1 for at in range(300_000)}])
def test_a_value_that_is_huge_takes_no_time(endpoint: str, value: object):
    known = names.CHAT if endpoint == "chat" else names.TEXT
    for name in (*known, "unknown"):
        read_or_refuse(endpoint, GOOD[endpoint] | {name: value})
