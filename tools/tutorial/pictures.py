"""Draws the pictures of docs/tutorial/1_matrix_times_row.md, of what its kernels do in the interpreter.

    python -m tools.tutorial.pictures                 into docs/tutorial/pictures
    python -m tools.tutorial.pictures --out folder

Runs the document's program first, whose output is printed; `tests/test_tutorial.py` draws them again.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.tutorial.program import FOLDER, REPO, read
from tools.tutorial.recording import SUBGROUP, WORD, Load, Recording, record
from tools.tutorial.svg import Svg

STORY = REPO / "benchmarks" / "results" / "2026-11-29-h200-story.json"
LINE = 128
"""Bytes of a line of memory on the devices that the text speaks of."""
_MOST_LINES = 8
_CELL, _ROW, _LEFT = 18, 20, 70
_GROUPS = 64  # of a row
_ACTIVATIONS = ("x", "x_scales", "x_sums")


def recordings(names: Mapping[str, Any]) -> dict[str, Recording]:
    """Record every version, with the arrays that the document's program left behind."""
    row, packed = names["activations"], (names["quants"], names["scales"])
    one, two = ((*packed, *names["coded"](row, terms)[:3]) for terms in (1, 2))
    inputs = dict.fromkeys(("v0", "v1", "v2", "v3", "v4"), (*packed, row)) | {"v5": one, "v6": one, "v7": two}
    return {name: record(names[name], given, {"y": names["y"]}) for name, given in inputs.items()}


def pictures(of: Mapping[str, Recording]) -> dict[str, str]:
    """Return the files of all pictures, by their names."""
    drawn = {name: lines_of(name, of[name].first("quants")) for name in ("v0", "v1", "v2")}
    drawn |= {"v3": sums(of["v2"], of["v3"]), "v6": order({name: of[name] for name in ("v5", "v6")})}
    for name, shown in (("v4", ("v3", "v4")), ("v5", ("v3", "v4", "v5")), ("v7", ("v3", "v4", "v5", "v7"))):
        drawn[name] = traffic({each: of[each] for each in shown})
    drawn["shares"] = shares(json.loads(STORY.read_text(encoding="utf-8")))
    return {f"{name}.svg": svg.rendered() for name, svg in sorted(drawn.items())}


def lines_of(name: str, load: Load) -> Svg:
    """Which words of which lines of memory a load of a subgroup takes, coloured by invocation."""
    words = load.words()
    lines = sorted({word * WORD // LINE for word in words})
    svg = Svg(f"{name}: the first load of the weights by {SUBGROUP} invocations")
    svg.text(
        0, 14, f"{name}: one load of {len(load.invocations)} invocations wants {WORD * len(words)} bytes,"
    )
    svg.text(0, 30, f"which are in {len(lines)} lines of {LINE} bytes")
    for at, line in enumerate(lines[:_MOST_LINES]):
        y, per_line = 44 + at * (_ROW + 4), LINE // WORD
        svg.text(_LEFT - 8, y + 14, f"byte {line * LINE:,}", "small", "end")
        for cell in range(per_line):
            who = words.get(line * per_line + cell)
            x = _LEFT + cell * _CELL
            svg.box(x, y, _CELL, _ROW, fill="" if who is None else _colour(who))
            if who is not None:
                svg.text(x + _CELL // 2, y + 14, str(who), "small in", "middle")
    if (more := len(lines) - _MOST_LINES) > 0:
        svg.text(_LEFT, 44 + _MOST_LINES * (_ROW + 4) + 12, f"and {more} lines more, a word of each")
    return svg


def _colour(invocation: int) -> str:
    return f"hsl({invocation * 360 // SUBGROUP}, 75%, 75%)"


def sums(tree: Recording, subgroup: Recording) -> Svg:
    """The additions of a tree in shared memory, with its barriers, over those of a subgroup."""
    pairs = [load for load in tree.loads if load.shared]
    steps = [pairs[at : at + 2] for at in range(0, len(pairs) - 1, 2)]  # its own cell and another one
    svg = Svg("A tree of five steps, each after a barrier, and a single sum over a subgroup")
    svg.text(0, 14, f"v2: {len(steps)} steps in shared memory, a barrier (dashed) before each")
    _cells(svg, 24)
    for number, (mine, other) in enumerate(steps):
        y = 24 + number * 44
        svg.line(0, y + 24, SUBGROUP * _CELL, y + 24, dashed=True)
        for to, start in zip(mine.elements, other.elements, strict=True):
            svg.line(_middle(to), y + 12, _middle(to), y + 44)
            svg.line(_middle(start), y + 12, _middle(to), y + 44)
        _cells(svg, y + 44, len(mine.elements))
    y = 24 + len(steps) * 44 + 50
    count = subgroup.operations("subgroup_sum")
    assert count == 1 and not any(load.shared for load in subgroup.loads)
    svg.text(0, y, "v3: one operation on registers, no barrier")
    _cells(svg, y + 10)
    svg.box(0, y + 32, SUBGROUP * _CELL, 22)
    svg.text(SUBGROUP * _CELL // 2, y + 47, "subgroup_sum", anchor="middle")
    for lane in range(SUBGROUP):
        svg.line(_middle(lane), y + 22, _middle(lane), y + 32)
    svg.line(_middle(0), y + 54, _middle(0), y + 64)
    _cells(svg, y + 64, 1)
    return svg


def _cells(svg: Svg, y: int, count: int = SUBGROUP) -> None:
    for lane in range(count):
        svg.box(lane * _CELL + 2, y, _CELL - 4, 12, fill=_colour(lane))


def _middle(lane: int) -> int:
    return lane * _CELL + _CELL // 2


def traffic(of: Mapping[str, Recording]) -> Svg:
    """Bytes that an invocation loads for a group of 32 weights of a row, by what they are."""
    svg = Svg("Bytes of weights and of activations that a group of 32 weights takes")
    svg.text(0, 14, "bytes loaded for 32 weights of a row")
    for at, (kind, words) in enumerate((("weights", "codes and scale"), ("activations", "activations"))):
        svg.box(240 + at * 130, 4, 12, 12, kind)
        svg.text(257 + at * 130, 14, words)
    for at, (name, recording) in enumerate(of.items()):
        y, x = 28 + at * 28, 30
        products = _GROUPS // SUBGROUP * _rows(recording)
        svg.text(0, y + 15, name)
        for kind, memories in (("weights", ("quants", "scales")), ("activations", _ACTIVATIONS)):
            size = recording.bytes_of(*memories) // products
            svg.box(x, y, size * 4, 22, kind)
            svg.text(x + size * 2, y + 15, str(size), "in", "middle")
            x += size * 4
    return svg


def _rows(recording: Recording) -> int:
    """Rows that an invocation multiplies: as many as groups of codes that it loads, for each it walks."""
    return recording.bytes_of("quants") // (16 * _GROUPS // SUBGROUP)


def order(of: Mapping[str, Recording]) -> Svg:
    """What an invocation loads, one after the other, and where it waits for the kernel before."""
    kinds = {"quants": "weights", "scales": "scales"}
    svg = Svg("The order of the loads, and where the kernel waits for its activations")
    legend = (("weights", "codes"), ("scales", "scale"), ("activations", "activations"))
    for at, (kind, words) in enumerate(legend):
        svg.box(at * 80, 4, 12, 12, kind)
        svg.text(at * 80 + 17, 14, words)
    svg.line(260, 4, 260, 18, "strong")
    svg.text(268, 14, "waits for the kernel before")
    for at, (name, recording) in enumerate(of.items()):
        y, wait = 30 + at * 32, recording.before_inputs()
        svg.text(0, y + 15, name)
        mine = [load.memory for load in recording.loads if 0 in load.invocations]
        for number, memory in enumerate(mine):
            x = 34 + number * _CELL + (10 if number >= wait else 0)
            svg.box(x, y, _CELL - 3, 22, kinds.get(memory, "activations"))
        x = 34 + wait * _CELL + 3
        svg.line(x, y - 4, x, y + 26, "strong")
    return svg


def shares(story: Mapping[str, Any]) -> Svg:
    """The share of the bandwidth that each version got, as benchmarks/matvec_story.py measured it."""
    svg = Svg("Shares of the bandwidth, v0 to v7")
    read = story["bandwidth"]["read"] / 1e9
    svg.text(0, 14, f"share of the {read:,.0f} GB/s of a kernel that only reads ({story['device']})")
    for at, version in enumerate(story["versions"]):
        y, share = 26 + at * 26, round(100 * version["share"])
        svg.text(0, y + 15, version["version"])
        svg.box(30, y, share * 5, 20, "weights")
        svg.box(30, y, 500, 20)
        svg.text(36 + share * 5, y + 15, f"{share} %")
    return svg


def main() -> int:
    """Run the program, and write its pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER / "pictures", help="the folder")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:  # names in kernels' texts are read from the source file
        program = Path(folder) / "tutorial.py"
        program.write_text(read(FOLDER / "1_matrix_times_row.md").program, encoding="utf-8")
        names = runpy.run_path(str(program))
        for name, text in pictures(recordings(names)).items():
            (out / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
