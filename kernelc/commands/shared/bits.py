"""How many bits the weights of an artifact take, and in which formats."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kernelc.artifact import Manifest
from kernelc.ir.formats import FORMATS, QUANTS


@dataclass(frozen=True)
class Formats:
    """`weights`: how many weights each format holds. `average`: bits of a weight, side arrays included."""

    weights: dict[str, int]
    average: float | None


def formats_of(manifest: Manifest) -> Formats:
    """Count the weights of an artifact's packed matrices by format; nothing where it has no weights yet."""
    weights: dict[str, int] = {}
    stored = 0
    for tensor in manifest.weights.tensors.values():
        name, _, array = tensor.encoding.partition(".")
        if array:
            stored += tensor.bytes
        if array == QUANTS:
            weights[name] = weights.get(name, 0) + math.prod(tensor.shape)
    total = sum(weights.values())
    ordered = {name: weights[name] for name in FORMATS if name in weights}
    return Formats(ordered, round(8 * stored / total, 3) if total else None)


def bits_text(manifest: Manifest) -> str:
    """Return "5.39 a weight: q4 68 %, q4a 11 %, q8 21 %"; empty where there are no weights yet."""
    found = formats_of(manifest)
    total = sum(found.weights.values())
    parts = ", ".join(f"{name} {100 * count / total:.0f} %" for name, count in found.weights.items())
    return f"{found.average:.2f} a weight: {parts}" if total else ""
