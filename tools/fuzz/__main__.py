"""`python -m tools.fuzz [--kind X ...] [--count N] [--seed S] [--keep DIR]`: see the package."""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.fuzz.kinds import Kind, all_kinds
from tools.fuzz.mutate import mutated
from tools.fuzz.reduce import reduced
from tools.fuzz.trying import Tried, Trier

MOST_TRIES, MOST_SLOW_TRIES = 400, 12
"""How often a finding is tried to make it smaller: what hangs or ends the child takes its time."""
CORPUS = Path(__file__).parent / "corpus"


def inputs(kind: Kind) -> list[bytes]:
    """The sound examples of a kind."""
    with tempfile.TemporaryDirectory() as folder:
        return list(kind.seeds(Path(folder)))


def variant(kind: str, seeds: Sequence[bytes], seed: int, index: int) -> bytes:
    """Input number `index` of a run with this seed."""
    return mutated(seeds, random.Random(f"{kind} {seed} {index}"))


def run(kind: Kind, count: int, seed: int, keep: Path | None, trier: Trier) -> tuple[Counter[str], list[str]]:
    """Try `count` inputs; return how often each outcome was, and a line for each distinct finding. A kind
    whose sound examples cannot be made here is not tried.
    """
    seeds, said, findings = inputs(kind), Counter[str](), dict[str, str]()
    for index in range(count if seeds else 0):
        data = variant(kind.name, seeds, seed, index)
        tried = trier.attempt(kind.name, data)
        said[tried.said] += 1
        if tried.is_finding and (sign := _sign(tried)) not in findings:
            tries = MOST_TRIES if tried.said == "failed" else MOST_SLOW_TRIES
            small = reduced(
                data, lambda each, sign=sign: _sign(trier.attempt(kind.name, each)) == sign, tries
            )
            findings[sign] = f"{kind.name} --seed {seed}, input {index}: {tried.said}: {tried.detail}"
            if keep is not None:
                _keep(keep / kind.name, small, findings[sign])
    return said, list(findings.values())


def _sign(tried: Tried) -> str:
    """What two findings of the same fault have in common: the end of their traceback."""
    lines = [line for line in tried.detail.splitlines() if line.strip().startswith("File ")]
    return f"{tried.said} {lines[-1] if lines else ''} {tried.detail.splitlines()[-1:] if not lines else ''}"


def _keep(folder: Path, data: bytes, why: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(data).hexdigest()[:12]
    (folder / name).write_bytes(data)
    (folder / f"{name}.txt").write_text(why + "\n")


def main() -> int:
    """Try inputs of some kinds and tell what came of them; 1 where anything was found."""
    kinds = all_kinds()
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--kind", action="append", choices=sorted(kinds), help="(default: all)")
    parser.add_argument("--count", type=int, default=1000, help="inputs of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for reduced findings")
    args = parser.parse_args()
    found = 0
    for name in args.kind or kinds:
        began = time.monotonic()
        with Trier() as trier:
            said, findings = run(kinds[name], args.count, args.seed, args.keep, trier)
        told = ", ".join(f"{count} {what}" for what, count in sorted(said.items())) or "not tried"
        print(f"{name}: {told}; {time.monotonic() - began:.0f} s", flush=True)
        for finding in findings:
            print(f"  {finding}", flush=True)
        found += len(findings)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
