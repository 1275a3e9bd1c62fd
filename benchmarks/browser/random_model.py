"""An artifact of random weights that a page opens: with a tokenizer, though ids go in and come out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from kernelc.compiler import CompileOptions
from kernelc.pipeline import build_random
from model.families.registry import find_model

TOKENIZER = Path(__file__).resolve().parents[2] / "model" / "demo" / "tokenizer.model"


def random_artifact(model: str, options: CompileOptions, out: Path) -> Path:
    """Build an artifact of a known model's shapes, or of a config.json's, at `out`; return that.

    The tokenizer is that of the demo model, whose ids a larger vocabulary has all.
    Raises: UsageError, ArtifactError.
    """
    build_random(find_model(model), options, out, name=Path(model).stem)
    data = TOKENIZER.read_bytes()
    (out / TOKENIZER.name).write_bytes(data)
    manifest = json.loads((out / "manifest.json").read_text())
    entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    files = {TOKENIZER.name: entry}
    manifest["tokenizer"] = {"kind": "sentencepiece", "file": TOKENIZER.name, "files": files}
    (out / "manifest.json").write_text(json.dumps(manifest))
    return out
