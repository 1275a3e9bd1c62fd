"""Random small kernels that mean the same on every executor, to the bit.

The generator knows what is in scope and keeps four promises, so that any difference between the interpreter
and a device is a bug of the printer, the inliner, the interpreter or the driver:

- floats are whole numbers small enough that every operation on them is exact, in any order, fused or not;
- an invocation stores only into cells of its own, and into shared memory only while no other may read it;
- indices are in bounds, shift amounts below 32, divisors above zero, loops short;
- barriers stand in uniform control flow.

Operations that round (exp, division ...) are in tests/conformance.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.functions import (
    absolute,
    bitcast,
    concat,
    dot,
    floor,
    fma,
    logical_and,
    logical_or,
    maximum,
    minimum,
    named,
    pack_half2,
    select,
    splat,
    to_f32,
    to_i32,
    to_u32,
    unpack_half2,
    unpack_i8x4,
    unpack_u8x4,
    vector,
)
from kernelc.kir.nodes import Kernel, Param
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Array, Tracer, trace
from kernelc.kir.types import Type, boolean, f32, f32x2, f32x4, i32, u32, u32x4
from kernelc.kir.values import Value, Variable

CELLS = 8  # cells of each output that an invocation owns
READABLE = 16  # elements of each input
LIMIT = 900  # no float in scope is larger than this
STEP = (Param("rounds", u32), Param("level", f32), Param("mode", u32))
TYPES = (u32, i32, f32, u32x4, f32x2, f32x4, boolean)
STORED = (u32, i32, f32, u32x4, f32x2, f32x4)


@dataclass(frozen=True)
class RandomKernel:
    """A kernel and all that it needs to run."""

    kernel: Kernel
    grid: tuple[int, int, int]
    arrays: dict[str, npt.NDArray[Any]]
    params: dict[str, int | float]


@dataclass
class Scope:
    """Values and registers that may be used; those of outer scopes are copied in."""

    values: list[Value] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    uniform: bool = True  # no condition around differs between invocations
    depth: int = 0

    def inner(self, uniform: bool) -> Scope:
        return Scope([*self.values], [*self.variables], self.uniform and uniform, self.depth + 1)


class Generator:
    """Writes one kernel, drawing every choice from `rng`."""

    def __init__(self, k: Tracer, rng: random.Random, statements: int) -> None:
        self.k, self.rng, self.budget = k, rng, statements
        self.inputs = {t: k.input(f"in_{t}", t) for t in STORED}
        self.outputs = {t: k.output(f"out_{t}", t) for t in STORED}
        self.shared: dict[Type, Array] = {}
        self.others_may_read = False  # what phase shared memory is in
        self.names = 0

    def kernel(self) -> None:
        scope = Scope()
        for type in (u32, f32x2):  # others may read what every invocation has written
            rows = [0, *(row for row in (2, 4) if self.k.workgroup % row == 0)]
            cells = self.k.shared(f"shared_{type}", type, self.k.workgroup, self.rng.choice(rows))
            cells[self.k.local_id] = self.expression(type, scope, 1)
            self.shared[type] = cells
        self.block(scope)
        for (
            type,
            cells,
        ) in self.outputs.items():  # whatever the statements were, something is seen of every type
            cells[self.own_cell(scope)] = self.expression(type, scope, 2)

    # Statements

    def block(self, scope: Scope) -> None:
        for _ in range(self.rng.randint(1, 6)):
            if self.budget <= 0:
                return
            self.budget -= 1
            self.statement(scope)

    def statement(self, scope: Scope) -> None:
        choices: list[Callable[[Scope], None]] = [self.let, self.let, self.declare, self.assign, self.store]
        choices += [self.share, self.accumulate, *[self.overwrite] * 4]
        if scope.depth < 3:
            choices += [self.branch, self.loop, *[self.loop_that_changes_its_bounds] * 2]
        if scope.uniform:
            choices.append(self.synchronise)
        self.rng.choice(choices)(scope)

    def let(self, scope: Scope) -> None:
        scope.values.append(self.maybe_named(self.expression(self.rng.choice(TYPES), scope, 3)))

    def maybe_named(self, value: Value) -> Value:
        if self.rng.random() < 0.7:
            return value
        self.names += 1
        return named(self.rng.choice(["x", "row", "select", f"v{self.names}"]), value)

    def declare(self, scope: Scope) -> None:
        self.register(self.rng.choice(TYPES), scope)

    def register(self, type: Type, scope: Scope) -> Variable:
        name = self.rng.choice(["a", "b", "f32"])
        scope.variables.append(self.k.var(self.expression(type, scope, 2), type, name=name))
        return scope.variables[-1]

    def assign(self, scope: Scope) -> None:
        if scope.variables:
            variable = self.rng.choice(scope.variables)
            self.k.assign(variable, self.expression(variable.type, scope, 3))

    def accumulate(self, scope: Scope) -> None:
        """Compound assignments, to registers and to cells of its own."""
        variables = [v for v in scope.variables if v.type == u32]
        if variables:
            variable = self.rng.choice(variables)
            match self.rng.randrange(6):
                case 0:
                    variable += self.expression(u32, scope, 2)
                case 1:
                    variable -= self.expression(u32, scope, 2)
                case 2:
                    variable *= self.expression(u32, scope, 2)
                case 3:
                    variable ^= self.expression(u32, scope, 2)
                case 4:
                    self.k.assign(variable, self.expression(u32, scope, 2) - variable)
                case _:
                    variable >>= self.expression(u32, scope, 2) & 31
        else:
            cell, cells = self.own_cell(scope), self.outputs[u32]
            if self.rng.random() < 0.5:
                cells[cell] = cells[cell] + self.expression(u32, scope, 1)
            else:
                cells[cell] = self.expression(u32, scope, 1) - cells[cell]

    def overwrite(self, scope: Scope) -> None:
        """Take a number out of a register or a cell, overwrite that, and only then use what was taken."""
        if self.rng.random() < 0.5:
            variables = [v for v in scope.variables if v.type in STORED]
            variable = self.rng.choice(variables) if variables else self.register(u32, scope)
            taken = [variable.value()]  # in a list: an assigned value would have a name, and so its own line
            self.change(
                scope, lambda inside: self.k.assign(variable, self.expression(variable.type, inside, 1))
            )
        else:
            cells, cell = self.outputs[self.rng.choice(STORED)], self.first_cell() + self.rng.randrange(CELLS)
            taken = [cells[cell]]
            self.change(scope, lambda inside: cells.__setitem__(cell, self.expression(cells.type, inside, 1)))
        for value in taken:
            used = self.mixed if self.rng.random() < 0.5 else lambda value, scope: value
            self.outputs[value.type][self.own_cell(scope)] = used(value, scope)

    def change(self, scope: Scope, write: Callable[[Scope], None]) -> None:
        """Overwrite at once, in a branch, or in a loop."""
        match self.rng.randrange(4):
            case 0:
                with self.k.when(self.expression(boolean, scope, 1)):
                    write(scope.inner(uniform=False))
            case 1:
                with self.k.loop(0, self.k.param("rounds")):
                    write(scope.inner(uniform=True))
            case _:
                write(scope)

    def mixed(self, taken: Value, scope: Scope) -> Value:
        other = self.expression(taken.type, scope, 1)
        return self.small(taken + other) if taken.type.is_float else taken ^ other

    def store(self, scope: Scope) -> None:
        type = self.rng.choice(STORED)
        self.outputs[type][self.own_cell(scope)] = self.expression(type, scope, 3)

    def share(self, scope: Scope) -> None:
        if not self.others_may_read:
            type = self.rng.choice(list(self.shared))
            self.shared[type][self.k.local_id] = self.expression(type, scope, 2)

    def synchronise(self, scope: Scope) -> None:
        self.k.barrier()
        self.others_may_read = not self.others_may_read

    def branch(self, scope: Scope) -> None:
        uniform = self.rng.random() < 0.5
        phase = self.others_may_read
        condition = self.uniform_condition(scope) if uniform else self.expression(boolean, scope, 2)
        with self.k.when(condition):
            self.same_phase(scope.inner(uniform), phase)
        if self.rng.random() < 0.5:
            with self.k.otherwise():
                self.same_phase(scope.inner(uniform), phase)

    def loop(self, scope: Scope) -> None:
        uniform = self.rng.random() < 0.5
        phase = self.others_may_read
        if uniform:
            bounds = (0, self.k.param("rounds") + self.rng.randint(0, 2), self.rng.randint(1, 2))
        else:
            start, stop, step = (self.expression(u32, scope, 2) for _ in range(3))
            bounds = (start % 2, stop % 6, step % 3 + 1)
        with self.k.loop(*bounds) as index:
            inside = scope.inner(uniform)
            inside.values.append(index)
            self.same_phase(inside, phase)

    def loop_that_changes_its_bounds(self, scope: Scope) -> None:
        """Bounds and step count as they were before the first round."""
        registers = [v for v in scope.variables if v.type == u32]
        if registers and self.rng.random() < 0.7:
            register = self.rng.choice(registers)
            bounds = (0, register % 6, 1 + register % 2)
            write = functools.partial(self.k.assign, register)
        else:
            cells, cell = self.outputs[u32], self.first_cell()
            bounds = (0, cells[cell] % 6, 1 + cells[cell] % 2)
            write = functools.partial(cells.__setitem__, cell)
        with self.k.loop(*bounds) as index:
            inside = scope.inner(uniform=False)
            inside.values.append(index)
            write(self.expression(u32, inside, 2))

    def same_phase(self, scope: Scope, phase: bool) -> None:
        """A block that leaves shared memory in the phase in which it found it."""
        self.block(scope)
        if self.others_may_read != phase:
            self.synchronise(scope)

    def uniform_condition(self, scope: Scope) -> Value:
        word = self.rng.choice([self.k.param("mode"), self.k.workgroup_id(0), self.inputs[u32][3]])
        return (word >> self.rng.randint(0, 3) & 1).equals(self.rng.randint(0, 1))

    # Cells

    def first_cell(self) -> Value:
        return (self.k.workgroup_id(0) * self.k.workgroup + self.k.local_id) * CELLS

    def own_cell(self, scope: Scope) -> Value:
        if self.rng.random() < 0.5:
            return self.first_cell() + self.rng.randrange(CELLS)
        return self.first_cell() + self.expression(u32, scope, 1) % CELLS

    def any_shared(self, type: Type, scope: Scope) -> Value:
        at = self.expression(u32, scope, 1) % self.k.workgroup if self.others_may_read else self.k.local_id
        return self.shared[type][at]

    # Expressions. No assignment below: it would name the value, and named values are never written in place.

    def expression(self, type: Type, scope: Scope, depth: int) -> Value:
        known = [v for v in scope.values if v.type == type]
        registers = [v for v in scope.variables if v.type == type]
        if known and self.rng.random() < 0.35:
            return self.rng.choice(known)
        if registers and self.rng.random() < 0.35:
            return self.rng.choice(registers).value()
        if depth <= 0 or self.rng.random() < 0.15:
            return self.leaf(type, scope)
        return self.operation(type, scope, depth - 1)

    def leaf(self, type: Type, scope: Scope) -> Value:
        if type == boolean:
            return self.expression(u32, scope, 0) < 7
        match self.rng.randrange(4):
            case 0:
                return self.constant(type)
            case 1:
                return self.inputs[type][self.rng.randrange(READABLE)]
            case 2 if type in self.shared:
                return self.any_shared(type, scope)
            case 2:
                return self.outputs[type][self.first_cell()]
            case _ if type == u32:
                return self.rng.choice([self.k.local_id, self.k.workgroup_id(0), self.k.param("mode")])
            case _ if type == f32:
                return self.k.param("level")
            case _:
                return self.inputs[type][self.k.local_id % READABLE]

    def constant(self, type: Type) -> Value:
        if type.lanes > 1:
            return splat(self.constant(type.element), type.lanes)
        if type == f32:
            return self.k.constant(float(self.rng.randint(-LIMIT, LIMIT)), f32)
        low, high = type.integer_range
        small = self.rng.random() < 0.7
        return self.k.constant(self.rng.randint(0, 20) if small else self.rng.randint(low, high), type)

    def operation(self, type: Type, scope: Scope, depth: int) -> Value:
        if type == boolean:
            return self.condition(scope, depth)
        if self.rng.random() < 0.15:
            return select(self.expression(boolean, scope, depth), *self.two(type, scope, depth))
        if type.lanes > 1 and self.rng.random() < 0.1:
            return select(
                self.expression(type, scope, 1) < self.expression(type, scope, 1),
                *self.two(type, scope, depth),
            )
        if self.rng.random() < 0.1:
            return self.inputs[type][self.expression(u32, scope, depth) % READABLE]
        if type.is_float:
            return self.small(self.float_operation(type, scope, depth))
        return self.integer_operation(type, scope, depth)

    def two(self, type: Type, scope: Scope, depth: int) -> tuple[Value, Value]:
        return self.expression(type, scope, depth), self.expression(type, scope, depth)

    def condition(self, scope: Scope, depth: int) -> Value:
        if self.rng.random() < 0.4:
            a, b = self.two(boolean, scope, depth)
            return self.rng.choice([logical_and, logical_or, Value.equals, Value.differs, lambda a, b: ~a])(
                a, b
            )
        a, b = self.two(self.rng.choice([u32, i32, f32]), scope, depth)
        compare: Sequence[Callable[[Value, Value], Value]] = (
            Value.__lt__,
            Value.__le__,
            Value.__gt__,
            Value.__ge__,
            Value.equals,
            Value.differs,
        )
        return self.rng.choice(compare)(a, b)

    def integer_operation(self, type: Type, scope: Scope, depth: int) -> Value:
        if self.rng.random() < 0.3:
            return self.integer_from_others(type, scope, depth)
        a, b = self.two(type, scope, depth)
        divisor = (b & 0x7FFFFFFF) | 1  # neither 0 nor -1
        amount = (self.expression(u32.with_lanes(type.lanes), scope, depth)) & 31
        operations: list[Callable[[], Value]] = [
            lambda: a + b,
            lambda: a - b,
            lambda: a * b,
            lambda: a // divisor,
            lambda: a % divisor,
            lambda: a & b,
            lambda: a | b,
            lambda: a ^ b,
            lambda: a << amount,
            lambda: a >> amount,
            lambda: minimum(a, b),
            lambda: maximum(a, b),
        ]
        if type == i32:
            operations += [lambda: -a, lambda: absolute(a)]
        return self.rng.choice(operations)()

    def integer_from_others(self, type: Type, scope: Scope, depth: int) -> Value:
        if type == u32x4:
            word = self.expression(u32, scope, depth)
            bits = bitcast(unpack_i8x4(word), u32)
            halves = vector(self.expression(u32, scope, depth), word)
            return self.rng.choice([unpack_u8x4(word), bits, splat(word, 4), concat(halves, halves)])
        if type == i32:
            floats = to_i32(self.expression(f32, scope, depth))
            return self.rng.choice([floats, bitcast(self.expression(u32, scope, depth), i32)])
        return self.rng.choice(
            [
                lambda: to_u32(self.expression(f32, scope, depth)),
                lambda: to_u32(self.expression(boolean, scope, depth)),
                lambda: pack_half2(self.expression(f32x2, scope, depth)),
                lambda: bitcast(self.expression(i32, scope, depth), u32),
                lambda: self.expression(u32x4, scope, depth).lane(self.rng.randrange(4)),
                lambda: self.expression(u32, scope, depth) + self.expression(u32x4, scope, depth).x,
            ]
        )()

    def float_operation(self, type: Type, scope: Scope, depth: int) -> Value:
        """A whole number of at most a few LIMIT^2, from numbers of at most LIMIT."""
        if self.rng.random() < 0.3:
            return self.float_from_others(type, scope, depth)
        a, b = self.two(type, scope, depth)
        scalar = self.expression(f32, scope, depth)
        return self.rng.choice(
            [
                lambda: a + b,
                lambda: a - b,
                lambda: a * b,
                lambda: a - (b - scalar),
                lambda: a * scalar,
                lambda: scalar - b,
                lambda: fma(a, b, scalar),
                lambda: minimum(a, b),
                lambda: maximum(a, b),
                lambda: -a,
                lambda: absolute(a),
                lambda: floor(a * 0.25),
            ]
        )()

    def float_from_others(self, type: Type, scope: Scope, depth: int) -> Value:
        if type == f32x4:
            a, b = self.two(f32x2, scope, depth)
            return self.rng.choice(
                [concat(a, b), vector(a.x, b.y, a.y, a.x), to_f32(self.expression(u32x4, scope, depth) % 64)]
            )
        if type == f32x2:  # Mesa 22 folds unpack2x16float of constants to (x, 0), so one side is loaded
            loaded = self.inputs[f32x2][self.rng.randrange(READABLE)]
            return unpack_half2(pack_half2(maximum(self.expression(f32x2, scope, depth), loaded)))
        a, b = self.two(f32x4, scope, depth)
        return self.rng.choice(
            [
                lambda: dot(a, b),
                lambda: a.lane(self.rng.randrange(4)),
                lambda: to_f32(self.expression(i32, scope, depth) % 64),
                lambda: to_f32(self.expression(u32, scope, depth) & 63),
            ]
        )()

    def small(self, value: Value) -> Value:
        return minimum(maximum(value, -float(LIMIT)), float(LIMIT))


def random_kernel(rng: random.Random, statements: int) -> RandomKernel:
    """A verified kernel of about so many statements, and random contents for its buffers."""
    workgroup, groups = rng.choice([1, 3, 8, 20]), rng.randint(1, 3)
    kernel = trace("random", lambda k: Generator(k, rng, statements).kernel(), workgroup=workgroup, step=STEP)
    contents = np.random.default_rng(rng.randrange(1 << 30))
    arrays: dict[str, npt.NDArray[Any]] = {}
    for buffer in kernel.buffers:
        length = READABLE if buffer.access == "read" else workgroup * groups * CELLS
        arrays[buffer.name] = _contents(buffer.type, length, contents)
    params = {
        "rounds": rng.randint(0, 3),
        "level": float(rng.randint(-LIMIT, LIMIT)),
        "mode": rng.randrange(16),
    }
    return RandomKernel(verify(kernel), (groups, 1, 1), arrays, params)


def _contents(type: Type, length: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    shape = (length,) if type.lanes == 1 else (length, type.lanes)
    if type.is_float:
        return rng.integers(-LIMIT, LIMIT + 1, shape).astype(np.float32)
    words = rng.integers(0, 1 << 32, shape, dtype=np.uint32)
    return np.where(rng.random(shape) < 0.5, words & 31, words).astype(np.uint32).view(type.dtype)
