"""What a CUDA kernel does before its inputs are ready, which may be while the kernel before it still runs."""

from __future__ import annotations

from kernelc.kir.memory import Buffer
from kernelc.kir.nodes import InputsReady, Kernel, Let
from kernelc.kir.values import Value

INPUTS_READY = "inputs_ready"
"""The function that waits for the kernel before."""
LOAD_AHEAD = "load_ahead"
"""The function that loads before that what is there already, and is not moved past it."""


def loaded_ahead(kernel: Kernel) -> frozenset[Value]:
    """The loads at the top of a kernel, before its inputs are ready: of constants, and of what earlier steps
    left.

    NVIDIA's compiler moves loads of memory that no kernel writes to where they are used, past any wait; only
    volatile instructions keep their order.
    """
    found: list[Value] = []
    ready = kernel.inputs_ready
    for statement in kernel.body.statements if ready else ():
        if isinstance(statement, InputsReady):
            break
        if isinstance(statement, Let) and statement.value.op == "load":
            memory = statement.value.attr
            known = isinstance(memory, Buffer) and memory.constant
            found += [statement.value] if known or (ready and memory in ready.earlier_steps) else []
    return frozenset(found)
