"""Draw the training's log as a small SVG.

python -m tools.demo_model.curve --model model/demo
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 360, 60, 40, 30


def curve(log: Path) -> str:
    """Return the SVG text of a log's loss (on a logarithmic scale) and learning rate."""
    with log.open() as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    last = max(row["tokens"] for row in rows)
    low, high = (math.log10(edge) for edge in (min(row["loss"] for row in rows) * 0.9, 10))
    top_rate = max(row["rate"] for row in rows)

    def x(row: dict[str, float]) -> float:
        return LEFT + (WIDTH - LEFT - 20) * row["tokens"] / last

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share

    def line(points: list[tuple[float, float]], colour: str) -> str:
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        return f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>'

    losses = [(x(row), y((math.log10(row["loss"]) - low) / (high - low))) for row in rows]
    rates = [(x(row), y(row["rate"] / top_rate * 0.9)) for row in rows]
    marks = [
        f'<text x="{LEFT - 6}" y="{y((math.log10(value) - low) / (high - low)) + 4:.1f}" '
        f'text-anchor="end">{value:g}</text>'
        for value in (0.1, 0.3, 1, 3)
    ]
    marks += [
        f'<text x="{LEFT + (WIDTH - LEFT - 20) * share:.0f}" y="{HEIGHT - 14}" text-anchor="middle">'
        f"{last * share / 1e6:.0f}M tokens</text>"
        for share in (0.25, 0.5, 0.75)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<text x="{LEFT}" y="18" fill="#1f5fa8">loss on the answers, nats a token</text>',
            f'<text x="{WIDTH - 20}" y="18" text-anchor="end" fill="#c97b1a">learning rate, up to '
            f"{top_rate:g}</text>",
            line(rates, "#c97b1a"),
            line(losses, "#1f5fa8"),
            *marks,
            "</svg>\n",
        ]
    )


def main() -> None:
    """Draw training_curve.svg beside the log."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("model/demo"))
    folder = parser.parse_args().model
    (folder / "training_curve.svg").write_text(curve(folder / "training_log.csv"))


if __name__ == "__main__":
    main()
