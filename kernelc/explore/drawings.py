"""What is drawn of a kernel: a workgroup's memory, how its work is cut into tiles, and stored weights."""

from __future__ import annotations

from typing import Any, cast

from kernelc.ir.formats import FORMATS, GROUP, weight_format
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.several.mma.division import COLUMNS, ROWS
from kernelc.kir.nodes import Declare, Kernel
from kernelc.kir.tile_types import TileType


def memory_of(kernel: Kernel) -> dict[str, Any]:
    """The shared arrays of a workgroup, its registers, and the tiles that subgroups hold together."""
    shared = [
        {
            "name": each.name,
            "type": str(each.type),
            "length": each.length,
            "row": each.row,
            "bytes": each.bytes,
        }
        for each in kernel.shared
    ]
    registers = [
        {"name": each.variable.name, "type": str(each.variable.type), "bytes": _bytes(each.variable.type)}
        for each in kernel.statements
        if isinstance(each, Declare)
    ]
    stages = [
        {
            "name": each.name,
            "count": each.count,
            "bytes": each.stage_bytes,
            "parts": [p.name for p in each.parts],
        }
        for each in kernel.stages
    ]
    return {
        "shared": shared,
        "shared_bytes": kernel.shared_bytes,
        "registers": registers,
        "stages": stages,
        "tiles": sorted(kind.feature for kind in kernel.tile_kinds()),
    }


def _bytes(type_: Any) -> int:
    return 0 if isinstance(type_, TileType) else int(type_.bytes)


def tiling_of(schedule: Any) -> dict[str, Any] | None:
    """How a workgroup shares its work: as tiles side by side, or as teams of invocations that share rows.

    Schedules say that with the same names in all families; None for those that say nothing of the kind.
    `lanes`: the invocations that hold a tile, or share one, together.
    """
    if isinstance(schedule, MatvecInt8Schedule) and schedule.splits:
        return _shared_tiles(schedule)
    teams, tiles = getattr(schedule, "teams", None), getattr(schedule, "tiles", 1)
    kind = getattr(schedule, "kind", None)
    if isinstance(teams, tuple) and kind is not None:
        pair = cast("tuple[int, int]", tiles) if isinstance(tiles, tuple) else (1, int(tiles))
        return {
            "kind": "tiles",
            "teams": list(cast("tuple[int, int]", teams)),
            "tiles": list(pair),
            "tile": [kind.m, kind.n],
            "lanes": kind.lanes,
        }
    threads, team, rows = (getattr(schedule, name, None) for name in ("threads", "team", "rows"))
    if isinstance(threads, int) and isinstance(team, int) and isinstance(rows, int) and team > 0:
        batches = getattr(schedule, "batches", 1) * max(1, getattr(schedule, "blocks", 0))
        return {"kind": "teams", "threads": threads, "team": team, "rows": rows, "batches": batches}
    return None


def _shared_tiles(schedule: MatvecInt8Schedule) -> dict[str, Any]:
    """Tiles of the matrix's rows by rows of activations, each of which some subgroups add up together."""
    sharing = schedule.team // schedule.rounds * schedule.splits
    return {
        "kind": "tiles",
        "teams": [schedule.threads // sharing, 1],
        "tiles": [schedule.stacked, 1],
        "tile": [ROWS, COLUMNS],
        "lanes": sharing,
    }


def layout_of(problem: Any) -> dict[str, Any] | None:
    """How the weights that a kernel reads are stored: the words of one group and what stands beside it."""
    name = getattr(problem, "format", None)
    if not isinstance(name, str) or name not in FORMATS:
        return None
    found = weight_format(name)
    return {
        "format": name,
        "about": (type(found).__doc__ or "").strip(),
        "group": GROUP,
        "words": found.words_per_group,
        "word": found.word,
        "unit_words": found.unit_words,
        "bits_per_weight": found.bits_per_weight,
        "sides": [{"name": side.name, "bytes": side.element_bytes} for side in found.sides],
    }
