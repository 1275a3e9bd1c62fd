"""`kernelc bench`: tokens per second, and where the time goes."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kernelc.artifact import Artifact, Manifest
from kernelc.commands.shared import opening
from kernelc.commands.shared.options import (
    QUANTS,
    add_activations,
    add_context,
    add_device,
    add_json,
    add_kv,
    artifact_path,
    positive,
    print_json,
)
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table, size
from kernelc.errors import DeviceError, UsageError
from kernelc.ir.dim import evaluate
from runtime.device.executor import DispatchTime
from runtime.engine.engine import Engine
from runtime.engine.timings import Timings

PROMPT, GENERATE = 512, 128
WARM_SECONDS = 0.3  # graphics cards clock up only under work


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("artifact", nargs="?", metavar="ARTIFACT", help="what `kernelc build` wrote")
    parser.add_argument(
        "--config",
        metavar="NAME_OR_JSON",
        help="instead: a known model's name or a config.json, with --random-weights",
    )
    parser.add_argument("--random-weights", action="store_true", help="build --config with random weights")
    parser.add_argument("--quant", default="q4", metavar="Q", help=f"of --config: {QUANTS} (default: q4)")
    parser.add_argument("--target", default="wgsl", metavar="T", help="of --config (default: wgsl)")
    add_activations(parser, "of --config: ")
    add_kv(parser)
    add_device(parser)
    parser.add_argument(
        "--prompt", type=positive, metavar="N", help=f"tokens of the prompt (default: {PROMPT}, or what fits)"
    )
    parser.add_argument(
        "--generate",
        type=positive,
        metavar="N",
        help=f"tokens to generate (default: {GENERATE}, or what fits)",
    )
    parser.add_argument(
        "--repeat", type=positive, default=3, metavar="N", help="runs; the best counts (default: 3)"
    )
    add_context(parser, "context in tokens (default: the artifact's)")
    parser.add_argument("--profile", action="store_true", help="add a table of every kernel's time")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    with _folder(args) as folder:
        artifact = Artifact.open(folder)
        with opening.open_engine(artifact, args.device, args.context) as engine:
            prompt, generate = _lengths(args, engine.context)
            timings = _measure(engine, prompt, generate, args.repeat)
            result = summary(engine, timings, prompt, generate, _bandwidth(engine))
            if args.profile:
                result["profile"] = _profiles(engine, prompt)
    if args.json:
        print_json(result)
    else:
        _show(result)
    return 0


@contextmanager
def _folder(args: argparse.Namespace) -> Generator[Path]:
    """Yield the artifact to measure. One with random weights is removed afterwards."""
    if (args.artifact is None) == (args.config is None):
        raise UsageError("wanted either an ARTIFACT or --config NAME_OR_JSON --random-weights")
    if args.artifact is not None:
        if args.random_weights:
            raise UsageError("--random-weights goes with --config, not with an ARTIFACT")
        yield artifact_path(args.artifact)
        return
    if not args.random_weights:
        help_ = "add --random-weights, or build the model and bench the artifact"
        raise UsageError("--config alone has no weights", help=help_)
    with tempfile.TemporaryDirectory(prefix="kernelc-bench-") as scratch:
        yield _build_random(args, Path(scratch) / "artifact")


def _build_random(args: argparse.Namespace, out: Path) -> Path:
    from kernelc.compile import CompileOptions
    from kernelc.pipeline import build_random
    from model.families.registry import find_model

    model = find_model(args.config)
    options = CompileOptions(args.target, args.quant, args.context, args.kv, args.activations)
    name = (
        Path(args.config).resolve().parent.name if args.config.endswith(".json") else Path(args.config).name
    )
    with progress_bar("building random weights") as report:
        return build_random(model, options, out, name=f"{name}-random", progress=report)


def _lengths(args: argparse.Namespace, context: int) -> tuple[int, int]:
    """Return (prompt tokens, new tokens): as requested, or the defaults as far as they fit the context."""
    generate = args.generate or min(GENERATE, max(1, (context - (args.prompt or 0)) // 2))
    prompt = args.prompt or min(PROMPT, max(1, context - generate))
    if prompt + generate > context:
        help_ = "ask for fewer tokens, or build with a longer --context"
        raise UsageError(
            f"--prompt {prompt} and --generate {generate} do not fit the context of {context}", help=help_
        )
    return prompt, generate


def _measure(engine: Engine, prompt: int, generate: int, repeat: int) -> Timings:
    """Return the best prefill and the best decode of several runs over the same random tokens."""
    ids = np.random.default_rng(0).integers(0, engine.vocab_size, prompt).tolist()
    with progress_bar("measuring") as report:
        warm = 0.0
        while warm < WARM_SECONDS:
            warm += _seconds(_once(engine, ids[: min(prompt, 64)], min(generate, 8)))
        best: Timings | None = None
        for done in range(repeat):
            best = _better(best, _once(engine, ids, generate))
            if report:
                report(f"{best.decode_rate:.1f} tokens/s", done + 1, repeat)
    assert best is not None
    return best


def _once(engine: Engine, ids: Sequence[int], generate: int) -> Timings:
    engine.truncate(0)
    timings = engine.start_timing()
    engine.feed(ids)
    with engine.generate(generate) as tokens:
        for _ in tokens:
            pass
    return timings


def _seconds(timings: Timings) -> float:
    return timings.prefill_seconds + timings.decode_seconds + 1e-3


def _better(best: Timings | None, last: Timings) -> Timings:
    """Return the run with the faster decode, with the faster prefill of the two."""
    if best is None:
        return last
    fast, other = (last, best) if last.decode_rate > best.decode_rate else (best, last)
    if other.prefill_rate > fast.prefill_rate:
        fast.prompt_tokens, fast.prefill_seconds = other.prompt_tokens, other.prefill_seconds
    return fast


def _bandwidth(engine: Engine) -> float | None:
    """Return the device's copy bandwidth in bytes read plus written per second; None where it cannot be
    measured.
    """
    try:
        with progress_bar("measuring the bandwidth"):
            return engine.executor.copy_bandwidth()
    except DeviceError:  # there is no room for two more buffers beside the model
        return None


def summary(
    engine: Engine, timings: Timings, prompt: int, generate: int, bandwidth: float | None
) -> dict[str, Any]:
    """Return the results: rates in tokens/s, bandwidths in bytes/s, `share_of_bandwidth` from 0 to 1."""
    manifest = engine.artifact.manifest
    weights, cache = bytes_per_token(manifest, engine.context, prompt + generate // 2)
    used = timings.decode_rate * (weights + cache)
    return {
        "model": manifest.name,
        "quant": manifest.quant,
        "activations": manifest.activations,
        "device": f"{engine.executor.info.kind}: {engine.executor.info.name}",
        "prompt": prompt,
        "generate": generate,
        "prefill_tokens_per_second": timings.prefill_rate,
        "decode_tokens_per_second": timings.decode_rate,
        "bytes_per_token": weights + cache,
        "weight_bytes_per_token": weights,
        "cache_bytes_per_token": cache,
        "bandwidth_bytes_per_second": bandwidth,
        "share_of_bandwidth": used / bandwidth if bandwidth else None,
        "host_us_per_dispatch": timings.host_us_per_dispatch,
        "dispatches_per_token": timings.dispatches / timings.steps if timings.steps else None,
        "allocated_bytes": engine.executor.allocated_bytes,
    }


def bytes_per_token(manifest: Manifest, context: int, position: int) -> tuple[int, int]:
    """Return the bytes that decoding the token at `position` must read: (of weights, of the KV cache).

    Weights count once, however many kernels read them. Of the embedding only one row counts, unless another
    kernel reads the whole of it.
    """
    program = next(
        program
        for program in manifest.programs.values()
        if program.role == "decode"
        and _within(position, program.symbols.get("past", manifest.symbols["past"]))
    )
    env = {"context": context}
    whole, rows, cache = dict[str, int](), dict[str, int](), 0
    for dispatch in program.dispatches:
        gathers = manifest.kernels[dispatch.kernel].spec == "embedding"
        for item in dispatch.bindings:
            count = evaluate(item.bytes, env)
            if manifest.buffers[item.buffer].kind == "weight":
                (rows if gathers else whole)[item.buffer] = count
    gathered = sum(count // manifest.model.vocab_size for name, count in rows.items() if name not in whole)
    for name, buffer in manifest.buffers.items():
        if name.endswith(("k_cache", "v_cache")):  # of a ring all rows count, somewhat more than are read
            cache += evaluate(buffer.bytes, {"context": max(1, position)})
    return sum(whole.values()) + gathered, cache


def _within(position: int, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= position <= bounds[1]


def _profiles(engine: Engine, prompt: int) -> dict[str, Any]:
    """Return every kernel's calls, microseconds and share of the step's time, for a decode and a prefill
    step.

    Raises: DeviceError where the device has no timestamps.
    """
    ids = engine.ids[:prompt]
    if engine.truncate(len(ids)) < len(ids):
        engine.feed(ids)
    decode = _by_kernel(engine.profile("decode"))
    engine.truncate(0)
    rows = min(prompt, engine.artifact.manifest.symbols["seq"][1])
    return {"decode": decode, "prefill": _by_kernel(engine.profile("prefill", rows))}


def _by_kernel(times: Sequence[DispatchTime]) -> list[dict[str, Any]]:
    """Sum the times of a step's dispatches by kernel, the slowest first."""
    total = sum(time.seconds for time in times) or 1.0
    sums: dict[str, list[float]] = {}
    for time in times:
        sums.setdefault(time.kernel, []).append(time.seconds)
    rows = [
        {"kernel": name, "calls": len(each), "microseconds": 1e6 * sum(each), "share": sum(each) / total}
        for name, each in sums.items()
    ]
    return sorted(rows, key=lambda row: -float(row["microseconds"]))


def _show(result: dict[str, Any]) -> None:
    bandwidth = result["bandwidth_bytes_per_second"]
    lines = [
        ["model", f"{result['model']} ({result['quant']}), {size(result['allocated_bytes'])} on the device"],
        ["device", result["device"]],
        ["prefill", f"{result['prefill_tokens_per_second']:.1f} tokens/s over {result['prompt']} tokens"],
        ["decode", f"{result['decode_tokens_per_second']:.1f} tokens/s over {result['generate']} tokens"],
        ["read per token", size(result["bytes_per_token"])],
        [
            "bandwidth",
            f"{size(bandwidth)}/s, {100 * result['share_of_bandwidth']:.1f} % used" if bandwidth else "-",
        ],
        ["dispatches", f"{result['dispatches_per_token']:.1f} per token"],
        ["host", f"{result['host_us_per_dispatch']:.2f} us per dispatch"],
    ]
    print_table(lines[0], lines[1:])
    for step, rows in result.get("profile", {}).items():
        print(f"\none {step} step")
        cells = [
            [row["kernel"], str(row["calls"]), f"{row['microseconds']:.1f}", f"{100 * row['share']:.1f} %"]
            for row in rows
        ]
        print_table(["kernel", "calls", "us", "share"], cells, right=(1, 2, 3))
