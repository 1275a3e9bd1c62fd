"""Compare what a Chromium computes with independent references, on published models.

    python benchmarks/browser/reference.py --gpu --data DATA --out result.json

builds stories260K and babyllama105 from DATA/models, opens them in the browser with all that its adapter
offers and with what every one guarantees, and compares greedy ids and logits of f32 builds with
DATA/reference, and logits of q4 builds with numpy's on the same weights. Exit code 1 where something differs
by more than rounding.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

from benchmarks.browser.session import add_options, ask, built, end_when_told, tell, write  # noqa: E402
from kernelc.compiler import CompileOptions  # noqa: E402
from kernelc.kernels.registry import references  # noqa: E402
from kernelc.pipeline import build_artifact  # noqa: E402
from runtime.engine.engine import ALL_ROLES, Engine  # noqa: E402

MODELS = ("stories260K", "babyllama105")
STOP_IDS = (1, 2)
POSITIONS = 32
TOLD = ("model", "quant", "mode", "ids_equal", "worst_error", "good")
# Of f32 builds against an independent implementation; of q4 builds against numpy on the same weights, once in
# f32 and once where matrix units round both factors of prefill's products to f16: that rounding alone, made
# in numpy, moves these models' logits by up to 0.0125.
MOST_ERROR = {"f32": 1e-3, "q4": 2e-3, "q4 in f16": 2e-2}
# name: of createEngine. `score` makes the logits in one prefill, else they are made one by one.
MODES: dict[str, dict[str, object]] = {
    "all, one by one": {},
    "all, one prefill": {"score": True},
    "guaranteed, one by one": {"limits": "default", "features": "none"},
    "guaranteed, one prefill": {"limits": "default", "features": "none", "score": True},
}


def main() -> int:
    """Build, ask the browser, compare, write the result."""
    args = arguments()
    end_when_told()
    if not built():
        return 2
    deadline = time.monotonic() + args.time_limit
    with tempfile.TemporaryDirectory(prefix="kernelc-reference-") as temp:
        cases = list(prepare(args.data, Path(temp)))
        result = ask("reference.js", [case["request"] for case in cases], Path(temp), args, deadline)
    found = [compare(case, answer) for case, answer in zip(cases, result.pop("found", []), strict=False)]
    for each in found:
        tell(" ".join(f"{name}={each[name]}" for name in TOLD))
    good = len(found) == len(cases) and all(each["good"] for each in found)
    head = {"date": time.strftime("%Y-%m-%d"), "flags": args.flag, "good": good}
    write({**head, **result, "found": found}, args.out)
    return 0 if good else 1


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data = os.environ.get("KERNELC_TEST_DATA")
    help = "folder with models/NAME and reference/NAME.json and .npz (default: $KERNELC_TEST_DATA)"
    parser.add_argument("--data", type=Path, default=data, required=data is None, help=help)
    add_options(parser)
    args = parser.parse_args()
    missing = [name for name in MODELS if not (args.data / "reference" / f"{name}.json").is_file()]
    if missing:
        parser.error(f"--data {args.data} has no reference for {', '.join(missing)}")
    return args


def prepare(data: Path, root: Path) -> Iterator[dict[str, Any]]:
    """Build each model in each format; yield what to ask for, and what is wanted."""
    for model in MODELS:
        runs = json.loads((data / "reference" / f"{model}.json").read_text())["runs"]
        scored = runs[0]["ids"][:POSITIONS]
        for quant in ("f32", "q4"):
            name = f"{model}-{quant}"
            folder = build_artifact(data / "models" / model, CompileOptions("wgsl", quant), out=root / name)
            if quant == "f32":
                asked, logits = runs, np.load(data / "reference" / f"{model}.npz")["logits"][:POSITIONS]
            else:
                asked = []
                with Engine.open(folder, device="cpu", roles=ALL_ROLES, references=references()) as engine:
                    logits = engine.score(scored, one_by_one=True)
            prompts = [
                {"prompt_ids": run["prompt_ids"], "max_tokens": len(run["ids"]) - len(run["prompt_ids"])}
                for run in asked
            ]
            request = {"url": f"{name}/", "prompts": prompts, "stop_ids": STOP_IDS, "scored": scored}
            for mode, options in MODES.items():
                yield {
                    "model": model, "quant": quant, "mode": mode, "request": {**request, "options": options},
                    "ids": [run["ids"] for run in asked], "logits": logits,
                }  # fmt: skip


def compare(case: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """What a case gave, and whether that is right."""
    logits = np.array(answer.pop("logits"), dtype=float)  # JSON has null for what is no number
    worst = float(np.abs(logits - case["logits"]).max()) if logits.shape == case["logits"].shape else np.inf
    equal = answer.pop("ids") == case["ids"]
    prefilled = case["quant"] == "q4" and "score" in case["request"]["options"]
    rounded = prefilled and any(name.startswith("tile_f16") for name in answer["features"])
    limit = MOST_ERROR["q4 in f16" if rounded else case["quant"]]
    good = equal and worst <= limit
    shown = worst if np.isfinite(worst) else None  # JSON has no infinity
    told = {**{name: case[name] for name in TOLD[:3]}, "ids_equal": equal, "worst_error": shown, "good": good}
    return {**told, "runs": len(case["ids"]), **answer}


if __name__ == "__main__":
    sys.exit(main())
