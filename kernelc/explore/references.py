"""The text of a family's numpy reference, which is its specification, with the functions that it calls."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from kernelc.explore.python_lines import shown_file
from kernelc.kernels.spec import KernelSpec

MOST_FUNCTIONS = 8


def reference_of(spec: KernelSpec[Any, Any]) -> list[dict[str, Any]]:
    """Return the reference and what it calls of kernelc's own functions, directly or not: file, first line,
    name and text of each."""
    method = type(spec).reference
    assert isinstance(method, FunctionType)
    found: dict[FunctionType, None] = {method: None}
    waiting = [method]
    while waiting and len(found) < MOST_FUNCTIONS:
        for called in _called(waiting.pop(0)):
            if called not in found and len(found) < MOST_FUNCTIONS:
                found[called] = None
                waiting.append(called)
    return [_described(function) for function in found]


def _called(function: FunctionType) -> Iterator[FunctionType]:
    """The functions of kernelc that a function names, in its order, but for those that compute sizes."""
    for name in function.__code__.co_names:
        named = function.__globals__.get(name)
        if not isinstance(named, FunctionType) or named.__module__.startswith("kernelc.ir.dim"):
            continue
        if named.__module__.startswith("kernelc."):
            yield named


def _described(function: FunctionType) -> dict[str, Any]:
    lines, first = inspect.getsourcelines(function)
    file = function.__code__.co_filename
    return {
        "file": shown_file(file),
        "first": first,
        "name": function.__qualname__,
        "text": textwrap.dedent("".join(lines)),
    }
