"""Which floating-point results must be computed exactly as written.

Unless a decoration forbids it, drivers rewrite arithmetic by algebra (Mesa factors a * b + a * c, for one).
Sums tolerate that, but an argument reduction (`floor` and the subtractions after it) is exact only in its own
order, and so is arithmetic on a number that was split by its bits.
"""

from __future__ import annotations

from kernelc.kir.nodes import Kernel
from kernelc.kir.values import Value

_ARITHMETIC = frozenset({"add", "sub", "mul", "neg"})


def exact_values(kernel: Kernel) -> set[Value]:
    """Additions, subtractions, multiplications and negations that depend on a whole part or on split bits."""
    split: set[Value] = set()
    for value in kernel.values:
        if not value.type.is_float:
            continue
        starts = value.op == "floor" or (value.op == "bitcast" and value.args[0].type.is_integer)
        follows = value.op in _ARITHMETIC and any(arg in split for arg in value.args)
        whole = value.op == "convert" and value.args[0].op in (
            "shr",
            "bitcast",
        )  # a number made from an exponent
        if starts or follows or whole:
            split.add(value)
    return {value for value in split if value.op in _ARITHMETIC}
