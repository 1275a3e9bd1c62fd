"""What a draft model wins: tokens a second of a model with one and without, by turns, in one process.

    python -m benchmarks.speculative TARGET DRAFT --device cuda --out benchmarks/results/NAME.json

TARGET and DRAFT are models that share a tokenizer, which are built for the device, or artifacts, of which the
target was built with `--rows`. Each of some questions is answered without a draft, and with it in
several ways: as many guesses as measurements say (`measured`), and always so many; which comes first changes
from round to round. Answers must have the same ids, greedy and at the temperature, and the exit code is 1
where they have not. Rates are of decoding alone, the median of the rounds' ratios is `gain`, and `accepted`
is the share of guesses that were right.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelc.artifact import Artifact
from kernelc.commands.shared.options import is_artifact
from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.measure.facts import commit, today
from kernelc.native import Library
from kernelc.passes.several import MOST_SEQUENCES
from kernelc.pipeline import build_artifact
from kernelc.session import Coder, open_template, open_tokenizer, stop_ids
from kernelc.switches import asked
from runtime.chat.prompt import PromptEncoder
from runtime.devices import target_for
from runtime.engine.drafts.lengths import Lengths, MeasuredLengths
from runtime.engine.drafts.model import DraftModel
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import SeveralEngine

QUESTIONS = (
    "Tell me a story about a fox and a clever girl.",
    "Tell me a story about a boat.",
    "What is 417 - 58?",
    "How many letters are in the word elephant?",
    "What is 34 times 27?",
    "Can you tell me a story about a robot who is lonely?",
    "Please reverse the word planet.",
    "What is the capital of France?",
)
PLAIN = "without"


@dataclass
class FixedLengths:
    """Always as many guesses as may be, up to `count`."""

    count: int
    stretch: int = 0

    def choose(self, most: int) -> int:
        """See `Lengths.choose`."""
        return min(self.count, most)

    def guessed(self, count: int, right: int, guessing: float, checking: float) -> None:
        """See `Lengths.guessed`."""

    def did_without(self, tokens: int, seconds: float) -> None:
        """See `Lengths.did_without`."""


@dataclass
class Total:
    """What answers of one kind took: decoded tokens and seconds, and guesses."""

    tokens: int = 0
    seconds: float = 0.0
    drafted: int = 0
    accepted: int = 0


def main() -> int:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("draft", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quant", default="q4", help="of what is built here (default: q4)")
    parser.add_argument("--tokens", type=int, default=256, help="most tokens of an answer (default: 256)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--temperature", type=float, default=0.8, help="of what is not greedy (default: 0.8)")
    parser.add_argument("--lengths", type=int, nargs="*", default=[2, 4, 7], help="guesses at a time")
    parser.add_argument("--questions", type=int, default=len(QUESTIONS), help="how many are asked")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kernelc-speculative-") as scratch:
        target = _artifact(args.target, args, Path(scratch) / "target", MOST_SEQUENCES)
        draft = _artifact(args.draft, args, Path(scratch) / "draft", 1)
        result = measured(target, draft, args)
    text = json.dumps(result, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    return 0 if result["same_ids"] else 1


def _artifact(path: Path, args: argparse.Namespace, out: Path, rows: int) -> Artifact:
    if is_artifact(path):
        return Artifact.open(path)
    options = CompileOptions(target_for(args.device), args.quant, rows=rows)
    return Artifact.open(build_artifact(path, options, out=out))


@contextmanager
def _engine(target: Artifact, draft: Artifact, device: str) -> Generator[SeveralEngine]:
    left_out = asked(None)

    def library() -> Library:
        return Library(without=left_out)

    engine = SeveralEngine.open(target, device, references=references(), library=library(), without=left_out)
    with closing(engine):
        guessing = DraftModel.open(
            draft, device=device, references=references(), library=library(), without=left_out
        )
        engine.speculate(guessing)
        yield engine


def measured(target: Artifact, draft: Artifact, args: argparse.Namespace) -> dict[str, Any]:
    """Return all figures."""
    tokenizer = open_tokenizer(target)
    encoder = PromptEncoder(Coder(tokenizer), open_template(target, tokenizer))
    questions = QUESTIONS[: args.questions]
    prompts = [encoder.encode([{"role": "user", "content": each}])[1] for each in questions]
    ways: dict[str, Lengths | None] = {PLAIN: None, "measured": MeasuredLengths()}
    ways |= {str(count): FixedLengths(count) for count in args.lengths}
    found: dict[str, Any] = {}
    with _engine(target, draft, args.device) as engine:
        device = engine.executor.info
        for name, sampling in (
            ("greedy", SamplingParams()),
            (f"temperature {args.temperature:g}", SamplingParams(args.temperature, top_p=0.95, seed=11)),
        ):
            found[name] = _compared(engine, prompts, ways, sampling, stop_ids(target), args)
    return {
        "date": today(),
        "commit": commit(),
        "device": device.name,
        "driver": device.driver,
        "target": _facts(target),
        "draft": _facts(draft),
        "questions": len(questions),
        "rounds": args.rounds,
        **found,
        "same_ids": all(each["same_ids"] for each in found.values()),
    }


def _facts(artifact: Artifact) -> dict[str, Any]:
    manifest = artifact.manifest
    model = manifest.model
    megabytes = round(sum(each.bytes for each in manifest.weights.shards) / 1e6, 1)
    return {"name": manifest.name, "quant": manifest.quant, "layers": model.layers, "weights_mb": megabytes}


def _compared(
    engine: SeveralEngine,
    prompts: Sequence[Sequence[int]],
    ways: dict[str, Lengths | None],
    sampling: SamplingParams,
    ends: frozenset[int],
    args: argparse.Namespace,
) -> dict[str, Any]:
    """Answer all prompts in every way, in as many rounds as asked for after one that warms up."""
    rates: defaultdict[str, list[float]] = defaultdict(list)
    totals: defaultdict[str, Total] = defaultdict(Total)
    wanted: dict[int, list[int]] = {}
    same = True
    for round_ in range(args.rounds + 1):
        order = list(ways) if round_ % 2 else list(reversed(ways))
        of_round: defaultdict[str, Total] = defaultdict(Total)
        for at, prompt in enumerate(prompts):
            for way in order:
                ids = _answer(engine, prompt, ways[way], sampling, ends, args.tokens, of_round[way])
                same &= wanted.setdefault(at, ids) == ids
        if not round_:
            continue
        for way, total in of_round.items():
            rates[way].append(total.tokens / total.seconds)
            for name, value in vars(total).items():
                setattr(totals[way], name, getattr(totals[way], name) + value)
    result: dict[str, Any] = {"same_ids": same, "tokens": sum(map(len, wanted.values()))}
    for way in ways:
        result[way] = {"tokens_per_second": round(statistics.median(rates[way]), 1)}
        if way != PLAIN:
            total, pairs = totals[way], zip(rates[way], rates[PLAIN], strict=True)
            result[way] |= {
                "gain": round(statistics.median(fast / plain for fast, plain in pairs), 3),
                "accepted": round(total.accepted / total.drafted, 3) if total.drafted else None,
                "drafted_per_token": round(total.drafted / total.tokens, 3),
            }
    return result


def _answer(
    engine: SeveralEngine,
    prompt: Sequence[int],
    lengths: Lengths | None,
    sampling: SamplingParams,
    ends: frozenset[int],
    most: int,
    total: Total,
) -> list[int]:
    """Answer a prompt, with a draft where there are `lengths`, and count what it took."""
    assert engine.draft is not None
    engine.speculate(engine.draft, lengths)
    lease = engine.lease()
    if lengths is None:
        for seat in engine.seats:
            seat.speculator = None
    timings = lease.start_timing()
    kept = lease.reuse(prompt[:-1])
    lease.feed(prompt[kept:])
    ids = [token.id for token in lease.generate(most, sampling, ends) if token is not None]
    lease.back()
    total.tokens += timings.generated_tokens
    total.seconds += timings.decode_seconds
    total.drafted += timings.drafted_tokens
    total.accepted += timings.accepted_tokens
    return ids


if __name__ == "__main__":
    sys.exit(main())
