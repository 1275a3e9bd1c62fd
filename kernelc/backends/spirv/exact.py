"""Which floating-point results must be computed as they are written.

Where no decoration forbids it, drivers rewrite arithmetic by algebra (Mesa factors a * b + a * c, for one).
Sums do not mind, but an argument reduction is exact only in its own order (`floor` and the subtractions
behind it), and so is what follows the splitting of a number by its bits.
"""

from __future__ import annotations

from kernelc.kir.nodes import Kernel
from kernelc.kir.values import Value

_ARITHMETIC = frozenset({"add", "sub", "mul", "neg"})


def exact_values(kernel: Kernel) -> set[Value]:
    """Additions, subtractions and multiplications that compute with a whole part or with bits taken apart."""
    split: set[Value] = set()
    for value in kernel.values:
        if not value.type.is_float:
            continue
        starts = value.op == "floor" or (value.op == "bitcast" and value.args[0].type.is_integer)
        follows = value.op in _ARITHMETIC and any(arg in split for arg in value.args)
        whole = value.op == "convert" and value.args[0].op in ("shr", "bitcast")  # an exponent
        if starts or follows or whole:
            split.add(value)
    return {value for value in split if value.op in _ARITHMETIC}
