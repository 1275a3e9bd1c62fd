"""Python operators on kernel values: what makes a kernel's Python read like the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from kernelc.kir.active import current

if TYPE_CHECKING:
    from kernelc.kir.nodes import Value

Number = Union[int, float, "Operators"]  # a forward reference cannot stand in `|` at run time


class Operators:
    """Mixed into values and variables; each operator adds one node to the kernel being traced."""

    def value(self) -> Value:
        raise NotImplementedError

    def _binary(self, op: str, other: Number, swap: bool = False) -> Value:
        left, right = (other, self) if swap else (self, other)
        return current().binary(op, left, right)

    def __add__(self, other: Number) -> Value:
        return self._binary("add", other)

    def __radd__(self, other: Number) -> Value:
        return self._binary("add", other, swap=True)

    def __sub__(self, other: Number) -> Value:
        return self._binary("sub", other)

    def __rsub__(self, other: Number) -> Value:
        return self._binary("sub", other, swap=True)

    def __mul__(self, other: Number) -> Value:
        return self._binary("mul", other)

    def __rmul__(self, other: Number) -> Value:
        return self._binary("mul", other, swap=True)

    def __truediv__(self, other: Number) -> Value:
        return self._binary("div", other)

    def __rtruediv__(self, other: Number) -> Value:
        return self._binary("div", other, swap=True)

    def __floordiv__(self, other: Number) -> Value:
        return self._binary("floordiv", other)

    def __rfloordiv__(self, other: Number) -> Value:
        return self._binary("floordiv", other, swap=True)

    def __mod__(self, other: Number) -> Value:
        return self._binary("mod", other)

    def __rmod__(self, other: Number) -> Value:
        return self._binary("mod", other, swap=True)

    def __and__(self, other: Number) -> Value:
        return self._binary("and", other)

    def __rand__(self, other: Number) -> Value:
        return self._binary("and", other, swap=True)

    def __or__(self, other: Number) -> Value:
        return self._binary("or", other)

    def __ror__(self, other: Number) -> Value:
        return self._binary("or", other, swap=True)

    def __xor__(self, other: Number) -> Value:
        return self._binary("xor", other)

    def __rxor__(self, other: Number) -> Value:
        return self._binary("xor", other, swap=True)

    def __lshift__(self, other: Number) -> Value:
        """The amount is u32, whatever is shifted, and less than the width."""
        return self._binary("shl", other)

    def __rlshift__(self, other: Number) -> Value:
        return self._binary("shl", other, swap=True)

    def __rshift__(self, other: Number) -> Value:
        return self._binary("shr", other)

    def __rrshift__(self, other: Number) -> Value:
        return self._binary("shr", other, swap=True)

    def __lt__(self, other: Number) -> Value:
        return self._binary("lt", other)

    def __le__(self, other: Number) -> Value:
        return self._binary("le", other)

    def __gt__(self, other: Number) -> Value:
        return self._binary("gt", other)

    def __ge__(self, other: Number) -> Value:
        return self._binary("ge", other)

    def equals(self, other: Number) -> Value:
        """`==` stays Python's identity, so that values can be keys; this is the kernel's comparison."""
        return self._binary("eq", other)

    def differs(self, other: Number) -> Value:
        return self._binary("ne", other)

    def __neg__(self) -> Value:
        return current().unary("neg", self)

    def __invert__(self) -> Value:
        return current().unary("not", self)

    def __bool__(self) -> bool:
        raise TypeError(
            "a kernel value has no truth at trace time: use k.when(...) or select(...), not if/and/or"
        )

    def lane(self, index: int) -> Value:
        """Component `index` of a vector."""
        return current().extract(self, index)

    @property
    def x(self) -> Value:
        return self.lane(0)

    @property
    def y(self) -> Value:
        return self.lane(1)

    @property
    def z(self) -> Value:
        return self.lane(2)

    @property
    def w(self) -> Value:
        return self.lane(3)
