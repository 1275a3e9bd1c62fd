"""Names for values: the Python names that a kernel assigns them to, read from the kernel's source.

`score = dot(q, key) * scale` names the last value of that line `score` in every target's text, so that the
emitted kernel can be read beside the Python that it came from.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any

from kernelc.kir import functions
from kernelc.kir.memory import SourceLine
from kernelc.kir.nodes import Block, Declare, For, Let, blocks_of, walk
from kernelc.kir.operation_table import GIVEN
from kernelc.kir.values import Value, Variable

_METHODS = {"equals", "differs", "lane", "var", "shared", "loop", "param", "workgroup_id", "constant"}

# Calls whose last value is the result. Any other function names its values itself.
_DIRECT_CALLS = _METHODS | {
    name for name, _ in inspect.getmembers(functions, inspect.isfunction) if name != "current"
}

# These are written in place wherever they are used, so that a name would never show.
_NAMELESS = GIVEN | {"const"}

_SEQUENCES = (list, tuple)


@functools.lru_cache(maxsize=256)
def _targets(file: str) -> dict[int, tuple[str, int]]:
    """line -> (name, first line), for the lines of statements that assign an expression to a single name."""
    source = "".join(linecache.getlines(file))
    found: dict[int, tuple[str, int]] = {}
    try:
        tree = ast.parse(source)
    except SyntaxError:  # no source (a console, a frozen program): values stay unnamed
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value, last = node.targets[0], node.value, node.end_lineno
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            target, value, last = node.optional_vars, node.context_expr, node.optional_vars.end_lineno
        else:
            continue
        if isinstance(target, ast.Name) and _is_kernel_expression(value):
            for line in range(target.lineno, (last or target.lineno) + 1):
                found[line] = (target.id, target.lineno)
    return found


def _is_kernel_expression(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called in _DIRECT_CALLS
    return not isinstance(node, ast.ListComp | ast.Tuple | ast.List | ast.Dict)


def target_of(place: SourceLine) -> str:
    """The name assigned by the statement at `place`, or ""."""
    return _targets(place.file).get(place.line, ("", 0))[0].lstrip("_")


def hint(values: Iterable[Value], frame: Callable[[], FrameType]) -> None:
    """Note what the Python that uses unnamed values calls them: the name of a parameter or of a loop
    variable, or a list's name with a position, none of which `target_of` can know."""
    nameless = [v for v in values if not (v.name or v.hint) and v.op not in _NAMELESS]
    if nameless:
        known = frame().f_locals
        for value in nameless:
            value.hint = _name_bound_to(value, known)


def name_register(variable: Variable, frame: Callable[[], FrameType]) -> None:
    """Name a register as the Python that uses it does, if its declaration gave it no name."""
    if not variable.name:
        variable.name = _name_bound_to(variable, frame().f_locals)


def _name_bound_to(value: Value | Variable, known: Mapping[str, Any]) -> str:
    for name, bound in known.items():
        if bound is value:
            return name.lstrip("_")
        if isinstance(bound, _SEQUENCES):
            for at, item in enumerate(bound):  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
                if item is value:
                    return (f"{name}_{at}" if len(bound) > 1 else name).lstrip("_")  # pyright: ignore[reportUnknownArgumentType]
    return ""


def _statement_of(place: SourceLine) -> tuple[str, int]:
    name, first = _targets(place.file).get(place.line, ("", place.line))
    return (place.file, first if name else place.line)


def name_values(body: Block) -> None:
    """Give the last value of each run of values that one assignment made the name that it assigns.

    Values of other files in between (made by functions that the statement called) do not end a run.
    """
    pending = [body]
    # Lines whose name belongs to a loop index or a register.
    taken = {s.where for s in walk(body) if isinstance(s, For | Declare)}
    while pending:
        # For each file the statement that the following value belongs to.
        later: dict[str, tuple[str, int]] = {}
        statements = pending.pop().statements
        for statement in reversed(statements):
            pending += blocks_of(statement)
            where = statement.where
            place = _statement_of(where)
            if isinstance(statement, Let):
                value = statement.value
                if not value.name and later.get(place[0]) != place:
                    value.name = "" if where in taken else target_of(where)
                later[place[0]] = place
            else:
                later.pop(place[0], None)
            if isinstance(statement, Declare):
                statement.variable.name = statement.variable.name or "register"
