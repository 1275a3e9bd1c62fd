"""Compiles CUDA C to machine code with NVRTC, which needs neither a GPU nor an installed compiler.

Results are kept on disk. A cubin depends on the source, the architecture and NVRTC's release, so the name of
its file is a hash of all three. Apart from the language version the options are NVRTC's defaults: IEEE
division and square roots, denormals kept, no fast-math.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kernelc.cache_place import cache_place, note_use
from kernelc.errors import DeviceError, WorkFailed
from runtime.device.failures import kernel_refused
from runtime.device.kept_file import read_kept, write_kept
from runtime.device.private_folder import is_private

_OPTIONS = ("--std=c++17",)
_INSTALL = "install the cuda extra: pip install 'kernelc[cuda]'"


@dataclass(frozen=True)
class CudaSource:
    """A kernel's CUDA C and the name of its entry."""

    name: str
    text: str
    entry: str


def compile_all(sources: Iterable[CudaSource], capability: tuple[int, int]) -> Mapping[CudaSource, bytes]:
    """Compile kernels for a compute capability, in several threads. Raises: as `compile_kernel`."""
    wanted = list(dict.fromkeys(sources))
    arch = architecture(capability)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as workers:
        images = [workers.submit(compile_kernel, source, arch) for source in wanted]
        return {source: image.result() for source, image in zip(wanted, images, strict=True)}


def architecture(capability: tuple[int, int]) -> str:
    """Return the architecture to compile for: "sm_80", "sm_90a" with what Hopper alone has, or "compute_..."
    for a GPU newer than NVRTC knows.

    Raises: DeviceError for a GPU older than NVRTC knows, or where NVRTC is missing.
    """
    number, known = 10 * capability[0] + capability[1], supported_architectures()
    if number in known:
        return f"sm_{number}a" if number == 90 else f"sm_{number}"
    older = [arch for arch in known if arch < number]
    if not older:
        wanted = f"{known[0] // 10}.{known[0] % 10}"
        raise DeviceError(
            f"the GPU has compute capability {capability[0]}.{capability[1]}, wanted {wanted} or later",
            help="use `device` vulkan or wgpu",
        )
    return f"compute_{older[-1]}"


def supported_architectures() -> list[int]:
    """Return the architectures that the installed NVRTC compiles for, ascending: 75 is sm_75."""
    nvrtc = _nvrtc()
    return sorted(_call(nvrtc, nvrtc.nvrtcGetSupportedArchs)[0])


def compile_kernel(source: CudaSource, arch: str, folder: Path | None = None) -> bytes:
    """Return a kernel's cubin ("sm_...") or PTX ("compute_..."), read from `folder` if it was compiled
    before.

    `folder` is by default the user's cache. Raises: WorkFailed with the source around the error, DeviceError
    where NVRTC is missing.
    """
    file = (folder or cache_folder()) / _file_name(source, arch)
    private = is_private(file.parent, make=True)  # else it is not used: what lies there is run
    if private and (kept := read_kept(file)):
        note_use(file)
        return kept
    image = _compile(source, arch)
    if private:
        with suppress(OSError):  # a cache that cannot be written must not keep a model from running
            write_kept(file, image)
    return image


def cache_folder() -> Path:
    """Return the folder of compiled kernels. Raises: UsageError where there is no home folder."""
    return cache_place() / "cubins"


def _file_name(source: CudaSource, arch: str) -> str:
    nvrtc = _nvrtc()
    release = _call(nvrtc, nvrtc.nvrtcVersion)
    digest = hashlib.sha256(repr((release, _OPTIONS, arch, source.text)).encode()).hexdigest()
    return f"{digest[:32]}.{arch}"


def _compile(source: CudaSource, arch: str) -> bytes:
    nvrtc = _nvrtc()
    file = f"{source.name}.cu".encode()
    (program,) = _call(nvrtc, nvrtc.nvrtcCreateProgram, source.text.encode(), file, 0, [], [])
    try:
        options = [f"--gpu-architecture={arch}".encode(), *(option.encode() for option in _OPTIONS)]
        (status,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            log = _bytes(nvrtc, nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog, program)
            raise compile_error(source, log.decode(errors="replace"))
        if arch.startswith("sm_"):
            return _bytes(nvrtc, nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN, program)
        return _bytes(nvrtc, nvrtc.nvrtcGetPTXSize, nvrtc.nvrtcGetPTX, program)
    finally:
        nvrtc.nvrtcDestroyProgram(program)


def _bytes(nvrtc: Any, size: Any, get: Any, program: Any) -> bytes:
    (length,) = _call(nvrtc, size, program)
    data = bytes(length)  # NVRTC's bindings fill it in place
    _call(nvrtc, get, program, data)
    return data


def compile_error(source: CudaSource, log: str) -> WorkFailed:
    """Return the error for a kernel that NVRTC refuses, by its log."""
    log = log.strip("\0 \n")
    located = re.search(r"\((\d+)\): error: ([^\n]*)", log)
    if located is None:
        return kernel_refused(source.name, " ".join(log.split()) or "no reason given", compiler="NVRTC")
    return kernel_refused(source.name, located[2], compiler="NVRTC", text=source.text, line=int(located[1]))


def _call(nvrtc: Any, function: Any, *args: Any) -> tuple[Any, ...]:
    status, *results = function(*args)
    if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        raise WorkFailed(f"NVRTC failed: {status.name}")
    return tuple(results)


@cache
def _nvrtc() -> Any:
    try:
        nvrtc: Any = importlib.import_module("cuda.bindings.nvrtc")
        nvrtc.nvrtcVersion()  # loads the library
    except (ImportError, RuntimeError) as error:
        raise DeviceError(f"NVRTC is not installed ({error})", where="`device` cuda", help=_INSTALL) from None
    return nvrtc
