"""Barriers and subgroup operations stand in control flow that all invocations of a workgroup share.

Each body gets (k, x, out): a read-only and a written buffer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kernelc.errors import InternalError
from kernelc.kir.functions import maximum, select, subgroup_max, subgroup_sum
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer
from kernelc.kir.types import u32
from tests.kir.tracing import traced

Body = Callable[[Tracer, Any, Any], None]


def kernel_of(body: Body) -> Kernel:
    return traced(lambda k: body(k, k.input("x", u32), k.output("out", u32)), name=body.__name__)


def local_branch(k: Tracer, x: Any, out: Any) -> None:
    with k.when(k.local_id > 3):
        k.barrier()


def other_branch(k: Tracer, x: Any, out: Any) -> None:
    with k.when(k.local_id > 3):
        out[0] = 1
    with k.otherwise():
        k.barrier()


def nested_branch(k: Tracer, x: Any, out: Any) -> None:
    with k.when(k.local_id > 3), k.when(k.param("seq") > 3):
        k.barrier()


def local_bound(k: Tracer, x: Any, out: Any) -> None:
    with k.loop(0, k.local_id):
        k.barrier()


def local_start(k: Tracer, x: Any, out: Any) -> None:
    with k.loop(k.local_id, 8):
        k.barrier()


def local_step(k: Tracer, x: Any, out: Any) -> None:
    with k.loop(0, 8, k.local_id + 1):
        k.barrier()


def local_index(k: Tracer, x: Any, out: Any) -> None:
    with k.loop(k.local_id, 20, 8) as i:
        out[i] = 1
        with k.when(i > 3):
            k.barrier()


def loaded_at_local_index(k: Tracer, x: Any, out: Any) -> None:
    with k.when(x[k.local_id] > 3):
        k.barrier()


def loaded_from_written_buffer(k: Tracer, x: Any, out: Any) -> None:
    with k.when(out[0] > 3):
        k.barrier()


def loaded_from_shared(k: Tracer, x: Any, out: Any) -> None:
    cells = k.shared("cells", u32, 1)
    with k.when(k.local_id.equals(0)):
        cells[0] = 5
    k.barrier()
    with k.when(cells[0] > 3):
        k.barrier()


def subgroup_result(k: Tracer, x: Any, out: Any) -> None:
    with k.when(subgroup_sum(x[0]) > 3):
        k.barrier()


def subgroup_lane(k: Tracer, x: Any, out: Any) -> None:
    with k.when(k.subgroup_lane > 3):
        k.barrier()


def register_declared_with_it(k: Tracer, x: Any, out: Any) -> None:
    register = k.var(k.local_id)
    with k.when(register > 3):
        k.barrier()


def register_assigned_it(k: Tracer, x: Any, out: Any) -> None:
    register = k.var(0, u32)
    register += k.local_id
    with k.when(register > 3):
        k.barrier()


def register_assigned_in_a_varying_branch(k: Tracer, x: Any, out: Any) -> None:
    register = k.var(0, u32)
    with k.when(k.local_id > 3):
        k.assign(register, 5)
    with k.when(register > 3):
        k.barrier()


def register_assigned_in_a_varying_loop(k: Tracer, x: Any, out: Any) -> None:
    register = k.var(0, u32)
    with k.loop(0, k.local_id):
        register += 1
    with k.when(register > 3):
        k.barrier()


def register_varies_in_the_second_round(k: Tracer, x: Any, out: Any) -> None:
    register = k.var(0, u32)
    with k.loop(0, 3):
        with k.when(register > 3):
            k.barrier()
        register += k.local_id


def register_varies_in_the_fourth_round(k: Tracer, x: Any, out: Any) -> None:
    a, b, c = k.var(0, u32), k.var(0, u32), k.var(0, u32)
    with k.loop(0, 5):
        with k.when(c > 3):
            k.barrier()
        k.assign(c, b.value())
        k.assign(b, a.value())
        k.assign(a, k.local_id)


def varying_through_an_inner_loop(k: Tracer, x: Any, out: Any) -> None:
    bound = k.var(1, u32)
    with k.loop(0, 3):
        with k.loop(0, bound):
            k.barrier()
        k.assign(bound, x[k.local_id])


def chosen_by_it(k: Tracer, x: Any, out: Any) -> None:
    with k.when(maximum(select(k.local_id > 2, k.param("seq"), 1), 2) > 3):
        k.barrier()


def subgroup_operation_in_a_varying_branch(k: Tracer, x: Any, out: Any) -> None:
    with k.when(k.local_id > 3):
        out[k.local_id] = subgroup_max(k.local_id)


VARYING: list[Body] = [
    local_branch,
    other_branch,
    nested_branch,
    local_bound,
    local_start,
    local_step,
    local_index,
    loaded_at_local_index,
    loaded_from_written_buffer,
    loaded_from_shared,
    subgroup_result,
    subgroup_lane,
    register_declared_with_it,
    register_assigned_it,
    register_assigned_in_a_varying_branch,
    register_assigned_in_a_varying_loop,
    register_varies_in_the_second_round,
    register_varies_in_the_fourth_round,
    varying_through_an_inner_loop,
    chosen_by_it,
    subgroup_operation_in_a_varying_branch,
]


@pytest.mark.parametrize("body", VARYING)
def test_varying_control_flow_around_a_barrier_is_refused(body: Body) -> None:
    with pytest.raises(InternalError, match="in control flow that differs between invocations") as caught:
        verify(kernel_of(body))
    assert "test_uniformity.py:" in caught.value.message and caught.value.ir is not None


def uniform_branches(k: Tracer, x: Any, out: Any) -> None:
    for condition in (k.param("seq") > 3, k.workgroup_id(0) > 1, x[5] > 1, x[k.workgroup_id(1) + x[2]] > 7):
        with k.when(condition):
            k.barrier()
            out[k.local_id] = subgroup_sum(k.local_id)
        with k.otherwise():
            k.barrier()


def uniform_loops(k: Tracer, x: Any, out: Any) -> None:
    step = k.workgroup_id(0) + 1
    with k.loop(x[0], k.param("seq"), step) as i, k.loop(0, i, 2) as j, k.when(i + j > 3):
        k.barrier()


def uniform_register(k: Tracer, x: Any, out: Any) -> None:
    register = k.var(0, u32)
    with k.loop(0, 4) as i:
        register += x[i] * k.param("seq")
        with k.when(register > 9):
            k.barrier()


def after_a_varying_branch(k: Tracer, x: Any, out: Any) -> None:
    with k.when(k.local_id > 3):
        out[k.local_id] = 1
    with k.loop(k.local_id, 8) as i:
        out[i + 8 + k.local_id * 8] = 1
    k.barrier()


def subgroup_size_bounds_a_loop(k: Tracer, x: Any, out: Any) -> None:
    with k.loop(0, k.subgroup_size):
        k.barrier()


@pytest.mark.parametrize(
    "body",
    [uniform_branches, uniform_loops, uniform_register, after_a_varying_branch, subgroup_size_bounds_a_loop],
)
def test_uniform_control_flow_around_a_barrier_is_fine(body: Body) -> None:
    kernel = kernel_of(body)
    assert verify(kernel) is kernel
