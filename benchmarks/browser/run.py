"""Measure prefill and decode tokens/s in a Chromium, on a model of random weights that is made on the way.

    python benchmarks/browser/run.py --model llama-3.2-1b --out result.json

builds the artifact in a temporary folder, serves it with the built library (web/dist/lib: `npm run build` in
web/), opens the browser without a window, and writes what the page measured as JSON. `--gpu` adds the flags
that give a real adapter on Linux; without them and without a display Chromium takes its software driver.
README.md says how to run it on a machine that has nothing but a GPU and Python.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

from benchmarks.browser.random_model import random_artifact  # noqa: E402
from benchmarks.browser.session import add_options, ask, built, end_when_told, tell, write  # noqa: E402
from kernelc.compiler import CompileOptions  # noqa: E402
from model.families.registry import find_model  # noqa: E402


def main() -> int:
    """Build, measure in the browser, write the result."""
    args = arguments()
    end_when_told()
    if not built():
        return 2
    deadline = time.monotonic() + args.time_limit
    with tempfile.TemporaryDirectory(prefix="kernelc-bench-", dir=args.temp) as temp:
        began = time.monotonic()
        folder = artifact(Path(args.keep or temp).resolve(), args)
        shutil.copytree(folder, Path(temp) / "model", copy_function=_linked)
        tell(f"{folder.name} is there after {time.monotonic() - began:.0f} s")
        request = {
            "prompt": args.prompt, "generate": args.generate, "runs": args.runs, "warm_seconds": args.warm,
            "context": args.context, "options": json.loads(args.options),
        }  # fmt: skip
        result = ask("bench.js", request, Path(temp), args, deadline)
        left_out = ("out", "temp", "keep", "time_limit")
        asked = {name: value for name, value in vars(args).items() if name not in left_out}
        head = {"asked": asked, "date": time.strftime("%Y-%m-%d"), "artifact": folder.name}
        write({**head, **result}, args.out)
    return 1 if "error" in result else 0


def _linked(source: str, target: str) -> None:
    """Give a file another name, or copy it where that cannot be; the server follows no symbolic links that
    leave its folder."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="llama-3.2-1b", help="a known model's name or a config.json")
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--activations", help="int8, int8-fast or f32 (default: as `kernelc build`)")
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--prompt", type=int, default=512, help="tokens of the prompt (default: 512)")
    parser.add_argument("--generate", type=int, default=128, help="new tokens of an answer (default: 128)")
    parser.add_argument("--runs", type=int, default=5, help="answers that are measured (default: 5)")
    parser.add_argument("--warm", type=float, default=2.0, help="seconds of answers before (default: 2)")
    parser.add_argument("--options", default="{}", help='of createEngine, as JSON: {"features": "none"}')
    parser.add_argument("--keep", help="folder that artifacts are kept in, and taken from next time")
    parser.add_argument("--temp", help="where artifact and profile go (default: the system's place)")
    add_options(parser)
    return parser.parse_args()


def artifact(folder: Path, args: argparse.Namespace) -> Path:
    """Return the artifact in `folder`, built now where there is none of this config by these sources."""
    digest = hashlib.sha256(repr(find_model(args.model).config).encode())
    for package, suffix in product(("kernelc", "model"), ("py", "j2")):
        for file in sorted((REPO / package).rglob(f"*.{suffix}")):
            digest.update(file.read_bytes())
    activations = args.activations or "default"
    asked = (Path(args.model).stem, args.quant, activations, str(args.context), digest.hexdigest()[:12])
    out = folder / "-".join(asked)
    if not out.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            options = CompileOptions("wgsl", args.quant, args.context, activations=args.activations)
            random_artifact(args.model, options, Path(unfinished) / "model").rename(out)
    return out


if __name__ == "__main__":
    sys.exit(main())
