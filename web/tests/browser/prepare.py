"""Builds what the browser tests run on; prints where it is as JSON: {artifacts, logits, site}.

Artifacts and reference logits (raw f32 [positions, vocabulary]) are paths by name. Artifacts are kept under
build/browser and built again when the compiler or a model changes. Models that are no part of the repository
are looked for as tests/conftest.py does, and left out where they are missing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPO))
os.environ["XDG_CACHE_HOME"] = str(REPO / "build" / "browser")

import numpy as np  # noqa: E402

from kernelc.cli import main  # noqa: E402
from kernelc.commands.build import add_compile_options  # noqa: E402
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


LOGITS = ("stories260K", "babyllama105")


def prepare() -> dict[str, object]:
    """Build every artifact whose model is there, and the site of some of them."""
    data = Path(os.environ.get("KERNELC_TEST_DATA") or REPO.parent / "shared" / "data")
    artifacts: dict[str, str] = {}
    options = argparse.ArgumentParser()
    add_compile_options(options)
    for name, (model, quant) in WANTED.items():
        folder = REPO / "model" / "demo" if model == "demo" else data / "models" / model
        if folder.is_dir():
            asked = {"target": "wgsl", "quant": quant, "context": None, "kv": None, "activations": "f32"}
            options = argparse.Namespace(**asked)
            artifacts[name] = str(built(folder, options))
    return {"artifacts": artifacts, "logits": logits(data / "reference"), "site": site_of(artifacts)}


def site_of(artifacts: dict[str, str]) -> str:
    """The site that `kernelc web` makes of some of the artifacts."""
    out = REPO / "build" / "browser" / "site"
    with contextlib.redirect_stdout(sys.stderr):
        code = main(["web", *(artifacts[name] for name in SITE if name in artifacts), "--out", str(out)])
    if code != 0:
        sys.exit("prepare.py: `kernelc web` failed")
    return str(out)


def logits(reference: Path) -> dict[str, str]:
    """The reference logits of each model's first run, unpacked."""
    found: dict[str, str] = {}
    for name in LOGITS:
        packed = reference / f"{name}.npz"
        if packed.is_file():
            out = REPO / "build" / "browser" / f"{name}.logits"
            out.write_bytes(np.load(packed)["logits"].astype("<f4").tobytes())
            found[name] = str(out)
    return found


if __name__ == "__main__":
    print(json.dumps(prepare()))
