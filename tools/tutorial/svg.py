"""Small pictures as SVG: rectangles, lines and words, readable on light and dark pages, and no script."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
text.small { font-size: 9px; }
text.in { fill: #1f2328; }
.frame { fill: none; stroke: #8c959f; }
.line { stroke: #8c959f; }
.strong { stroke: #cf222e; stroke-width: 2; }
.weights { fill: #79b8ff; }
.scales { fill: #b3d7ff; }
.activations { fill: #ffb86b; }
.plain { fill: #8c959f; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
"""


@dataclass
class Svg:
    """A picture in the making; all sizes are pixels, and `title` is what is read aloud."""

    title: str
    parts: list[str] = field(default_factory=list[str])
    width: int = 0
    height: int = 0

    def box(self, x: int, y: int, width: int, height: int, kind: str = "frame", fill: str = "") -> None:
        """A rectangle of a class of the style, or of a colour of its own."""
        colour = f' style="fill: {fill}"' if fill else ""
        self._add(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"{colour}/>')
        self._reach(x + width, y + height)

    def line(self, x: int, y: int, to_x: int, to_y: int, kind: str = "line", dashed: bool = False) -> None:
        """A line between two points."""
        dashes = ' stroke-dasharray="4 3"' if dashed else ""
        self._add(f'<line class="{kind}" x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}"{dashes}/>')
        self._reach(max(x, to_x), max(y, to_y))

    def text(self, x: int, y: int, words: str, kind: str = "", anchor: str = "start") -> None:
        """Words whose line stands at y; `anchor`: which part of them is at x."""
        name = f' class="{kind}"' if kind else ""
        self._add(f'<text{name} x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>')
        wide = len(words) * (5 if "small" in kind else 7)
        self._reach(x + {"start": wide, "middle": wide // 2, "end": 0}[anchor], y + 4)

    def rendered(self) -> str:
        """The file."""
        size = f'width="{self.width + 4}" height="{self.height + 4}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        body = "\n".join(self.parts)
        return f"{head}\n<title>{escape(self.title)}</title>\n<style>\n{_STYLE}</style>\n{body}\n</svg>\n"

    def _add(self, part: str) -> None:
        self.parts.append(part)

    def _reach(self, x: int, y: int) -> None:
        self.width, self.height = max(self.width, x), max(self.height, y)
