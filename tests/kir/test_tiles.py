"""Tiles in the kernel IR: what the verifier and the interpreter refuse, and register tiles behind the same
calls. What the operations give: tests/conformance/test_tiles.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kernelc.errors import InternalError
from kernelc.kir.functions import to_f32, vector
from kernelc.kir.interpreter.interpret import ExecutionError, interpret
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.text import kernel_text
from kernelc.kir.tile import TileSum, load_tile, pack_tile
from kernelc.kir.tile_types import F16, I8, LARGE_F16, REGISTERS, TileType
from kernelc.kir.trace import Array, Tracer, trace
from kernelc.kir.types import f32, f32x4, u32, u32x4
from tests.kir.tracing import STEP

Body = Callable[[Tracer, Array, Array], object]  # (k, operands, results)
THREADS = 64


def kernel_of(body: Body, threads: int = THREADS, subgroup_size: int | None = 32) -> Kernel:
    """A kernel with 64 cells of operands, zeros, and 1024 f32 cells of results."""

    def run(k: Tracer) -> None:
        operands, results = k.shared("operands", u32x4, 64), k.shared("results", f32, 1024)
        with k.loop(k.local_id, 64, threads) as at:
            operands[at] = vector(*[k.constant(0, u32)] * 4)
        k.barrier()
        body(k, operands, results)

    return trace("tiles", run, workgroup=threads, step=STEP, subgroup_size=subgroup_size)


def product(k: Tracer, operands: Array, place: Any = 0) -> TileSum:
    total = TileSum(F16)
    a = load_tile(F16, "a", operands, place, 2)
    total.add(a, load_tile(F16, "b", operands, 0, 2, transposed=True))
    return total


def in_a_branch(k: Tracer, operands: Array, results: Array) -> None:
    with k.when(k.local_id < 32):
        product(k, operands).store(results, 0, 16)


def in_a_subgroups_branch(k: Tracer, operands: Array, results: Array) -> None:
    """Uniform in each subgroup, which WGSL does not accept."""
    with k.when(k.subgroup_id.equals(0)):
        product(k, operands).store(results, 0, 16)


def own_offset(k: Tracer, operands: Array, results: Array) -> None:
    product(k, operands, k.local_id % 2).store(results, 0, 16)


def own_store(k: Tracer, operands: Array, results: Array) -> None:
    product(k, operands).store(results, k.local_id // 16 * 256, 16)


def loaded_offset(k: Tracer, operands: Array, results: Array) -> None:
    product(k, operands, operands[0].x).store(results, 0, 16)


def later_offset(k: Tracer, operands: Array, results: Array) -> None:
    """The place differs from the second round on."""
    place = k.var(0, u32)
    with k.loop(0, 2):
        product(k, operands, place.value()).store(results, 0, 16)
        place += k.local_id


def outside(k: Tracer, operands: Array, results: Array) -> None:
    product(k, operands, 64).store(results, 0, 16)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (in_a_branch, "in control flow that differs between invocations"),
        (in_a_subgroups_branch, "in control flow that differs between invocations"),
        (own_offset, "tile_load at an offset that differs between invocations of a subgroup"),
        (own_store, "tile_store at an offset that differs between invocations of a subgroup"),
        (loaded_offset, "tile_load at an offset that differs"),
        (later_offset, "tile_load at an offset that differs"),
        (outside, "operands[64] is out of bounds (length 64)"),
    ],
)
def test_the_verifier_refuses(body: Body, message: str) -> None:
    with pytest.raises(InternalError) as caught:
        verify(kernel_of(body))
    assert message in caught.value.message


def fine(k: Tracer, operands: Array, results: Array) -> None:
    with k.when(k.param("seq") > 1):
        product(k, operands, k.subgroup_id * 32).store(results, k.subgroup_id * 256, 16)


def test_the_verifier_accepts_places_of_subgroups_and_uniform_branches() -> None:
    verify(kernel_of(fine))


@pytest.mark.parametrize(("threads", "size"), [(48, 32), (64, 16), (64, None)])
def test_tiles_need_whole_subgroups_of_their_size(threads: int, size: int | None) -> None:
    def body(k: Tracer, operands: Array, results: Array) -> None:
        product(k, operands).store(results, 0, 16)

    with pytest.raises(InternalError, match="needs whole subgroups of 32 invocations"):
        verify(kernel_of(body, threads, size))


def refuse(body: Body, message: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        interpret(kernel_of(body), (1, 1, 1), {}, {"seq": 3})
    assert message in str(caught.value)
    assert "test_tiles.py:" in str(caught.value)


def test_a_tile_ends_in_its_memory() -> None:
    def loads(k: Tracer, operands: Array, results: Array) -> None:
        product(k, operands, 33)

    def kept(k: Tracer, operands: Array, results: Array) -> None:
        product(k, operands, 33).store(results, 0, 16)

    def stores(k: Tracer, operands: Array, results: Array) -> None:
        product(k, operands).store(results, 1024 - 256 + 4, 16)

    interpret(kernel_of(loads), (1, 1, 1), {}, {})  # nobody needs it, so it is not done
    refuse(kept, "a tile of operands ends at [64], its length is 64")
    refuse(stores, "a tile of results ends at [1024], its length is 1024")


def test_races_of_tiles() -> None:
    def with_invocations(k: Tracer, operands: Array, results: Array) -> None:
        operands[k.local_id] = operands[k.local_id]
        product(k, operands).store(results, k.subgroup_id * 256, 16)

    def of_two_subgroups(k: Tracer, operands: Array, results: Array) -> None:
        product(k, operands).store(results, 0, 16)

    def scaled_back(k: Tracer, operands: Array, results: Array) -> None:
        total = product(k, operands)
        total.store(results, k.subgroup_id * 256, 16)
        total.scale_rows(results, k.subgroup_id * 256)
        k.barrier()
        total.store(results, k.subgroup_id * 256, 16)

    refuse(with_invocations, "race: a tile operation reads what invocation 0 wrote, no barrier between")
    refuse(of_two_subgroups, "race: two tile operations write one cell at once")
    refuse(scaled_back, "race: a tile operation reads what a tile operation wrote, no barrier between")


def test_a_row_of_results_is_read_after_a_barrier_only() -> None:
    def body(k: Tracer, operands: Array, results: Array) -> None:
        product(k, operands).store(results, k.subgroup_id * 256, 16)
        results[k.local_id * 8] = results[k.local_id * 8] + 1.0

    refuse(body, "reads what a tile operation wrote, no barrier between")


def test_shared_memory_that_nobody_wrote() -> None:
    def body(k: Tracer, operands: Array, results: Array) -> None:
        total = product(k, operands)
        total.scale_rows(results, 0)
        total.store(results, k.subgroup_id * 256, 16)

    refuse(body, "was never written")


def test_text_and_features() -> None:
    kernel = verify(kernel_of(fine))
    text = kernel_text(kernel)
    assert "var sum: tile_sum_f32_16x16 = %v." in text and ": tile_sum_f32_16x16 = tile_zero()" in text
    assert "tile_load(operands, %" in text and "tile_load_transposed(operands, 0, 2)" in text
    assert "tile_store(results, %" in text
    assert kernel.features() == ("tile_f16_16x16x16",)


def test_a_product_that_nobody_stores_is_removed() -> None:
    kernel = kernel_of(lambda k, operands, results: product(k, operands))
    assert kernel.features() == ()


def test_types_of_tiles() -> None:
    assert str(F16.type("b")) == "tile_b_f16_16x16" and str(I8.type("a")) == "tile_a_i8_16x32"
    assert F16.type("a") == F16.type("a") != F16.type("b")
    assert I8.type("sum").bytes == 1024 and I8.type("b").dtype == np.int8
    with pytest.raises(ValueError, match="no such tile"):
        TileType("f64", 1, "a", F16)


@pytest.mark.parametrize("a_turned", [False, True])
@pytest.mark.parametrize("b_turned", [False, True])
def test_register_tiles_multiply_as_matrix_units_do(a_turned: bool, b_turned: bool) -> None:
    """Each invocation a product of its own, rows scaled in between."""
    rng = np.random.default_rng(3)
    a, b = (rng.integers(-9, 9, (8, 4, 4)).astype(np.float32) for _ in range(2))
    factors = np.arange(4, dtype=np.float32) - 1

    def body(k: Tracer) -> None:
        inputs = [k.input(name, f32x4) for name in "ab"]
        scale, out = k.input("factors", f32), k.output("out", f32x4)
        cells, rows = k.shared("cells", f32x4, 64), k.shared("rows", f32, 4)
        with k.when(k.local_id < 4):
            rows[k.local_id] = to_f32(scale[k.local_id])
        for at in range(8):
            cells[k.local_id * 8 + at] = inputs[at // 4][k.local_id * 4 + at % 4]
        k.barrier()
        total = TileSum(REGISTERS)
        first = k.local_id * 8
        left = load_tile(REGISTERS, "a", cells, first, 1, transposed=a_turned)
        right = load_tile(REGISTERS, "b", cells, first + 4, 1, transposed=b_turned)
        total.add(left, right)
        total.scale_rows(rows, 0)
        total.add(left, right)
        k.barrier()
        total.store(cells, first, 2)
        k.barrier()
        for row in range(4):
            out[k.local_id * 4 + row] = cells[first + row * 2]

    kernel = verify(trace("registers", body, workgroup=8))
    arrays = {"a": a.reshape(-1, 4), "b": b.reshape(-1, 4), "factors": factors}
    out = np.zeros((32, 4), np.float32)
    interpret(kernel, (1, 1, 1), {**arrays, "out": out})
    left, right = (m.swapaxes(1, 2) if turned else m for m, turned in ((a, a_turned), (b, b_turned)))
    wanted = (left @ right) * (factors[:, None] + 1)
    np.testing.assert_array_equal(out.reshape(8, 4, 4), wanted)
    assert kernel.features() == ()


# Large tiles, which several subgroups hold together


def large_kernel(body: Callable[[Tracer, Array, Array], object], threads: int = 256) -> Kernel:
    """A kernel with 258 cells of operands, and results for both groups of 128 invocations."""

    def run(k: Tracer) -> None:
        operands, results = k.shared("operands", u32x4, 258), k.shared("results", f32, 2 * 64 * 132)
        with k.loop(k.local_id, 258, threads) as at:
            operands[at] = vector(*[k.constant(0, u32)] * 4)
        k.barrier()
        body(k, operands, results)

    return trace("large", run, workgroup=threads, subgroup_size=32)


def large_product(k: Tracer, operands: Array, place: Any = 0) -> TileSum:
    total = TileSum(LARGE_F16)
    total.add_shared([pack_tile(LARGE_F16, vector(*[k.local_id] * 4))], operands, place, 129)
    return total


def test_places_of_large_tiles_are_the_same_for_all_who_hold_them() -> None:
    def by_group(k: Tracer, operands: Array, results: Array) -> None:
        large_product(k, operands).store(results, k.local_id // 128 * (64 * 132), 132)

    def by_subgroup(k: Tracer, operands: Array, results: Array) -> None:
        large_product(k, operands).store(results, k.subgroup_id * (64 * 33), 132)

    def product_by_subgroup(k: Tracer, operands: Array, results: Array) -> None:
        large_product(k, operands, k.subgroup_id % 2).store(results, 0, 132)

    verify(large_kernel(by_group))
    for body, what in ((by_subgroup, "tile_store"), (product_by_subgroup, "tile_mma_shared")):
        with pytest.raises(InternalError, match=f"{what} at an offset that differs"):
            verify(large_kernel(body))


def test_large_tiles_need_whole_groups_of_subgroups() -> None:
    def body(k: Tracer, operands: Array, results: Array) -> None:
        large_product(k, operands).store(results, 0, 132)

    with pytest.raises(InternalError, match="needs whole subgroups of 128 invocations"):
        verify(large_kernel(body, 192))


@pytest.mark.parametrize(
    ("transposed", "columns"), [(False, (0, 64)), (True, (0, 60)), (True, (64, 64)), (True, (64, 136))]
)
def test_whole_columns_of_a_large_tile_are_stored(transposed: bool, columns: tuple[int, int]) -> None:
    def body(k: Tracer, operands: Array, results: Array) -> None:
        large_product(k, operands).store(results, 0, 132, transposed=transposed, columns=columns)

    with pytest.raises(InternalError, match=f"tile_store of columns {columns[0]} to {columns[1]} of"):
        verify(large_kernel(body))


def test_what_large_tiles_read_was_written_and_ends_in_its_memory() -> None:
    def beyond(k: Tracer, operands: Array, results: Array) -> None:
        large_product(k, operands, 2).store(results, k.local_id // 128 * (64 * 132), 132)

    def unwritten(k: Tracer, operands: Array, results: Array) -> None:
        more = k.shared("more", u32x4, 258)
        large_product(k, more).store(results, k.local_id // 128 * (64 * 132), 132)

    for body, message in ((beyond, "a tile of operands ends at [258]"), (unwritten, "was never written")):
        with pytest.raises(ExecutionError) as caught:
            interpret(large_kernel(body), (1, 1, 1), {}, {})
        assert message in str(caught.value)
