"""The operations of the tensor IR, by name."""

from __future__ import annotations

from kernelc.ir.ops import attention, basic, coding, elementwise, fused
from kernelc.ir.ops.definition import OpDef

__all__ = ["OPS", "OpDef"]

OPS: dict[str, OpDef] = {
    definition.name: definition
    for definition in (
        *basic.DEFINITIONS,
        *elementwise.DEFINITIONS,
        *attention.DEFINITIONS,
        *coding.DEFINITIONS,
        *fused.DEFINITIONS,
    )
}
