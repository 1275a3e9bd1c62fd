"""Builds what the browser tests run on; prints where it is as JSON: {name: artifact folder, "site": folder}.

Artifacts are kept under build/browser and built again when the compiler or a model changes. Models that are
no part of the repository are looked for as tests/conftest.py does, and left out where they are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPO))
os.environ["XDG_CACHE_HOME"] = str(REPO / "build" / "browser")

from kernelc.cli import COMMANDS, main  # noqa: E402
from kernelc.commands.cache import built  # noqa: E402

# name: (model, quant); the first of a model is what the site shows under the model's name
WANTED = {
    "stories260K-f32": ("stories260K", "f32"),
    "stories260K-q4": ("stories260K", "q4"),
    "babyllama105-q4": ("babyllama105", "q4"),
    "babyllama105-f32": ("babyllama105", "f32"),
    "demo-q4": ("demo", "q4"),
}
SITE = ("stories260K-f32", "babyllama105-f32", "demo-q4")


def prepare() -> dict[str, str]:
    """Build every artifact whose model is there, and the site of some of them."""
    data = Path(os.environ.get("KERNELC_TEST_DATA") or REPO.parent / "shared" / "data")
    found: dict[str, str] = {}
    for name, (model, quant) in WANTED.items():
        folder = REPO / "model" / "demo" if model == "demo" else data / "models" / model
        if folder.is_dir():
            options = argparse.Namespace(target="wgsl", quant=quant, context=None, kv=None)
            found[name] = str(built(folder, options))
    if "web" in COMMANDS and (REPO / "web" / "dist" / "site" / "index.html").is_file():
        site = REPO / "build" / "browser" / "site"
        artifacts = [found[name] for name in SITE if name in found]
        if main(["web", *artifacts, "--out", str(site)]) != 0:
            sys.exit("prepare.py: `kernelc web` failed")
        found["site"] = str(site)
    return found


if __name__ == "__main__":
    result = prepare()  # what it prints on the way is for people
    print(json.dumps(result))
