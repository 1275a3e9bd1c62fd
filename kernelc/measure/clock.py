"""Times programs of a loaded artifact by the wall clock, many runs at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kernelc.kernels.step_block import STEP
from runtime.device.executor import Executor, Ticket

WARM_SECONDS = 0.3
"""How long a device works before it is timed: a graphics card clocks up only under work."""
_FINALISTS, _RUNS = 3, 3
_MOST_RUNS = 2000  # handed over without waiting


class Clock:
    """Runs programs on a device; none of them looks at the step block."""

    def __init__(self, executor: Executor, warm_seconds: float = WARM_SECONDS) -> None:
        self._executor, self._warm_seconds = executor, warm_seconds
        self._step = bytes(4 * len(STEP))

    def run(self, *programs: str) -> None:
        """Run programs one after the other, and wait for them."""
        self._hand_over(programs).result()

    def seconds(self, program: str, least: float) -> float:
        """How long one run of a program takes, of as many as take at `least` so long together."""
        began = time.perf_counter()
        self.run(program)
        once = max(1e-6, time.perf_counter() - began)
        count = min(_MOST_RUNS, round(least / once))
        if count < 2:
            return once
        began = time.perf_counter()
        for _ in range(count - 1):
            self._hand_over([program]).discard()
        self.run(program)
        return min(once, (time.perf_counter() - began) / count)

    def fastest(self, programs: Sequence[str], seconds: float) -> dict[str, float]:
        """Time each program within about so many seconds; of the fastest few the best of several times."""
        self.seconds(programs[0], self._warm_seconds)
        end = time.perf_counter() + seconds
        found = {name: self.seconds(name, 0.4 * seconds / len(programs)) for name in programs}
        finalists = sorted(programs, key=lambda name: found[name])[:_FINALISTS]
        for name in finalists * _RUNS:
            if time.perf_counter() < end:
                share = 0.6 * seconds / len(finalists) / _RUNS
                found[name] = min(found[name], self.seconds(name, share))
        return found

    def _hand_over(self, programs: Sequence[str]) -> Ticket:
        return self._executor.run(programs, {"seq": 1, "past": 0, "context": 1}, self._step)
