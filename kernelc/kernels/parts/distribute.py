"""Distributing work over the invocations of a workgroup, without loops that would run once."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from kernelc.kir.trace import Tracer
from kernelc.kir.types import u32
from kernelc.kir.values import Number, Value


@contextmanager
def distribute(k: Tracer, count: int, name: str) -> Generator[Value]:
    """Run the body once for each number below `count`, each time in another invocation.

    The number is called `name` in emitted text. There is a loop only where there are more numbers than
    invocations. The body may not contain barriers.
    """
    if count == k.workgroup:
        yield k.local_id
    elif count < k.workgroup:
        with k.when(k.local_id < count):
            yield k.local_id
    else:
        with k.loop(k.local_id, count, k.workgroup) as number:
            number.name = name
            yield number


@contextmanager
def in_steps(k: Tracer, count: int, step: int, end: Number | None = None) -> Generator[Value]:
    """Run the body for 0, step, 2 * step, ... below `end`, or below `count` where no end is given.

    `count` is known while tracing and `end`, at most as large, while the kernel runs. There is a loop only
    where there may be more than one round.
    """
    if count <= step:
        yield k.constant(0, u32)
    else:
        with k.loop(0, count if end is None else end, step) as number:
            yield number
