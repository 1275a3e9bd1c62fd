"""Measures decode attention on a graphics card: splits and schedules that are worth a thought, by the layer.

    python -m benchmarks.attention --device cuda vulkan --out benchmarks/results/NAME.json

For heads as in Llama 2 7B, Llama 3 8B and Llama 3.2 1B, after so many positions, each variant runs as many
layers as fit into a cache of 256 MB, each layer with positions of its own, in one graph or recording. What is
printed are microseconds a layer, the fastest first: the lower quartile of some runs, without what a run costs
the host. A variant is first compared with the reference. An asterisk marks what a build takes by itself;
where a device refuses one of the variants, only these are measured.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.attention_variants import Bench, choices
from kernelc.errors import KernelcError
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.target import TARGETS
from kernelc.tuning.candidates import capabilities_of
from runtime.devices import open_device

SHAPES = {"7b": (32, 32, 128), "8b": (32, 8, 128), "1b": (32, 8, 64)}  # heads, kv_heads, head_dim
PASTS = (64, 512, 1024, 4096)


def main() -> int:
    """Measure all that is asked for; return 1 where nothing could be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", nargs="+", default=["cuda", "vulkan"])
    parser.add_argument("--shape", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--past", nargs="+", type=int, default=list(PASTS))
    parser.add_argument("--seconds", type=float, default=60.0, help="for each device and shape, about")
    parser.add_argument("--best", type=int, default=8, help="how many variants to print")
    parser.add_argument("--out", type=Path, help="a JSON file for all numbers")
    asked = parser.parse_args()
    result: dict[str, Any] = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "found": []}
    for device in asked.device:
        for name in asked.shape:
            try:
                rows = measured(device, name, asked.past, asked.seconds)
            except KernelcError as error:
                print(f"{device} {name}: {error}", flush=True)
                continue
            show(device, name, rows, asked.best)
            result["found"] += [{"device": device, "shape": name, **row} for row in rows]
            if asked.out:
                asked.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if result["found"] else 1


def show(device: str, name: str, rows: Sequence[dict[str, Any]], best: int) -> None:
    """Print the fastest variants after each number of positions, and what builds take."""
    for past in sorted({row["past"] for row in rows}):
        print(f"{device} {name} after {past}", flush=True)
        ranked = sorted((row for row in rows if row["past"] == past), key=lambda row: row["us"])
        for at, row in enumerate(ranked):
            if at < best or row["usual"]:
                mark = "*" if row["usual"] else " "
                print(f"  {row['us']:8.2f} us {mark} {row['choice']}{row['wrong']}", flush=True)


def measured(device: str, name: str, pasts: Sequence[int], seconds: float) -> list[dict[str, Any]]:
    """Load every variant of a shape, and return what each takes. Raises: KernelcError."""
    began = time.perf_counter()
    executor = open_device(device)
    try:
        target, shape = TARGETS[executor.info.target], SHAPES[name]
        plain = AttentionDecodeProblem(*shape, "f16", shape[2] ** -0.5, 64)
        capabilities = capabilities_of(executor.info, ATTENTION_DECODE, plain)
        if capabilities is None:
            raise KernelcError(f"{executor.info.name} runs no kernels of {target.name}")
        every = list(choices(shape, capabilities, target.fences))
        with tempfile.TemporaryDirectory(prefix="kernelc-attention-") as folder:
            try:
                bench = Bench(executor, Path(folder), shape, every, capabilities, pasts)
            except KernelcError as error:
                print(f"{device} {name}: not all variants can be loaded: {error}", flush=True)
                every = [each for each in every if each.usual]
                bench = Bench(executor, Path(folder), shape, every, capabilities, pasts)
            loaded = time.perf_counter() - began
            print(f"{device} {name}: {len(every)} variants, loaded in {loaded:.1f} s", flush=True)
            return bench.run(time.perf_counter() + seconds)
    finally:
        executor.close()


if __name__ == "__main__":
    raise SystemExit(main())
