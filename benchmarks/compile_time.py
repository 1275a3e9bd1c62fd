"""Times compiling a model: seconds of one core by stage, without weights.

    python benchmarks/compile_time.py --model llama-2-7b --target wgsl --repeats 3

Each line is a stage and the processor seconds spent in it, not counting the stages that it calls. Every run
is a process of its own, so that nothing is warm, and the run with the smallest total is printed. The total is
what a user waits for after the imports, which have a line of their own.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Stage, module, and the function or method that it is.
STAGES = (
    ("tensor graph", "kernelc.compiler", "_Builder.graph"),
    ("fuse", "kernelc.compiler", "fuse"),
    ("select", "kernelc.compiler", "select"),
    ("trace kernels", "kernelc.kernels.spec", "trace"),
    ("verify kernels", "kernelc.kernels.spec", "verify"),
    ("print kernels", "kernelc.compiler", "render"),
    ("plan memory and lower", "kernelc.compiler", "lower"),
    ("golden tiles", "kernelc.kernels.golden", "golden_tiles"),
)


class StageClock:
    """Processor seconds by stage; a stage's own do not include those of stages that it calls."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]  # seconds of stages called by each stage that is running

    def watch(self, stage: str, module: str, name: str) -> None:
        """Replace a function or method by one that is timed."""
        *path, last = name.split(".")
        owner: Any = functools.reduce(getattr, path, importlib.import_module(module))
        setattr(owner, last, self._timed(stage, getattr(owner, last)))

    def _timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0.0)
            begin = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                whole = time.process_time() - begin
                self.seconds[stage] += whole - self._inner.pop()
                self._inner[-1] += whole

        return timed


def measure(model: str, target: str, quant: str, golden: bool) -> dict[str, float]:
    """Seconds by stage of one compilation in this process, "total" and "imports" among them."""
    begin = time.process_time()
    from kernelc.artifact import Weights
    from kernelc.compiler import CompileOptions, compile_model
    from kernelc.kernels import golden as tiles
    from model.families.registry import find_model

    imports = time.process_time() - begin
    clock = StageClock()
    for stage in STAGES:
        clock.watch(*stage)
    source = find_model(model)
    begin = time.process_time()
    compiled = compile_model(source, CompileOptions(target=target, quant=quant))
    if golden:
        tiles.golden_tiles(compiled.manifest(model, Weights()))
    total = time.process_time() - begin
    stages = dict(clock.seconds)
    return {"imports": imports, **stages, "the rest": total - sum(stages.values()), "total": total}


def main() -> None:
    """Measure as the command line says and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="llama-2-7b", help="a known name, or a config.json")
    parser.add_argument("--target", default="wgsl")
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--golden", action="store_true", help="also make an artifact's golden tiles")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one run, in this process, as JSON")
    args = parser.parse_args()
    if args.json:
        print(json.dumps(measure(args.model, args.target, args.quant, args.golden)))
        return
    command = [sys.executable, *sys.argv, "--json"]
    runs = [json.loads(subprocess.check_output(command)) for _ in range(args.repeats)]
    for stage, seconds in min(runs, key=lambda run: run["total"]).items():
        print(f"{stage:24} {seconds:6.2f} s")


if __name__ == "__main__":
    main()
