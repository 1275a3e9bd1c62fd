"""Where an invocation is, and the numbers of its step: the values that a kernel is given."""

from __future__ import annotations

from kernelc.kir.expressions import Expressions
from kernelc.kir.nodes import Param
from kernelc.kir.types import u32
from kernelc.kir.values import Value


class Positions(Expressions):
    """The part of the tracer that names what an invocation is given.

    `step`: the fields of the step block; `fixed_subgroup_size`: of the subgroups that the kernel is made for,
    None for any. `given`: values that stand for fields of the step block, by their names, and for the number
    of the workgroup in the last axis, as "z": a kernel made of another one gives that one other numbers.
    """

    name: str
    step: tuple[Param, ...]
    fixed_subgroup_size: int | None
    given: dict[str, Value]

    def workgroup_id(self, axis: int = 0) -> Value:
        if axis == 2 and "z" in self.given:
            return self.given["z"]
        return self.emit("workgroup_id", u32, (), axis)

    @property
    def local_id(self) -> Value:
        """The number of the invocation in its workgroup, 0 <= local_id < workgroup."""
        return self.emit("local_id", u32, (), None)

    @property
    def subgroup_lane(self) -> Value:
        return self.emit("subgroup_lane", u32, (), None)

    @property
    def subgroup_size(self) -> Value:
        """A constant if the kernel is made for one size; otherwise the device's size, at run time."""
        if self.fixed_subgroup_size is not None:
            return self.constant(self.fixed_subgroup_size, u32)
        return self.emit("subgroup_size", u32, (), None)

    @property
    def subgroup_id(self) -> Value:
        """The number of the subgroup in its workgroup. Raises TypeError in kernels made for subgroups of any
        size."""
        if self.fixed_subgroup_size is None:
            raise TypeError(f"{self.where()}: this kernel is made for subgroups of any size")
        return self.local_id // self.fixed_subgroup_size

    def param(self, name: str) -> Value:
        """A field of the step block, the same for all invocations. Raises KeyError for a field that does not
        exist."""
        if name in self.given:
            return self.given[name]
        for field in self.step:
            if field.name == name:
                return self.emit("param", field.type, (), name)
        raise KeyError(f"kernel {self.name}: no field {name!r} in the step block")
