"""Dealing work out to the invocations of a workgroup."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from kernelc.kir.nodes import Value
from kernelc.kir.operators import Number
from kernelc.kir.trace import Tracer
from kernelc.kir.types import u32


@contextmanager
def deal(k: Tracer, count: int, name: str) -> Generator[Value]:
    """For each number below `count`, called `name` in emitted text: the body runs in one invocation.

    A loop only where there are more numbers than invocations. The body may not contain barriers.
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
    """For 0, step, ... below `count`, or below `end`, which is no more. A loop only where there is need."""
    if count <= step:
        yield k.constant(0, u32)
    else:
        with k.loop(0, count if end is None else end, step) as number:
            yield number
