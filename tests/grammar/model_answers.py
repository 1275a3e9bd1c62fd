"""Answers of a model under many grammars: whether every whole one is valid. It writes down what it counted.

    kernelc build --model MODEL --target c --sequences 8 --context 512 --out ARTIFACT
    python -m tests.grammar.model_answers ARTIFACT [--kept answers.jsonl] [--out benchmarks/results/NAME.json]

An artifact of several sequences answers as many questions at once. With `--kept` every answer is written down
when it is there, and whoever stops and starts again with the same file goes on where it ended.

Schemas and expressions are random ones from seeds, and the schemas of vectors/answers.json. Each schema is
answered at temperatures 0 and 1.5, each expression at one of them. An answer that `--tokens` cuts off, as one
under `.*` may go on for ever, must still be the beginning of a valid one: it is judged with the fewest bytes
that end it (`Matcher.shortest_end`), so every answer counts. Judges are jsonschema and, of expressions,
tests/grammar/random_patterns.py, which share nothing with the grammars.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from kernelc.artifact import Artifact
from kernelc.errors import UsageError
from kernelc.session import Session
from kernelc.shared_session import SharedSession
from runtime.chat.completion import Completion, completed
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.deltas import WAITING, Delta
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import Lease
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Matcher
from runtime.grammar.pushdown import prepare
from runtime.grammar.regular import regex_grammar
from tests.grammar.random_patterns import Pattern, random_pattern
from tests.grammar.test_random_schemas import random_schema
from tests.grammar.vocabularies import constraint, vectors

TEMPERATURES = (0.0, 1.5)

QUESTIONS = (
    "My name is Ada and I am 12 years old. Who am I?",
    "Describe a small town by the sea.",
    "What is 12 + 30?",
    "Write a list of five fruits.",
)


@dataclass(frozen=True)
class Question:
    """Number `at` of its part, under a grammar; `fits` judges the text of a whole answer."""

    part: str
    at: int
    temperature: float
    grammar: Grammar
    fits: Callable[[str], bool]


@dataclass(frozen=True)
class Answered:
    """The text of an answer, and how it ended: "stop", or "length" where it was cut off."""

    part: str
    at: int
    text: str
    why: str


def schemas(count: int) -> list[Any]:
    """The shared schemas, then random ones that some text satisfies."""
    found = [case["schema"] for case in vectors("answers")]
    seed = 0
    while len(found) < count:
        chance, seed = random.Random(seed), seed + 1
        schema = random_schema(chance)
        schema["$defs"] = {"one": random_schema(chance, 1), "two": random_schema(chance, 2)}
        try:
            Matcher(constraint(json_schema_grammar(schema)))
        except UsageError:
            continue
        found.append(schema)
    return found[:count]


def patterns(count: int) -> list[Pattern]:
    """Random expressions that are not too large."""
    found: list[Pattern] = []
    seed = 0
    while len(found) < count:
        pattern, seed = random_pattern(random.Random(seed)), seed + 1
        try:
            prepare(regex_grammar(pattern.text))
        except UsageError:
            continue
        found.append(pattern)
    return found


def schema_questions(count: int, temperature: float) -> Iterator[Question]:
    for at, schema in enumerate(schemas(count)):
        validator = Draft202012Validator(schema)
        part = f"schemas at temperature {temperature}"
        yield Question(part, at, temperature, json_schema_grammar(schema), _fits_schema(validator))


def _fits_schema(validator: Draft202012Validator) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            return validator.is_valid(json.loads(text))
        except ValueError:
            return False

    return fits


def regex_questions(count: int) -> Iterator[Question]:
    for at, pattern in enumerate(patterns(count)):
        grammar = regex_grammar(pattern.text)
        yield Question("regular expressions", at, TEMPERATURES[at % 2], grammar, pattern.fits)


def judged(question: Question, answer: Answered) -> Iterable[str]:
    """What is counted of an answer: how it ended, and whether it is valid."""
    whole = finished(question.grammar, answer.text, answer.why)
    return ["answers", answer.why, "valid" if whole is not None and question.fits(whole) else "invalid"]


def finished(grammar: Grammar, text: str, why: str) -> str | None:
    """An answer that was cut off with the fewest bytes that end it, any other as it is. Half a character at
    the end, which decoders show as U+FFFD, goes first. None where the text begins no answer."""
    if why == "stop":
        return text
    text = text.rstrip("\ufffd")
    matcher = Matcher(constraint(grammar), drops_space=False)
    return text + matcher.shortest_end().decode() if matcher.advance_bytes(text.encode()) else None


# ---- asking a model ----


@dataclass
class _Asked:
    """A question whose answer is under way, on one of several sequences or on the only one."""

    question: Question
    place: Lease | None
    answer: Completion
    deltas: list[Delta]

    def goes_on(self) -> bool:
        """Whether the answer waits for its next token; False where it is over."""
        for delta in self.answer.deltas:
            if delta is WAITING:
                return True
            self.deltas.append(delta)
        return False


def answers(
    session: Session | SharedSession, questions: Iterable[Question], tokens: int
) -> Iterator[Answered]:
    """Ask as many questions at once as the session has sequences; answers come as they end."""
    completer, waiting = session.completer(), deque(questions)
    shared = session.engine if isinstance(session, SharedSession) else None
    asked: list[_Asked] = []
    while waiting or asked:
        while waiting and len(asked) < (shared.places if shared else 1):
            question = waiting.popleft()
            request = CompletionRequest(
                messages=[{"role": "user", "content": QUESTIONS[question.at % len(QUESTIONS)]}],
                grammar=question.grammar,
                sampling=SamplingParams(temperature=question.temperature, seed=question.at),
                max_new=tokens,
            )
            place = shared.lease() if shared else None
            asked.append(_Asked(question, place, completer.stream(request, place), []))
        for each in list(asked):
            if each.goes_on():
                continue
            asked.remove(each)
            if each.place:
                each.place.back()
            done = completed(each.answer, each.deltas)
            yield Answered(each.question.part, each.question.at, done.text, done.finish_reason)
        if shared and asked:
            shared.step()


def kept_answers(file: Path | None) -> list[Answered]:
    """The answers of an earlier run. A line that was cut off is none."""
    if file is None or not file.exists():
        return []
    lines = file.read_text("utf-8").splitlines()
    return [Answered(**json.loads(line)) for line in lines if line.endswith("}")]


def all_answers(
    session: Session | SharedSession, questions: Sequence[Question], tokens: int, file: Path | None
) -> Iterator[Answered]:
    """The answers that a file has, then the others, which it has from then on, too."""
    known = {(each.part, each.at): each for each in kept_answers(file)}
    yield from (known[each.part, each.at] for each in questions if (each.part, each.at) in known)
    missing = [each for each in questions if (each.part, each.at) not in known]
    for answer in answers(session, missing, tokens):
        if file is not None:
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(answer)) + "\n")
        yield answer


def opened(folder: Path, device: str) -> Session | SharedSession:
    artifact = Artifact.open(folder)
    if artifact.manifest.sequences is None:
        return Session.open(artifact, device=device)
    return SharedSession.open(artifact, device=device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--schemas", type=int, default=200)
    parser.add_argument("--regexes", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=120, help="at most, in an answer")
    parser.add_argument("--kept", type=Path, help="a file of the answers so far, which is gone on with")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    arguments = parser.parse_args()
    asked = [each for some in TEMPERATURES for each in schema_questions(arguments.schemas, some)]
    asked += regex_questions(arguments.regexes)
    by_number = {(each.part, each.at): each for each in asked}
    counts: dict[str, Counter[str]] = {each.part: Counter() for each in asked}
    session = opened(arguments.artifact, arguments.device)
    try:
        for answer in all_answers(session, asked, arguments.tokens, arguments.kept):
            found = judged(by_number[answer.part, answer.at], answer)
            counts[answer.part].update(found)
            if "invalid" in found:
                print("invalid:", answer, flush=True)
            if counts[answer.part]["answers"] % 50 == 0:
                print(answer.part, dict(counts[answer.part]), flush=True)
    finally:
        session.close()
    about = {"model": arguments.artifact.name, "most_tokens": arguments.tokens}
    text = json.dumps({**about, **{part: dict(each) for part, each in counts.items()}}, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    raise SystemExit(any(each["invalid"] for each in counts.values()))


if __name__ == "__main__":
    main()
