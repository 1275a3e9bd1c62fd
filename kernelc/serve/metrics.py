"""Counters and histograms as Prometheus reads them.

Written by hand: the text format is a page, and the client library would be another dependency for it.
Source: "Exposition formats, text format 0.0.4" in Prometheus' documentation.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

COUNTERS = {
    "kernelc_http_requests_total": "Requests by path, method and status.",
    "kernelc_requests_refused_total": "Calls that found the queue full.",
    "kernelc_answers_aborted_total": "Calls whose client went away while they were being answered.",
    "kernelc_prompt_tokens_total": "Tokens of prompts, with those that were cached.",
    "kernelc_reused_tokens_total": "Tokens of prompts that were cached.",
    "kernelc_generated_tokens_total": "Tokens generated.",
    "kernelc_drafted_tokens_total": "Tokens that a draft model guessed.",
    "kernelc_accepted_tokens_total": "Guesses of a draft model that were right.",
}
HISTOGRAMS = {
    "kernelc_first_token_seconds": "From the beginning of the work on a choice to its first token.",
    "kernelc_call_seconds": "From a call's arrival to the end of its response.",
}
GAUGES = {
    "kernelc_calls_waiting": "Calls in the queue.",
    "kernelc_calls_running": "Calls being answered.",
    "kernelc_model_healthy": "1, or 0 where the device failed at the last call.",
}

Labels = tuple[tuple[str, str], ...]
Gauge = tuple[str, float, Mapping[str, str]]
"""The name of a gauge, its value and its labels."""


@dataclass
class _Histogram:
    buckets: list[int] = field(default_factory=lambda: [0] * len(_SECONDS))
    total: float = 0.0
    count: int = 0


class Metrics:
    """What has happened since the server started. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[str, dict[Labels, float]] = {name: {} for name in COUNTERS}
        self._histograms: dict[str, dict[Labels, _Histogram]] = {name: {} for name in HISTOGRAMS}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter of `COUNTERS`."""
        key = tuple(sorted(labels.items()))
        with self._lock:
            values = self._counters[name]
            values[key] = values.get(key, 0) + amount

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add a duration to a histogram of `HISTOGRAMS`."""
        key = tuple(sorted(labels.items()))
        with self._lock:
            histogram = self._histograms[name].setdefault(key, _Histogram())
            histogram.total += seconds
            histogram.count += 1
            for at, most in enumerate(_SECONDS):
                histogram.buckets[at] += seconds <= most  # buckets are cumulative

    def text(self, gauges: Iterable[Gauge] = ()) -> str:
        """Return everything in the text format, with the values of gauges, which are read when asked for."""
        lines: list[str] = []
        with self._lock:
            for name, help_ in COUNTERS.items():
                lines += _head(name, help_, "counter")
                lines += [_line(name, labels, value) for labels, value in self._counters[name].items()]
            for name, help_ in HISTOGRAMS.items():
                lines += _head(name, help_, "histogram")
                for labels, histogram in self._histograms[name].items():
                    lines += _histogram_lines(name, labels, histogram)
        read = list(gauges)
        for name, help_ in GAUGES.items():
            lines += _head(name, help_, "gauge")
            lines += [_line(name, tuple(labels.items()), value) for own, value, labels in read if own == name]
        return "\n".join(lines) + "\n"


def _head(name: str, help_: str, kind: str) -> list[str]:
    return [f"# HELP {name} {help_}", f"# TYPE {name} {kind}"]


def _histogram_lines(name: str, labels: Labels, histogram: _Histogram) -> list[str]:
    lines = [
        _line(f"{name}_bucket", (*labels, ("le", f"{most:g}")), count)
        for most, count in zip(_SECONDS, histogram.buckets, strict=True)
    ]
    lines.append(_line(f"{name}_bucket", (*labels, ("le", "+Inf")), histogram.count))
    return [
        *lines,
        _line(f"{name}_sum", labels, histogram.total),
        _line(f"{name}_count", labels, histogram.count),
    ]


def _line(name: str, labels: Labels, value: float) -> str:
    shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{name}{{{shown}}} {value:.10g}" if shown else f"{name} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
