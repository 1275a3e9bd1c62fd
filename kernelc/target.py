"""Targets and capabilities as data: what a kernel variant may use and what a device must offer to run it.

Outside `kernelc/backends` and the runtimes nobody asks for a target's name; schedules and kernels look at
`Capabilities`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from kernelc.errors import UsageError
from kernelc.kir.tile_types import F16, LARGE_F16, TileKind


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
    scaled_tiles: bool = True  # whether sums of such tiles can be multiplied by a factor a row
    tiles_only: bool = False  # whether the variant is for kernels with such tiles, and no others
    shared_bytes: int = 16384
    stage_bytes: int = 0  # of shared memory in a kernel with bulk copies; 0 where there are none
    overlaps: bool = False  # a kernel may start before the one before it has ended
    held_loads: int = 16  # of 16 bytes that compilers keep under way; they put off more until they are used
    multiprocessors: int = 0  # each of which runs one such kernel's workgroup
    max_threads: int = 256
    storage_buffers: int = 8
    max_binding_bytes: int = 128 << 20
    offset_alignment: int = 256
    vector_lanes: int = 4  # of the widest vectors
    serial_workgroups: bool = False  # the invocations of a workgroup take turns on one thread, so one is best
    max_grid: int = 65535
    workgroups: int = 128  # of a dispatch that keep a large device busy, where each waits for memory
    register_sums: int = 64  # of a matrix product that registers of an invocation have room for

    @property
    def features(self) -> frozenset[str]:
        """What kernels of the variant may ask of a device."""
        named = {name for name in ("f16", "subgroups", "dot4") if getattr(self, name)}
        named |= {"bulk_copies"} if self.stage_bytes else set()
        return frozenset(named | {kind.feature for kind in self.tiles})

    def carries(self, tiles: Collection[TileKind]) -> bool:
        """Whether an artifact carries this variant of a kernel that multiplies `tiles` on matrix units."""
        return bool(tiles) or not self.tiles_only


@dataclass(frozen=True)
class Target:
    """A named target: the variants an artifact carries for it, the most demanding first."""

    name: str
    suffix: str  # of its kernel files
    variants: tuple[Capabilities, ...]
    text_suffix: str = ""  # of the text for people, where that is not the file itself
    self_checked: bool = False  # artifacts bring golden tiles, for where there are no numpy references
    printed_where_run: bool = False  # by the runtime, whatever text an artifact has
    fences: bool = False  # whether kernels can order memory between workgroups, and count in it
    half_rows: bool = False  # whether a prompt's rows are made halves before matrices multiply them
    coded_prompts: bool = False  # whether a prompt's rows are coded, where single rows are
    # Where all kernels are linked into one file: the features that each such file relies on besides those of
    # the kernels, the most demanding first. That takes a compiler, so "all" does not mean such a target.
    modules: tuple[tuple[str, ...], ...] = ()

    @property
    def multiplies_bytes(self) -> bool:
        """Whether its devices, at their best, multiply four bytes in one instruction."""
        return any(variant.dot4 for variant in self.variants)


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
    overlaps=True,
)

# From Hopper on, with bulk copies. Of the 227 KiB that a kernel may ask for, half: what a multiprocessor has
# is enough for a kernel and for the next one, which starts before it has ended. The number of multiprocessors
# is an H100's and H200's: with others a grid is only less even.
_NVIDIA_BULK_COPIES = replace(_NVIDIA, tiles=(F16,), stage_bytes=112 << 10, multiprocessors=132)

# Hopper itself, whose matrix units read an operand from shared memory. Its successors have others.
_NVIDIA_HOPPER = replace(_NVIDIA_BULK_COPIES, tiles=(F16, LARGE_F16))

# NVIDIA's compiler gives 48 to 72 registers to an invocation of a Vulkan kernel, however few of these run at
# once, so loads that are asked for together are not all under way together.
_VULKAN_HELD_LOADS = 4

# Vulkan devices with matrix units. All known have this much shared memory, so many invocations, and subgroups
# of 32 to ask for.
_MATRIX_UNITS = Capabilities(
    f16=True,
    subgroups=True,
    dot4=True,
    subgroup_size=32,
    tiles=(F16,),
    shared_bytes=48 << 10,
    max_threads=1024,
    held_loads=_VULKAN_HELD_LOADS,
)

# Browsers with matrix units, an experiment of Chrome's: kernels that do not multiply with them stay as
# they are.
_BROWSER_MATRIX_UNITS = replace(
    _MATRIX_UNITS, shared_bytes=32 << 10, scaled_tiles=False, tiles_only=True, max_threads=256
)

# Browsers and wgpu on devices whose subgroups are known to have 32 invocations, as NVIDIA's and Apple's do:
# kernels whose subgroups do something together know then how many of them share a row or a position.
# Where a device runs fewer invocations than such a kernel has, it takes the kernel for any subgroups.
_SUBGROUPS_OF_32 = Capabilities(
    subgroups=True, dot4=True, subgroup_size=32, max_threads=1024, held_loads=_VULKAN_HELD_LOADS
)

# Shared memory is on a thread's stack.
_PROCESSOR = Capabilities(
    dot4=True,
    vector_lanes=8,
    serial_workgroups=True,
    shared_bytes=256 << 10,
    storage_buffers=64,
    max_binding_bytes=4 << 30,
    offset_alignment=64,
    workgroups=1,
)

TARGETS: dict[str, Target] = {
    "wgsl": Target(
        "wgsl",
        "wgsl",
        # WGSL's packed products are one language feature with the unpacking of bytes that q4 and q8 need
        # anyway.
        (
            _BROWSER_MATRIX_UNITS,
            replace(_SUBGROUPS_OF_32, f16=True),
            _SUBGROUPS_OF_32,
            Capabilities(f16=True, subgroups=True, dot4=True),
            Capabilities(subgroups=True, dot4=True),
            Capabilities(dot4=True),
        ),
        self_checked=True,
        coded_prompts=True,
    ),
    "cuda": Target(
        "cuda",
        "cu",
        (_NVIDIA_HOPPER, _NVIDIA_BULK_COPIES, replace(_NVIDIA, tiles=(F16,)), _NVIDIA),
        fences=True,
        half_rows=True,
    ),
    "spirv": Target(
        "spirv",
        "spv",
        (
            _MATRIX_UNITS,
            Capabilities(f16=True, subgroups=True, dot4=True),
            Capabilities(subgroups=True, dot4=True),
            Capabilities(),
        ),
        text_suffix="spvasm",
        fences=True,
        half_rows=True,
    ),
    # Core OpenCL C: no extension asked for. It also runs on processors, where the sums of all invocations of
    # a workgroup are in the nearest cache, or are not.
    "opencl": Target("opencl", "cl", (Capabilities(register_sums=32),)),
    "c": Target("c", "c", (_PROCESSOR,), printed_where_run=True),
    # The processor again, in a page: WebAssembly (version 3.0) with vectors of 128 bits, which the compiler
    # makes two of where kernels take eight numbers at once. Relaxed vectors fuse products and sums, and
    # multiply bytes. The stacks, which hold shared memory, are the page's.
    "wasm": Target(
        "wasm",
        "wasm",
        (_PROCESSOR,),
        self_checked=True,
        modules=(("relaxed_simd",), ()),
    ),
}


def targets_named(names: str) -> tuple[Target, ...]:
    """One target by its name, several as "a+b", or "all" that need no compiler.

    Raises: UsageError for a target that this build does not have.
    """
    found: dict[str, Target] = {}
    for name in names.split("+"):
        if name not in TARGETS and name != "all":
            known = ", ".join([*sorted(TARGETS), "all"])
            raise UsageError(
                f"got {name!r}, wanted one of: {known}",
                where="`target`",
                help=f"build with `target` {known}, or several, with + between them",
            )
        every = [each for each in TARGETS.values() if not each.modules]
        found |= {target.name: target for target in ([TARGETS[name]] if name in TARGETS else every)}
    return tuple(found.values())
