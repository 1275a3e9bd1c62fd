"""The weights of an artifact in bounded parts, in the order in which a device receives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact
from runtime.device.executor import Progress
from runtime.device.program import LoadPlan

Octets = npt.NDArray[np.uint8]

_WORD_BYTES = 4  # the least that some drivers write


def weight_names(artifact: Artifact, plan: LoadPlan) -> list[str]:
    """Return the weights among the plan's buffers, in the order in which they lie in the shards."""
    manifest = artifact.manifest
    names = [name for name in plan.buffers if manifest.buffers[name].kind == "weight"]
    return sorted(names, key=lambda name: manifest.weights.tensors[name].segments[0])


def weight_parts(
    artifact: Artifact, plan: LoadPlan, most_bytes: int, progress: Progress | None
) -> Iterator[tuple[str, int, Octets]]:
    """Yield all weights as (buffer, offset, part), no part larger than `most_bytes`, a multiple of 4.

    Every part starts at a whole word of its tensor. `progress` is told of a part when the next one is asked
    for. Raises: ArtifactError for a corrupted shard.
    """
    tensors, names = artifact.manifest.weights.tensors, weight_names(artifact, plan)
    total, done = sum(tensors[name].bytes for name in names), 0
    for name in names:
        offset = 0
        for piece in _pieces(artifact, name):
            for start in range(0, len(piece), most_bytes):
                part = piece[start : start + most_bytes]
                yield name, offset, part
                offset, done = offset + len(part), done + len(part)
                if progress:
                    progress("weights", done, total)


def _pieces(artifact: Artifact, name: str) -> Iterable[Octets]:
    """The bytes of a tensor, one piece per shard, or in one piece where the end of a shard cuts a word."""
    segments = artifact.manifest.weights.tensors[name].segments
    if all(segment.bytes % _WORD_BYTES == 0 for segment in segments):
        return artifact.tensor_pieces(name)
    return [artifact.tensor(name)]
