"""The weights of an artifact in parts, as they go up to a device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact
from runtime.device.executor import Progress
from runtime.device.program import LoadPlan

Octets = npt.NDArray[np.uint8]


def weight_names(artifact: Artifact, plan: LoadPlan) -> list[str]:
    """Return the weights among the plan's buffers, in the order in which they lie in the shards."""
    manifest = artifact.manifest
    names = [name for name in plan.buffers if manifest.buffers[name].kind == "weight"]
    return sorted(names, key=lambda name: manifest.weights.tensors[name].segments[0])


def weight_parts(
    artifact: Artifact,
    plan: LoadPlan,
    most_bytes: int,
    progress: Progress | None,
    pieces: Callable[[str], Iterable[Octets]] | None = None,
) -> Iterator[tuple[str, int, Octets]]:
    """Yield all weights as (buffer, offset, part), no part larger than `most_bytes`.

    `progress` hears of a part when the next one is asked for. `pieces` gives a tensor's bytes in order, by
    default a piece a shard.
    """
    tensors, names = artifact.manifest.weights.tensors, weight_names(artifact, plan)
    total, done = sum(tensors[name].bytes for name in names), 0
    for name in names:
        offset = 0
        for piece in (pieces or artifact.tensor_pieces)(name):
            for start in range(0, len(piece), most_bytes):
                part = piece[start : start + most_bytes]
                yield name, offset, part
                offset, done = offset + len(part), done + len(part)
                if progress:
                    progress("weights", done, total)
