"""What a kernel does before its inputs are ready: what the verifier refuses, and what the statement means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kernelc.backends import backend_named
from kernelc.errors import InternalError
from kernelc.kir.interpreter.interpret import interpret
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.text import kernel_text
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, u32
from kernelc.target import TARGETS
from tests.kir.tracing import PARAMS, traced

N = 8


def scaled(k: Tracer) -> None:
    """out = x * weight, the weight loaded before the inputs are ready."""
    x, weight = k.input("x", f32), k.input("weight", f32, constant=True)
    out, i = k.output("out", f32), k.local_id
    loaded = weight[i]
    k.inputs_ready()
    out[i] = x[i] * loaded


def refuse(body: Callable[[Tracer], object], message: str) -> None:
    with pytest.raises(InternalError) as caught:
        verify(traced(body))
    assert message in caught.value.message and "test_early_reads.py:" in caught.value.message


def test_weights_and_the_step_may_be_read_before() -> None:
    def body(k: Tracer) -> None:
        weight, out, cells = (
            k.input("weight", f32, constant=True),
            k.output("out", f32),
            k.shared("c", u32, N),
        )
        cells[k.local_id] = k.param("seq")
        k.barrier()
        loaded = weight[cells[0]]
        k.inputs_ready()
        out[k.local_id] = loaded

    verify(traced(body))
    verify(traced(scaled))


def test_an_activation_is_not_read_before() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        early = x[k.local_id]
        k.inputs_ready()
        out[k.local_id] = early

    refuse(body, "load of x, no constant, before inputs_ready")


def test_what_is_written_is_neither_read_nor_written_before() -> None:
    def writes(k: Tracer) -> None:
        k.output("out", f32)[k.local_id] = 1.0
        k.inputs_ready()

    def reads(k: Tracer) -> None:
        out = k.output("out", f32)
        with k.loop(0, 2) as i:
            k.shared("cells", f32, N)[k.local_id] = out[i]
        k.inputs_ready()

    refuse(writes, "store to out before inputs_ready")
    refuse(reads, "load of out, no constant, before inputs_ready")


def test_every_invocation_comes_by_once() -> None:
    def in_a_loop(k: Tracer) -> None:
        with k.loop(0, 3):
            k.inputs_ready()

    def in_a_uniform_branch(k: Tracer) -> None:
        with k.when(k.param("seq") > 3):
            k.inputs_ready()

    def in_a_branch(k: Tracer) -> None:
        with k.when(k.local_id > 3):
            k.inputs_ready()

    def twice(k: Tracer) -> None:
        k.inputs_ready()
        k.inputs_ready()

    for body in (in_a_loop, in_a_uniform_branch, in_a_branch):
        refuse(body, "inputs_ready in a loop or a branch")
    refuse(twice, "inputs_ready for the second time")


def test_a_constant_is_not_written() -> None:
    with pytest.raises(InternalError, match="out is constant, so its access is not read_write"):
        verify(traced(lambda k: k.buffer("out", f32, "read_write", constant=True)))


# What earlier steps left, such as positions of a cache


def cached(position: Callable[[Tracer], Any]) -> Kernel:
    """out = cache[position] from before the inputs are ready, plus the cache's last element."""

    def body(k: Tracer) -> None:
        cache, out = k.input("cache", u32), k.output("out", u32)
        early = cache[position(k)]
        k.inputs_ready(cache)
        out[k.local_id] = early + cache[N - 1]

    return verify(traced(body))


def test_the_kernel_names_what_earlier_steps_left() -> None:
    kernel = cached(lambda k: k.local_id)
    assert kernel.inputs_ready is not None
    assert [memory.name for memory in kernel.inputs_ready.earlier_steps] == ["cache"]
    assert "\n  inputs_ready cache  #" in kernel_text(kernel)


def test_only_what_is_read_alone_can_be_left_from_earlier_steps() -> None:
    message = "inputs_ready names {}, which the kernel does not read alone"
    refuse(lambda k: k.inputs_ready(k.output("out", u32)), message.format("out"))
    refuse(lambda k: k.inputs_ready(k.shared("cells", u32, N)), message.format("cells"))


@pytest.mark.parametrize(("at", "right"), [(0, True), (N - 1, False)])
def test_the_interpreter_shows_reads_that_come_too_early(at: int, right: bool) -> None:
    """The last position is written in this step: whoever reads it before gets something else."""
    after = np.arange(N, dtype=np.uint32)
    before = np.where(after == N - 1, 99, after).astype(np.uint32)
    out = np.zeros(N, np.uint32)
    kernel = cached(lambda k: at)
    interpret(kernel, (1, 1, 1), {"cache": after, "out": out}, PARAMS, before={"cache": before})
    assert (out == after[at] + after[N - 1]).all() == right
    assert after[N - 1] == N - 1, "the caller's arrays stay what they are"


def test_a_kernel_without_the_statement_has_its_inputs_from_the_start() -> None:
    kernel = verify(traced(lambda k: k.output("out", u32).__setitem__(k.local_id, k.input("x", u32)[0])))
    x, out = np.array([3], np.uint32), np.zeros(N, np.uint32)
    interpret(kernel, (1, 1, 1), {"x": x, "out": out}, PARAMS, before={"x": x + 1})
    assert set(out) == {3}


# Printers


def body_of(text: str) -> list[str]:
    return [line.split("//")[0].strip() for line in text[text.index("__global__") :].splitlines()]


def test_cuda_waits_where_the_kernel_says_so() -> None:
    text = backend_named("cuda").render(verify(traced(scaled))).text
    lines = body_of(text)
    wait = lines.index("inputs_ready();")
    assert 'asm volatile("ld.global.L1::no_allocate.f32' in text
    # A load that the compiler would be free to move past the wait is none of its own.
    assert lines[wait - 1] == "const float loaded = load_ahead(&weight[threadIdx.x]);"
    assert lines[wait + 1] == "out[threadIdx.x] = x[threadIdx.x] * loaded;"
    assert lines[1:4] == ["const float* x,", "const float* __restrict__ weight,", "float* __restrict__ out"]


def test_cuda_waits_at_the_start_of_any_other_kernel() -> None:
    kernel = verify(traced(lambda k: k.output("out", u32).__setitem__(k.local_id, k.input("x", u32)[0])))
    text = backend_named("cuda").render(kernel).text
    assert body_of(text)[4] == "inputs_ready();" and text.count("inputs_ready();") == 1
    assert text.index("griddepcontrol.wait") < text.index("griddepcontrol.launch_dependents")


@pytest.mark.parametrize("target", sorted(set(TARGETS) - {"cuda"}))
def test_other_targets_print_nothing(target: str) -> None:
    def without(k: Tracer) -> None:
        x, weight, out = k.input("x", f32), k.input("weight", f32), k.output("out", f32)
        loaded = weight[k.local_id]
        out[k.local_id] = x[k.local_id] * loaded

    texts = [backend_named(target).render(verify(traced(body))).text for body in (scaled, without)]
    assert len({"".join(text.split()).count("weight") for text in texts}) == 1
    assert "inputs" not in texts[0] and "ready" not in texts[0]
