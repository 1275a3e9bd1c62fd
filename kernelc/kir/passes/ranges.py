"""How large the whole numbers of a kernel can get: for printers that need not check what is proven.

A bound is an inclusive one of a u32, which no operation below it exceeds, so that nothing wraps around.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kernelc.kir.nodes import For, Kernel
from kernelc.kir.passes.simplify import constant_of
from kernelc.kir.types import u32
from kernelc.kir.values import Value

LARGEST = (1 << 32) - 1


def _power(*operands: int) -> int:
    """The largest number with no more bits than the operands have."""
    return (1 << max(operands).bit_length()) - 1


# The bound of a result, from those of both operands.
_RULES: Mapping[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "min": min,
    "max": max,
    "and": min,
    "or": _power,
    "xor": _power,
}
# The same, where the right operand is a constant.
_BY_CONSTANT: Mapping[str, Callable[[int, int], int]] = {
    "div": lambda a, b: a // b if b else LARGEST,
    "mod": lambda a, b: min(a, b - 1) if b else LARGEST,
    "shr": lambda a, b: a >> b if b < 32 else LARGEST,
}


class Ranges:
    """The bounds of one kernel's numbers."""

    def __init__(self, kernel: Kernel) -> None:
        self._workgroup = kernel.workgroup
        self._loops = {each.index: each for each in kernel.statements if isinstance(each, For)}
        self._known: dict[Value, int] = {}

    def largest(self, value: Value) -> int:
        """Return an inclusive bound of a value that is a u32."""
        if value not in self._known:
            found = self._largest(value) if value.type == u32 else LARGEST
            self._known[value] = found if found <= LARGEST else LARGEST
        return self._known[value]

    def _largest(self, value: Value) -> int:
        constant = constant_of(value)
        if constant is not None:
            return int(constant)
        if value.op == "local_id":
            return self._workgroup - 1
        if value in self._loops:  # the body runs only where the index is below the loop's end
            return max(0, self.largest(self._loops[value].stop) - 1)
        if value.op in _RULES:
            left, right = (self.largest(each) for each in value.args)
            return _RULES[value.op](left, right)
        if value.op in _BY_CONSTANT and (by := constant_of(value.args[1])) is not None:
            return _BY_CONSTANT[value.op](self.largest(value.args[0]), int(by))
        return LARGEST


def split(value: Value) -> tuple[Value | None, int]:
    """A sum as what is not constant in it, and the constant that is added to that."""
    constant = constant_of(value)
    if constant is not None:
        return None, int(constant)
    if value.op == "add" and (more := constant_of(value.args[1])) is not None:
        rest, already = split(value.args[0])
        return rest, already + int(more)
    return value, 0
