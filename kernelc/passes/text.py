"""Readable text of what lowering made: the memory plan and the programs, for KERNELC_DUMP."""

from __future__ import annotations

from collections.abc import Mapping

from kernelc.artifact import Buffer, Kernel, Program
from kernelc.ir.dim import Dim


def memory_text(buffers: Mapping[str, Buffer]) -> str:
    """One buffer per line: kind, name, bytes (a Dim of context)."""
    width = max(map(len, buffers), default=0)
    return "".join(f"{b.kind:<6}  {name:<{width}}  {_dim(b.bytes)} bytes\n" for name, b in buffers.items())


def program_text(name: str, program: Program, kernels: Mapping[str, Kernel]) -> str:
    """One dispatch per line, with the layer it comes from: kernel(binding=buffer, ...); an asterisk marks
    bindings that the kernel writes."""
    bounds = ", ".join(f"{symbol} {low}..{high}" for symbol, (low, high) in program.symbols.items())
    lines = [f"program {name} ({program.role}; {bounds})"]
    for dispatch in program.dispatches:
        bindings = kernels[dispatch.kernel].bindings
        bound = [
            f"{'*' if binding.access == 'read_write' else ''}{binding.name}={item.buffer}"
            for binding, item in zip(bindings, dispatch.bindings, strict=True)
        ]
        lines.append(f"  {dispatch.kernel}({', '.join(bound)})  # {dispatch.origin}")
    return "\n".join(lines) + "\n"


def _dim(size: Dim) -> str:
    return f"{size:,}" if isinstance(size, int) else str(size)
