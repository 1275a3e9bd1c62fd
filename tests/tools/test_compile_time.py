"""The benchmark of compiling is a script that CI would not run otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "compile_time.py"


def test_every_stage_of_compiling_is_seen():
    run = [sys.executable, str(SCRIPT), "--model", "llama-3.2-1b", "--json"]
    stages = json.loads(subprocess.check_output(run))
    assert all(stages[name] > 0 for name in ("fuse", "select", "trace kernels", "print kernels", "total"))
