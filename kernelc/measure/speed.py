"""How fast a model runs on a device, and what share of the device's bandwidth decoding uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernelc.artifact import Manifest
from kernelc.ir.dim import evaluate
from kernelc.measure.bandwidth import Bandwidth, again, bandwidth_of, share_of
from kernelc.measure.clock import WARM_SECONDS
from kernelc.measure.facts import commit, today
from kernelc.measure.work import work_of
from runtime.device.executor import DispatchTime
from runtime.engine.engine import Engine
from runtime.engine.timings import Timings

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Run:
    """Tokens per second of one prompt and what was generated after it."""

    prefill: float
    decode: float


def prompt_ids(engine: Engine, count: int) -> list[int]:
    """Return random ids of the vocabulary, the same every time."""
    return np.random.default_rng(0).integers(0, engine.vocab_size, count).tolist()


def warm_up(engine: Engine, prompt: int, generate: int) -> None:
    """Let a device work for a moment."""
    ids, warm = prompt_ids(engine, min(prompt, 64)), 0.0
    while warm < WARM_SECONDS:
        timings = once(engine, ids, min(generate, 8))
        warm += timings.prefill_seconds + timings.decode_seconds + 1e-3


def once(engine: Engine, ids: Sequence[int], generate: int) -> Timings:
    """Feed a prompt and generate after it, from an empty cache."""
    engine.truncate(0)
    timings = engine.start_timing()
    engine.feed(ids)
    with engine.generate(generate) as tokens:
        for _ in tokens:
            pass
    return timings


def measured(engine: Engine, prompt: int, generate: int) -> Run:
    """Run once and return its rates."""
    timings = once(engine, prompt_ids(engine, prompt), generate)
    return Run(timings.prefill_rate, timings.decode_rate)


def best_of(engine: Engine, prompt: int, generate: int, repeat: int, report: Report | None) -> Timings:
    """Return the best prefill and the best decode of several runs over the same random tokens."""
    ids = prompt_ids(engine, prompt)
    warm_up(engine, prompt, generate)
    best = once(engine, ids, generate)
    for done in range(1, repeat):
        if report:
            report(f"{best.decode_rate:.1f} tokens/s", done, repeat)
        best = _better(best, once(engine, ids, generate))
    return best


def _better(best: Timings, last: Timings) -> Timings:
    """Return the run with the faster decode, with the faster prefill of the two."""
    fast, other = (last, best) if last.decode_rate > best.decode_rate else (best, last)
    if other.prefill_rate > fast.prefill_rate:
        fast.prompt_tokens, fast.prefill_seconds = other.prompt_tokens, other.prefill_seconds
    return fast


# ---- what was measured


def summary(engine: Engine, timings: Timings, prompt: int, generate: int) -> dict[str, Any]:
    """Return the results without a bandwidth: rates in tokens/s, and what they were measured with."""
    manifest, info = engine.artifact.manifest, engine.executor.info
    position = prompt + generate // 2
    weights, cache = bytes_per_token(manifest, engine.context, position)
    return {
        "model": manifest.name,
        "quant": manifest.quant,
        "activations": manifest.activations,
        "device": f"{info.kind}: {info.name}",
        "driver": info.driver,
        "date": today(),
        "commit": commit(),
        "prompt": prompt,
        "generate": generate,
        "prefill_tokens_per_second": timings.prefill_rate,
        "decode_tokens_per_second": timings.decode_rate,
        "position": position,
        "bytes_per_token": weights + cache,
        "weight_bytes_per_token": weights,
        "cache_bytes_per_token": cache,
        "host_us_per_dispatch": timings.host_us_per_dispatch,
        "dispatches_per_token": timings.dispatches / timings.steps if timings.steps else None,
        "allocated_bytes": engine.executor.allocated_bytes,
    }


def add_bandwidth(result: dict[str, Any], device: str) -> Bandwidth | None:
    """Measure a device and add the share of its bandwidth that decoding used.

    The numbers are in bytes/s, `share_of_bandwidth` is from 0 to 1. Where decoding used more than was
    measured, the bandwidth is measured again and for longer; where it still did, there is no share but
    sentences in `bandwidth_note`. All are None where the device has no kernels to measure. Raises:
    DeviceError where there is no memory for it.
    """
    read = int(result["bytes_per_token"])
    used = float(result["decode_tokens_per_second"]) * read
    found = bandwidth_of(device, read)
    notes: list[str] = []
    if found is not None and share_of(used, found) is None:
        notes.append(
            f"Decoding reads {used / 1e9:.2f} GB/s, more than the {found.most / 1e9:.2f} GB/s that"
            " kernels which only read got at first, so these were timed again, for longer."
        )
        found = again(device, found, read)
        if share_of(used, found) is None:
            notes.append(
                f"They got {found.most / 1e9:.2f} GB/s: there is no share to give. Something else kept the"
                " device or its memory busy, or what decoding reads is not read from memory."
            )
    if found is not None and found.from_cache:
        notes.append(
            f"The {read / 1e6:.1f} MB that a token reads stay in a cache, which gives"
            f" {(found.read_again or 0) / 1e9:.2f} GB/s; memory gives {found.read / 1e9:.2f}."
        )
    result |= bandwidth_fields(found, used, " ".join(notes))
    return found


def bandwidth_fields(found: Bandwidth | None, used: float, note: str) -> dict[str, Any]:
    """Return what a result says of the bandwidth, of which decoding used `used` bytes/s."""
    return {
        "bandwidth_bytes_per_second": found.most if found else None,
        "bandwidth_read": found.read if found else None,
        "bandwidth_copy": found.copy if found else None,
        "bandwidth_of_what_is_read": found.read_again if found else None,
        "share_of_bandwidth": share_of(used, found) if found else None,
        "bandwidth_note": note,
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
        if name.endswith(
            ("_cache", "_cache.scales")
        ):  # of a ring all rows count, somewhat more than are read
            cache += evaluate(buffer.bytes, {"context": max(1, position)})
    return sum(whole.values()) + gathered, cache


def _within(position: int, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= position <= bounds[1]


# ---- where the time goes


def profiles(engine: Engine, prompt: int) -> dict[str, list[dict[str, Any]]]:
    """Return every kernel's calls, microseconds and share of the step's time, for a decode and a prefill
    step.

    Raises: DeviceError where the device has no timestamps.
    """
    ids = engine.ids[:prompt]
    if engine.truncate(len(ids)) < len(ids):
        engine.feed(ids)
    manifest = engine.artifact.manifest
    decode = _by_kernel(engine.profile("decode"), manifest, {"seq": 1, "past": len(ids)})
    engine.truncate(0)
    rows = min(prompt, manifest.symbols["seq"][1])
    prefill = _by_kernel(engine.profile("prefill", rows), manifest, {"seq": rows, "past": 0})
    return {"decode": decode, "prefill": prefill}


def _by_kernel(
    times: Sequence[DispatchTime], manifest: Manifest, env: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Sum the times of a step's dispatches by kernel, the slowest first, with what one of them has to do."""
    total = sum(time.seconds for time in times) or 1.0
    sums: dict[str, list[float]] = {}
    for time in times:
        sums.setdefault(time.kernel, []).append(time.seconds)
    rows: list[dict[str, Any]] = []
    for name, each in sums.items():
        kernel = manifest.kernels[name]
        work = work_of(kernel.spec, kernel.problem, env)
        rows.append({
            "kernel": name, "calls": len(each), "microseconds": 1e6 * sum(each), "share": sum(each) / total,
            "operations": work.operations if work else None, "bytes": work.bytes if work else None,
        })  # fmt: skip
    return sorted(rows, key=lambda row: -float(row["microseconds"]))
