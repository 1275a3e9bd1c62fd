"""The boundary to wgpu-py: the only module that touches its untyped parts and its native library.

wgpu-py ships no type information, so its objects are `Any` here (`Handle`) and typed from here on. Its public
API is used for whatever happens once. Whatever happens for every dispatch or token goes to the native library
directly: three calls per dispatch cost 1.5 us that way and 5 us through the public API, and only the native
call can wait for one submission while later ones are in flight.

`_safe` calls raise what the library reports, as wgpu-py wraps them. `_bare` calls are the hot ones; the
library reports their mistakes when the pass ends or the encoder is finished, which are safe calls.
"""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

from kernelc.errors import DeviceError

Handle: TypeAlias = Any
"""An object of wgpu-py or of its native library."""

# The size of all subgroups of a vendor's devices, by its number at PCI-SIG: wgpu-native 29 does not tell.
_SUBGROUPS_OF = {0x10DE: 32}  # NVIDIA
_NO_CHECKS = 0  # WGPUShaderRuntimeChecks_None
# How the messages of the library's own errors begin.
_COMPLAINTS = ("Validation Error", "Out of Memory", "Internal Error", "The WGPU device was lost")


class Complaints(logging.Handler):
    """Collects errors that wgpu-py could only log, because they came up outside a safe call.

    wgpu-py would print them. Here they are kept until the next call that can raise them.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._messages: deque[str] = deque(maxlen=8)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of an error of the library. Other records are ignored."""
        if record.getMessage().startswith(_COMPLAINTS):
            self._messages.append(record.getMessage())

    def raise_any(self) -> None:
        """Raises: RuntimeError with what was logged since the last call."""
        if self._messages:
            text = "\n".join(self._messages)
            self._messages.clear()
            raise RuntimeError(text)


class NativeLibrary:
    """wgpu-py's native library, with the calls that record, submit and map."""

    def __init__(self) -> None:
        api: Any = importlib.import_module("wgpu.backends.wgpu_native._api")
        self._ffi: Any = api.ffi
        self._safe: Any = api.libf
        self._bare: Any = api.lib
        self._module: Any = api.GPUShaderModule
        self.null: Handle = self._ffi.NULL
        self.set_pipeline: Any = self._bare.wgpuComputePassEncoderSetPipeline
        self.set_bind_group: Any = self._bare.wgpuComputePassEncoderSetBindGroup
        self.dispatch: Any = self._bare.wgpuComputePassEncoderDispatchWorkgroups
        self._interrupts: list[BaseException] = []
        self._complaints = Complaints()
        logging.getLogger("wgpu").addHandler(self._complaints)
        signature = "void(WGPUMapAsyncStatus, WGPUStringView, void *, void *)"
        self._on_mapped: Any = self._ffi.callback(signature, self._mapped, onerror=self._callback_failed)

    def close(self) -> None:
        """Stop listening to wgpu-py's log."""
        logging.getLogger("wgpu").removeHandler(self._complaints)

    # ---- recording ----

    def begin_encoder(self, device: Handle) -> Handle:
        """Return a new command encoder of the device."""
        return self._safe.wgpuDeviceCreateCommandEncoder(device, self.null)

    def begin_pass(self, encoder: Handle) -> Handle:
        """Return a new compute pass, for `set_pipeline`, `set_bind_group` and `dispatch`."""
        return self._safe.wgpuCommandEncoderBeginComputePass(encoder, self.null)

    def end_pass(self, compute_pass: Handle) -> None:
        """End and release a compute pass. Raises whatever was wrong with it."""
        try:
            self._safe.wgpuComputePassEncoderEnd(compute_pass)
        finally:
            self._bare.wgpuComputePassEncoderRelease(compute_pass)

    def copy(self, encoder: Handle, source: Handle, offset: int, target: Handle, at: int, size: int) -> None:
        """Record a copy between buffers."""
        self._bare.wgpuCommandEncoderCopyBufferToBuffer(encoder, source, offset, target, at, size)

    def write(self, queue: Handle, buffer: Handle, data: bytes) -> None:
        """Write to the start of a buffer, in the order of the submissions."""
        self._safe.wgpuQueueWriteBuffer(queue, buffer, 0, self._ffi.from_buffer(data), len(data))

    def submit(self, queue: Handle, encoder: Handle) -> Handle:
        """Finish, submit and release an encoder. Return the submission, which can be waited for."""
        try:
            commands = self._safe.wgpuCommandEncoderFinish(encoder, self.null)
        finally:
            self._bare.wgpuCommandEncoderRelease(encoder)
        try:
            index = self._safe.wgpuQueueSubmitForIndex(
                queue, 1, self._ffi.new("WGPUCommandBuffer[]", [commands])
            )
        finally:
            self._bare.wgpuCommandBufferRelease(commands)
        return self._ffi.new("WGPUSubmissionIndex *", index)

    def drop(self, encoder: Handle) -> None:
        """Finish an encoder and discard its commands. Raises whatever was wrong with it."""
        try:
            self._bare.wgpuCommandBufferRelease(self._safe.wgpuCommandEncoderFinish(encoder, self.null))
        finally:
            self._bare.wgpuCommandEncoderRelease(encoder)

    def submit_nothing(self, queue: Handle) -> Handle:
        """Submit what `write` has queued; return the submission."""
        index = self._safe.wgpuQueueSubmitForIndex(queue, 0, self.null)
        return self._ffi.new("WGPUSubmissionIndex *", index)

    # ---- waiting ----

    def wait(self, device: Handle, submission: Handle) -> None:
        """Wait until a submission is done, while later ones go on. Raises errors that could not be raised
        before.
        """
        self._safe.wgpuDevicePoll(device, True, submission)
        self._complaints.raise_any()

    def read(self, device: Handle, buffer: Handle, size: int, submission: Handle) -> bytes:
        """Wait for a submission, then return the first `size` bytes of a mappable buffer.

        Raises: RuntimeError where the buffer cannot be mapped; an interrupt that came in while waiting. In
        both cases the buffer must not be used again.
        """
        outcome: list[int] = []
        outcome_handle = self._ffi.new_handle(outcome)
        info = self._ffi.new("WGPUBufferMapCallbackInfo *")
        info.mode = self._bare.WGPUCallbackMode_AllowProcessEvents
        info.callback, info.userdata1 = self._on_mapped, outcome_handle
        self._safe.wgpuBufferMapAsync(buffer, self._bare.WGPUMapMode_Read, 0, size, info[0])
        self.wait(device, submission)
        if self._interrupts:
            raise self._interrupts.pop()
        if outcome != [self._bare.WGPUMapAsyncStatus_Success]:
            raise RuntimeError(f"could not map a buffer of {size} bytes (status {outcome})")
        return self._copy_out(buffer, size)

    def _copy_out(self, buffer: Handle, size: int) -> bytes:
        pointer = self._safe.wgpuBufferGetMappedRange(buffer, 0, size)
        data = bytes(self._ffi.buffer(pointer, size))
        self._safe.wgpuBufferUnmap(buffer)
        return data

    def _mapped(self, status: int, message: Handle, outcome: Handle, unused: Handle) -> None:
        self._ffi.from_handle(outcome).append(int(status))

    def _callback_failed(self, kind: type[BaseException], error: BaseException, traceback: object) -> None:
        # Ctrl-C while waiting in the library surfaces in the first Python code to run: the callback, out of
        # which nothing can be raised. `read` raises it instead.
        self._interrupts.append(error)

    # ---- what wgpu-py leaves out ----

    def subgroup_size(self, adapter: Handle) -> int | None:
        """Return the one size of an adapter's subgroups; None where it varies, or nobody says."""
        info = self._ffi.new("WGPUAdapterInfo *")
        if self._safe.wgpuAdapterGetInfo(adapter, info) != self._bare.WGPUStatus_Success:
            return None
        smallest, largest = int(info.subgroupMinSize), int(info.subgroupMaxSize)
        known = _SUBGROUPS_OF.get(int(info.vendorID))
        self._bare.wgpuAdapterInfoFreeMembers(info[0])
        if not largest:
            return known
        return smallest if smallest == largest else None

    def unchecked_module(self, device: Handle, label: str, code: str) -> Handle | None:
        """Return a shader module of wgpu-py's whose kernels run as they are printed; None where the library
        cannot make one.

        Otherwise naga counts the rounds of every loop, and holds indices into memory within bounds. Our
        kernels are tested for both in the interpreter, and on Vulkan and CUDA they run without.
        """
        if not hasattr(self._bare, "wgpuDeviceCreateShaderModuleTrusted"):
            return None
        text, name = (self._ffi.from_buffer(each.encode()) for each in (code, label))
        source = self._ffi.new("WGPUShaderSourceWGSL *")
        source.chain.sType = self._bare.WGPUSType_ShaderSourceWGSL
        source.code.data, source.code.length = self._ffi.cast("char *", text), len(text)
        wanted = self._ffi.new("WGPUShaderModuleDescriptor *")
        wanted.nextInChain = self._ffi.cast("WGPUChainedStruct *", source)
        wanted.label.data, wanted.label.length = self._ffi.cast("char *", name), len(name)
        made = self._safe.wgpuDeviceCreateShaderModuleTrusted(native(device), wanted, _NO_CHECKS)
        return None if made == self.null else self._module(label, made, device)

    def timestamp_period(self, queue: Handle) -> float:
        """Return the nanoseconds of one tick of a timestamp query."""
        return float(self._bare.wgpuQueueGetTimestampPeriod(queue))


def native(thing: Handle) -> Handle:
    """Return the native handle of an object of wgpu-py, which must be kept alive."""
    return thing._internal


def import_wgpu() -> Handle:
    """Return the wgpu module. Raises: DeviceError where it is not installed or cannot load its library."""
    # Vulkan's window-system layer complains on stderr without it, though nothing here opens a window.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    try:
        return importlib.import_module("wgpu")
    except (ImportError, OSError) as error:
        help_ = "pip install wgpu, or use `device` cpu"
        raise DeviceError(f"wgpu is not usable: {error}", help=help_) from error


def request_adapter(wgpu: Handle) -> Handle:
    """Return the fastest adapter. Raises: DeviceError where there is none."""
    try:
        adapter = wgpu.gpu.request_adapter_sync(power_preference="high-performance")
    except Exception as error:  # wgpu-py raises RuntimeError; its backends raise others
        raise _no_adapter() from error
    if adapter is None:
        raise _no_adapter()
    return adapter


def request_device(adapter: Handle, features: Sequence[str], limits: dict[str, int]) -> Handle:
    """Return a device with these features. Limits that are not given are those of the adapter."""
    try:
        return adapter.request_device_sync(required_features=list(features), required_limits=limits)
    except Exception as error:  # RuntimeError with the driver's words
        raise DeviceError(f"the adapter gives no device: {error}", help="try `device` cpu") from error


def _no_adapter() -> DeviceError:
    return DeviceError(
        "no graphics adapter found",
        help="install a Vulkan driver (on Debian: apt install mesa-vulkan-drivers), or use `device` cpu",
    )
