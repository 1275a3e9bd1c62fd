"""`kernelc bench`: tokens per second, where the time goes, and which of two is faster."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from kernelc.artifact import SEVERAL_ROLES
from kernelc.commands.shared import ablation, comparing, together
from kernelc.commands.shared.bench_output import show, writable, write_plot
from kernelc.commands.shared.comparing import How
from kernelc.commands.shared.contenders import Contender, changes_of, contenders
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
from kernelc.errors import DeviceError, UsageError
from kernelc.measure.bandwidth import Bandwidth
from kernelc.measure.checking import ROLES, check_kernels
from kernelc.measure.speed import add_bandwidth, bandwidth_fields, best_of, profiles, summary
from runtime.engine.engine import Engine
from runtime.engine.several import SeveralEngine

PROMPT, GENERATE = 512, 128
RUNS, PAIRS = 3, 8
"""How often is measured unless --repeat says so: one thing, and pairs of two."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    _add_what(parser)
    _add_how(parser)
    _add_comparing(parser)
    add_json(parser)


def _add_what(parser: argparse.ArgumentParser) -> None:
    """Declare what is measured, and where."""
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


def _add_how(parser: argparse.ArgumentParser) -> None:
    """Declare how much is measured, and what is made of it."""
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
        "--unchecked",
        action="store_true",
        help="time the kernels without comparing them with numpy first",
    )
    parser.add_argument("--profile", action="store_true", help="add a table of every kernel's time")
    parser.add_argument(
        "--plot", metavar="FILE.svg", help="draw every kernel under what the device can do: the roofline"
    )


def _add_comparing(parser: argparse.ArgumentParser) -> None:
    """Declare what is left out, and what is compared."""
    parser.add_argument(
        "--versus",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="compare with the same but for a setting: device, context, without, and of --config quant,"
        " target, activations, kv; may be given several times",
    )
    parser.add_argument(
        "--sequences",
        type=positive,
        default=1,
        metavar="N",
        help="what N sequences that share the weights make together, against one alone: 2 to 8",
    )
    add_without(parser)
    parser.add_argument(
        "--ablation",
        nargs="?",
        const="",
        metavar="NAMES",
        help="what each optimisation is worth: leave out one after the other (default: each that there is)",
    )


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    how = How(lambda context: lengths(args, context), partial(check, args), args.repeat or PAIRS, args.json)
    with contenders(args) as made:
        if args.sequences > 1:
            _refuse(args, "--sequences", "other", "versus", "profile", "plot")
            together.run(made, how, args.sequences)
        elif args.ablation is not None:
            _refuse(args, "--ablation", "other", "versus", "profile", "plot")
            ablation.run(made, how, args.ablation)
        elif args.other is not None or args.versus:
            _refuse(args, "comparing two", "profile", "plot")
            comparing.run(made, how, args.other, changes_of(args.versus, args))
        else:
            _single(args, made.plain())
    return 0


def _refuse(args: argparse.Namespace, what: str, *names: str) -> None:
    """Raise UsageError where one of these was given, which does not go with `what`."""
    for name in names:
        if getattr(args, name):
            said = "a second ARTIFACT" if name == "other" else f"--{name}"
            raise UsageError(f"{said} does not go with {what}", help="measure one after the other")


def _single(args: argparse.Namespace, contender: Contender) -> None:
    plot = None if args.plot is None else writable(args.plot)
    with contender.open() as engine:
        prompt, generate = lengths(args, engine.context)
        checked = check(args, engine)
        with progress_bar("measuring") as report:
            timings = best_of(engine, prompt, generate, args.repeat or RUNS, report)
        result = summary(engine, timings, prompt, generate)
        result |= {"without": list(contender.without), "checked": checked}
        profile = profiles(engine, prompt) if args.profile or plot else {}
        kind = engine.executor.info.kind
    with progress_bar("measuring the bandwidth"):
        bandwidth = _with_bandwidth(result, kind)
    if plot is not None:
        write_plot(plot, result, profile, bandwidth, kind)
    if args.profile:
        result["profile"] = profile
    if args.json:
        print_json(result)
    else:
        show(result)


def _with_bandwidth(result: dict[str, Any], kind: str) -> Bandwidth | None:
    try:
        return add_bandwidth(result, kind)
    except DeviceError as error:
        result |= bandwidth_fields(None, 0.0, f"The bandwidth could not be measured: {error}")
        return None


def check(args: argparse.Namespace, engine: Engine | SeveralEngine) -> str:
    """Compare the kernels with their references, those of steps over several sequences where the engine has
    them, and return what was done, in words.

    Raises: WorkFailed where one differs.
    """
    if args.unchecked:
        return "nothing, as --unchecked asks: the figures may be of wrong kernels"
    if not engine.executor.info.target:
        return "nothing: these are the references themselves"
    roles = ROLES if isinstance(engine, Engine) else (*ROLES, *SEVERAL_ROLES)
    with progress_bar("checking the kernels"):
        count = check_kernels(engine.artifact, engine.executor, roles)
    return f"{count} kernels against numpy, before any was timed"


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
