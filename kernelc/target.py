"""Targets and capabilities as data: what a kernel variant may use and what a device must offer to run it.

Outside `kernelc/backends` and the runtimes nobody asks for a target's name; schedules and kernels look at
`Capabilities`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kernelc.errors import UsageError
from kernelc.kir.tile_types import F16, TileKind


@dataclass(frozen=True)
class Capabilities:
    """What kernels compiled for a variant may rely on.

    The defaults are what every WebGPU device gives without asking (WebGPU specification, section "Limits").
    """

    f16: bool = False  # 16-bit floats as storage and arithmetic type
    subgroups: bool = False  # subgroup sum and max, of any size
    dot4: bool = False  # products of four signed bytes in a word, added up
    subgroup_size: int | None = None  # the one size the variant is made for, where it needs to know
    tiles: tuple[TileKind, ...] = ()  # what matrix units multiply, where the variant uses them
    shared_bytes: int = 16384
    max_threads: int = 256
    storage_buffers: int = 8
    max_binding_bytes: int = 128 << 20
    offset_alignment: int = 256
    max_grid: int = 65535


@dataclass(frozen=True)
class Target:
    """A named target: the variants an artifact carries for it, the most demanding first."""

    name: str
    suffix: str  # of its kernel files
    variants: tuple[Capabilities, ...]
    text_suffix: str = ""  # of the text for people, where that is not the file itself


# What every NVIDIA GPU since Turing has (CUDA C++ Programming Guide, "Technical Specifications per Compute
# Capability"); 48 KiB of shared memory is what a kernel gets without asking. Halves are read packed.
_NVIDIA = Capabilities(
    subgroups=True,
    dot4=True,
    subgroup_size=32,
    shared_bytes=48 << 10,
    max_threads=1024,
    storage_buffers=32,
    max_binding_bytes=4 << 30,
)

TARGETS: dict[str, Target] = {
    "wgsl": Target(
        "wgsl",
        "wgsl",
        # WGSL's packed products are one language feature with the unpacking of bytes that q4 and q8 need
        # anyway.
        (
            Capabilities(f16=True, subgroups=True, dot4=True),
            Capabilities(subgroups=True, dot4=True),
            Capabilities(dot4=True),
        ),
    ),
    "cuda": Target("cuda", "cu", (replace(_NVIDIA, tiles=(F16,)), _NVIDIA)),
    "spirv": Target(
        "spirv",
        "spv",
        (
            Capabilities(f16=True, subgroups=True, dot4=True),
            Capabilities(subgroups=True, dot4=True),
            Capabilities(),
        ),
        text_suffix="spvasm",
    ),
    "opencl": Target("opencl", "cl", (Capabilities(),)),  # core OpenCL C: no extension asked for
}


def targets_named(name: str) -> tuple[Target, ...]:
    """One target by its name, or every one for "all". Raises UsageError for a target this build does not
    have."""
    if name == "all":
        return tuple(TARGETS.values())
    if name not in TARGETS:
        known = ", ".join([*sorted(TARGETS), "all"])
        raise UsageError(
            f"got {name!r}, wanted one of: {known}", where="--target", help=f"build with --target {known}"
        )
    return (TARGETS[name],)
