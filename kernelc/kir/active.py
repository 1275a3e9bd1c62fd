"""Which kernel is being traced now: the operators on values add their nodes to it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernelc.kir.trace import Tracer

_active: ContextVar[Tracer] = ContextVar("kernelc_kir_tracer")


def current() -> Tracer:
    """The tracer in whose `with tracing(...)` we are; LookupError outside of one."""
    return _active.get()


@contextmanager
def tracing(tracer: Tracer) -> Generator[Tracer]:
    """Make `tracer` the one that operators add to."""
    token = _active.set(tracer)
    try:
        yield tracer
    finally:
        _active.reset(token)
