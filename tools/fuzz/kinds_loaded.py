"""Artifacts with changed manifests on a device: refused, or run; never a crash, a hang or a fault of ours.

The artifact is of a tiny model with the real kernels. KERNELC_FUZZ_DEVICE names the device, by default the
cpu, whose kernels are printed anew from what the manifest says.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions
from kernelc.errors import KernelcError
from kernelc.pipeline import build_artifact
from kernelc.session import Session
from runtime.cpu.compiler import find_compiler
from tests.model.tiny_checkpoint import write_tiny_checkpoint
from tools.fuzz.kinds import Kind

DEVICE = os.environ.get("KERNELC_FUZZ_DEVICE", "cpu")
TARGET = {"cpu": "c", "wgpu": "wgsl", "vulkan": "spirv", "opencl": "opencl"}.get(DEVICE, "all")
CONFIG: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 300, "hidden_size": 32,
    "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
}  # fmt: skip


@cache
def _whole() -> Path:
    """The sound artifact, made once a process; the folder is left to the system's cleaning of /tmp."""
    folder = Path(mkdtemp(prefix="kernelc-fuzz-artifact-"))
    (folder / "model").mkdir()
    model = write_tiny_checkpoint(folder / "model", CONFIG)
    return build_artifact(model, CompileOptions(TARGET, "q8", 64), out=folder / "artifact")


def loaded(data: bytes, folder: Path) -> None:
    """Open the artifact with this manifest, feed a prompt and generate."""
    whole, changed = _whole(), folder / "artifact"
    for path in whole.rglob("*"):
        target = changed / path.relative_to(whole)
        if path.is_file() and path.name != "manifest.json":
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
    (changed / "manifest.json").write_bytes(data)
    artifact = Artifact.open(changed)
    context = min(64, artifact.manifest.model.max_context)
    with Session.open(artifact, device=DEVICE, context=context) as session:
        session.engine.feed([3, 4, 5])
        with session.engine.generate(3, stop_ids=artifact.manifest.model.eos_token_ids) as tokens:
            for token in tokens:
                session.tokenizer.piece(token.id)


def manifests(folder: Path) -> Sequence[bytes]:
    """The sound manifest; nothing where the device's kernels cannot be made."""
    if DEVICE == "cpu":
        try:
            find_compiler()
        except KernelcError:
            return []
    return [(_whole() / "manifest.json").read_bytes()]


KINDS = (Kind("loaded", manifests, loaded),)
