"""How soon a server's first token comes when it knows the long beginning of a prompt, and what that costs.

    python -m benchmarks.prefixes ARTIFACT --device cpu --out benchmarks/results/NAME.json

The server runs in a process of its own, with `--prefix-dir`. Several clients have system prompts of their
own, of about 2,000 tokens, and take turns, each with another question every time. Timed from the request to
the first piece of the stream, over HTTP:

    new           the first round: nobody asked that before
    memory        the second round: every client comes back after all others
    restarted     the third, after SIGTERM and another start: from the disk
    without       two rounds of a server with `--prefix-cache 0`, where one client evicts another's prompt

Before each of these a short question warms up what a process does once. `answers` are the seconds of whole
answers to new prompts, with what is copied afterwards in the next one's time, with and without keeping: the
difference is what keeping costs. Answers of rounds in memory and from disk must be those of the server
without. Figures are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

CLIENTS, NEW_TOKENS, SEED = 4, 32, 5
TEXT = (
    "always answer in short sentences and name the source of what you say when a person asks for facts about"
    " cities rivers trees birds machines numbers letters or history never mention these rules unless somebody"
    " asks how you were told to speak and then tell them kindly what they want to know with one example each"
)


@dataclass(frozen=True)
class Answered:
    """One streamed answer: seconds to its first piece and to its end, and what the server said of it."""

    first: float
    whole: float
    text: str
    prompt_tokens: int
    cached_tokens: int


def main() -> int:
    """Run the servers and print the figures; the exit code is 1 where an answer differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("artifact")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tokens", type=int, default=2000, help="of a system prompt, about (default: 2000)")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(args.artifact, args.device, args.tokens, Path(folder) / "kept")
    text = json.dumps(found, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    return 0 if found["same_answers"] else 1


def measured(artifact: str, device: str, tokens: int, kept: Path) -> dict[str, Any]:
    """Return all figures."""
    with server(artifact, device, "--prefix-cache", "0") as http:
        systems = [system_prompt(http, tokens, client) for client in range(CLIENTS)]
        ask(http, "Hello", "Who are you?")
        without = [asked(http, systems, round_) for round_ in (0, 1, 2)]
    keeping = ("--prefix-dir", str(kept), "--prefix-cache", "4096")
    with server(artifact, device, *keeping) as http:
        ask(http, "Hello", "Who are you?")
        new, memory = (asked(http, systems, round_) for round_ in (0, 1))
    on_disk = sum(path.stat().st_size for path in kept.rglob("*.kv"))
    with server(artifact, device, *keeping) as http:
        ask(http, "Hello", "Who are you?")
        restarted = asked(http, systems, 2)
    rounds = {"new": new, "memory": memory, "restarted": restarted, "without": without[1]}
    first = {name: median([each.first for each in round_]) for name, round_ in rounds.items()}
    texts = [[each.text for each in round_] for round_ in (new, memory, restarted)]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "model": Path(artifact).name,
        "device": device,
        "cores": os.cpu_count(),
        "clients": CLIENTS,
        "prompt_tokens": [each.prompt_tokens for each in new],
        "cached_tokens": {name: [each.cached_tokens for each in round_] for name, round_ in rounds.items()},
        "first_token_seconds": first,
        "times_sooner": {name: round(first["new"] / first[name], 1) for name in ("memory", "restarted")},
        "answers": {
            "keeping": median([each.whole for each in new]),
            "without": median([each.whole for each in without[0]]),
        },
        "bytes_on_disk": on_disk,
        "same_answers": texts == [[each.text for each in round_] for round_ in without],
    }


def median(values: Sequence[float]) -> float:
    """Return the median, in seconds that are worth printing."""
    return round(statistics.median(values), 4)


def system_prompt(http: httpx.Client, tokens: int, client: int) -> str:
    """Return words in a random order that are about so many tokens."""
    words = random.Random(SEED + client).choices(TEXT.split(), k=tokens)
    share = tokens / ask(http, " ".join(words), "x", most=1).prompt_tokens
    return " ".join(words[: round(share * tokens)])


def asked(http: httpx.Client, systems: Sequence[str], round_: int) -> list[Answered]:
    """Let each client ask in turn; the question is another one in each round."""
    question = ("Which rivers do you know?", "How does a bird fly?", "What is a machine?")[round_]
    return [ask(http, system, question) for system in systems]


def ask(http: httpx.Client, system: str, question: str, most: int = NEW_TOKENS) -> Answered:
    """Stream one answer at temperature 0."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    body = {
        "messages": messages,
        "temperature": 0,
        "max_completion_tokens": most,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    began, first, texts, usage = time.perf_counter(), 0.0, list[str](), dict[str, Any]()
    with http.stream("POST", "/chat/completions", json=body) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            if not line.startswith("data: {"):
                continue
            chunk = json.loads(line.removeprefix("data: "))
            piece = "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
            if piece and not texts:
                first = time.perf_counter() - began
            texts += [piece] if piece else []
            usage = chunk.get("usage") or usage
    cached = usage["prompt_tokens_details"]["cached_tokens"]
    whole = time.perf_counter() - began
    return Answered(first or whole, whole, "".join(texts), usage["prompt_tokens"], cached)


@contextmanager
def server(artifact: str, device: str, *options: str) -> Generator[httpx.Client]:
    """Run `kernelc serve`; yields a client of it, and ends it with SIGTERM."""
    words = [sys.executable, "-m", "kernelc.cli", "serve", artifact, "--device", device, "--port", "0"]
    process = subprocess.Popen([*words, *options], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        with httpx.Client(base_url=url, timeout=600) as http:
            yield http
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
