"""Many clients at once on `kernelc serve`: whole and right answers, flat memory, a queue within its bound.

    python -m benchmarks.serve_load --seconds 300 --out benchmarks/results/NAME.json

The server (the demo model on the cpu, unless MODEL and --device say otherwise) runs in a process of its own.
Each of the questions is asked alone first, at temperature 0. Then the clients, each for itself, ask at
random: for whole answers, for streams, for streams that they leave in the middle, and for streams that they
read slowly. Each whole answer must be the lone run's. What is refused with 429 is asked again after a moment.

Memory is the server's resident set, read from /proc (Linux alone): the largest in the second quarter of the
time, when every cache has filled, against the largest in the last. The exit code is 1 where anything is off.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

QUESTIONS = (
    "Hello", "My name is Ada.", "What is 12 + 30?", "What is the capital of France?", "Tell me a story.",
    "What is 417 - 58?", "Who wrote Hamlet?", "Say hello to Bob.", "I like owls.", "What can you do?",
    "Count to ten.", "What color is the sky?",
)  # fmt: skip
MOST_TOKENS = 60
KINDS = ("whole", "whole", "stream", "stream", "leave", "slow")  # drawn at random
SEED = 11
MOST_GROWTH = 1.05  # of memory, from the second quarter to the last
SAMPLE_SECONDS = 0.25


@dataclass
class Load:
    """What the clients share: the right answers, and what has happened."""

    http: httpx.AsyncClient
    end: float
    wanted: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


def main() -> int:
    """Run the server and the clients, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", nargs="*", help="what `kernelc serve` takes (default: the demo)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--queue", type=int, default=16, help="fewer than there are clients, to see 429")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    arguments = parser.parse_args()
    words = [sys.executable, "-m", "kernelc.cli", "serve", *arguments.model, "--device", arguments.device]
    words += ["--port", "0", "--queue", str(arguments.queue)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            return 1  # it has said why
        result = asyncio.run(measure(line.split()[0], server.pid, arguments))
        server.send_signal(signal.SIGTERM)
        result["server_exit_code"] = server.wait(60)
    finally:
        server.kill()
    result["right"] = (
        not result["wrong_answers"]
        and result["most_waiting"] <= arguments.queue
        and result["memory_growth"] <= MOST_GROWTH
        and result["server_exit_code"] == 0
    )
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return 0 if result["right"] else 1


async def measure(url: str, pid: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Ask alone, then all at once; returns the figures."""
    root = url.removesuffix("/v1")
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=root, timeout=300, limits=limits) as http:
        load = Load(http, 0.0)
        for question in QUESTIONS:
            load.wanted[question] = await whole(load, question)
        before = await figures(load)
        began = time.monotonic()
        load.end = began + arguments.seconds
        clients = (client(load, random.Random(SEED + at)) for at in range(arguments.clients))
        await asyncio.gather(*clients, watch(load, pid, began))
        took = time.monotonic() - began
        after = await figures(load)
        health = (await http.get("/health")).json()["status"]
    quarter = arguments.seconds / 4
    settled = max(size for at, size in load.memory if quarter <= at < 2 * quarter)
    last = max(size for at, size in load.memory if at >= 3 * quarter)
    made = after["kernelc_generated_tokens_total"] - before["kernelc_generated_tokens_total"]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "device": arguments.device,
        "cores": os.cpu_count(),
        "clients": arguments.clients,
        "queue": arguments.queue,
        "seconds": round(took, 1),
        "right_answers": {kind: load.counts[kind] for kind in sorted({*KINDS} - {"leave"})},
        "wrong_answers": len(load.wrong),
        "first_wrong": load.wrong[:3],
        "left_in_the_middle": load.counts["leave"],
        "refused_with_429": load.counts["429"],
        "aborted_by_the_server": after["kernelc_answers_aborted_total"],
        "most_waiting": max(load.waiting),
        "tokens_per_second": round(made / took, 1),
        "memory_mb_settled": round(settled, 1),
        "memory_mb_last": round(last, 1),
        "memory_growth": round(last / settled, 4),
        "health": health,
    }


async def client(load: Load, draw: random.Random) -> None:
    """Ask until the time is over."""
    while time.monotonic() < load.end:
        question, kind = draw.choice(QUESTIONS), draw.choice(KINDS)
        try:
            if kind == "whole":
                text = await whole(load, question)
            elif kind == "leave":
                await streamed(load, question, leave_after=draw.randrange(1, 6))
                load.counts[kind] += 1
                continue
            else:
                text = await streamed(load, question, pause=0.02 if kind == "slow" else 0.0)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 429:
                load.wrong.append(f"{kind}: status {error.response.status_code}")
            elif not error.response.headers.get("retry-after"):
                load.wrong.append("429 without Retry-After")
            load.counts[str(error.response.status_code)] += 1
            await asyncio.sleep(draw.uniform(0.05, 0.5))
            continue
        except httpx.HTTPError as error:
            load.wrong.append(f"{kind}: {type(error).__name__}: {error}")
            continue
        load.counts[kind] += text == load.wanted[question]
        if text != load.wanted[question]:
            load.wrong.append(f"{kind}: {question!r}: got {text!r}, wanted {load.wanted[question]!r}")


def body(question: str, *, stream: bool) -> dict[str, Any]:
    """A request for the likeliest answer."""
    messages = [{"role": "user", "content": question}]
    return {"messages": messages, "temperature": 0, "max_completion_tokens": MOST_TOKENS, "stream": stream}


async def whole(load: Load, question: str) -> str:
    """Ask for a whole answer."""
    answer = await load.http.post("/v1/chat/completions", json=body(question, stream=False))
    answer.raise_for_status()
    return answer.json()["choices"][0]["message"]["content"]


async def streamed(load: Load, question: str, *, leave_after: int = 0, pause: float = 0.0) -> str:
    """Ask for a stream, read it with a pause after each event, and leave it after some where told to."""
    texts: list[str] = []
    asked = load.http.stream("POST", "/v1/chat/completions", json=body(question, stream=True))
    async with asked as answer:
        if answer.status_code != 200:
            await answer.aread()
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if line == "data: [DONE]":
                return "".join(texts)
            if line.startswith("data: "):
                choices = json.loads(line.removeprefix("data: "))["choices"]
                texts += [choice["delta"].get("content") or "" for choice in choices]
                await asyncio.sleep(pause)
            if leave_after and len(texts) >= leave_after:
                return ""
    raise httpx.RemoteProtocolError("the stream had no end")


async def watch(load: Load, pid: int, began: float) -> None:
    """Look at the queue and at the memory until the time is over."""
    while time.monotonic() < load.end:
        now = await figures(load)
        load.waiting.append(int(now["kernelc_calls_waiting"]))
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        load.memory.append((time.monotonic() - began, int(found[1]) / 1000))
        await asyncio.sleep(SAMPLE_SECONDS)


async def figures(load: Load) -> Counter[str]:
    """The server's counters, summed over their labels."""
    found: Counter[str] = Counter()
    for line in (await load.http.get("/metrics")).text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name.partition("{")[0]] += float(value)  # type: ignore[assignment]
    return found


if __name__ == "__main__":
    sys.exit(main())
