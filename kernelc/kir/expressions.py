"""How operands meet: Python numbers become constants, scalars are spread over vectors, and types must agree.

Anything else raises a TypeError that names the kernel's own line while it is being traced.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.passes import simplify
from kernelc.kir.types import Type, boolean, u32
from kernelc.kir.values import Number, Operators, Recorder, Value

_SHIFTS = frozenset({"shl", "shr"})


class Expressions(Recorder):
    """The half of the tracer that makes values from operands; `Tracer` decides where they go."""

    def constant(self, value: int | float | bool, type: Type) -> Value:
        """A Python number as a value.

        Raises: TypeError for one that `type` cannot hold: a negative u32, a fraction of an integer, infinity.
        """
        if isinstance(value, np.generic):
            value = cast(float, value.item())
        if not type.holds(value):
            raise TypeError(f"{self.where()}: {value!r} does not fit {type}")
        return Value("const", type, (), value, self.where())

    def condition(self, condition: Operators | bool, lanes: int = 1) -> Value:
        """A condition of the kernel, or with `lanes` one for each lane of a vector.

        Raises: TypeError for Python's True or False, which is what `==` between values gives.
        """
        if not isinstance(condition, Operators):
            problem = f"Python decided this condition while tracing: it is {condition!r}"
            raise TypeError(f"{self.where()}: {problem}; compare values with equals() or differs()")
        value = condition.value()
        return value if value.type == boolean.with_lanes(lanes) else self.coerce(value, boolean)

    def coerce(self, operand: Number, type: Type) -> Value:
        """A Python number becomes a constant of `type`; a scalar is spread over the lanes of a vector."""
        if not isinstance(operand, Operators):
            constant = self.constant(operand, type.element)
            return constant if type.lanes == 1 else self.splat(constant, type.lanes)
        value = operand.value()
        if value.type is type or value.type == type:
            return value
        if value.type == type.element:
            return self.splat(value, type.lanes)
        raise TypeError(f"{self.where()}: expected {type}, got {value.type} ({value.op})")

    def splat(self, value: Value, lanes: int) -> Value:
        """A vector with a scalar in every lane."""
        return self.emit("splat", value.type.with_lanes(lanes), (value,))

    def binary(self, op: str, left: Number, right: Number) -> Value:
        """An infix operation: a Python number takes the type of the other side, a scalar is spread over a
        vector."""
        known = [side.value().type for side in (left, right) if isinstance(side, Operators)]
        if not known:
            raise TypeError(
                f"{self.where()}: {op} of two Python numbers needs one kernel value to give the type"
            )
        if op in _SHIFTS:
            return self._shift(op, left, right)
        type = known[0] if len(known) == 1 or known[0].lanes >= known[1].lanes else known[1]
        a, b = self.coerce(left, type), self.coerce(right, type)
        if op == "div" and not type.is_float:
            raise TypeError(f"{self.where()}: integers divide with //, not /")
        if op == "floordiv":
            if not type.is_integer:
                raise TypeError(f"{self.where()}: floats divide with /, not //")
            op = "div"
        result = boolean.with_lanes(type.lanes) if OPERATIONS[op].comparison else type
        return simplify.binary(self, op, result, a, b)

    def _shift(self, op: str, left: Number, amount: Number) -> Value:
        value = left.value() if isinstance(left, Operators) else self.constant(left, u32)
        return simplify.binary(
            self, op, value.type, value, self.coerce(amount, u32.with_lanes(value.type.lanes))
        )

    def unary(self, op: str, operand: Operators) -> Value:
        """An operation on one value, of its type."""
        value = operand.value()
        return self.emit(op, value.type, (value,))

    def extract(self, operand: Operators, lane: int) -> Value:
        """One lane of a vector. Raises IndexError for a lane that it does not have."""
        value = operand.value()
        if not 0 <= lane < value.type.lanes:
            raise IndexError(f"{self.where()}: lane {lane} of a {value.type}")
        if value.op == "vector":
            return value.args[lane]
        return self.emit("extract", value.type.element, (value,), lane)
