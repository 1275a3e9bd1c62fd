"""What a grammar costs while a model decodes: tokens a second under one and without, by turns.

    python -m benchmarks.grammar_decode ARTIFACT --device cuda --out benchmarks/results/NAME.json
    python -m benchmarks.grammar_decode llama-3.2-1b --tokenizer FOLDER --device cuda

ARTIFACT has several sequences (`kernelc build --sequences 8`); a known model's name is built with random
weights and has the tokens of the tokenizer in FOLDER. Each grammar is measured for a lone engine (as `kernelc
chat` has it), for one of the server's sequences, and for all of them at once. An answer under the grammar is
followed by one of as many tokens without, from the same prompt and with the same sampling; the first round
meets new states of the grammar, whose masks are found then, and is told apart. Text that the grammar forces
is drawn, too, token by token: jumping ahead would be sooner. In the end the device's draws are compared with
the host's, and the exit code is 1 where ids differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

from benchmarks.grammar_masks import PERSON
from kernelc.artifact import Artifact
from kernelc.commands.shared.options import is_artifact
from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.measure.facts import commit, today
from kernelc.native import Library
from kernelc.passes.several import MOST_SEQUENCES
from kernelc.pipeline import build_random
from kernelc.session import Coder, open_tokenizer
from model.families.registry import find_model
from model.text.tokenizer import load_tokenizer
from runtime.devices import target_for
from runtime.engine.chooser import Chooser, SamplingChooser
from runtime.engine.engine import Engine
from runtime.engine.host_sampling import F32, Adjustments
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import SeveralEngine
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Constraint, Matcher
from runtime.grammar.regular import regex_grammar

GRAMMARS: dict[str, Callable[[], Grammar]] = {
    "list of anything in JSON": lambda: json_schema_grammar({"type": "array", "minItems": 30}),
    "list of persons": lambda: json_schema_grammar({"type": "array", "items": PERSON, "minItems": 30}),
    "lines of dates": lambda: regex_grammar(r"(\d{4}-\d{2}-\d{2}\n){200}"),
}
PROMPT = tuple(range(100, 164))
Sequencer: TypeAlias = "Engine | SeveralEngine"


@dataclass(frozen=True)
class Asked:
    """How answers are made: so many at once, of up to so many tokens."""

    count: int
    tokens: int
    temperature: float

    def sampling(self, number: int) -> SamplingParams:
        """The sampling of an answer."""
        return SamplingParams(self.temperature, seed=None if self.temperature == 0 else number)


def main() -> int:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", help="an artifact of several sequences, or a known model's name")
    parser.add_argument("--tokenizer", type=Path, help="of a known model: a folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--context", type=int, default=1024, help="of a known model (default: 1024)")
    parser.add_argument("--tokens", type=int, default=256, help="most tokens of an answer (default: 256)")
    parser.add_argument("--rounds", type=int, default=6, help="answers, the first of which is told apart")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kernelc-grammar-") as scratch:
        artifact = _artifact(args, Path(scratch) / "artifact")
        result = measured(artifact, args)
    text = json.dumps(result, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    return 0 if result["same_ids"] else 1


def _artifact(args: argparse.Namespace, out: Path) -> Artifact:
    if is_artifact(Path(args.model)):
        return Artifact.open(args.model)
    target = target_for(args.device)
    options = CompileOptions(target, "q4", args.context, sequences=MOST_SEQUENCES)
    return Artifact.open(build_random(find_model(args.model), options, out, name=f"{args.model}-random"))


def measured(artifact: Artifact, args: argparse.Namespace) -> dict[str, Any]:
    """Return all figures."""
    size = artifact.manifest.model.vocab_size
    folder = args.tokenizer
    tokenizer = load_tokenizer(folder, vocab_size=size) if folder else open_tokenizer(artifact)
    vocabulary, ends = Coder(tokenizer).vocabulary(size), [tokenizer.eos_id or 0]
    made = {name: Constraint(make(), vocabulary, ends) for name, make in GRAMMARS.items()}
    found: dict[str, Any] = {}
    same = True
    for way, count, several in (
        ("lone engine", 1, False),
        ("one of the server's sequences", 1, True),
        (f"{MOST_SEQUENCES} of the server's sequences", MOST_SEQUENCES, True),
    ):
        with _opened(artifact, args.device, several) as engine:
            device = engine.executor.info
            asked = Asked(count, args.tokens, args.temperature)
            _decoded(engine, asked, [asked.tokens] * count, lambda _: None)  # warms up
            found[way] = {name: compared(engine, each, asked, args.rounds) for name, each in made.items()}
            same &= all(_same(engine, each, asked) for each in made.values())
    return {
        "date": today(),
        "commit": commit(),
        "device": device.name,
        "driver": device.driver,
        "model": artifact.manifest.name,
        "tokens of the vocabulary": size,
        "tokens of an answer": args.tokens,
        "temperature": args.temperature,
        "rounds": args.rounds,
        **found,
        "same_ids": same,
    }


def _opened(artifact: Artifact, device: str, several: bool) -> Sequencer:
    if several:
        return SeveralEngine.open(artifact, device, references=references(), library=Library())
    return Engine.open(artifact, device=device, references=references(), library=Library())


def compared(engine: Sequencer, constraint: Constraint, asked: Asked, rounds: int) -> dict[str, Any]:
    """Return what answers under a grammar take of the time without, and their rates."""
    rates: list[tuple[float, float]] = []
    for round_ in range(rounds):
        choosers = [_chooser(constraint, asked.sampling(round_ * 8 + at)) for at in range(asked.count)]
        ids, held = _decoded(engine, asked, [asked.tokens] * asked.count, choosers.__getitem__, constraint)
        lengths = [len(each) for each in ids]
        _, free = _decoded(engine, asked, lengths, lambda _: None)
        rates.append((sum(lengths) / held, sum(lengths) / free))
    over = [1 - held / free for held, free in rates]
    return {
        "tokens_per_second_with": round(statistics.median(held for held, _ in rates[1:]), 1),
        "tokens_per_second_without": round(statistics.median(free for _, free in rates[1:]), 1),
        "overhead": round(statistics.median(over[1:]), 4),
        "overhead of the first": round(over[0], 4),
        "overheads": [round(each, 4) for each in over[1:]],
    }


def _chooser(constraint: Constraint, sampling: SamplingParams) -> SamplingChooser:
    own = Matcher(constraint, drops_space=False)
    return SamplingChooser(sampling.with_seed(), Adjustments(), prompt_tokens=len(PROMPT), matcher=own)


def _decoded(
    engine: Sequencer,
    asked: Asked,
    lengths: Sequence[int],
    choose: Callable[[int], Chooser | None],
    constraint: Constraint | None = None,
) -> tuple[list[list[int]], float]:
    """Answer as many prompts at once; return the ids and the seconds behind the prompts."""
    ends = constraint.end_ids if constraint else frozenset[int]()
    leases = [engine.lease() for _ in lengths] if isinstance(engine, SeveralEngine) else [engine]
    running: list[Iterator[Any]] = []
    for at, lease in enumerate(leases):
        prompt = [*PROMPT[at:], *PROMPT[:at]]
        lease.feed(prompt[lease.reuse(prompt[:-1]) :])
    began = perf_counter()
    for at, lease in enumerate(leases):
        running.append(lease.generate(lengths[at], asked.sampling(at), ends, choose=choose(at)))
    ids: list[list[int]] = [[] for _ in lengths]
    live = list(range(len(running)))
    while live:
        for at in tuple(live):
            for token in running[at]:
                if token is None:
                    break  # it waits for a step
                ids[at].append(token.id)
            else:
                live.remove(at)
        if live and isinstance(engine, SeveralEngine):
            engine.step()
    seconds = perf_counter() - began
    for lease in leases:
        if not isinstance(lease, Engine):
            lease.back()
    return ids, seconds


def _same(engine: Sequencer, constraint: Constraint, asked: Asked) -> bool:
    """Whether the device draws what the host would, the scores before it."""
    found: list[list[list[int]]] = []
    for on_host in (False, True):

        def choose(at: int, on_host: bool = on_host) -> Chooser:
            chooser = _chooser(constraint, asked.sampling(at))

            def hidden(logits: F32, ids: Sequence[int]) -> int:
                return chooser(logits, ids)

            return hidden if on_host else chooser

        found.append(_decoded(engine, asked, [40] * asked.count, choose, constraint)[0])
    return found[0] == found[1]


if __name__ == "__main__":
    sys.exit(main())
