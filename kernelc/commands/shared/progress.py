"""Progress on stderr for work that takes a while: a bar on a terminal, elsewhere a line every half minute."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Report = Callable[[str, int, int], None]

DELAY_SECONDS = 0.6  # shorter work shows no bar, to avoid flicker
LINE_SECONDS = 30.0  # where there is no terminal


@contextmanager
def progress_bar(title: str) -> Generator[Report | None]:
    """Show `title` with a bar while the block runs, or a line now and then without a terminal.

    Yields `report(what, done, total)`; callers allow for None. The bar appears after a moment, is
    indeterminate until the first report, and disappears at the end.
    """
    if not sys.stderr.isatty():
        yield _Lines(title).report
        return
    bar = _Bar(title)
    try:
        yield bar.report
    finally:
        bar.close()


class _Lines:
    """Says how far the work is, and about how long the rest takes at the pace since it began."""

    def __init__(self, title: str, now: Callable[[], float] = time.monotonic) -> None:
        self._title, self._now = title, now
        self._said = now()
        self._began: tuple[str, float, int] = ("", 0.0, 0)  # what was done since when, and how much was then

    def report(self, what: str, done: int, total: int) -> None:
        now = self._now()
        if what != self._began[0]:
            self._began = what, now, done
        if now - self._said < LINE_SECONDS or not total:
            return
        self._said = now
        _, began, before = self._began
        text = f"{self._title}: {what}, {100 * done // total} %"
        if done > before:
            minutes = (now - began) * (total - done) / (done - before) / 60
            text += f", about {minutes:.0f} min left" if minutes >= 1 else ", less than a minute left"
        print(text, file=sys.stderr, flush=True)


class _Bar:
    """A rich progress bar started by a timer. Reports and the timer come from different threads, hence the
    lock.
    """

    def __init__(self, title: str) -> None:
        self._lock = threading.Lock()
        self._title = title
        self._state: tuple[str, int, int | None] = ("", 0, None)
        self._shown: tuple[Progress, TaskID] | None = None
        self._closed = False
        self._timer = threading.Timer(DELAY_SECONDS, self._show)
        self._timer.daemon = True
        self._timer.start()

    def report(self, what: str, done: int, total: int) -> None:
        with self._lock:
            self._state = (what, done, total)
            self._update()

    def close(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._shown:
                self._shown[0].stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with self._lock:
            if self._closed:
                return
            bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._shown = bar, bar.add_task(self._title, total=None)
            self._update()
            bar.start()

    def _update(self) -> None:
        if self._shown:
            (bar, task), (what, done, total) = self._shown, self._state
            description = f"{self._title}: {what}" if what else self._title
            bar.update(task, description=description, completed=done, total=total)
