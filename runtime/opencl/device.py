"""An OpenCL device: which one is opened, its capabilities and programs, and its errors as ours.

pyopencl is an optional dependency without type information. Its objects are `Handle`s, and only this module
imports it.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from kernelc.errors import DeviceError, KernelcError, WorkFailed
from runtime.device.executor import DeviceInfo, Limits
from runtime.device.failures import device_lost, kernel_refused, out_of_memory

Handle: TypeAlias = Any
"""An object of pyopencl."""

OPTIONS = ("-cl-std=CL1.2",)  # nothing that relaxes arithmetic
_WORKGROUPS = 65535  # along a dimension; OpenCL states no limit, but some drivers have this one
_POINTER_BYTES = 8

_INSTALL = "install pyopencl (the extra opencl) and a driver, such as pocl-opencl-icd for the CPU"
_OUT_OF_MEMORY = (
    "MEM_OBJECT_ALLOCATION_FAILURE",
    "OUT_OF_RESOURCES",
    "OUT_OF_HOST_MEMORY",
    "INVALID_BUFFER_SIZE",
)
_LOST = ("DEVICE_NOT_AVAILABLE", "INVALID_CONTEXT", "INVALID_COMMAND_QUEUE")


@dataclass(frozen=True)
class KernelSource:
    """A kernel's OpenCL C. Its arguments are the bindings in order, then the step block if it takes one."""

    name: str
    text: str
    entry: str


def import_pyopencl() -> Handle:
    """Return the module pyopencl. Raises: DeviceError where it, or the library that it loads, is not
    installed.
    """
    try:
        return importlib.import_module("pyopencl")
    except ImportError as error:
        raise DeviceError(f"device opencl needs pyopencl: {error}", help=_INSTALL) from error


def find_devices() -> list[Handle]:
    """Return the OpenCL devices that can run our kernels, graphics cards first. Raises: DeviceError for
    none.
    """
    cl = import_pyopencl()
    try:
        found = [device for platform in cl.get_platforms() for device in _devices_of(cl, platform)]
    except cl.Error as error:  # the loader's "PLATFORM_NOT_FOUND_KHR"
        raise DeviceError("there is no OpenCL driver", help=_INSTALL) from error
    usable = [device for device in found if _usable(device)]
    if not usable:
        lacks = "none of them compiles kernels" if found else "no platform has any"
        raise DeviceError(f"there is no OpenCL device: {lacks}", help=_INSTALL)
    return sorted(usable, key=lambda device: not device.type & cl.device_type.GPU)


def _devices_of(cl: Handle, platform: Handle) -> list[Handle]:
    try:
        return platform.get_devices()
    except cl.Error:  # a platform may have none
        return []


def _usable(device: Handle) -> bool:
    """Whether kernels run here. They take halves and bytes out of words in little-endian order."""
    return bool(device.available and device.compiler_available and device.endian_little)


class OpenClDevice:
    """An open device with one queue, whose commands run in the order in which they were enqueued."""

    def __init__(self) -> None:
        """Open the first graphics card, else the first device. Raises: DeviceError where there is none."""
        self.cl: Handle = import_pyopencl()
        self.device: Handle = find_devices()[0]
        with self.translated("opening the device"):
            self.context: Handle = self.cl.Context([self.device])
            self.queue: Handle = self.cl.CommandQueue(self.context)
        self.info = device_info(self.device)

    def close(self) -> None:
        """Wait for all work that was handed over."""
        with self.translated("closing the device"):
            self.queue.finish()

    def timed_queue(self) -> Handle:
        """Return another queue, which measures every command."""
        with self.translated("opening a queue that measures"):
            return self.cl.CommandQueue(
                self.context, properties=self.cl.command_queue_properties.PROFILING_ENABLE
            )

    # ---- buffers ----

    def create_buffer(self, name: str, size: int) -> Handle:
        """Return a zero-filled buffer. Raises: DeviceError where memory runs out."""
        with self.translated(f"allocating {size} bytes for buffer {name}"):
            buffer = self.cl.Buffer(self.context, self.cl.mem_flags.READ_WRITE, size)
            self.cl.enqueue_fill_buffer(self.queue, buffer, b"\0", 0, size)
            return buffer

    def region(self, buffer: Handle, offset: int, size: int) -> Handle:
        """Return a buffer that starts at `offset` of another one, for use as a kernel argument."""
        return buffer if offset == 0 else buffer.get_sub_region(offset, size)

    def write(self, buffer: Handle, offset: int, data: object, *, wait: bool = True) -> Handle:
        """Enqueue a write of bytes or an array. Without `wait`, the caller keeps the event until it is
        done.
        """
        with self.translated("writing a buffer"):
            return self.cl.enqueue_copy(self.queue, buffer, data, dst_offset=offset, is_blocking=wait)

    def read(self, buffer: Handle, offset: int, into: object, *, wait: bool = True) -> Handle:
        """Enqueue a read into a writable array. Without `wait`, the array is filled when the event
        completes.
        """
        with self.translated("reading a buffer"):
            return self.cl.enqueue_copy(self.queue, into, buffer, src_offset=offset, is_blocking=wait)

    # ---- kernels ----

    def build(self, source: KernelSource) -> Handle:
        """Return the compiled program of a kernel. Raises: WorkFailed with the source around the error."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyopencl warns whenever the compiler prints anything
            try:
                return self.cl.Program(self.context, source.text).build(options=list(OPTIONS))
            except self.cl.Error as error:
                raise compile_error(source.name, source.text, str(error)) from error

    def kernel(self, program: Handle, name: str, entry: str, arguments: Sequence[Handle]) -> Handle:
        """Return a kernel object of a built program with its arguments set for good. Errors name it
        `name`.
        """
        with self.translated(f"binding the buffers of {name}"):
            kernel = self.cl.Kernel(program, entry)
            kernel.set_args(*arguments)
            return kernel

    # ---- errors ----

    @contextmanager
    def translated(self, doing: str) -> Generator[None]:
        """Turn what pyopencl raises inside into a DeviceError or WorkFailed."""
        try:
            yield
        except self.cl.Error as error:
            raise as_kernelc_error(doing, str(error)) from error


def compile_error(name: str, text: str, message: str) -> WorkFailed:
    """Return the error for a kernel that the driver refuses, from its build log."""
    found = re.search(r":(\d+):(\d+): (?:error: )?(.*)", message)
    if found is None:
        return kernel_refused(name, _short(message))
    return kernel_refused(name, found[3], text=text, line=int(found[1]), column=int(found[2]))


def as_kernelc_error(doing: str, message: str) -> KernelcError:
    """Return the error for a message of pyopencl. Memory and lost devices are things the user can act on."""
    short = _short(message)
    if any(code in short for code in _LOST):
        return device_lost(doing, short)
    if any(code in short for code in _OUT_OF_MEMORY):
        return out_of_memory(doing, short)
    return WorkFailed(f"{doing} failed: {short}")


def _short(message: str) -> str:
    """Return the last "call failed: CODE" of pyopencl's nested messages, or the whole message."""
    calls = re.findall(r"cl\w+ failed: [A-Z_]+", message)
    return calls[-1] if calls else " ".join(message.split()) or "no reason given"


def device_info(device: Handle) -> DeviceInfo:
    """Describe a device without opening it."""
    x, y, z = (int(size) for size in device.max_work_item_sizes[:3])
    return DeviceInfo(
        kind="opencl",
        name=str(device.name).strip(),
        driver=f"{device.platform.name}: {device.version} ({device.driver_version})",
        target="opencl",
        limits=Limits(
            buffer_bytes=device.max_mem_alloc_size,
            binding_bytes=device.max_mem_alloc_size,
            shared_bytes=device.local_mem_size,
            threads=device.max_work_group_size,
            workgroup=(x, y, z),
            workgroups=_WORKGROUPS,
            storage_buffers=device.max_parameter_size // _POINTER_BYTES - 1,  # less the step block
            offset_alignment_bytes=max(1, device.mem_base_addr_align // 8),
        ),
        memory_bytes=device.global_mem_size,
    )
