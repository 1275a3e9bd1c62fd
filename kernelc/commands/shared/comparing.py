"""`kernelc bench A B`: which of two is faster, by turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from kernelc.commands.shared.contenders import Contender, Contenders, with_label
from kernelc.commands.shared.options import print_json
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table
from kernelc.measure.facts import commit, today
from kernelc.measure.pairs import Comparison, alternated, compared
from kernelc.measure.speed import Run, measured, warm_up
from runtime.engine.engine import Engine
from runtime.engine.several import SeveralEngine


@dataclass(frozen=True)
class How:
    """How models are measured: `lengths` are tokens of the prompt and to generate for a context, `check` is
    called before anything is timed, `pairs` are measured of each two, and the result is printed, or with
    `as_json` as JSON."""

    lengths: Callable[[int], tuple[int, int]]
    check: Callable[[Engine | SeveralEngine], str]
    pairs: int
    as_json: bool


def run(made: Contenders, how: How, other: str | None, changes: Mapping[str, Any]) -> None:
    """Measure the first thing that the command line names by turns with an `other` artifact, or with itself
    but for some `changes`."""
    first, second = (
        made.plain(),
        made.plain(**changes) if other is None else made.of_artifact(other, **changes),
    )
    if other is None:
        first = with_label(first, "as asked")
    with first.open() as a, second.open() as b:
        prompt, generate = how.lengths(min(a.context, b.context))
        checked = [how.check(engine) for engine in (a, b)]
        for engine in (a, b):
            warm_up(engine, prompt, generate)
        with progress_bar("measuring") as report:
            runs = alternated(
                lambda: measured(a, prompt, generate),
                lambda: measured(b, prompt, generate),
                how.pairs,
                (lambda done: report("pairs", done, how.pairs)) if report else None,
            )
        result = {
            "date": today(),
            "commit": commit(),
            "prompt": prompt,
            "generate": generate,
            "checked": checked,
            "a": _side(first, a, runs[0]),
            "b": _side(second, b, runs[1]),
        }
    found = {
        "prefill": compared([run.prefill for run in runs[0]], [run.prefill for run in runs[1]]),
        "decode": compared([run.decode for run in runs[0]], [run.decode for run in runs[1]]),
    }
    if how.as_json:
        print_json(result | {what: each.to_json() for what, each in found.items()})
    else:
        _show(result, found)


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


def _show(result: dict[str, Any], found: dict[str, Comparison]) -> None:
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
