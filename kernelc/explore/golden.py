"""The golden tile of one kernel, cut out of an artifact's file of all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kernelc.artifact import KernelCheck
from kernelc.artifact.json_form import to_json


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
