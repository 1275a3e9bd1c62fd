"""What a kernel family is: one numpy reference, one traced kernel, a schedule space.

A family is an instance of `KernelSpec`. Its *problem* is a frozen dataclass of everything static (widths,
formats, epilogues): the artifact stores it as JSON beside the kernel. Its *schedule* is a frozen dataclass of
choices that change the speed and never the result. Arrays reach `reference` and the executors as the buffers
hold them: packed words, row-major, `[n]` or `[n, lanes]` of the binding's element type.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError
from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.dim import Dim, Var, evaluate
from kernelc.kernels.step_block import STEP
from kernelc.kernels.stored_problem import read_problem, require
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Array, Tracer, trace
from kernelc.kir.types import Type
from kernelc.target import Capabilities

SEQ = Var("seq", 1, 1 << 20)
PAST = Var("past", 0, 1 << 20)
CONTEXT = Var("context", 1, 1 << 20)

TILE_ROWS = 24
"""Rows of a golden tile. Three times a power of two: a kernel that takes a row for one some tiles on is
noticed, and a tile's scales end at a whole 16 bytes."""

LATER_FIELDS: Mapping[str, object] = {
    "ring": 0,
    "joined": False,
    "terms": 0,
    "coding": None,
    "codes": 0,
    "appends": True,
}
"""Fields that problems were given later, with what was meant before: stored only where they say something
else, so that artifacts stay what they were."""

Arrays = Mapping[str, npt.NDArray[Any]]
Params = Mapping[str, int | float]
Grid = tuple[Dim, Dim, Dim]


@dataclasses.dataclass(frozen=True)
class Binding:
    """One buffer of a kernel: `length` elements of `type`, as a Dim over seq, past and context.

    `constant`: a weight is bound there, always, so that kernels may read it before their inputs are ready.
    """

    name: str
    type: Type
    access: str  # "read" or "read_write"
    length: Dim
    constant: bool = False

    def bytes(self, env: Mapping[str, int]) -> int:
        return evaluate(self.length, env) * self.type.bytes


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """|got - wanted| <= absolute + relative * |wanted|, for every element of every output."""

    relative: float
    absolute: float


P = TypeVar("P")
S = TypeVar("S")


class KernelSpec(ABC, Generic[P, S]):
    """A kernel family. Instances are stateless; everything is a function of the problem and the schedule."""

    name: ClassVar[str]
    problem_type: type[P]

    @abstractmethod
    def bindings(self, problem: P) -> tuple[Binding, ...]:
        """The signature, in binding order. Variants may read the same bytes as another element type."""

    @abstractmethod
    def reference(self, problem: P, arrays: Arrays, params: Params) -> None:
        """The specification, in numpy: fills the read_write arrays from the others."""

    @abstractmethod
    def space(self, capabilities: Capabilities, problem: P) -> Iterable[S]:
        """Every schedule worth trying under these capabilities; contains `default`'s."""

    @abstractmethod
    def default(self, capabilities: Capabilities, problem: P) -> S:
        """A schedule that is good without tuning."""

    def alone(self, problem: P) -> tuple[KernelSpec[Any, Any], Any] | None:
        """The family and problem of a single row where this kernel has to give several rows the bits that
        each has alone: its schedule is then made of that one's (`following`), whoever chose it."""
        return None

    def following(self, capabilities: Capabilities, problem: P, alone: Any) -> S:
        """The schedule with which rows have the bits that they have by the schedule `alone` of the family
        that `alone` names."""
        raise InternalError(f"{self.name} follows no other kernel")

    @abstractmethod
    def workgroup(self, problem: P, schedule: S) -> int:
        """Invocations of a workgroup."""

    @abstractmethod
    def grid(self, problem: P, schedule: S) -> Grid:
        """Workgroups to dispatch, as Dims over seq and past."""

    @abstractmethod
    def trace(self, k: Tracer, arrays: Mapping[str, Array], problem: P, schedule: S) -> None:
        """The kernel, written in the kernel language, on the bound `arrays` (by binding name).

        It binds nothing itself, so that several bodies can be traced into one kernel."""

    def access_types(self, problem: P, schedule: S) -> Mapping[str, Type]:
        """The element types under which this schedule accesses a buffer's bytes, by binding name, where they
        are not those of `bindings`."""
        return {}

    @abstractmethod
    def inputs(
        self, problem: P, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """Contents for every binding (zeros for outputs), sized for `env`, for tests and `verify`."""

    def params(self, problem: P, rng: np.random.Generator, env: Mapping[str, int]) -> dict[str, int | float]:
        """A step block to go with `inputs`."""
        defaults: dict[str, int | float] = {field.name: 0 for field in STEP}
        return defaults | {"top_p": 1.0, "repetition_penalty": 1.0, "seq": env["seq"], "past": env["past"]}

    def tolerance(self, problem: P) -> Tolerance:
        return Tolerance(relative=1e-5, absolute=1e-5)

    def tile_tolerance(self, problem: P) -> Tolerance:
        """Where matrix units multiply operands rounded to f16."""
        return self.tolerance(problem)

    def tolerance_with(self, problem: P, features: Iterable[str]) -> Tolerance:
        """Of a kernel that asks a device for `features`."""
        halves = any(feature.startswith("tile_f16") for feature in features)
        return self.tile_tolerance(problem) if halves else self.tolerance(problem)

    def describe(self, problem: P) -> str:
        """A few words that tell this problem from others of a model, for the kernel's name: [a-z0-9_]."""
        return ""

    def coded_rows(self, problem: P) -> Mapping[str, CodedRows]:
        """The outputs that are coded rows, by name: codes are compared by what they stand for."""
        return {}

    def coded_inputs(self, problem: P) -> Mapping[str, CodedRows]:
        """The inputs that are coded rows, by name: a part of a row means nothing."""
        return {}

    def packed_halves(self, problem: P) -> frozenset[str]:
        """Names of u32 outputs that hold pairs of f16: compared as numbers, within the tolerance."""
        return frozenset()

    def near_tie(self, problem: P, inputs: Arrays, params: Params, got: Arrays, wanted: Arrays) -> bool:
        """Whether outputs that differ by more than the tolerance are nevertheless both right: a choice
        between alternatives so close that rounding decides it. `inputs` are the arrays before the kernel
        ran."""
        return False

    def tile(self, problem: P) -> P:
        """A smaller problem whose read-only inputs, repeated, are inputs for `problem`; itself where they
        are small anyway. For golden tiles: a file holds the inputs."""
        return problem

    def pieces(self, problem: P) -> tuple[P, ...]:
        """Problems with the inputs of `tile` whose references, one after the other on the same arrays, say
        enough of what `problem` writes; itself where that takes no time."""
        return (problem,)

    def telling(self, problem: P, inputs: Arrays, params: Params) -> bool:
        """Whether a golden tile of these says much: no rounding can change a choice (see `near_tie`), and
        the choice is no foregone one."""
        return True

    # What follows from the above

    def kernel(self, problem: P, schedule: S, capabilities: Capabilities, name: str = "") -> Kernel:
        """Trace and verify. Raises InternalError where the traced kernel is not valid."""
        traced = trace(
            name or self.name,
            lambda k: self.trace(k, self.bind(k, problem, schedule), problem, schedule),
            workgroup=self.workgroup(problem, schedule),
            step=STEP,
            subgroup_size=capabilities.subgroup_size,
        )
        return verify(traced)

    def bind(self, k: Tracer, problem: P, schedule: S) -> dict[str, Array]:
        """Bind the signature's buffers in order, as the schedule accesses them."""
        types, names = self.access_types(problem, schedule), [b.name for b in self.bindings(problem)]
        require(len(set(names)) == len(names), problem, f"each buffer once, not {', '.join(names)}")
        return {
            b.name: k.buffer(b.name, types.get(b.name, b.type), b.access, b.constant)
            for b in self.bindings(problem)
        }

    def problem_json(self, problem: P) -> dict[str, Any]:
        assert dataclasses.is_dataclass(problem) and not isinstance(problem, type)
        return dataclasses.asdict(problem, dict_factory=_stored)

    def problem_from_json(self, data: Mapping[str, Any]) -> P:
        """The inverse of `problem_json` after a trip through JSON, which made lists of tuples.

        Raises: ArtifactError where the data is no problem of this family.
        """
        return read_problem(self.problem_type, data)


def _stored(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in fields if name not in LATER_FIELDS or value != LATER_FIELDS[name]}


def empty(binding: Binding, env: Mapping[str, int]) -> npt.NDArray[Any]:
    """Zeros of a binding's shape."""
    shape = (evaluate(binding.length, env),)
    if binding.type.lanes > 1:
        shape += (binding.type.lanes,)
    return np.zeros(shape, binding.type.dtype)
