"""Artifacts with other weights than they were built with, and the hashes of these."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from kernelc.artifact import Artifact

NAN16 = bytes.fromhex("007e")  # as f16, little-endian


def with_tensor(artifact: Artifact, out: Path, name: str, change: Callable[[bytes], bytes]) -> Artifact:
    """Copy an artifact to `out` with one tensor's stored bytes changed to as many others."""
    shutil.copytree(artifact.folder, out)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    before = artifact.tensor(name).tobytes()
    after, done = change(before), 0
    assert len(after) == len(before)
    for at, offset, size in manifest["weights"]["tensors"][name]["segments"]:
        shard = manifest["weights"]["shards"][at]
        file = out / shard["file"]
        data = bytearray(file.read_bytes())
        data[offset : offset + size] = after[done : done + size]
        file.write_bytes(data)
        shard["sha256"] = hashlib.sha256(data).hexdigest()
        done += size
    text = json.dumps(manifest, separators=(",", ":"))
    (out / "manifest.json").write_text(text + os.linesep, encoding="utf-8")
    return Artifact.open(out)


def with_nan(artifact: Artifact, out: Path, name: str, every: int = 1) -> Artifact:
    """Copy an artifact to `out` with every so-many-th f16 of a tensor replaced by a NaN."""

    def damaged(data: bytes) -> bytes:
        halves = [data[at : at + 2] for at in range(0, len(data), 2)]
        return b"".join(NAN16 if at % every == 0 else half for at, half in enumerate(halves))

    return with_tensor(artifact, out, name, damaged)
