"""Selections of small blocks, for the tests of what is selected and packed."""

from __future__ import annotations

from typing import Any

from kernelc.ir.formats import FormatTable
from kernelc.passes.coding import code_activations
from kernelc.passes.fuse import PATTERNS, FuseOptions, fuse
from kernelc.passes.select import Selection, SelectOptions, select
from tests.passes.blocks import Block, traced

ALL = frozenset(PATTERNS)


def selected(block: Block, rows: int = 3, off: frozenset[str] = ALL, **options: Any) -> Selection:
    """A block's selection, by default without any fusing, and with weights as they are."""
    formats = FormatTable(options.pop("format", "f32"))
    graph = fuse(traced(block, rows), FuseOptions(off=off))
    if terms := options.pop("terms", 0):
        graph = code_activations(graph, formats, terms)
    return select(graph, SelectOptions(formats, **options))


def kernels(found: Selection) -> list[str]:
    """The kernel families in order, after the embedding."""
    return [call.spec.name for call in found.calls][1:]
