"""Answers of a model under grammars: the demo model on the processor, and choosing by itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from kernelc.errors import UsageError
from kernelc.session import Coder, Session
from runtime.chat.completion import Completer
from runtime.chat.request import CompletionRequest
from runtime.engine.chooser import SamplingChooser
from runtime.engine.host_sampling import Adjustments
from runtime.engine.sampling import SamplingParams
from runtime.grammar.ahead import ForcedTokens
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Constraint, Matcher, bits_of
from runtime.grammar.regular import choice_grammar, regex_grammar
from tests.commands import run
from tests.grammar.model_answers import answers, judged, regex_questions
from tests.grammar.vocabularies import END, constraint, vectors
from tests.runtime.fake_engine import EOS, BytesCoder, FakeEngine, TurnsTemplate

SCHEMAS = [case["schema"] for case in vectors("answers")]
MESSAGES = [{"role": "user", "content": "My name is Ada and I am 12 years old. Who am I?"}]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    out: Path = tmp_path_factory.mktemp("demo") / "demo"
    code, _, errors = run("build", "--target", "c", "--out", out)
    assert code == 0, errors
    with Session.open(out, device="cpu") as opened:
        yield opened


def ask(session: Session, grammar: Any, temperature: float, **more: Any) -> tuple[str, str]:
    sampling = SamplingParams(temperature=temperature, seed=5)
    given = {"messages": MESSAGES, "max_new": 200, **more}
    done = session.completer().complete(CompletionRequest(grammar=grammar, sampling=sampling, **given))
    return done.text, done.finish_reason


@pytest.mark.parametrize("temperature", [0, 1.5])
def test_every_answer_of_the_demo_model_validates(session: Session, temperature: float) -> None:
    assert len(SCHEMAS) >= 20
    for schema in SCHEMAS:
        text, why = ask(session, json_schema_grammar(schema), temperature)
        assert why == "stop", (schema, text)
        Draft202012Validator(schema).validate(json.loads(text))


def test_regexes_and_gbnf_of_the_demo_model(session: Session) -> None:
    pattern = r"(?:Ada|Bob), \d{1,3} years\."
    for temperature in (0, 1.5):
        text, why = ask(session, regex_grammar(pattern), temperature)
        assert why == "stop" and re.fullmatch(pattern, text), text
        text, why = ask(session, gbnf_grammar('root ::= "- " [a-z]{1,5} "\\n" | "none"'), temperature)
        assert why == "stop" and re.fullmatch(r"- [a-z]{1,5}\n|none", text), text


@pytest.mark.parametrize("count", [12, pytest.param(1000, marks=pytest.mark.nightly)])
def test_every_answer_under_random_expressions_is_valid(session: Session, count: int) -> None:
    asked = {each.at: each for each in regex_questions(count)}
    counts: Counter[str] = Counter()
    for answer in answers(session, asked.values(), tokens=60):
        counts.update(judged(asked[answer.at], answer))
    assert counts["answers"] == counts["valid"] == counts["stop"] + counts["length"] == count
    assert counts["stop"] > count // 2  # and not all were cut off


def test_an_answer_may_begin_with_a_space(session: Session) -> None:
    """And so may an answer of a chat, but not with a token whose space the decoder drops."""
    for what in ({"messages": None, "prompt": "Once"}, {}):
        text, why = ask(session, choice_grammar([" upon"]), 0, **what)
        assert (text, why) == (" upon", "stop")


def test_forced_tokens_are_read_in_one_step_and_leave_the_same_scores(session: Session) -> None:
    """Each token that was drawn is the likeliest allowed one after all before it, read as a prompt."""
    names = ["the_name_of_the_person", "the_age_of_the_person"]
    properties = {
        names[0]: {"enum": ["Ada", "Bob"]},
        names[1]: {"type": "integer", "minimum": 1, "maximum": 99},
    }
    grammar = json_schema_grammar({"type": "object", "properties": properties, "required": names})
    request = CompletionRequest(
        prompt="I am Ada.", grammar=grammar, sampling=SamplingParams(temperature=0), max_new=150
    )
    done = session.completer().complete(request)
    text, ids = done.text, list(done.ids)
    assert done.finish_reason == "stop" and list(json.loads(text)) == names
    assert 0 < done.timings.steps < len(ids) - 20
    engine, coder = session.engine, Coder(session.tokenizer)
    prompt = [*session.tokenizer.prompt_prefix, *coder.encode("I am Ada.")]
    vocabulary = coder.vocabulary(engine.vocab_size)
    stops = sorted(session.tokenizer.special_tokens.values())
    matcher = Matcher(Constraint(grammar, vocabulary, stops), drops_space=False)
    engine.truncate(0)
    scores = engine.score([*prompt, *ids], one_by_one=True)
    forced, at = ForcedTokens(coder.encode, vocabulary), 0
    while at < len(ids):
        allowed = bits_of(matcher.mask(), engine.vocab_size)
        assert int(np.where(allowed, scores[len(prompt) - 1 + at], -np.inf).argmax()) == ids[at], at
        assert matcher.advance(ids[at])
        found = forced.take(matcher, ids[at], 99)
        assert ids[at + 1 : at + 1 + len(found)] == found
        at += 1 + len(found)


def test_max_tokens_ends_an_answer_before_its_end(session: Session) -> None:
    text, why = ask(session, json_schema_grammar({"const": "abcdefghij" * 20}), 0, max_new=5)
    assert why == "length" and text and '"abcdefghij'.startswith(text[:11])


def test_the_vocabulary_has_what_a_decoder_shows(session: Session) -> None:
    tokenizer = session.tokenizer
    vocabulary = Coder(tokenizer).vocabulary(session.engine.vocab_size)
    assert vocabulary.size == session.engine.vocab_size and len(vocabulary.single_bytes) == 256
    ids = tokenizer.encode('{"a": "é 日本"}')
    assert b"".join(vocabulary.pieces[token] for token in ids).strip() == '{"a": "é 日本"}'.encode()
    assert all(vocabulary.pieces[token].startswith(b" ") for token in vocabulary.droppable)
    grammar = constraint(regex_grammar("</s>"))  # markup as text is text
    assert Matcher(grammar).advance_bytes(b"</s>")


def test_a_grammar_is_prepared_once_for_a_completer(monkeypatch: pytest.MonkeyPatch) -> None:
    completer = Completer(FakeEngine(lambda ids: ""), BytesCoder(), TurnsTemplate(), stop_ids=[EOS])
    grammar = regex_grammar("ab")
    made: list[object] = []
    monkeypatch.setattr("runtime.chat.constraints.Constraint", lambda *given: made.append(given))
    for _ in range(3):
        completer.stream(CompletionRequest(prompt="x", grammar=grammar))
    for _ in range(20):
        completer.stream(CompletionRequest(prompt="x", grammar=regex_grammar("ab")))
    assert len(made) == 21


def test_a_grammar_that_the_tokens_cannot_write_is_refused_before_anything_is_computed() -> None:
    engine = FakeEngine(lambda ids: "")
    completer = Completer(engine, BytesCoder(), TurnsTemplate(), stop_ids=[])
    with pytest.raises(UsageError, match="no token that ends"):
        completer.stream(CompletionRequest(prompt="x", grammar=regex_grammar("ab")))
    assert engine.fed == []


@pytest.mark.parametrize("scores", ["likeliest forbidden", "all -inf", "nan"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_only_allowed_tokens_are_chosen(scores: str, temperature: float) -> None:
    held = constraint(regex_grammar("(?:ab|b){3}"))
    matcher = Matcher(held)
    sampling = SamplingParams(temperature=temperature, top_k=3, top_p=0.5, seed=1)
    chooser = SamplingChooser(sampling, Adjustments({2 + ord("z"): 100.0}), prompt_tokens=0, matcher=matcher)
    said: list[int] = []
    while not matcher.ended:
        allowed = bits_of(matcher.mask(), held.vocabulary.size)
        logits = np.zeros(held.vocabulary.size, np.float32)
        if scores == "likeliest forbidden":
            logits[~allowed] = 50
        else:
            logits[allowed] = -np.inf if scores == "all -inf" else np.nan
        said.append(chooser(logits, said))
        assert allowed[said[-1]]
    assert said[-1] == END
    assert re.fullmatch(rb"(?:ab|b){3}", b"".join(held.vocabulary.pieces[token] for token in said))


def test_the_likeliest_of_the_allowed_tokens_is_chosen() -> None:
    held = constraint(regex_grammar("a|b|c"))
    logits = np.zeros(held.vocabulary.size, np.float32)
    logits[[2 + ord("z"), 2 + ord("b")]] = 9, 5
    chooser = SamplingChooser(SamplingParams(), Adjustments(), prompt_tokens=0, matcher=Matcher(held))
    assert chooser(logits, []) == 2 + ord("b")
