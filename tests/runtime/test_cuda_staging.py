"""Short writes on their way to a CUDA device, on devices that are as late as they may be, or by chance."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kernelc.artifact.schema import MASK_BUFFER
from runtime.cuda.beside import WritesBeside
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


class ChanceDevice:
    """A device whose streams go on by chance, as far as the events that they wait for let them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.queues: list[list[Any]] = []
        self.memory: dict[int, bytes] = {}
        self.seen: list[bytes] = []  # what programs read
        self.stream = self.Stream()
        self.driver = SimpleNamespace(memcpy_htod_async=self.copy, Stream=self.Stream)

    def Stream(self) -> Any:
        queue: list[Any] = []
        self.queues.append(queue)

        def wait_for_event(event: Any) -> None:
            mark = event.mark
            queue.append(("wait", mark))

        return SimpleNamespace(queue=queue, wait_for_event=wait_for_event)

    def event(self) -> Any:
        event = SimpleNamespace(mark=None)

        def record(stream: Any) -> None:
            event.mark = {"passed": False}
            stream.queue.append(("mark", event.mark))

        def synchronize() -> None:
            while not event.mark["passed"]:
                self.go_on()

        event.record, event.synchronize = record, synchronize
        return event

    def pinned(self, size: int) -> Any:
        return np.zeros(size, np.uint8)

    def copy(self, address: int, data: Any, stream: Any) -> None:
        stream.queue.append(("copy", address, data))

    def program(self, address: int) -> None:
        """Hand over a program that reads what lies at an address."""
        self.stream.queue.append(("read", address))

    def go_on(self) -> None:
        """Do one piece of work of a stream that has any it may do."""
        ready = [each for each in self.queues if each and (each[0][0] != "wait" or each[0][1]["passed"])]
        assert ready, "every stream waits for another"
        kind, *what = self.chance.choice(ready).pop(0)
        if kind == "mark":
            what[0]["passed"] = True
        elif kind == "copy":
            self.memory[what[0]] = bytes(what[1])
        elif kind == "read":
            self.seen.append(self.memory[what[0]])


@pytest.mark.parametrize("seed", range(40))
def test_what_is_written_beside_the_stream_keeps_its_order(seed: int) -> None:
    device: Any = ChanceDevice(seed)
    dispatch = SimpleNamespace(ranges=[SimpleNamespace(buffer=MASK_BUFFER)])
    other = SimpleNamespace(ranges=[SimpleNamespace(buffer="tokens")])
    plan: Any = SimpleNamespace(buffers={MASK_BUFFER: 4}, programs={"mask": [dispatch], "decode": [other]})
    beside = WritesBeside(device, plan, 4)
    assert beside.takes(MASK_BUFFER, 4) and not beside.takes(MASK_BUFFER, 5) and not beside.takes("tokens", 4)
    wanted: list[bytes] = []
    for at in range(3 * STEPS_IN_FLIGHT):
        for _ in range(device.chance.randrange(1, 3)):  # the last one counts
            data = bytes([at, device.chance.randrange(256), 0, 1])
            beside.write(MASK_BUFFER, 16, data)
        for program in device.chance.choice([["mask"], ["decode", "mask"], ["mask", "mask"]]):
            beside.before([program])
            if program == "mask":
                device.program(16)
                wanted.append(data)
            beside.after([program])
        for _ in range(device.chance.randrange(8)):
            if any(device.queues):
                device.go_on()
    while any(device.queues):
        device.go_on()
    assert device.seen == wanted
