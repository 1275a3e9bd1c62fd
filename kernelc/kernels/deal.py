"""Dealing work out to the invocations of a workgroup."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from kernelc.kir.nodes import Value
from kernelc.kir.trace import Tracer


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
