"""Runs one compiled kernel alone: for `verify` and for the property tests of kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from runtime.cuda_device import CudaDevice, Handle
from runtime.program import Extent

Arrays = Sequence[npt.NDArray[np.generic]]


def run_image(
    device: CudaDevice,
    image: bytes,
    entry: str,
    grid: Extent,
    threads: int,
    arrays: Arrays,
    step: bytes = b"",
) -> list[npt.NDArray[np.generic]]:
    """Run a kernel once on copies of `arrays`, one for each binding; return them as the kernel left them.

    `step` is the step block, for a kernel that takes one. Raises: DeviceError, WorkFailed.
    """
    with device.using(f"running kernel {entry}"):
        blocks = [np.ascontiguousarray(array).tobytes() for array in arrays]
        blocks += [step] if step else []
        memory: list[Handle] = []
        try:
            for block in blocks:
                memory.append(device.allocate(len(block)))
                if block:
                    device.upload(int(memory[-1]), block)
            module, function = device.function(image, entry, len(memory))
            device.launch(function, grid, threads, tuple(int(each) for each in memory))
            data = [device.download(int(at), len(block)) for at, block in zip(memory, blocks, strict=True)]
            del function, module
        finally:
            for each in memory:
                each.free()
    return [
        np.frombuffer(raw, array.dtype).reshape(array.shape).copy()
        for raw, array in zip(data, arrays, strict=False)  # the step block comes last
    ]
