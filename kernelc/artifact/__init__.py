"""The artifact: the one thing that the compiler, the runtimes and the browser share.

A folder with `manifest.json`, the kernels' texts, the packed weights in shards, and the tokenizer with its
chat template. `ArtifactWriter` builds one, `Artifact.open` reads one, trusting nothing.
"""

from kernelc.artifact.files import (
    ChatTemplateInfo,
    FileEntry,
    GraphInfo,
    Segment,
    Shard,
    Tensor,
    TokenizerInfo,
    Weights,
)
from kernelc.artifact.json_node import plain_name
from kernelc.artifact.parse import parse_manifest
from kernelc.artifact.reader import MANIFEST, Artifact
from kernelc.artifact.schema import (
    ACTIVATION_TERMS,
    ACTIVATIONS,
    ALIGNMENT_BYTES,
    CODED_CACHES,
    ELEMENT_BYTES,
    MAX_SHARD_BYTES,
    RESULTS_BUFFER,
    ROLES,
    SEVERAL_ROLES,
    STEP_BUFFER,
    TABLE_BUFFER,
    Bounds,
    Buffer,
    BufferRange,
    Dispatch,
    GenerationInfo,
    Json,
    Kernel,
    KernelBinding,
    Manifest,
    ModelInfo,
    Param,
    Program,
    Requires,
    Ring,
    Sequences,
    Variant,
)
from kernelc.artifact.selfcheck import CheckInput, CheckOutput, Checks, KernelCheck
from kernelc.artifact.shards import WeightsWriter
from kernelc.artifact.writer import ArtifactWriter, kernel_file
from kernelc.ir.formats import tensor_bytes

__all__ = [
    "Artifact", "ArtifactWriter", "WeightsWriter", "kernel_file", "parse_manifest", "plain_name",
    "tensor_bytes",
    "Manifest", "ModelInfo", "Param", "Kernel", "KernelBinding", "Variant", "Requires", "Buffer",
    "BufferRange", "Dispatch", "Program", "Weights", "Shard", "Segment", "Tensor",
    "FileEntry", "TokenizerInfo", "ChatTemplateInfo", "GenerationInfo", "Ring", "Sequences", "GraphInfo",
    "Json", "Bounds",
    "Checks", "KernelCheck", "CheckInput", "CheckOutput",
    "ACTIVATIONS", "ACTIVATION_TERMS", "ALIGNMENT_BYTES", "CODED_CACHES", "ELEMENT_BYTES", "MANIFEST",
    "MAX_SHARD_BYTES", "RESULTS_BUFFER", "ROLES", "SEVERAL_ROLES", "STEP_BUFFER", "TABLE_BUFFER",
]  # fmt: skip
