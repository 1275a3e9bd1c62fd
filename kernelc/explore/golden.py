"""The golden tile of one kernel: cut out of an artifact's file of all, or computed where it has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kernelc.artifact import KernelCheck, Manifest
from kernelc.artifact.json_form import to_json
from kernelc.artifact.selfcheck import MAX_CHECK_BYTES
from kernelc.kernels.golden import golden_tiles, symbols_of
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import KernelSpec

MOST_BYTES = 4 * MAX_CHECK_BYTES
"""Of all that a kernel binds, for a tile that is computed; of one binding `MAX_CHECK_BYTES`, which the page
takes."""


def computed_tile(manifest: Manifest, name: str) -> tuple[KernelCheck | None, bytes]:
    """Return a kernel's check and the bytes that it names; None for a kernel that no program runs, or that
    binds too much. Problems may be a stranger's."""
    entry, symbols = manifest.kernels[name], symbols_of(manifest, name)
    if symbols is None:
        return None, b""
    spec: KernelSpec[Any, Any] = SPECS[entry.spec]
    sizes = [binding.bytes(symbols) for binding in spec.bindings(spec.problem_from_json(entry.problem))]
    if max(sizes) > MAX_CHECK_BYTES or sum(sizes) > MOST_BYTES:
        return None, b""
    checks, data = golden_tiles(replace(manifest, kernels={name: entry}))
    return checks.kernels.get(name), data


def tile_of(check: KernelCheck, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return a check as JSON, whose offsets are those in the bytes beside it."""
    pieces: list[bytes] = []
    places: dict[tuple[int, int], int] = {}

    def moved(offset: int, size: int) -> int:
        if (offset, size) not in places:
            places[offset, size] = sum(map(len, pieces))
            pieces.append(data[offset : offset + size] + bytes(-size % 4))
        return places[offset, size]

    inputs = tuple(replace(each, offset=moved(each.offset, each.period)) for each in check.inputs)
    outputs = tuple(replace(each, offset=moved(each.offset, each.bytes)) for each in check.outputs)
    described = to_json(replace(check, inputs=inputs, outputs=outputs))
    assert isinstance(described, dict)
    return dict(described), b"".join(pieces)
