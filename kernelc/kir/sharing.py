"""What kernels do with memory that others write: count in it, order it, agree on one of its cells.

Workgroups run in any order, one after the other or at once, so none may wait for another. But the last of
some can find out that it is: each of them writes its results, calls `fence`, meets at a barrier and lets one
invocation add to a counter. Who finds that all others have counted calls `fence` again, and may read what
they wrote. Only some targets order memory between workgroups: see `Target.fences`.
"""

from __future__ import annotations

from kernelc.kir.nodes import Fence
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32
from kernelc.kir.values import Number, Value


def atomic_add(array: Array, index: Number, amount: Number) -> Value:
    """Add to a cell of a u32 buffer in one step, whoever else does so; returns what it held before."""
    k = array.tracer
    return k.emit("atomic_add", u32, (k.coerce(array.place(index), u32), k.coerce(amount, u32)), array.memory)


def fence(k: Tracer) -> None:
    """Order the memory of workgroups: what one's workgroup wrote to buffers before comes before what it does
    after, for all workgroups. The whole workgroup must reach it."""
    k.append(Fence(k.where()))


def uniform_load(array: Array, index: Number) -> Value:
    """Load a cell of shared memory that the whole workgroup loads here, so that control flow may depend on it
    and still be the same for all. A barrier must stand between this and the cell's last write."""
    k = array.tracer
    return k.emit("uniform_load", array.memory.type, (k.coerce(index, u32),), array.memory)
