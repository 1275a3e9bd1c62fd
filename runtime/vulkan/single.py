"""Runs one kernel by itself on Vulkan, for `verify` and the property tests of kernels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from runtime.device.program import Extent
from runtime.vulkan.kernels import BindingSets, Pipeline
from runtime.vulkan.native import translated
from runtime.vulkan.opened import OpenedDevice

_ALIGNMENT_BYTES = 256  # no device requires more


def run_pipeline(
    opened: OpenedDevice,
    pipeline: Pipeline,
    grid: Extent,
    arrays: Sequence[npt.NDArray[np.generic]],
    step: bytes = b"",
) -> list[npt.NDArray[np.generic]]:
    """Run a kernel once on copies of `arrays`, one per binding, and return them as the kernel left them.

    `step` is the step block, for a kernel that takes one. All bindings are ranges of one host-visible buffer.
    Raises: DeviceError, WorkFailed.
    """
    data = [array.tobytes() for array in arrays] + [step] * (len(pipeline.layout.kinds) - len(arrays))
    sizes = [
        max(4, len(each) + -len(each) % 4) for each in data
    ]  # an odd number of f16 does not fill whole words
    starts = list(accumulate((size + -size % _ALIGNMENT_BYTES for size in sizes), initial=0))
    memory = opened.device.create_buffer("one kernel's bindings", starts[-1], host=True)
    try:
        for start, each in zip(starts, data, strict=False):
            opened.queue.write(memory, start, np.frombuffer(each, np.uint8))
        ranges = [(memory, start, size) for start, size in zip(starts, sizes, strict=False)]
        _run(opened, pipeline, grid, BindingSets(opened.device, [(pipeline, ranges)]))
        return [
            np.frombuffer(opened.queue.read(memory, start, array.nbytes), array.dtype).reshape(array.shape)
            for start, array in zip(starts, arrays, strict=False)
        ]
    finally:
        opened.device.release(memory)


def _run(opened: OpenedDevice, pipeline: Pipeline, grid: Extent, sets: BindingSets) -> None:
    queue = opened.queue
    try:
        with translated("running a kernel"):
            frame = queue.take_frame()
            queue.begin(frame.before)
            queue.dispatch(frame.before, pipeline, sets.sets[0], grid)
            queue.barrier_to_host(frame.before)
            queue.end(frame.before)
            queue.submit([frame.before], frame)
            queue.flush()
    finally:
        sets.release()
