"""`kernelc bench --ablation`: what each optimisation is worth, by leaving out one after the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from statistics import median
from typing import Any

from kernelc import switches
from kernelc.commands.shared.comparing import How
from kernelc.commands.shared.contenders import Contender, Contenders
from kernelc.commands.shared.options import print_json
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table
from kernelc.errors import KernelcError
from kernelc.measure.facts import commit, today
from kernelc.measure.pairs import alternated, compared
from kernelc.measure.speed import Run, measured, warm_up
from kernelc.native import Library
from kernelc.switches import SWITCHES
from runtime.devices import LEAVES_OUT
from runtime.engine.engine import Engine


def run(made: Contenders, how: How, asked: str) -> None:
    """Leave out one optimisation after the other, by turns with all of them; print a table, or JSON.

    `asked` has the names of those to leave out, with commas between them; "" stands for all that there are.
    """
    names = switches.named(asked.split(","), "--ablation") or tuple(SWITCHES)
    base = made.plain()
    rows: list[dict[str, Any]] = []
    with base.open() as engine:
        prompt, generate = how.lengths(engine.context)
        checked = how.check(engine)
        warm_up(engine, prompt, generate)
        with progress_bar("measuring") as report:
            for done, name in enumerate(names):
                if report:
                    report(f"without {name}", done, len(names))
                rows.append(_row(made, name, base, engine, how))
        info = engine.executor.info
        result = {
            "model": engine.artifact.manifest.name,
            "quant": engine.artifact.manifest.quant,
            "activations": engine.artifact.manifest.activations,
            "device": f"{info.kind}: {info.name}",
            "driver": info.driver,
            "date": today(),
            "commit": commit(),
            "prompt": prompt,
            "generate": generate,
            "pairs": how.pairs,
            "checked": checked,
            "rows": rows,
        }
    if how.as_json:
        print_json(result)
    else:
        _show(result)


def _row(made: Contenders, name: str, base: Contender, engine: Engine, how: How) -> dict[str, Any]:
    """One optimisation: the rates without it, and how many times as fast everything with it is."""
    row: dict[str, Any] = {"name": name, "what": SWITCHES[name].what, "skipped": ""}
    prompt, generate = how.lengths(engine.context)
    try:
        other = made.plain(without=switches.named([*base.without, name]))
        kind = engine.executor.info.kind
        if name not in LEAVES_OUT.get(kind, ()) and _same(base, other, kind):
            return row | {"skipped": _why_the_same(made, name)}
        with other.open() as less:
            how.check(less)
            warm_up(less, prompt, generate)
            without, everything = alternated(
                lambda: measured(less, prompt, generate),
                lambda: measured(engine, prompt, generate),
                how.pairs,
            )
    except KernelcError as error:  # one that cannot be left out says nothing of the others
        return row | {"skipped": error.render().removeprefix("error: ")}
    return row | {what: _measure_of(without, everything, what) for what in ("prefill", "decode")}


def _measure_of(without: list[Run], everything: list[Run], what: str) -> dict[str, Any]:
    """Medians in tokens per second, and the comparison of the pairs."""
    less, whole = ([float(getattr(run, what)) for run in runs] for runs in (without, everything))
    return {
        "tokens_per_second": median(less),
        "with_everything": median(whole),
        **compared(less, whole).to_json(),
    }


def _same(base: Contender, other: Contender, kind: str) -> bool:
    """Whether a device of this kind runs the same kernels in the same programs for both."""
    if _launched(base) != _launched(other):
        return False
    return kind != "cpu" or _natives(base) == _natives(other)


def _launched(contender: Contender) -> str:
    """Kernels and programs as a file has them: read or made, they are told apart by nothing else."""
    found = contender.artifact.manifest.to_json()
    return json.dumps([found["kernels"], found["programs"]], sort_keys=True)


def _natives(contender: Contender) -> dict[str, tuple[Any, str]]:
    """What tells the processor's kernels from others of the same problems."""
    library, kernels = Library(without=contender.without), contender.artifact.manifest.kernels
    found = {name: library.kernel(name, each.spec, each.problem) for name, each in kernels.items()}
    return {name: (each.grid, each.schedule) for name, each in found.items()}


def _why_the_same(made: Contenders, name: str) -> str:
    switch = SWITCHES[name]
    built: Collection[Any] = (*switch.patterns, *switch.capabilities, *switch.schedule, *switch.settings)
    if built and not made.builds:
        return "is decided by a build: use --config NAME --random-weights"
    return "makes no difference to this model on this device"


def _show(result: dict[str, Any]) -> None:
    print(f"{result['model']} ({result['quant']}, activations {result['activations']}) on {result['device']}")
    print(f"{result['driver']}; {result['date']}, kernelc {result['commit'] or 'of a package'}")
    print(
        f"{result['prompt']} tokens of prompt, {result['generate']} generated, medians of"
        f" {result['pairs']} pairs; ~ is within the noise\n"
    )
    rows = [row for row in result["rows"] if not row["skipped"]]
    cells = [
        [row["name"], *(text for what in ("prefill", "decode") for text in _cells(row[what])), row["what"]]
        for row in rows
    ]
    head = ["without", "prefill tokens/s", "worth", "decode tokens/s", "worth", ""]
    print_table(head, cells, right=(1, 2, 3, 4))
    if rows:
        whole = [median(row[what]["with_everything"] for row in rows) for what in ("prefill", "decode")]
        print(f"\nwith everything: prefill {whole[0]:.1f} tokens/s, decode {whole[1]:.1f}")
    for row in result["rows"]:
        if row["skipped"]:
            print(f"{row['name']}: {row['skipped']}", file=sys.stderr)


def _cells(measure: dict[str, Any]) -> tuple[str, str]:
    sign = "" if measure["told"] else "~"
    return f"{measure['tokens_per_second']:.1f}", f"{sign}{measure['ratio']:.3f} x"
