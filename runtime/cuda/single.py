"""Runs one compiled kernel by itself, for `verify` and the property tests of kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from runtime.cuda.device import CudaDevice, Function, Handle
from runtime.device.program import Extent

Arrays = Sequence[npt.NDArray[np.generic]]


def run_image(
    device: CudaDevice,
    image: bytes,
    entry: str,
    grid: Extent,
    threads: int,
    arrays: Arrays,
    step: bytes = b"",
    shared_bytes: int = 0,
) -> list[npt.NDArray[np.generic]]:
    """Run a compiled kernel once on copies of `arrays`; see `run_function` for the rest."""
    with device.using(f"loading kernel {entry}"):
        function = device.function(image, entry, len(arrays) + bool(step), shared_bytes)
    try:
        return run_function(device, function, entry, grid, threads, arrays, step)
    finally:
        with device.using(f"unloading kernel {entry}"):
            del function


def run_function(
    device: CudaDevice,
    function: Function,
    entry: str,
    grid: Extent,
    threads: int,
    arrays: Arrays,
    step: bytes = b"",
) -> list[npt.NDArray[np.generic]]:
    """Run a kernel once on copies of `arrays`, one per binding, and return them as the kernel left them.

    `step` is the step block, for a kernel that takes one. Raises: DeviceError, WorkFailed.
    """
    blocks = [np.ascontiguousarray(array).tobytes() for array in arrays]
    blocks += [step] if step else []
    memory: list[Handle] = []
    with device.using(f"running kernel {entry}"):
        try:
            for block in blocks:
                memory.append(device.allocate(len(block)))
                if block:
                    device.upload(int(memory[-1]), block)
            device.launch(function, grid, threads, tuple(int(each) for each in memory))
            data = [device.download(int(at), len(block)) for at, block in zip(memory, blocks, strict=True)]
        finally:
            for each in memory:
                each.free()
    return [
        np.frombuffer(raw, array.dtype).reshape(array.shape).copy()
        for raw, array in zip(data, arrays, strict=False)  # the step block comes last
    ]
