"""How decode attention is split over the positions of the cache: a decode program for each length of splits.

A split is a workgroup for a few heads, so its length decides how many workgroups a dispatch has, while the
grid follows the position at run time. What fills a device is an estimate that a target's capabilities make
(`Capabilities.workgroups`), since an artifact is built for devices that are not there. Workgroups more than
that cost little on smaller ones, where they run one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable

from kernelc.ir.graph import Graph
from kernelc.passes.caches import cache_bytes
from kernelc.passes.select import SplitOptions
from kernelc.passes.select.operands import static
from kernelc.target import Capabilities

# Where splits are joined by a dispatch of their own, that has to pay off, which it does the sooner the more
# bytes of cache a layer reads per position. Below these positions there are no splits. Where the workgroups
# join them, a split costs nothing as long as it is the only one.
UNSPLIT, UNSPLIT_LARGE = 256, 128
LARGE_POSITION_BYTES = 4096
# The shortest splits are a tile of most schedules. Longer ones leave fewer results to join, and are used as
# soon as they are as many as fill a device.
LENGTHS = (64, 128, 256, 1024)
HEADS_TOGETHER = 4  # of a group, which one workgroup serves in long splits

# A layer that sees a window is cut into so many, as far as its splits keep 64 positions, however long those
# of the other layers are.
WINDOW_SPLITS = 16

# The same for processors, as (from this many positions, positions per split): a core takes all heads in turn.
PROCESSOR = ((0, 0), (512, 256))
PROCESSOR_LARGE = ((0, 0), (128, 32), (1024, 128))


def decode_splits(
    graph: Graph, context: int, devices: Iterable[Capabilities], joined: bool = False
) -> list[tuple[int, int, SplitOptions]]:
    """Return the decode programs of a build whose kernels run on such devices: the lowest and the highest
    past, and how attention is split. With `joined` the workgroups of the devices can join their splits.

    Every position of the context is in exactly one of them. Layers may differ in their caches; since a
    program splits all of them alike, the average decides.
    """
    layers = max(1, sum(op.name == "attention" for op in graph.ops))
    large = cache_bytes(graph, 1) // layers >= LARGE_POSITION_BYTES
    filled = max(each.workgroups for each in devices)
    if filled == 1:
        table = list(PROCESSOR_LARGE if large else PROCESSOR)
    else:
        start = 0 if joined else UNSPLIT_LARGE if large else UNSPLIT
        table = [(0, 0)] * (start > 0) + _lengthening(graph, filled, start)
    starts = [row for row in table if row[0] < context]
    ends = [row[0] for row in starts[1:]] + [context]
    finely = 0 if filled == 1 else WINDOW_SPLITS
    options = [SplitOptions(split, finely, joined and filled > 1) for _, split in starts]
    return [(low, end - 1, each) for (low, _), end, each in zip(starts, ends, options, strict=True)]


def _lengthening(graph: Graph, filled: int, start: int) -> list[tuple[int, int]]:
    """Splits of growing length from the position `start` on: (from this many positions, length)."""
    wide = max(1, _workgroups(graph))
    longest = {start: LENGTHS[0]}
    longest |= {max(start, -(-length * filled // wide)): length for length in LENGTHS[1:]}
    return list(longest.items())


def _workgroups(graph: Graph) -> int:
    """Workgroups that a layer has for each split, on average."""
    layers = [op.inputs for op in graph.ops if op.name == "attention"]
    heads = [static((each["q"].type.shape[1], each["k_cache"].type.shape[1])) for each in layers]
    return sum(max(kv, q // HEADS_TOGETHER) for q, kv in heads) // max(1, len(heads))
