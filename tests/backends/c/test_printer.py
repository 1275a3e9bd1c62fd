"""What is C's alone: workgroups as loops, and names that come from artifacts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kernelc.backends.c.printer import CBackend
from kernelc.errors import InternalError
from kernelc.kir.functions import dot, minimum, to_f32, to_u32, vector
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Array, Tracer, trace
from kernelc.kir.types import u32
from kernelc.target import Capabilities
from tests.kernels.executors import EXECUTORS, require

THREADS = 8
Body = Callable[[Tracer, Array, Array, Array], None]


def made(body: Body, threads: int = THREADS, name: str = "test", buffer: str = "x") -> Kernel:
    def traced(k: Tracer) -> None:
        x, out = k.input(buffer, u32), k.output("out", u32)
        body(k, x, out, k.shared("cells", u32, THREADS))

    return verify(trace(name, traced, workgroup=threads))


def text_of(kernel: Kernel) -> str:
    """The body, without what every file has and without the lines' places."""
    text = CBackend().render(kernel).text
    return re.sub(r" +// .*", "", text[text.index("for (u32 workgroup") :])


def reversed_twice(k: Tracer, x: Array, out: Array, cells: Array) -> None:
    """A value and a register that cross barriers, in a loop that holds them."""
    mine = x[k.local_id]
    total = k.var(0, u32, name="total")
    rounds = minimum(x[0], 5)
    with k.loop(0, rounds) as number:
        cells[k.local_id] = mine + number
        k.barrier()
        total += cells[(THREADS - 1) - k.local_id]
        k.barrier()
    with k.when(rounds > 2):
        cells[k.local_id] = total
        k.barrier()
        total += cells[(k.local_id + 1) % THREADS]
    with k.otherwise():
        total += 7
    out[k.local_id] = total + mine


def one_phase(k: Tracer, x: Array, out: Array, cells: Array) -> None:
    out[k.local_id] = x[k.local_id] + 1


@pytest.mark.parametrize("executor", ["interpreter", "c"])
@pytest.mark.parametrize("rounds", [0, 1, 3, 9])
def test_what_crosses_barriers_is_kept(executor: str, rounds: int) -> None:
    require(executor, Capabilities())
    kernel = made(reversed_twice)
    x = np.array([rounds, 5, 6, 7, 11, 13, 17, 19], np.uint32)
    arrays: dict[str, Any] = {"x": x, "out": np.zeros(THREADS, np.uint32)}
    got = EXECUTORS[executor](kernel, (1, 1, 1), arrays, {})["out"]
    count = min(rounds, 5)
    total = count * x[::-1] + sum(range(count))
    total = total + np.roll(total, -1) if count > 2 else total + 7
    np.testing.assert_array_equal(got, (total + x).astype(np.uint32))


def test_phases_are_loops_inside_uniform_control_flow() -> None:
    text = text_of(made(reversed_twice))
    assert text.count("for (u32 local_id = 0; local_id < 8u; local_id++)") == 7
    assert "u32 total_all[8];" in text and "total_all[local_id] = total;" in text
    rounds = text.index("const u32 rounds")  # the same for all: once, outside of the loops
    assert rounds < text.index("for (u32 number") < text.index("cells[local_id] = mine")
    assert "rounds_all" not in text and "barrier" not in text


def test_a_kernel_without_barriers_keeps_nothing() -> None:
    text = text_of(made(one_phase))
    assert text.count("for (u32 local_id") == 1 and "_all" not in text


def test_one_invocation_needs_no_loop() -> None:
    text = text_of(made(one_phase, threads=1))
    assert "for (u32 local_id" not in text and "const u32 local_id = 0;" in text


@pytest.mark.parametrize("name", ["test\nint x;", "test */", "1st", "", "a b", 'a"'])
def test_names_that_are_more_than_names_are_refused(name: str) -> None:
    with pytest.raises(InternalError, match="cannot be called"):
        CBackend().render(made(one_phase, name=name or "-"))
    with pytest.raises(InternalError, match="cannot be called"):
        CBackend().render(made(one_phase, buffer=name or "-"))


@pytest.mark.parametrize("word", ["for", "u32", "workgroup", "f32x8", "step", "main"])
def test_names_that_mean_something_in_c_are_changed(word: str) -> None:
    assert f"*restrict const {word}_1 = buffers[0];" in text_of_signature(made(one_phase, buffer=word))


def text_of_signature(kernel: Kernel) -> str:
    return CBackend().render(kernel).text


def vector_as_floats(k: Tracer, x: Array, out: Array, cells: Array) -> None:
    """A vector of four words, made of scalars, becomes floats at once."""
    words = vector(*(x[at] for at in range(4)))
    out[k.local_id] = to_u32(dot(to_f32(words), to_f32(vector(1, 1, 1, x[4]))))


def test_a_vector_of_words_is_made_and_becomes_floats() -> None:
    require("c", Capabilities())
    kernel, x = made(vector_as_floats), np.arange(THREADS, dtype=np.uint32)
    for executor in ("interpreter", "c"):
        got = EXECUTORS[executor](kernel, (1, 1, 1), {"x": x, "out": np.zeros_like(x)}, {})
        assert got["out"].tolist() == [1 + 2 + 3 * 4] * THREADS
