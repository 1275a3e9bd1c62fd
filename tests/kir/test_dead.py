"""What has no effect is removed, and nothing else."""

from __future__ import annotations

import numpy as np

from kernelc.kir.nodes import Assign, Declare, For
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32, u32
from tests.kernels.executors import run_interpreter


def test_what_a_loop_reads_before_it_writes_stays() -> None:
    """The writer stands after the only reader, and nothing reads it behind the loop."""

    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        before = k.var(3, u32)
        with k.loop(0, 4) as i:
            out[i] = before.value()
            k.assign(before, i * 10)

    kernel = trace("delayed", body, workgroup=1)
    assert [type(each) for each in kernel.statements].count(Assign) == 1
    (out,) = run_interpreter(kernel, (1, 1, 1), {"out": np.zeros(4, np.uint32)}, {}).values()
    assert out.tolist() == [3, 0, 10, 20]


def test_registers_that_only_each_other_need_go_with_their_loop() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        a, b = k.var(0.0, f32), k.var(1.0, f32)
        with k.loop(0, 4) as i:
            k.assign(a, b + x[i])
            k.assign(b, a * 2.0)
        out[0] = x[0]

    kernel = trace("idle", body, workgroup=1)
    assert not [each for each in kernel.statements if isinstance(each, Declare | Assign | For)]
    assert len(kernel.statements) == 2  # the load and the store
