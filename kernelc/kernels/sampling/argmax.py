"""Greedy sampling: the id of the greatest logit (the lowest id among equals), appended to the tokens.

One workgroup searches a vocabulary of up to ONE_DISPATCH logits (`ARGMAX`). For a larger one, many workgroups
find the best logit of a block each (`ARGMAX_BLOCKS`), and one more chooses among those (`ARGMAX_FINAL`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels import step_block
from kernelc.kernels.parts.reduce import Workgroup
from kernelc.kernels.sampling.order_keys import greatest_lane, order_keys, order_keys_reference
from kernelc.kernels.spec import CONTEXT, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import minimum, select, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x4, u32, u32x2
from kernelc.kir.values import Number, Operators, Value, Variable
from kernelc.target import Capabilities

ONE_DISPATCH = 32768
"""The size of a vocabulary up to which one workgroup is about as fast as two dispatches."""

BLOCK = 2048
"""A good number of logits for each workgroup of `ARGMAX_BLOCKS`."""

_ALL_BITS = 0xFFFFFFFF


@dataclass(frozen=True)
class ArgmaxProblem:
    """`vocab`: number of logits."""

    vocab: int

    def __post_init__(self) -> None:
        """Raise ShapeError where there are none."""
        require(self.vocab >= 1, self, "at least one logit")


@dataclass(frozen=True)
class ArgmaxBlocksProblem:
    """`block`: consecutive logits that one workgroup searches, a multiple of 4."""

    vocab: int
    block: int

    def __post_init__(self) -> None:
        """Raise ShapeError where that is not so."""
        require(self.vocab >= 1, self, "at least one logit")
        require(self.block >= 4 and self.block % 4 == 0, self, "a block of a multiple of 4")

    @property
    def blocks(self) -> int:
        return -(-self.vocab // self.block)


@dataclass(frozen=True)
class ArgmaxFinalProblem:
    """`blocks`: number of candidates to choose among, one per block."""

    blocks: int

    def __post_init__(self) -> None:
        """Raise ShapeError where there are none."""
        require(self.blocks >= 1, self, "at least one candidate")


@dataclass(frozen=True)
class ArgmaxSchedule:
    """`threads`: invocations of the workgroup; `unroll`: elements that each loads at a time."""

    threads: int
    unroll: int
    subgroups: bool


class _Best:
    """The greatest key that an invocation has seen so far, and its index."""

    def __init__(self, k: Tracer) -> None:
        self.k = k
        self.key: Variable = k.var(0, u32, name="best_key")
        self.index: Variable = k.var(0, u32, name="best_index")

    def meet(self, key: Value, index: Operators, offset: int = 0) -> None:
        """Consider a key. Indices (`index` + `offset`) must ascend: the first of equal keys stays."""
        with self.k.when(key > self.key):
            self.k.assign(self.key, key)
            self.k.assign(self.index, index.value() + offset)

    def meet_element(self, keys: Value, at: Operators) -> None:
        """Consider the keys of element `at`: one key, or a vector of them."""
        lanes = keys.type.lanes
        if lanes == 1:
            self.meet(keys, at)
            return
        with self.k.when(greatest_lane(keys) > self.key):
            first = at * lanes
            for lane in range(lanes):
                self.meet(keys.lane(lane), first, lane)

    def of_workgroup(self, workgroup: Workgroup) -> tuple[Value, Value]:
        """(key, index) of the greatest key in the workgroup; among equal keys, the lowest index."""
        greatest = workgroup.maximum(self.key)
        last = workgroup.maximum(select(self.key.equals(greatest), self.index ^ _ALL_BITS, 0))
        return greatest, last ^ _ALL_BITS


@contextmanager
def every_element(
    k: Tracer, logits: Array, start: Operators, stop: Number, unroll: int
) -> Generator[list[tuple[Value, Value]]]:
    """Loop over the elements start, start + threads .. below stop, `unroll` of them per iteration.

    Yields (index, keys) of each. The elements of an iteration are loaded together, since such a loop waits
    for memory. Past the end, an iteration loads the last element again and gives it the key 0.
    """
    with k.loop(start, stop, k.workgroup * unroll) as first:
        elements = [(first, order_keys(logits[first]))]
        for ahead in range(1, unroll):
            place = first + ahead * k.workgroup
            at = minimum(place, k.coerce(stop, u32) - 1)
            keys = select(place < stop, order_keys(logits[at]), 0)
            elements.append((at, keys))
        yield elements


def keep_best(k: Tracer) -> _Best:
    """An empty register pair for a search of the maximum."""
    return _Best(k)


def write_token(k: Tracer, tokens: Array, token: Operators) -> None:
    """Let the first invocation append the sampled id to the tokens that the step has seen."""
    with k.when(k.local_id.equals(0)):
        tokens[step_block.rows(k).next_position] = token.value()


def logits_binding(vocab: int, access: str = "read") -> Binding:
    """The logits, as vectors of four where four divides their number."""
    if vocab % 4 == 0:
        return Binding("logits", f32x4, access, vocab // 4)
    return Binding("logits", f32, access, vocab)


def tokens_binding(access: str) -> Binding:
    """Token ids by position."""
    return Binding("tokens", u32, access, CONTEXT + 1)


def random_logits(vocab: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Logits as large as models produce them, sometimes with ties, infinities or NaN among them."""
    logits = (rng.normal(size=vocab) * 4).astype(np.float32)
    kind = rng.integers(6)
    if kind == 1:
        logits = np.round(logits)
    elif kind == 2:
        strange = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 3e38, -3e38], np.float32)
        logits = np.where(rng.random(vocab) < 0.5, rng.choice(strange, vocab), logits).astype(np.float32)
    elif kind == 3:
        logits[...] = rng.choice(np.array([np.nan, -np.inf, 1.5], np.float32))
    return logits


class ArgmaxKernel(KernelSpec[Any, ArgmaxSchedule]):
    """What the three kernels share."""

    def elements(self, problem: Any) -> int:
        """Elements that one workgroup searches."""
        raise NotImplementedError

    def describe(self, problem: Any) -> str:
        return str(self.elements(problem))

    def space(self, capabilities: Capabilities, problem: Any) -> Iterable[ArgmaxSchedule]:
        for threads in (32, 64, 128, 256):
            if threads <= capabilities.max_threads:
                yield from (ArgmaxSchedule(threads, unroll, capabilities.subgroups) for unroll in (1, 4))

    def default(self, capabilities: Capabilities, problem: Any) -> ArgmaxSchedule:
        wanted = 256 if self.elements(problem) > 1024 else 64
        threads = min(wanted, capabilities.max_threads)
        return ArgmaxSchedule(
            threads, 4 if self.elements(problem) > 16 * threads else 1, capabilities.subgroups
        )

    def workgroup(self, problem: Any, schedule: ArgmaxSchedule) -> int:
        return schedule.threads

    def grid(self, problem: Any, schedule: ArgmaxSchedule) -> Grid:
        return (1, 1, 1)

    def tolerance(self, problem: Any) -> Tolerance:
        return Tolerance(relative=0, absolute=0)


class Argmax(ArgmaxKernel):
    """logits [vocab] -> tokens[past + seq]."""

    name = "argmax"
    problem_type = ArgmaxProblem

    def elements(self, problem: ArgmaxProblem) -> int:
        return problem.vocab

    def bindings(self, problem: ArgmaxProblem) -> tuple[Binding, ...]:
        return (logits_binding(problem.vocab), tokens_binding("read_write"))

    def reference(self, problem: ArgmaxProblem, arrays: Arrays, params: Params) -> None:
        keys = order_keys_reference(arrays["logits"].reshape(-1))
        arrays["tokens"][int(params["past"]) + int(params["seq"])] = np.argmax(keys)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: ArgmaxProblem, schedule: ArgmaxSchedule
    ) -> None:
        logits = arrays["logits"]
        best = keep_best(k)
        count = problem.vocab // logits.type.lanes
        with every_element(k, logits, k.local_id, count, schedule.unroll) as elements:
            for at, keys in elements:
                best.meet_element(keys, at)
        _, token = best.of_workgroup(Workgroup(k, schedule.subgroups))
        write_token(k, arrays["tokens"], token)

    def inputs(
        self, problem: ArgmaxProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        arrays["logits"].reshape(-1)[...] = random_logits(problem.vocab, rng)
        return arrays


class ArgmaxBlocks(ArgmaxKernel):
    """logits [vocab] -> best [blocks] of (key, index): each block's greatest logit."""

    name = "argmax_blocks"
    problem_type = ArgmaxBlocksProblem

    def elements(self, problem: ArgmaxBlocksProblem) -> int:
        return problem.block

    def bindings(self, problem: ArgmaxBlocksProblem) -> tuple[Binding, ...]:
        return (logits_binding(problem.vocab), Binding("best", u32x2, "read_write", problem.blocks))

    def reference(self, problem: ArgmaxBlocksProblem, arrays: Arrays, params: Params) -> None:
        keys = order_keys_reference(arrays["logits"].reshape(-1))
        for block in range(problem.blocks):
            first = block * problem.block
            index = first + int(np.argmax(keys[first : first + problem.block]))
            arrays["best"][block] = keys[index], index

    def grid(self, problem: ArgmaxBlocksProblem, schedule: ArgmaxSchedule) -> Grid:
        return (problem.blocks, 1, 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: ArgmaxBlocksProblem, schedule: ArgmaxSchedule
    ) -> None:
        logits, best = arrays["logits"], keep_best(k)
        block = k.workgroup_id(0)
        count, all_elements = problem.block // logits.type.lanes, problem.vocab // logits.type.lanes
        first = block * count
        stop = first + count if all_elements % count == 0 else minimum(first + count, all_elements)
        with every_element(k, logits, first + k.local_id, stop, schedule.unroll) as elements:
            for at, keys in elements:
                best.meet_element(keys, at)
        key, index = best.of_workgroup(Workgroup(k, schedule.subgroups))
        with k.when(k.local_id.equals(0)):
            arrays["best"][block] = vector(key, index)

    def inputs(
        self, problem: ArgmaxBlocksProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        arrays["logits"].reshape(-1)[...] = random_logits(problem.vocab, rng)
        return arrays


ARGMAX = Argmax()
ARGMAX_BLOCKS = ArgmaxBlocks()
