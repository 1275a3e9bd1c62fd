"""One client of `kernelc serve` against several at once: tokens a second, and whether answers stay the same.

    python -m benchmarks.serve_together MODEL --seconds 10 --rounds 5 --out benchmarks/results/NAME.json

The server runs in a process of its own. Round by round, one client asks one question after the other, then as
many as --clients do, each for itself; what runs beside the benchmark so disturbs both alike, and the median
of the rounds' ratios is what counts. Every answer is asked for at temperature 0 and must be the lone run's.
The exit code is 1 where one differs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.serve_load import QUESTIONS, Load, figures


def main() -> int:
    """Run the server and the clients, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", nargs="*", help="what `kernelc serve` takes (default: the demo)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--activations", help="as for `kernelc serve`")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10, help="of each half of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=100, help="most of an answer")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    arguments = parser.parse_args()
    words = [sys.executable, "-m", "kernelc.cli", "serve", *arguments.model, "--device", arguments.device]
    words += ["--port", "0"]
    words += ["--activations", arguments.activations] if arguments.activations else []
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            return 1  # it has said why
        result = asyncio.run(measure(line.split()[0], arguments))
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    finally:
        server.kill()
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return 1 if result["wrong_answers"] else 0


async def measure(url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Ask alone, then in turns by one and by several; returns the figures."""
    root, limits = url.removesuffix("/v1"), httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=root, timeout=300, limits=limits) as http:
        load = Load(http, 0.0)
        for question in QUESTIONS:
            load.wanted[question] = await ask(load, question, arguments.tokens)
        rounds: list[tuple[float, float]] = []
        for _ in range(arguments.rounds):
            one = await rate(load, 1, arguments)
            rounds.append((one, await rate(load, arguments.clients, arguments)))
        model = (await http.get("/v1/models")).json()["data"][0]["id"]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "model": model,
        "device": arguments.device,
        "activations": arguments.activations or "default",
        "cores": os.cpu_count(),
        "clients": arguments.clients,
        "tokens_per_second_of_one": [round(one, 1) for one, _ in rounds],
        "tokens_per_second_of_all": [round(all_, 1) for _, all_ in rounds],
        "ratio": round(median(all_ / one for one, all_ in rounds), 2),
        "right_answers": load.counts["right"],
        "wrong_answers": len(load.wrong),
        "first_wrong": load.wrong[:3],
    }


async def rate(load: Load, clients: int, arguments: argparse.Namespace) -> float:
    """Tokens a second that so many clients get together."""
    before, began = await figures(load), time.monotonic()
    load.end = began + arguments.seconds
    await asyncio.gather(*(client(load, at, arguments.tokens) for at in range(clients)))
    took, after = time.monotonic() - began, await figures(load)
    made = after["kernelc_generated_tokens_total"] - before["kernelc_generated_tokens_total"]
    return made / took


async def client(load: Load, first: int, tokens: int) -> None:
    """Ask one question after the other until the time is over."""
    at = first
    while time.monotonic() < load.end:
        question = QUESTIONS[at % len(QUESTIONS)]
        text = await ask(load, question, tokens)
        if text == load.wanted[question]:
            load.counts["right"] += 1
        else:
            load.wrong.append(f"{question!r}: got {text!r}, wanted {load.wanted[question]!r}")
        at += 1


async def ask(load: Load, question: str, tokens: int) -> str:
    """Ask for the likeliest answer."""
    messages = [{"role": "user", "content": question}]
    body = {"messages": messages, "temperature": 0, "max_completion_tokens": tokens}
    answer = await load.http.post("/v1/chat/completions", json=body)
    answer.raise_for_status()
    return answer.json()["choices"][0]["message"]["content"]


if __name__ == "__main__":
    sys.exit(main())
