"""Elementwise expressions over rows: any formula of `kernelc.ir.expression` in one pass over its inputs.

The expression that is one input alone is a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim, evaluate
from kernelc.ir.expression import Expression
from kernelc.kernels import step_block
from kernelc.kernels.parts.formulas import computed
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import named
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32, f32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities

OUT = "out"


@dataclass(frozen=True)
class ElementwiseProblem:
    """A formula over rows of `width` elements; the bindings are the formula's inputs by name, then "out".

    Inputs and the result are [seq, rows, width]: a position of the step has `rows` rows (its heads, say).
    With `one_position` they are [rows, width] whatever the step's length. Exceptions are the inputs named in
    `vectors`, which are [width] and meet every row, and those named in `last`, which are [seq, rows, width]
    where the result is of one position, the last.
    """

    expression: Expression
    width: int
    vectors: tuple[str, ...] = ()
    rows: int = 1
    one_position: bool = False
    last: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ShapeError where the fields do not fit each other."""
        inputs = set(self.expression.checked().inputs)
        require(self.width >= 1 and self.rows >= 1, self, "at least one row of one element")
        require(OUT not in inputs, self, f"no input that is called {OUT}, as the result is")
        require({*self.vectors, *self.last} <= inputs, self, "vectors and last among the inputs")
        require(not {*self.vectors} & {*self.last}, self, "no input among both vectors and last")
        require(self.one_position or not self.last, self, "the last position read for one result alone")

    @property
    def type(self) -> Type:
        """The element type of all bindings: vectors of four where rows end with one."""
        return f32x4 if (self.width if self.vectors else self.rows * self.width) % 4 == 0 else f32

    @property
    def vector_length(self) -> int:
        """Elements (of `type`) of an input in `vectors`."""
        return self.width // self.type.lanes

    @property
    def position_length(self) -> int:
        """Elements (of `type`) of a position."""
        return self.rows * self.width // self.type.lanes

    @property
    def positions(self) -> Dim:
        """Positions of the result."""
        return 1 if self.one_position else SEQ

    def length(self, name: str) -> Dim:
        """Elements (of `type`) of a binding."""
        if name in self.vectors:
            return self.vector_length
        return (SEQ if name in self.last else self.positions) * self.position_length


@dataclass(frozen=True)
class ElementwiseSchedule:
    """`threads`: invocations of a workgroup. Each computes one element, which may be a vector of four."""

    threads: int


class Elementwise(KernelSpec[ElementwiseProblem, ElementwiseSchedule]):
    """inputs [seq, rows, width] or [width] -> out [seq, rows, width]."""

    name = "elementwise"
    problem_type = ElementwiseProblem

    def bindings(self, problem: ElementwiseProblem) -> tuple[Binding, ...]:
        names = (*problem.expression.inputs, OUT)
        return tuple(
            Binding(name, problem.type, "read_write" if name == OUT else "read", problem.length(name))
            for name in names
        )

    def reference(self, problem: ElementwiseProblem, arrays: Arrays, params: Params) -> None:
        positions = evaluate(problem.positions, {"seq": int(params["seq"])})
        shape = (positions, problem.rows, problem.width)

        def values(name: str) -> npt.NDArray[np.float32]:
            flat = arrays[name].reshape(-1)
            if name in problem.vectors:
                return flat
            if name in problem.last:
                flat = flat[(int(params["seq"]) - 1) * problem.rows * problem.width :]
            return flat[: positions * problem.rows * problem.width].reshape(shape)

        result = problem.expression.reference({name: values(name) for name in problem.expression.inputs})
        values(OUT)[...] = result

    def space(self, capabilities: Capabilities, problem: ElementwiseProblem) -> Iterable[ElementwiseSchedule]:
        for threads in (32, 64, 128, 256):
            if threads <= capabilities.max_threads:
                yield ElementwiseSchedule(threads)

    def default(self, capabilities: Capabilities, problem: ElementwiseProblem) -> ElementwiseSchedule:
        threads = 64 if problem.position_length <= 4096 else 256
        return ElementwiseSchedule(min(threads, capabilities.max_threads))

    def workgroup(self, problem: ElementwiseProblem, schedule: ElementwiseSchedule) -> int:
        return schedule.threads

    def grid(self, problem: ElementwiseProblem, schedule: ElementwiseSchedule) -> Grid:
        return (-(-problem.position_length // schedule.threads), problem.positions, 1)

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: ElementwiseProblem,
        schedule: ElementwiseSchedule,
    ) -> None:
        length = problem.position_length
        element = named("element", k.workgroup_id(0) * schedule.threads + k.local_id)

        def load(name: str) -> Value:
            if name in problem.vectors:
                return arrays[name][element if problem.rows == 1 else element % problem.vector_length]
            position = step_block.rows(k).last if name in problem.last else k.workgroup_id(1)
            return arrays[name][position * length + element]

        def compute() -> None:
            inputs = {name: named(name, load(name)) for name in problem.expression.inputs}
            arrays[OUT][k.workgroup_id(1) * length + element] = computed(problem.expression, inputs)

        if length % schedule.threads == 0:
            compute()
        else:
            with k.when(element < length):
                compute()

    def inputs(
        self, problem: ElementwiseProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        for name in problem.expression.inputs:
            arrays[name][...] = rng.normal(size=arrays[name].shape)
        return arrays

    def tolerance(self, problem: ElementwiseProblem) -> Tolerance:
        """Inputs are of order one. A target's exp, and whether a product and a sum are rounded together, is
        what results differ by; a copy is exact."""
        exact = problem.expression.is_input
        return Tolerance(0, 0) if exact else Tolerance(relative=1e-5, absolute=1e-5)

    def describe(self, problem: ElementwiseProblem) -> str:
        rows = f"{problem.rows}x" if problem.rows > 1 else ""
        place = "_last" if problem.last else "_one" if problem.one_position else ""
        return f"{problem.expression.short_name or 'copy'}_{rows}{problem.width}{place}"


ELEMENTWISE = Elementwise()
