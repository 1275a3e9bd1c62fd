"""`python -m tools.fuzz.guided KIND [libFuzzer's options]`: inputs that reach code that none before reached.

Atheris (`pip install atheris`; Python 3.11 and later, Linux) counts which branches of the readers an input
takes and keeps those that take new ones: libFuzzer for Python. The kinds, their sound examples and what is a
finding are those of `tools.fuzz`; a finding ends the run, and its input is written to a file
(`-artifact_prefix=DIR/`). `-runs=100000` and `-max_total_time=600` bound it.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

_READERS = ("kernelc", "model", "runtime")


def main() -> int:
    """Fuzz one kind until it fails or its bounds are reached; 2 where the kind or Atheris is not there."""
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError as error:
        print(f"Atheris is missing ({error}): pip install atheris", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=list(_READERS)):
        from tools.fuzz.child import emptied, outcome
        from tools.fuzz.kinds import all_kinds

        kinds = all_kinds()
    name, *options = sys.argv[1:] or [""]
    if name not in kinds:
        print(f"got {name!r}, wanted one of {', '.join(sorted(kinds))}", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")
    kind = kinds[name]
    with tempfile.TemporaryDirectory() as place:
        folder, corpus, seeds = (Path(place) / each for each in ("tried", "corpus", "seeds"))
        for each in (folder, corpus, seeds):
            each.mkdir()
        for at, data in enumerate(kind.seeds(seeds)):
            (corpus / f"{at}").write_bytes(data)

        def attempt(data: bytes) -> None:
            said, detail = outcome(kind, data, folder)
            emptied(folder)
            if said == "failed":
                raise AssertionError(detail)

        atheris.Setup([sys.argv[0], str(corpus), *options], attempt)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
