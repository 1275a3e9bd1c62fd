"""The checklist's second half: control flow, registers, memory, positions, subgroups. One kernel each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.functions import convert, subgroup_max, subgroup_shuffle_xor, subgroup_sum, vector
from kernelc.kir.nodes import Param
from kernelc.kir.sharing import atomic_add, fence, uniform_load
from kernelc.kir.trace import Tracer
from kernelc.kir.types import boolean, f16, f32, f32x4, i32, u32, u32x2, u32x4

THREADS = 20  # no multiple of a subgroup
GRID = (3, 2, 2)
GROUPS = 12
STEP = (Param("seq", u32), Param("past", i32), Param("scale", f32))
PARAMS: Mapping[str, int | float] = {"seq": 5, "past": -3, "scale": 0.5}

Lanes = npt.NDArray[Any]
LOCAL = np.tile(np.arange(THREADS, dtype=np.uint32), GROUPS)
GROUP = np.repeat(np.arange(GROUPS, dtype=np.uint32), THREADS)
ALL = np.arange(GROUPS * THREADS, dtype=np.uint32)


@dataclass(frozen=True)
class StatementCase:
    """`body` fills `out` [every invocation] from `x` (the numbers 0, 1, 2 ...); `wanted` from what came
    out."""

    name: str
    body: Callable[[Tracer, Any, Any, Any], None]  # (k, x, out, number of the invocation)
    wanted: Callable[[Lanes], Lanes]
    features: frozenset[str] = field(default_factory=frozenset)


CASES: list[StatementCase] = []
Body = Callable[[Tracer, Any, Any, Any], None]
COVERED: set[str] = {"load", "read"}


def case(
    wanted: Callable[[Lanes], Lanes], *operations: str, features: frozenset[str] = frozenset()
) -> Callable[[Body], Body]:
    """Enter a body into the table, under its own name."""

    def enter(body: Body) -> Body:
        CASES.append(StatementCase(body.__name__, body, wanted, features))
        COVERED.update(operations)
        return body

    return enter


@case(lambda out: np.minimum(ALL, 100) * 2)
def branch(k: Tracer, x: Any, out: Any, i: Any) -> None:
    with k.when(i < 100):
        out[i] = x[i] * 2
    with k.otherwise():
        out[i] = 200


@case(lambda out: np.select([ALL < 50, ALL < 100], [1, 2], 3))
def branch_chain(k: Tracer, x: Any, out: Any, i: Any) -> None:
    with k.when(i < 50):
        out[i] = 1
    with k.otherwise():
        with k.when(i < 100):
            out[i] = 2
        with k.otherwise():
            out[i] = 3


@case(lambda out: np.array([sum(range(i % 7, 15, 3)) for i in ALL]))
def loop_with_own_bounds(k: Tracer, x: Any, out: Any, i: Any) -> None:
    total = k.var(0, u32)
    with k.loop(i % 7, 15, 3) as j:
        total += j
    out[i] = total


@case(lambda out: 5 * 4 // 2 + 0 * ALL)
def loop_to_a_parameter(k: Tracer, x: Any, out: Any, i: Any) -> None:
    total = k.var(0, u32)
    with k.loop(0, k.param("seq")) as j:
        total += j
    out[i] = total


@case(lambda out: np.array([sum(a * b for a in range(3) for b in range(a)) + i for i in ALL]))
def nested_loops(k: Tracer, x: Any, out: Any, i: Any) -> None:
    total = k.var(i)
    with k.loop(0, 3) as a, k.loop(0, a) as b:
        total += a * b
    out[i] = total


@case(lambda out: ALL % 2 + 10)
def flag_in_a_register(k: Tracer, x: Any, out: Any, i: Any) -> None:
    odd = k.var(False, boolean)
    with k.when((i & 1).equals(1)):
        k.assign(odd, True)
    out[i] = convert(odd, u32) + 10


@case(lambda out: ALL + 1)
def step_block(k: Tracer, x: Any, out: Any, i: Any) -> None:
    sum_ = convert(k.param("past"), f32) + k.param("scale") * 4.0  # -1
    out[i] = i + k.param("seq") - convert(3.0 - sum_, u32)


@case(
    lambda out: GROUP % 3 + GROUP // 3 % 2 * 10 + GROUP // 6 * 100 + LOCAL * 1000,
    "workgroup_id",
    "local_id",
    "param",
)
def positions(k: Tracer, x: Any, out: Any, i: Any) -> None:
    out[i] = k.workgroup_id(0) + k.workgroup_id(1) * 10 + k.workgroup_id(2) * 100 + k.local_id * 1000


@case(lambda out: GROUP * THREADS + (LOCAL + 1) % THREADS)
def shared_memory_and_barrier(k: Tracer, x: Any, out: Any, i: Any) -> None:
    cells = k.shared("cells", u32, THREADS)
    cells[k.local_id] = x[i]
    k.barrier()
    out[i] = cells[(k.local_id + 1) % THREADS]


@case(lambda out: np.repeat(ALL.reshape(GROUPS, THREADS).sum(axis=1), THREADS))
def barrier_in_a_uniform_loop(k: Tracer, x: Any, out: Any, i: Any) -> None:
    cells = k.shared("cells", u32, THREADS)
    total = k.var(0, u32)
    with k.loop(0, THREADS) as turn:
        cells[(k.local_id + turn) % THREADS] = x[i]
        k.barrier()
        total += cells[0]
        k.barrier()
    out[i] = total


@case(lambda out: ALL * 2 + 5)
def vectors_in_shared_memory(k: Tracer, x: Any, out: Any, i: Any) -> None:
    pairs, quads = k.shared("pairs", u32x2, THREADS), k.shared("quads", f32x4, THREADS)
    pairs[k.local_id] = vector(x[i], x[i] + 1)
    quads[k.local_id] = vector(0.0, 1.0, 2.0, convert(x[i], f32) - convert(x[i], f32) + 1.0)
    quad = quads[k.local_id]
    out[i] = pairs[k.local_id].x + pairs[k.local_id].y + convert(quad.x + quad.y + quad.z + quad.w, u32)


@case(lambda out: ALL * 4 + 6)
def vector_registers(k: Tracer, x: Any, out: Any, i: Any) -> None:
    quad = k.var(vector(x[i], 0, 1, 2), u32x4)
    quad += vector(0, x[i], x[i], x[i])
    out[i] = quad.x + quad.y + quad.z + quad.w + 3


@case(lambda out: ALL * 3)
def halves_in_shared_memory(k: Tracer, x: Any, out: Any, i: Any) -> None:
    cells = k.shared("cells", f16, THREADS)
    cells[k.local_id] = convert(x[i], f16)
    out[i] = convert(cells[k.local_id] * 3.0, u32)


@case(lambda out: ALL * 2 + 1)
def reads_back_what_it_wrote(k: Tracer, x: Any, out: Any, i: Any) -> None:
    out[i] = x[i]
    before = out[i]
    out[i] = before + 1
    out[i] = out[i] + before


def _by_subgroup(out: Lanes, values: Lanes, combine: Callable[..., Lanes]) -> Lanes:
    """What the invocations of each subgroup give; the device's size of one stands in the thousands of
    `out`."""
    size = int(out[0]) // 100000
    groups = values.reshape(GROUPS, THREADS)
    parts = [
        np.repeat(combine(groups[:, a : a + size], axis=1)[:, None], min(size, THREADS - a), 1)
        for a in range(0, THREADS, size)
    ]
    return np.concatenate(parts, axis=1).reshape(-1) + size * 100000


@case(
    lambda out: _by_subgroup(out, ALL, np.sum),
    "subgroup_sum",
    "subgroup_size",
    features=frozenset({"subgroups"}),
)
def sum_over_a_subgroup(k: Tracer, x: Any, out: Any, i: Any) -> None:
    out[i] = subgroup_sum(x[i]) + k.subgroup_size * 100000


@case(
    lambda out: _by_subgroup(out, ALL * 7 % 100, np.max),
    "subgroup_max",
    "subgroup_lane",
    features=frozenset({"subgroups"}),
)
def maximum_over_a_subgroup(k: Tracer, x: Any, out: Any, i: Any) -> None:
    lane_is_known = convert((k.subgroup_lane).equals(k.local_id % k.subgroup_size), u32)
    negative = subgroup_max(convert(x[i] * 7 % 100, i32) - 1000) + 1000
    out[i] = convert(negative, u32) + k.subgroup_size * (lane_is_known * 100000)


@case(
    lambda out: ALL.reshape(-1, 2)[:, ::-1].reshape(-1) + GROUP * 1000,
    "subgroup_shuffle_xor",
    features=frozenset({"subgroups"}),
)
def exchange_with_a_partner(k: Tracer, x: Any, out: Any, i: Any) -> None:
    number = subgroup_shuffle_xor(x[i], 1)
    group = subgroup_shuffle_xor(convert(i // THREADS, f32), 2)
    out[i] = number + convert(group, u32) * 1000


@case(
    lambda out: np.where(LOCAL == 0, THREADS - 1, LOCAL * 3),
    "atomic_add",
)
def counting(k: Tracer, x: Any, out: Any, i: Any) -> None:
    """Each invocation of a workgroup gets a number of its own; `out` begins at -1."""
    first = i - k.local_id
    rank = atomic_add(out, first, 1) + 1
    with k.when(rank > 0):
        out[first + rank] = rank * 3


@case(lambda out: np.where(GROUP % 2 == 1, LOCAL + 1, LOCAL), "uniform_load")
def branch_on_what_one_found(k: Tracer, x: Any, out: Any, i: Any) -> None:
    found = k.shared("found", u32, 2)
    with k.when(k.local_id.equals(3)):
        found[1] = x[i] // THREADS % 2
    k.barrier()
    total = k.var(k.local_id)
    with k.when(uniform_load(found, 1) > 0):
        k.barrier()
        total += 1
    out[i] = total


def _sums_of_workgroups(out: Lanes) -> Lanes:
    sums = 2 * ALL.reshape(GROUPS, THREADS)[:, 1:].sum(axis=1)
    return np.where(LOCAL == 0, np.repeat(sums, THREADS), 2 * ALL)


@case(_sums_of_workgroups)
def last_workgroup_sees_all(k: Tracer, x: Any, out: Any, i: Any) -> None:
    with k.when(k.local_id > 0):
        out[i] = x[i] * 2
    fence(k)
    k.barrier()
    arrived = k.shared("arrived", u32, 1)
    with k.when(k.local_id.equals(0)):
        arrived[0] = atomic_add(out, 0, 1) + 1
    k.barrier()
    with k.when(uniform_load(arrived, 0).equals(GROUPS - 1)):
        fence(k)
        with k.when(k.local_id < GROUPS):
            total = k.var(0, u32)
            with k.loop(1, THREADS) as at:
                total += out[k.local_id * THREADS + at]
            out[k.local_id * THREADS] = total
