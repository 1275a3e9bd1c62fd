"""`kernelc bench`: tokens per second, where the time goes, and which of two is faster."""

from __future__ import annotations

import argparse
from statistics import median
from typing import Any

from kernelc.commands.shared import ablation
from kernelc.commands.shared.contenders import Contender, Contenders, changes_of, contenders, with_label
from kernelc.commands.shared.options import (
    QUANTS,
    add_activations,
    add_context,
    add_device,
    add_json,
    add_kv,
    add_without,
    positive,
    print_json,
)
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table, size
from kernelc.errors import DeviceError, UsageError
from kernelc.measure.checking import check_kernels
from kernelc.measure.facts import commit, today
from kernelc.measure.pairs import Comparison, alternated, compared
from kernelc.measure.speed import Run, add_bandwidth, best_of, measured, profiles, summary, warm_up
from runtime.engine.engine import Engine

PROMPT, GENERATE = 512, 128
RUNS, PAIRS = 3, 8
"""How often is measured unless --repeat says so: one thing, and pairs of two."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("artifact", nargs="?", metavar="ARTIFACT", help="what `kernelc build` wrote")
    parser.add_argument(
        "other", nargs="?", metavar="OTHER", help="an artifact to compare it with, by turns in one run"
    )
    parser.add_argument(
        "--config",
        metavar="NAME_OR_JSON",
        help="instead: a known model's name or a config.json, with --random-weights",
    )
    parser.add_argument("--random-weights", action="store_true", help="build --config with random weights")
    parser.add_argument("--quant", default="q4", metavar="Q", help=f"of --config: {QUANTS} (default: q4)")
    parser.add_argument("--target", metavar="T", help="of --config (default: what the device runs)")
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
        "--repeat",
        type=positive,
        metavar="N",
        help=f"runs, of which the best counts (default: {RUNS}); where two are compared, pairs of runs"
        f" (default: {PAIRS})",
    )
    add_context(parser, "context in tokens (default: the artifact's)")
    parser.add_argument(
        "--versus",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="compare with the same but for a setting: device, context, without, and of --config quant,"
        " target, activations, kv; may be given several times",
    )
    add_without(parser)
    parser.add_argument(
        "--ablation",
        nargs="?",
        const="",
        metavar="NAMES",
        help="what each optimisation is worth: leave out one after the other (default: each that there is)",
    )
    parser.add_argument(
        "--unchecked",
        action="store_true",
        help="time the kernels without comparing them with numpy first",
    )
    parser.add_argument("--profile", action="store_true", help="add a table of every kernel's time")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    with contenders(args) as made:
        if args.ablation is not None:
            _refuse(args, "--ablation", other=args.other, versus=args.versus, profile=args.profile)
            how = ablation.How(
                lengths=lambda context: lengths(args, context),
                check=lambda engine: check(args, engine),
                pairs=args.repeat or PAIRS,
            )
            ablation.run(args, made, how)
        elif args.other is not None or args.versus:
            _refuse(args, "comparing", profile=args.profile)
            _compare(args, made)
        else:
            _single(args, made.plain())
    return 0


def _refuse(args: argparse.Namespace, what: str, **given: Any) -> None:
    for name, value in given.items():
        if value:
            raise UsageError(
                f"--{name} does not go with {what}" if name != "other" else f"{what} takes one ARTIFACT"
            )


# ---- one


def _single(args: argparse.Namespace, contender: Contender) -> None:
    with contender.open() as engine:
        prompt, generate = lengths(args, engine.context)
        checked = check(args, engine)
        with progress_bar("measuring") as report:
            timings = best_of(engine, prompt, generate, args.repeat or RUNS, report)
        result = summary(engine, timings, prompt, generate)
        result |= {"without": list(contender.without), "checked": checked}
        if args.profile:
            result["profile"] = profiles(engine, prompt)
        kind = engine.executor.info.kind
    with progress_bar("measuring the bandwidth"):
        _with_bandwidth(result, kind)
    if args.json:
        print_json(result)
    else:
        _show(result)


def _with_bandwidth(result: dict[str, Any], kind: str) -> None:
    try:
        add_bandwidth(result, kind)
    except DeviceError as error:
        result |= {"bandwidth_bytes_per_second": None, "share_of_bandwidth": None}
        result["bandwidth_note"] = f"The bandwidth could not be measured: {error}"


def check(args: argparse.Namespace, engine: Engine) -> str:
    """Compare the kernels with their references, and return what was done, in words.

    Raises: WorkFailed where one differs.
    """
    if args.unchecked:
        return "nothing, as --unchecked asks: the figures may be of wrong kernels"
    if not engine.executor.info.target:
        return "nothing: these are the references themselves"
    with progress_bar("checking the kernels"):
        return (
            f"{check_kernels(engine.artifact, engine.executor)} kernels against numpy, before any was timed"
        )


def lengths(args: argparse.Namespace, context: int) -> tuple[int, int]:
    """Return (prompt tokens, new tokens): as requested, or the defaults as far as they fit the context."""
    generate = args.generate or min(GENERATE, max(1, (context - (args.prompt or 0)) // 2))
    prompt = args.prompt or min(PROMPT, max(1, context - generate))
    if prompt + generate > context:
        help_ = "ask for fewer tokens, or build with a longer --context"
        raise UsageError(
            f"--prompt {prompt} and --generate {generate} do not fit the context of {context}", help=help_
        )
    return prompt, generate


def _show(result: dict[str, Any]) -> None:
    bandwidth, share = result["bandwidth_bytes_per_second"], result["share_of_bandwidth"]
    used = f", {100 * share:.1f} % used" if share is not None else ""
    lines = [
        ["model", f"{result['model']} ({result['quant']}), {size(result['allocated_bytes'])} on the device"],
        ["device", result["device"]],
        ["driver", result["driver"]],
        ["measured", f"{result['date']}, kernelc {result['commit'] or 'of a package'}"],
        ["checked", result["checked"]],
        ["prefill", f"{result['prefill_tokens_per_second']:.1f} tokens/s over {result['prompt']} tokens"],
        ["decode", f"{result['decode_tokens_per_second']:.1f} tokens/s over {result['generate']} tokens"],
        [
            "read per token",
            f"{size(result['bytes_per_token'])}: weights {size(result['weight_bytes_per_token'])}, cache"
            f" {size(result['cache_bytes_per_token'])} at position {result['position']}",
        ],
        ["bandwidth", f"{size(bandwidth)}/s{used}" if bandwidth else "-"],
        ["dispatches", f"{result['dispatches_per_token']:.1f} per token"],
        ["host", f"{result['host_us_per_dispatch']:.2f} us per dispatch"],
    ]
    if result["without"]:
        lines.insert(4, ["without", ", ".join(result["without"])])
    print_table(lines[0], lines[1:])
    if result["bandwidth_note"]:
        print(f"\n{result['bandwidth_note']}")
    for step, rows in result.get("profile", {}).items():
        print(f"\none {step} step")
        cells = [
            [row["kernel"], str(row["calls"]), f"{row['microseconds']:.1f}", f"{100 * row['share']:.1f} %"]
            for row in rows
        ]
        print_table(["kernel", "calls", "us", "share"], cells, right=(1, 2, 3))


# ---- two


def _compare(args: argparse.Namespace, made: Contenders) -> None:
    changes = changes_of(args.versus, args)
    first = with_label(made.plain(), "as asked" if args.other is None else str(args.artifact))
    second = made.plain(**changes) if args.other is None else made.of_artifact(args.other, **changes)
    with first.open() as a, second.open() as b:
        prompt, generate = lengths(args, min(a.context, b.context))
        for engine in (a, b):
            check(args, engine)
            warm_up(engine, prompt, generate)
        with progress_bar("measuring") as report:
            runs = alternated(
                lambda: measured(a, prompt, generate),
                lambda: measured(b, prompt, generate),
                args.repeat or PAIRS,
                (lambda done: report("pairs", done, args.repeat or PAIRS)) if report else None,
            )
        result = {
            "date": today(),
            "commit": commit(),
            "prompt": prompt,
            "generate": generate,
            "a": _side(first, a, runs[0]),
            "b": _side(second, b, runs[1]),
        }
    found = {
        "prefill": compared([run.prefill for run in runs[0]], [run.prefill for run in runs[1]]),
        "decode": compared([run.decode for run in runs[0]], [run.decode for run in runs[1]]),
    }
    if args.json:
        print_json(result | {what: each.to_json() for what, each in found.items()})
    else:
        _show_both(result, found)


def _side(contender: Contender, engine: Engine, runs: list[Run]) -> dict[str, Any]:
    manifest, info = engine.artifact.manifest, engine.executor.info
    return {
        "label": contender.label,
        "model": manifest.name,
        "quant": manifest.quant,
        "activations": manifest.activations,
        "device": f"{info.kind}: {info.name}",
        "driver": info.driver,
        "without": list(contender.without),
        "prefill_tokens_per_second": median(run.prefill for run in runs),
        "decode_tokens_per_second": median(run.decode for run in runs),
        "runs": [[run.prefill, run.decode] for run in runs],
    }


def _show_both(result: dict[str, Any], found: dict[str, Comparison]) -> None:
    a, b = result["a"], result["b"]
    print(f"{a['model']} on {a['device']}, {result['date']}, kernelc {result['commit'] or 'of a package'}")
    print(f"{result['prompt']} tokens of prompt, {result['generate']} generated; medians of tokens/s\n")
    cells = [
        [
            f"{name}: {side['label']}",
            f"{side['prefill_tokens_per_second']:.1f}",
            f"{side['decode_tokens_per_second']:.1f}",
        ]
        for name, side in (("A", a), ("B", b))
    ]
    print_table(["", "prefill", "decode"], cells, right=(1, 2))
    print()
    for what, each in found.items():
        print(f"{what}: B is {each.sentence}")
