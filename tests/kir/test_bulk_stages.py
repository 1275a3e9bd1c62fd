"""Stages that bulk copies fill: what they mean, what is refused when tracing, verifying and interpreting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kernelc.backends import backend_named
from kernelc.errors import InternalError
from kernelc.kir.bulk_stages import BulkStages, Rows
from kernelc.kir.interpreter.interpret import ExecutionError, interpret
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.text import kernel_text
from kernelc.kir.trace import Array, Tracer, trace
from kernelc.kir.types import f32, u32, u32x4
from kernelc.target import TARGETS

THREADS, SUBGROUP, COUNT, STEPS = 64, 32, 3, 8
PER = 64  # words of x a step: one an invocation
Stage = Callable[["Streamed"], object]


class Streamed:
    """A kernel while it is traced that adds up x, a step after the other, through stages."""

    def __init__(self, k: Tracer, constant: bool = True) -> None:
        self.k = k
        self.x, self.w = k.input("x", u32, constant), k.input("w", u32x4, constant)
        self.out = k.output("out", u32)
        self.stages = BulkStages(k, "weights", COUNT, x=(u32, PER), w=(u32x4, PER // 4))
        self.total = k.var(0, u32)
        self.begin = k.workgroup_id(0) * STEPS

    def request(self, step: Any) -> None:
        at = self.begin + step
        self.stages.request(step, x=(self.x, at * PER), w=(self.w, at * (PER // 4)))

    def add(self, step: Any) -> None:
        word = self.stages.parts["x"][self.stages.begin("x", step) + self.k.local_id]
        four = self.stages.parts["w"][self.stages.begin("w", step) + self.k.local_id // 4]
        self.total += word * four.w

    def run(self, ahead: int = COUNT) -> None:
        """`ahead` requests before the inputs are ready, and each later one as soon as its stage is free."""
        for step in range(ahead):
            self.request(step)
        self.k.inputs_ready()
        with self.k.loop(0, STEPS) as step:
            self.stages.wait(step)
            self.add(step)
            self.stages.release(step)
            with self.k.when(step + ahead < STEPS):
                self.request(step + ahead)
        self.finish()

    def finish(self) -> None:
        self.out[self.k.workgroup_id(0) * THREADS + self.k.local_id] = self.total


def kernel_of(body: Stage, subgroup_size: int | None = SUBGROUP, **more: Any) -> Kernel:
    def run(k: Tracer) -> None:
        body(Streamed(k, **more))

    return trace("streamed", run, workgroup=THREADS, subgroup_size=subgroup_size)


def arrays(groups: int = 2) -> dict[str, Any]:
    rng = np.random.default_rng(groups)
    words = rng.integers(0, 1000, groups * STEPS * PER, dtype=np.uint32)
    fours = rng.integers(0, 1000, (groups * STEPS * PER // 4, 4), dtype=np.uint32)
    return {"x": words, "w": fours, "out": np.zeros(groups * THREADS, np.uint32)}


def wanted(given: dict[str, Any]) -> Any:
    x = given["x"].reshape(-1, STEPS, PER)
    w = given["w"][:, 3].reshape(-1, STEPS, PER // 4).repeat(4, axis=2)
    return (x * w).sum(axis=1, dtype=np.uint32).reshape(-1)


def interpreted(kernel: Kernel, groups: int = 2) -> dict[str, Any]:
    given = arrays(groups)
    interpret(kernel, (groups, 1, 1), given, {})
    return given


@pytest.mark.parametrize("ahead", range(1, COUNT + 1))
def test_what_is_copied_is_what_lies_there(ahead: int) -> None:
    given = interpreted(verify(kernel_of(lambda s: s.run(ahead))))
    assert (given["out"] == wanted(given)).all() and given["out"].any()


def test_a_kernel_with_stages_says_what_it_needs() -> None:
    kernel = verify(kernel_of(lambda s: s.run()))
    assert kernel.features() == ("bulk_copies",) and kernel.asked_subgroup_size() == SUBGROUP
    assert kernel.shared_bytes == COUNT * (4 * PER + 16 * PER // 4) + 16 * COUNT
    text = kernel_text(kernel)
    assert "3 stages weights: weights_x, weights_w" in text
    for line in (
        "stage_request(weights, 0) = x[",
        "stage_wait(weights, %step",
        "stage_release(weights, %step",
    ):
        assert line in text


# What the interpreter refuses


def refuse_run(body: Stage, message: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        interpreted(verify(kernel_of(body)))
    assert message in str(caught.value) and "test_bulk_stages.py:" in str(caught.value)


def test_a_read_before_the_wait() -> None:
    def body(s: Streamed) -> None:
        s.request(0)
        s.add(0)
        s.stages.wait(0)
        s.finish()

    refuse_run(body, "was never written")


def test_a_read_after_the_release() -> None:
    def body(s: Streamed) -> None:
        s.request(0)
        s.stages.wait(0)
        s.stages.release(0)
        s.add(0)
        s.finish()

    refuse_run(body, "was never written")


def test_a_request_into_a_stage_that_is_read() -> None:
    def body(s: Streamed) -> None:
        for step in range(COUNT):
            s.request(step)
        s.stages.wait(0)
        s.request(COUNT)

    refuse_run(body, "request 3 of weights fills a stage that was not released")


def test_requests_out_of_turn() -> None:
    refuse_run(lambda s: s.request(COUNT), "request 3 of weights is not the stage's next")
    refuse_run(lambda s: [s.request(0), s.request(0)], "request 0 of weights is not the stage's next")


def test_waits_and_releases_out_of_turn() -> None:
    refuse_run(lambda s: s.stages.wait(0), "request 0 of weights was not made")
    refuse_run(lambda s: [s.request(0), s.stages.wait(1)], "request 1 of weights was not made")
    twice = lambda s: [s.request(0), s.stages.wait(0), s.stages.wait(0)]  # noqa: E731
    refuse_run(twice, "request 0 of weights has arrived before")
    refuse_run(lambda s: [s.request(0), s.stages.release(0)], "request 0 of weights has not arrived")
    again = lambda s: [s.request(0), s.stages.wait(0), s.stages.release(0), s.stages.release(0)]  # noqa: E731
    refuse_run(again, "request 0 of weights was released before")


def test_a_kernel_does_not_end_before_its_copies() -> None:
    refuse_run(
        lambda s: [s.request(0), s.request(1), s.stages.wait(0)], "request 1 of weights was not waited for"
    )


def test_copies_stay_inside_their_source_and_are_aligned() -> None:
    refuse_run(lambda s: s.request(0 * s.begin + 2 * STEPS * 3), "is not the stage's next")
    beyond = lambda s: s.stages.request(0, x=(s.x, 2 * STEPS * PER - PER + 4), w=(s.w, 0))  # noqa: E731
    refuse_run(beyond, "a copy of x ends at [1028], its length is 1024")
    askew = lambda s: s.stages.request(0, x=(s.x, 2), w=(s.w, 0))  # noqa: E731
    refuse_run(askew, "a copy of x begins at no multiple of 16 bytes")


# What the verifier refuses


def refuse(kernel: Callable[[], Kernel], message: str) -> None:
    with pytest.raises(InternalError) as caught:
        verify(kernel())
    assert message in caught.value.message


def test_numbers_that_differ_between_invocations() -> None:
    differs = "at an offset that differs between invocations of a workgroup"
    refuse(lambda: kernel_of(lambda s: s.stages.wait(s.k.local_id)), differs)
    refuse(lambda: kernel_of(lambda s: s.stages.release(s.k.local_id // SUBGROUP)), differs)
    refuse(lambda: kernel_of(lambda s: s.request(s.k.local_id)), differs)


def test_a_branch_that_some_invocations_take() -> None:
    def body(s: Streamed) -> None:
        with s.k.when(s.k.local_id < SUBGROUP):
            s.request(0)

    refuse(lambda: kernel_of(body), "a stage in control flow that differs between invocations")


def all_at_once(s: Streamed) -> None:
    """Without a word about inputs: they are ready from the start."""
    for step in range(COUNT):
        s.request(step)
    for step in range(COUNT):
        s.stages.wait(step)
        s.add(step)
        s.stages.release(step)
    s.finish()


def test_activations_are_copied_where_they_are_ready_from_the_start() -> None:
    given = interpreted(verify(kernel_of(all_at_once, constant=False)))
    few = {name: array.reshape(2, STEPS, -1)[:, :COUNT] for name, array in given.items() if name == "x"}
    fours = given["w"][:, 3].reshape(2, STEPS, -1).repeat(4, axis=2)[:, :COUNT]
    np.testing.assert_array_equal(given["out"], (few["x"] * fours).sum(axis=1, dtype=np.uint32).reshape(-1))


def test_copies_come_from_constants_or_ready_inputs_of_the_same_type() -> None:
    message = "x is no constant, and copies do not wait for the kernel's inputs"
    refuse(lambda: kernel_of(lambda s: s.run(), constant=False), message)
    message = "out is no constant, and copies do not wait for the kernel's inputs"
    refuse(
        lambda: kernel_of(lambda s: s.stages.request(0, x=(s.out, 0), w=(s.w, 0)), constant=False), message
    )
    message = "a copy of w: u32x4 to weights_x: u32"
    refuse(lambda: kernel_of(lambda s: s.stages.request(0, x=(s.w, 0), w=(s.w, 0))), message)


def test_only_copies_write_there() -> None:
    def body(s: Streamed) -> None:
        s.stages.parts["x"][s.k.local_id] = 1

    refuse(lambda: kernel_of(body), "store to weights_x, which copies alone fill")


def test_sizes_of_stages() -> None:
    def odd(k: Tracer) -> None:
        BulkStages(k, "weights", 2, x=(u32, 3))

    def none(k: Tracer) -> None:
        BulkStages(k, "weights", 2)

    def large(k: Tracer) -> None:
        BulkStages(k, "weights", 1, x=(u32x4, 1 << 16))

    for body, message in (
        (odd, "weights_x has no whole 16 bytes for each of 2 stages"),
        (none, "weights has 2 stages of 0 parts"),
        (large, "a stage of weights has 1048576 bytes, more than 1048575"),
    ):
        refuse(lambda body=body: trace("sizes", body, workgroup=THREADS, subgroup_size=SUBGROUP), message)
    refuse(lambda: kernel_of(lambda s: s.run(), subgroup_size=None), "needs whole subgroups of a known size")


def test_a_request_names_every_part() -> None:
    with pytest.raises(TypeError, match="stages of x, w asked for x"):
        kernel_of(lambda s: s.stages.request(0, x=(s.x, 0)))

    def from_shared(s: Streamed) -> None:
        cells: Array = s.k.shared("cells", u32, PER)
        s.stages.request(0, x=(cells, 0), w=(s.w, 0))

    with pytest.raises(TypeError, match="stages are copied from buffers, not from cells"):
        kernel_of(from_shared)


# Printers


@pytest.mark.parametrize("target", sorted(set(TARGETS) - {"cuda"}))
def test_targets_without_bulk_copies_say_so(target: str) -> None:
    with pytest.raises(NotImplementedError, match="bulk copies"):
        backend_named(target).render(verify(kernel_of(lambda s: s.run())))


def test_what_is_loaded_from_a_stage_is_not_moved_past_its_release() -> None:
    def body(s: Streamed) -> None:
        s.request(0)
        s.stages.wait(0)
        word = s.stages.parts["x"][s.k.local_id]
        s.stages.release(0)
        s.out[s.k.local_id] = word

    text = backend_named("cuda").render(verify(kernel_of(body))).text
    assert text.index("word = weights_x[threadIdx.x]") < text.index("stage_release(weights, 0u)")


def test_f32_is_a_type_of_stages_too() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32, constant=True), k.output("out", f32)
        stages = BulkStages(k, "weights", 1, x=(f32, THREADS))
        stages.request(0, x=(x, 0))
        stages.wait(0)
        out[k.local_id] = stages.parts["x"][k.local_id]

    kernel = verify(trace("one", body, workgroup=THREADS, subgroup_size=SUBGROUP))
    given = {"x": np.arange(THREADS, dtype=np.float32), "out": np.zeros(THREADS, np.float32)}
    interpret(kernel, (1, 1, 1), given, {})
    assert (given["out"] == given["x"]).all()


class RowsOfStages:
    """A kernel while it is traced that adds up rows that lie apart, with room between them in its stages."""

    COPIED, APART, ROOM, LINES = 8, 32, 12, 16  # elements of a row; to the next in x; in a stage; rows

    def __init__(self, k: Tracer, **changed: int) -> None:
        self.k, self.x, self.out = k, k.input("x", u32, constant=True), k.output("out", u32)
        self.stages = BulkStages(k, "weights", 2, x=(u32, self.LINES * self.ROOM))
        self.shape = {"rows": self.LINES, "stride": self.APART, "elements": self.COPIED, **changed}

    def request(self, step: int) -> None:
        rows = Rows(self.x, self.k.constant(4, u32), offset=step * self.COPIED, **self.shape)
        self.stages.request(step, x=rows)

    def run(self, column: int = 3) -> None:
        k, total = self.k, self.k.var(0, u32)
        for step in range(2):
            self.request(step)
        k.inputs_ready()
        for step in range(2):
            self.stages.wait(step)
            at = k.local_id % self.LINES * self.ROOM + column
            total += self.stages.parts["x"][self.stages.begin("x", step) + at]
            self.stages.release(step)
        self.out[k.local_id] = total


def rows_kernel(column: int = 3, **changed: int) -> Kernel:
    return trace(
        "rows",
        lambda k: RowsOfStages(k, **changed).run(column),
        workgroup=THREADS,
        subgroup_size=SUBGROUP,
    )


def rows_wanted(x: Any) -> Any:
    row = np.arange(THREADS) % 16
    return x[4 + 32 * row + 3] + x[4 + 8 + 32 * row + 3]


def test_rows_that_lie_apart() -> None:
    kernel, x = rows_kernel(), np.arange(16 * 32 + 8, dtype=np.uint32)
    assert "x[4] + 8: 16 x 8 by 32" in kernel_text(kernel)
    data = {"x": x, "out": np.zeros(THREADS, np.uint32)}
    interpret(verify(kernel), (1, 1, 1), data)
    assert np.array_equal(data["out"], rows_wanted(x))
    text = backend_named("cuda").render(kernel).text
    assert "stage_copy_rows<64u, 16u, 2u, 32u>(weights, 1u, weights_x, &x[4u] + 8);" in text
    assert "stages_begin(weights, 64u);" in text


def test_the_room_between_rows_is_nobodys() -> None:
    data = {"x": np.zeros(16 * 32 + 8, np.uint32), "out": np.zeros(THREADS, np.uint32)}
    with pytest.raises(ExecutionError, match="weights_x"):
        interpret(verify(rows_kernel(column=9)), (1, 1, 1), data)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rows": 5}, "5 rows, which do not divide its 192 elements"),
        ({"elements": 16}, "16 elements in each row, where 12 have room"),
        ({"stride": 4}, "rows of 8 elements that are 4 apart"),
        ({"stride": 33}, "rows that are no whole 16 bytes, or do not lie at such"),
    ],
)
def test_what_rows_cannot_be(changed: dict[str, int], message: str) -> None:
    refuse(lambda: rows_kernel(**changed), message)
