"""A picture of how far kernels are from what a device can do: the roofline.

Across, the operations that a kernel does for each byte it must move; upwards, the operations per second that
it gets. A device allows at most the bandwidth times the former, and at most its operations per second: a
slope and a level, the roof. Kernels under the slope wait for memory, those under the level for arithmetic.

Source: S. Williams, A. Waterman and D. Patterson, Roofline (Communications of the ACM, 2009).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kernelc.measure.arithmetic import KINDS

_TEMPLATES = Path(__file__).parent / "templates"
_LEFT, _RIGHT, _TOP, _BOTTOM = 84.0, 876.0, 84.0, 464.0  # of the plot, in the picture's units
_LABEL_HEIGHT, _LABEL_NEAR = 15.0, 34.0
_ROW_HEIGHT = 19
_LEAST_SHARE = 0.005  # of a step's time: kernels below are not drawn
_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


@dataclass(frozen=True)
class Point:
    """A kernel of a step: operations for each byte, operations per second, and its share of the step's
    time."""

    step: str
    kernel: str
    intensity: float
    rate: float
    share: float


@dataclass(frozen=True)
class Roof:
    """What a device allows: bytes per second by what they come from, operations per second by kind."""

    slopes: Mapping[str, float]
    levels: Mapping[str, float]

    def allowed(self, intensity: float) -> float:
        """The most operations per second for so many operations a byte."""
        reached = max(self.slopes.values()) * intensity
        return min(reached, max(self.levels.values(), default=math.inf))


def points_of(profile: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Point]:
    """Return a point for each kernel of `kernelc.measure.speed.profiles` that has much to do."""
    return [
        Point(
            step,
            row["kernel"],
            row["operations"] / row["bytes"],
            row["operations"] * row["calls"] / (1e-6 * row["microseconds"]),
            row["share"],
        )
        for step, rows in profile.items()
        for row in rows
        if row["operations"] and row["microseconds"] > 0 and row["share"] >= _LEAST_SHARE
    ]


def roofline_svg(title: str, measured: str, roof: Roof, points: Sequence[Point]) -> str:
    """Return the picture as SVG, readable on light and dark ground.

    `title` says what was measured, `measured` when and with what.
    """
    axes = _Axes.around(roof, points)
    marks = _marks(axes, points)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    rows = [_row(number, point, roof, at) for at, (number, point) in enumerate(enumerate(points, 1))]
    return environment.get_template("roofline.svg.j2").render(
        title=title,
        measured=measured,
        left=_LEFT,
        right=_RIGHT,
        top=_TOP,
        bottom=_BOTTOM,
        height=int(_BOTTOM + 92 + _ROW_HEIGHT * len(rows)),
        table=_BOTTOM + 62,
        across=[(axes.x(tick), number_of(tick)) for tick in axes.decades(axes.low_x, axes.high_x)],
        upwards=[(axes.y(tick), number_of(tick)) for tick in axes.decades(axes.low_y, axes.high_y)],
        slopes=[line for name, rate in roof.slopes.items() if (line := _slope(axes, name, rate, roof))],
        levels=[_level(axes, kind, rate, roof) for kind, rate in roof.levels.items()],
        marks=marks,
        rows=rows,
    )


def number_of(value: float) -> str:
    """A number for people, with the prefixes of the SI: 2.1 T; below 1 as it is."""
    if value < 1:
        return f"{value:.2g}"
    power = min(len(_PREFIXES) - 1, int(math.log10(value) / 3 + 1e-9))
    scaled = value / 1000**power
    digits = f"{scaled:.0f}" if scaled >= 100 or scaled == int(scaled) else f"{scaled:.1f}"
    return f"{digits} {_PREFIXES[power]}".rstrip()


@dataclass(frozen=True)
class _Axes:
    """Logarithmic axes."""

    low_x: float
    high_x: float
    low_y: float
    high_y: float

    @staticmethod
    def around(roof: Roof, points: Sequence[Point]) -> _Axes:
        """Axes that show all points, all levels, and where the slopes meet the levels."""
        slope, levels = max(roof.slopes.values()), roof.levels.values()
        xs = [*(point.intensity for point in points), *(level / slope for level in levels)]
        ys = [*(point.rate for point in points), *levels]
        low_x, high_x = _around(xs or [1.0])
        low_y, high_y = _around(ys or [slope])
        return _Axes(low_x, high_x, low_y, high_y)

    def x(self, value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * _part(value, self.low_x, self.high_x)

    def y(self, value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * _part(value, self.low_y, self.high_y)

    @staticmethod
    def decades(low: float, high: float) -> list[float]:
        """The powers of ten from `low` to `high`."""
        return [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]


def _part(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low)


def _around(values: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis with some room on both sides, a power of ten or more apart."""
    low, high = min(values) / 4, max(values) * 4
    return low, max(high, 10 * low)


def _slope(axes: _Axes, name: str, rate: float, roof: Roof) -> dict[str, Any] | None:
    """A line from where it enters the plot to where it meets the highest level; None where it is outside."""
    level = min(max(roof.levels.values(), default=axes.high_y), axes.high_y)
    begin, end = max(axes.low_x, axes.low_y / rate), min(level / rate, axes.high_x)
    if begin >= end:
        return None
    x1, y1, x2, y2 = axes.x(begin), axes.y(begin * rate), axes.x(end), axes.y(end * rate)
    text_x, text_y = (x1 + x2) / 2, (y1 + y2) / 2
    return {
        "x1": x1, "y1": y1, "x2": x2, "y2": y2,
        "text": f"{name}: {number_of(rate)}B/s",
        "text_x": text_x, "text_y": text_y, "angle": math.degrees(math.atan2(y2 - y1, x2 - x1)),
    }  # fmt: skip


def _level(axes: _Axes, kind: str, rate: float, roof: Roof) -> dict[str, Any]:
    """A line from where the steepest slope meets it to the right end."""
    begin = max(axes.low_x, rate / max(roof.slopes.values()))
    return {
        "x1": axes.x(min(begin, axes.high_x)), "x2": _RIGHT, "y": axes.y(rate),
        "text": f"{KINDS[kind]}: {number_of(rate)}op/s",
    }  # fmt: skip


@dataclass
class _Mark:
    """A point in the picture, with its number beside it."""

    number: int
    point: Point
    x: float
    y: float
    text_y: float = field(default=0.0)

    @property
    def radius(self) -> float:
        """The area stands for the share of the step's time."""
        return 3 + 9 * math.sqrt(self.point.share)


def _marks(axes: _Axes, points: Sequence[Point]) -> list[_Mark]:
    """Where points and their numbers are; numbers of points that are close make room for each other."""
    marks = [
        _Mark(number, point, axes.x(point.intensity), axes.y(point.rate))
        for number, point in enumerate(points, 1)
    ]
    placed: list[_Mark] = []
    for mark in sorted(marks, key=lambda mark: mark.y):
        mark.text_y = mark.y
        for other in placed:
            if abs(other.x - mark.x) < _LABEL_NEAR and mark.text_y - other.text_y < _LABEL_HEIGHT:
                mark.text_y = other.text_y + _LABEL_HEIGHT
        placed.append(mark)
    return marks


def _row(number: int, point: Point, roof: Roof, at: int) -> dict[str, Any]:
    """A line of the table under the plot."""
    allowed = roof.allowed(point.intensity)
    return {
        "y": _BOTTOM + 84 + _ROW_HEIGHT * at,
        "number": number,
        "step": point.step,
        "kernel": point.kernel,
        "intensity": number_of(round(point.intensity, 2)),
        "rate": f"{number_of(point.rate)}op/s",
        "share": f"{100 * point.share:.1f} %",
        "of_roof": f"{100 * point.rate / allowed:.0f} %" if point.rate <= allowed else "above it",
    }
