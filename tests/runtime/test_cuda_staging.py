"""Short writes on their way to a CUDA device, on a device that is as late as it may be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from runtime.cuda.staging import STEPS_IN_FLIGHT, StepRing


class LateStream:
    """A device that copies nothing before somebody waits for an event: its queue, and what it has copied."""

    def __init__(self) -> None:
        self.queue: list[Any] = []
        self.copied: list[tuple[int, bytes]] = []
        self.stream = self
        self.driver = SimpleNamespace(memcpy_htod_async=lambda *copy: self.queue.append(copy))

    def pinned(self, size: int) -> Any:
        return np.zeros(size, np.uint8)

    def event(self) -> Any:
        marks: list[object] = []

        def record(stream: LateStream) -> None:
            marks[:] = [object()]
            stream.queue.append(marks[0])

        return SimpleNamespace(record=record, synchronize=lambda: self.run_to(marks[0]))

    def run_to(self, mark: object = None) -> None:
        """Do the work up to a mark, or all of it; nothing where the mark was passed."""
        while self.queue and (mark is None or mark in self.queue):
            item = self.queue.pop(0)
            if isinstance(item, tuple):
                address, memory, _ = item
                self.copied.append((address, memory.tobytes()))


def test_a_place_of_the_ring_is_written_again_only_after_the_device_has_read_it() -> None:
    device: Any = LateStream()
    ring = StepRing(device, 64)
    wanted = [(at, bytes([at]) * (1 + at % 64)) for at in range(3 * STEPS_IN_FLIGHT)]
    for address, data in wanted:
        ring.send(address, data)
    assert len(device.copied) == 2 * STEPS_IN_FLIGHT  # the others are under way
    device.run_to()
    assert device.copied == wanted
