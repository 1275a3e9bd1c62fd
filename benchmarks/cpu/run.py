"""Times a model on the cpu, in kernelc and in llama.cpp, alternately in one run.

    npm install --prefix FOLDER node-llama-cpp@3
    python -m benchmarks.cpu.run ARTIFACT MODEL.gguf FOLDER/node_modules --out benchmarks/results/NAME.json

Both get the same prompt, the same number of threads and the same number of tokens to generate, greedily; each
pair of runs is one of either. The artifact should hold the GGUF's weights in a format of as many bits (Q4_1
is q4a), with activations of int8, which llama.cpp's are. Speeds are medians over the pairs; the load of the
machine is noted, since on a busy machine threads that wait for each other suffer most.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kernelc.artifact import Artifact
from kernelc.native import Library
from runtime.cpu.cores import usable_cores
from runtime.cpu.executor import CpuExecutor
from runtime.engine.engine import Engine

PEER = Path(__file__).parent / "llama.mjs"


class Peer:
    """llama.cpp in a process of its own."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        numbers = [str(each) for each in (arguments.threads, arguments.prompt, arguments.generate)]
        command = ["node", str(PEER), str(arguments.node_modules.resolve()), str(arguments.gguf), *numbers]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = self._line()

    def run(self) -> dict[str, float]:
        """The seconds of one run."""
        assert self.process.stdin is not None
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"llama.cpp ended with {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait()


@contextmanager
def peer(arguments: argparse.Namespace) -> Iterator[Peer]:
    """llama.cpp, ended at last."""
    opened = Peer(arguments)
    try:
        yield opened
    finally:
        opened.close()


def run_ours(engine: Engine, prompt: int, generate: int) -> dict[str, float]:
    """The seconds of one run of ours."""
    engine.truncate(0)
    began = time.perf_counter()
    engine.feed([(i * 7) % 1000 + 5 for i in range(prompt)])
    read = time.perf_counter()
    tokens = sum(1 for _ in engine.generate(generate))
    return {"prefill": read - began, "decode": time.perf_counter() - read, "tokens": tokens}


def speeds(runs: list[dict[str, float]], prompt: int) -> dict[str, float]:
    """Median tokens per second."""
    return {
        "prefill_tokens_per_s": round(statistics.median(prompt / run["prefill"] for run in runs), 1),
        "decode_tokens_per_s": round(statistics.median(run["tokens"] / run["decode"] for run in runs), 1),
    }


def commit() -> str:
    """The commit of this checkout, with "-dirty" where files differ; empty where git tells nothing."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all pairs. The first run of either is not counted."""
    artifact = Artifact.open(arguments.artifact)
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    loads = [os.getloadavg()[0]]
    executor = CpuExecutor(Library(), arguments.threads)
    with Engine(executor, artifact) as engine, peer(arguments) as llama:
        for number in range(arguments.pairs + 1):
            pair = run_ours(engine, arguments.prompt, arguments.generate), llama.run()
            if number:
                ours.append(pair[0])
                theirs.append(pair[1])
                loads.append(os.getloadavg()[0])
        about = llama.about
    mine, peers = speeds(ours, arguments.prompt), speeds(theirs, arguments.prompt)
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": {"processor": executor.info.name, "cores": usable_cores(), "system": platform.platform()},
        "load_average": [round(load, 2) for load in loads],
        "threads": arguments.threads,
        "prompt": arguments.prompt,
        "generated": arguments.generate,
        "kernelc": {
            "artifact": artifact.manifest.name,
            "quant": artifact.manifest.quant,
            "activations": artifact.manifest.activations,
            **mine,
            "runs": ours,
        },
        "llama.cpp": {"file": arguments.gguf.name, **about, **peers, "runs": theirs},
        "ratio": {name: round(mine[name] / peers[name], 2) for name in mine},
    }


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("artifact", type=Path)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("node_modules", type=Path)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    result = measure(arguments)
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
