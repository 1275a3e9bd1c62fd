"""`kernelc bench --sequences N`: what sequences that share the weights make together, against one alone."""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import Any

from kernelc.commands.shared.comparing import How
from kernelc.commands.shared.contenders import Contenders
from kernelc.commands.shared.opening import open_several_engine
from kernelc.commands.shared.options import print_json
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table
from kernelc.errors import UsageError
from kernelc.measure.facts import commit, today
from kernelc.measure.pairs import Comparison, alternated, compared
from kernelc.measure.together import decoding_rate


def run(made: Contenders, how: How, count: int) -> None:
    """Measure one sequence and `count` of them by turns, in one engine.

    Raises: UsageError for an artifact that was not built for so many.
    """
    contender = made.plain()
    built = contender.artifact.manifest.sequences
    if built is None or built.count < count:
        has = "a single sequence" if built is None else f"{built.count} sequences"
        raise UsageError(f"the artifact has {has}, wanted {count}", help=f"build it with --sequences {count}")
    with open_several_engine(
        contender.artifact, contender.device, contender.context, without=contender.without
    ) as engine:
        prompt, generate = how.lengths(engine.context)
        checked = how.check(engine)
        rate = partial(decoding_rate, engine, prompt=prompt, generate=generate)
        rate(count)  # once for drivers that compile when a kernel first runs, and to warm the device
        with progress_bar("measuring") as report:
            alone, together = alternated(
                partial(rate, 1),
                partial(rate, count),
                how.pairs,
                (lambda done: report("pairs", done, how.pairs)) if report else None,
            )
        manifest, info = contender.artifact.manifest, engine.executor.info
        result: dict[str, Any] = {
            "model": manifest.name,
            "quant": manifest.quant,
            "activations": manifest.activations,
            "device": f"{info.kind}: {info.name}",
            "driver": info.driver,
            "date": today(),
            "commit": commit(),
            "prompt": prompt,
            "generate": generate,
            "sequences": count,
            "checked": checked,
            "tokens_per_second_of_one": median(alone),
            "tokens_per_second_of_all": median(together),
        }
    found = compared(alone, together)
    if how.as_json:
        print_json(result | {"together": found.to_json()})
    else:
        _show(result, found)


def _show(result: dict[str, Any], found: Comparison) -> None:
    one, all_ = result["tokens_per_second_of_one"], result["tokens_per_second_of_all"]
    rows = [
        ["device", result["device"]],
        ["measured", f"{result['date']}, kernelc {result['commit'] or 'of a package'}"],
        ["checked", result["checked"]],
        ["one sequence", f"{one:.1f} tokens/s after {result['prompt']} tokens"],
        [f"{result['sequences']} sequences", f"{all_:.1f} tokens/s together"],
        ["as fast", found.sentence],
    ]
    print_table(["model", f"{result['model']} ({result['quant']})"], rows)
