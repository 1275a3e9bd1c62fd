"""What tells one sort of processor from another, as far as compiled kernels are concerned."""

from __future__ import annotations

import platform

from runtime.cpu.compiler import processor
from runtime.cpu.cores import usable_cores

# Sets of instructions by the flags of /proc/cpuinfo that say a processor has them, the widest first.
_LEVELS = (
    ("avx512", frozenset({"avx512f", "avx512bw", "avx512vl"})),
    ("avx2", frozenset({"avx2", "fma", "f16c"})),
    ("sve", frozenset({"sve"})),
    ("neon", frozenset({"asimd"})),
)
# Products of four bytes at once.
_BYTES = frozenset({"avx_vnni", "avx512_vnni", "asimddp"})


def processor_class(threads: int | None = None) -> str:
    """Return such as "x86_64-avx2-2t": architecture, vector instructions, "bytes" where there are products
    of bytes, and how many threads there are, rounded down to a power of two.

    How many threads want work decides how large a piece each should get, so it belongs to the class.
    """
    architecture, *flags = processor()[1].split()
    return class_from(architecture or platform.machine(), flags, threads or usable_cores())


def class_from(architecture: str, flags: list[str], threads: int) -> str:
    """As `processor_class`, from what is known of a processor."""
    found = frozenset(flags)
    level = next((name for name, needs in _LEVELS if needs <= found), "plain")
    parts = [architecture.lower(), level, *(["bytes"] if found & _BYTES else [])]
    return "-".join([*parts, f"{1 << (max(1, threads).bit_length() - 1)}t"])
