"""A CUDA device through PyCUDA: its primary context, memory, stream, modules, and its errors as ours.

PyCUDA is imported only when a device is opened, since importing it needs the driver's library. Neither it nor
cuda-bindings ships type information, so their objects are `Handle`s here.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.errors import DeviceError, KernelcError, WorkFailed
from runtime.device.executor import DeviceInfo, Limits
from runtime.device.failures import device_lost, out_of_memory

Handle: TypeAlias = Any
"""An object of PyCUDA or cuda-bindings."""

OVERLAP_VARIABLE = "KERNELC_CUDA_OVERLAP"
"""Environment variable: "off" starts each kernel of a step when the one before it has ended."""

BULK_COPIES_VARIABLE = "KERNELC_CUDA_BULK_COPIES"
"""Environment variable: "off" takes kernels without bulk copies where there are others."""

_INSTALL = "install NVIDIA's driver and the cuda extra, pip install 'kernelc[cuda]', or use another `device`"
_PARAMETER_BYTES = 4096  # all parameters of a kernel; a pointer takes eight bytes
_ALIGNMENT_BYTES = 16  # the widest load

STATIC_BYTES = 48 << 10
"""Shared memory that a kernel may declare. One that needs more is printed so that all of it comes with the
launch, of which there is more than of what is declared (CUDA C++ Programming Guide, "Shared Memory")."""


class CallFailed(RuntimeError):
    """A call of the driver through cuda-bindings failed."""


@dataclass(frozen=True)
class Function:
    """A kernel on a device: its module, which must live as long as the function's handle, and the bytes of
    shared memory that a launch gives it."""

    module: Handle
    handle: Handle
    dynamic_bytes: int = 0


class CudaDevice:
    """An open device. Everything that touches it happens inside `using`."""

    def __init__(self, ordinal: int = 0, overlap: bool | None = None) -> None:
        """Retain the primary context of a GPU.

        `overlap`: whether a kernel may start while the one before it in a step still runs (default: unless
        the environment says no, see `OVERLAP_VARIABLE`), where the device can. Raises: DeviceError where
        there is none.
        """
        self.driver = import_driver()
        self.graph_api = _import_graph_api()
        self._context: Handle = None
        with self.translated("opening the device"):
            device = self.driver.Device(ordinal)
            self.capability: tuple[int, int] = device.compute_capability()
            self.info = _device_info(self.driver, device)
            wanted = os.environ.get(OVERLAP_VARIABLE) != "off" if overlap is None else overlap
            self.overlaps = wanted and can_overlap(self.capability, int(self.driver.get_driver_version()))
            self._context = device.retain_primary_context()
        with self.using("opening the device"):
            self.stream: Handle = self.driver.Stream()
            self.graph_stream = self.graph_api.CUstream(self.stream.handle)

    def close(self) -> None:
        """Release the primary context. May be called twice."""
        if self._context is not None:
            with suppress(KernelcError), self.using("closing the device"):
                self.stream.synchronize()
            self.stream = None
            with suppress(self.driver.Error):
                self._context.detach()
            self._context = None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._context is None

    @contextmanager
    def using(self, doing: str) -> Generator[None]:
        """Make the context current; what the driver raises inside becomes a DeviceError or WorkFailed."""
        if self.closed:
            raise DeviceError("the device was closed", help="open it again")
        with self.translated(doing):
            self._context.push()
            try:
                yield
            finally:
                self.driver.Context.pop()

    # ---- memory; all of these inside `using` ----

    def free_bytes(self) -> tuple[int, int]:
        """Return (free, total) bytes of the device's memory."""
        free, total = self.driver.mem_get_info()
        return int(free), int(total)

    def allocate(self, size: int) -> Handle:
        """Return zero-filled memory of at least `size` bytes. The caller frees it by its `free` method."""
        memory = self.driver.mem_alloc(max(size, _ALIGNMENT_BYTES))
        try:
            self.driver.memset_d8_async(memory, 0, max(size, _ALIGNMENT_BYTES), self.stream)
        except BaseException:
            memory.free()
            raise
        return memory

    def pinned(self, size: int) -> npt.NDArray[np.uint8]:
        """Return page-locked host memory, which the device can copy to and from asynchronously."""
        return self.driver.pagelocked_empty(size, np.uint8)

    def upload(self, address: int, data: npt.NDArray[np.generic] | bytes) -> None:
        """Wait for all work handed over before, then copy to the device."""
        self.stream.synchronize()
        self.driver.memcpy_htod(address, data)

    def download(self, address: int, size: int) -> bytes:
        """Wait for all work handed over before and copy from the device."""
        data = np.empty(size, np.uint8)
        self.stream.synchronize()
        self.driver.memcpy_dtoh(data, address)
        return data.tobytes()

    def event(self) -> Handle:
        """Return an event whose waiters sleep instead of spinning, so that the processor is free
        meanwhile.
        """
        flags = self.driver.event_flags
        return self.driver.Event(flags.DISABLE_TIMING | flags.BLOCKING_SYNC)

    # ---- kernels ----

    def function(self, image: bytes, entry: str, parameters: int, shared_bytes: int) -> Function:
        """Return a compiled kernel with `parameters` pointer parameters and so much shared memory."""
        module = self.driver.module_from_buffer(image)
        function = module.get_function(entry)
        function.prepare("P" * parameters)
        if shared_bytes <= STATIC_BYTES:
            return Function(module, function)
        most = self.driver.function_attribute.MAX_DYNAMIC_SHARED_SIZE_BYTES
        function.set_attribute(most, shared_bytes)
        return Function(module, function, shared_bytes)

    def launch(
        self, function: Function, grid: tuple[int, int, int], threads: int, addresses: tuple[int, ...]
    ) -> None:
        """Launch a kernel on the stream. A grid without workgroups is skipped, as CUDA refuses it."""
        if all(grid):
            block = (threads, 1, 1)
            dynamic = {"shared_size": function.dynamic_bytes} if function.dynamic_bytes else {}
            function.handle.prepared_async_call(grid, block, self.stream, *addresses, **dynamic)

    def call(self, function: Handle, *args: Any) -> Any:
        """Call the driver through cuda-bindings and return its first result. Raises: CallFailed."""
        results = self.results(function, *args)
        return results[0] if results else None

    def results(self, function: Handle, *args: Any) -> list[Any]:
        """Call the driver through cuda-bindings and return all results. Raises: CallFailed."""
        status, *results = function(*args)
        if status != self.graph_api.CUresult.CUDA_SUCCESS:
            raise CallFailed(f"{function.__name__}: {status.name}")
        return results

    # ---- errors ----

    @contextmanager
    def translated(self, doing: str) -> Generator[None]:
        """Turn what PyCUDA and cuda-bindings raise inside into a DeviceError or WorkFailed."""
        try:
            yield
        except self.driver.MemoryError as error:
            raise out_of_memory(doing, str(error)) from error
        except (self.driver.Error, CallFailed) as error:
            raise as_kernelc_error(doing, str(error)) from error


def can_overlap(capability: tuple[int, int], driver_version: int) -> bool:
    """Whether the kernels of a graph can start before the kernel that they depend on has ended.

    Source: CUDA C++ Programming Guide, "Programmatic Dependent Launch and Synchronization", for devices; the
    driver takes the edges of such graphs since CUDA 12.3 (cuGraphAddDependencies_v2).
    """
    return capability >= (9, 0) and driver_version >= 12030


def import_driver() -> Handle:
    """Return `pycuda.driver`, initialised. Raises: DeviceError that says what is missing."""
    try:
        driver: Handle = importlib.import_module("pycuda.driver")
    except ImportError as error:
        missing = "NVIDIA's driver" if "libcuda" in str(error) else "PyCUDA"
        raise DeviceError(f"{missing} is missing ({error})", where="`device` cuda", help=_INSTALL) from None
    try:
        driver.init()
        count = driver.Device.count()
    except driver.Error as error:
        raise DeviceError(f"CUDA finds no GPU ({error})", where="`device` cuda", help=_INSTALL) from None
    if not count:
        raise DeviceError("CUDA finds no GPU", where="`device` cuda", help=_INSTALL)
    return driver


def _import_graph_api() -> Handle:
    try:
        return importlib.import_module("cuda.bindings.driver")
    except ImportError as error:
        raise DeviceError(
            f"cuda-bindings is missing ({error})", where="`device` cuda", help=_INSTALL
        ) from None


# Errors after which a context is unusable, as the driver words them and as cuda-bindings names them.
_LOST = (
    "illegal memory access",
    "illegal instruction",
    "illegal_address",
    "illegal_instruction",
    "launch failure",
    "launch_failed",
    "launch timed out",
    "launch_timeout",
    "misaligned",
    "hardware stack",
    "context is destroyed",
    "context_is_destroyed",
    "uncorrectable",
    "unavailable",
    "unknown error",
    "error_unknown",
)


def as_kernelc_error(doing: str, message: str) -> KernelcError:
    """Return the error for a failed call of the driver, by its message."""
    short = " ".join(message.split())
    if any(sign in short.lower() for sign in _LOST):
        return device_lost(doing, short)
    if "out of memory" in short.lower() or "out_of_memory" in short.lower():
        return out_of_memory(doing, short)
    return WorkFailed(f"{doing} failed: {short}")


def _device_info(driver: Handle, device: Handle) -> DeviceInfo:
    major, minor = device.compute_capability()
    version = int(driver.get_driver_version())
    return DeviceInfo(
        kind="cuda",
        name=str(device.name()),
        driver=f"CUDA {version // 1000}.{version % 1000 // 10}, compute capability {major}.{minor}",
        target="cuda",
        features=_features(major, minor),
        subgroup_size=int(device.get_attribute(driver.device_attribute.WARP_SIZE)),
        limits=_limits(driver, device),
        memory_bytes=int(device.total_memory()),
    )


def _features(major: int, minor: int) -> frozenset[str]:
    """Return the features of a compute capability. Matrix units, as our kernels use `mma` and `ldmatrix`,
    came with Turing, `cp.async.bulk` with Hopper (PTX ISA).
    """
    tiles = {"tile_f16_16x16x16", "tile_i8_16x16x32", "mma_i8"} if (major, minor) >= (7, 5) else set[str]()
    if (major, minor) == (9, 0):  # the one that has `wgmma`
        tiles.add("tile_f16_64x128x16")
    wanted = os.environ.get(BULK_COPIES_VARIABLE) != "off"
    copies = {"bulk_copies"} if wanted and (major, minor) >= (9, 0) else set[str]()
    return frozenset({"subgroups", "dot4"} | tiles | copies)


def _limits(driver: Handle, device: Handle) -> Limits:
    def of(name: str) -> int:
        return int(device.get_attribute(getattr(driver.device_attribute, name)))

    return Limits(
        buffer_bytes=int(device.total_memory()),
        binding_bytes=int(device.total_memory()),
        shared_bytes=of("MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"),
        threads=of("MAX_THREADS_PER_BLOCK"),
        workgroup=(of("MAX_BLOCK_DIM_X"), of("MAX_BLOCK_DIM_Y"), of("MAX_BLOCK_DIM_Z")),
        workgroups=min(of("MAX_GRID_DIM_X"), of("MAX_GRID_DIM_Y"), of("MAX_GRID_DIM_Z")),
        storage_buffers=_PARAMETER_BYTES // 8 - 1,
        offset_alignment_bytes=_ALIGNMENT_BYTES,
    )
