"""Short writes beside the stream: a copy that need not wait for a step that has nothing to do with it.

On the stream, a mask would be copied between the step that computes scores and the kernel that masks them,
and 16 KB take 12 us there on an H200, since the multiprocessors stop for the copy. Here it is copied while
that step runs. The order is what it would be: a copy waits for what was handed over before and reads the
buffer, and what reads it afterwards waits for the copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kernelc.artifact.schema import MASK_BUFFER, ROW_MASKS_BUFFER
from runtime.cuda.device import CudaDevice, Handle
from runtime.cuda.staging import StepRing
from runtime.device.program import LoadPlan

BESIDE = (MASK_BUFFER, ROW_MASKS_BUFFER)
"""Buffers that the host writes, and few programs read."""


class WritesBeside:
    """Writes to such buffers of one load. All of this inside `CudaDevice.using`."""

    def __init__(self, device: CudaDevice, plan: LoadPlan, longest: int) -> None:
        """`longest`: bytes of a write. To be made when the memory is there: writes wait for its zeros."""
        self._device, self._longest = device, longest
        self._stream: Handle = None
        self._rings: dict[str, StepRing] = {}
        self._written: dict[str, Handle] = {}  # events of writes that nothing has waited for
        self._copied: dict[str, Handle] = {}
        self._reads: Mapping[str, Sequence[str]] = {
            program: names
            for program, dispatches in plan.programs.items()
            if (names := sorted({r.buffer for each in dispatches for r in each.ranges} & {*BESIDE}))
        }
        self._read = {name: device.event() for name in BESIDE if name in plan.buffers}
        for event in self._read.values():
            event.record(device.stream)

    def takes(self, name: str, size: int) -> bool:
        """Whether a write goes beside the stream."""
        return name in self._read and size <= self._longest

    def write(self, name: str, address: int, data: bytes) -> None:
        """Copy to the device, after what reads the buffer now."""
        if self._stream is None:
            self._stream = self._device.driver.Stream()
        if name not in self._rings:
            self._rings[name] = StepRing(self._device, self._longest, self._stream)
            self._copied[name] = self._device.event()
        self._stream.wait_for_event(self._read[name])
        self._rings[name].send(address, data)
        self._copied[name].record(self._stream)
        self._written[name] = self._copied[name]

    def before(self, programs: Iterable[str], others: Iterable[str] = ()) -> None:
        """Let the stream wait for what was written to the buffers that programs read, and to others."""
        if self._written:
            for name in (*self._names(programs), *others):
                if (event := self._written.pop(name, None)) is not None:
                    self._device.stream.wait_for_event(event)

    def after(self, programs: Iterable[str]) -> None:
        """Note that programs were handed over."""
        for name in self._names(programs):
            self._read[name].record(self._device.stream)

    def _names(self, programs: Iterable[str]) -> list[str]:
        return [name for program in programs for name in self._reads.get(program, ())]
