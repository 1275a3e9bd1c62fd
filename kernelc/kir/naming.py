"""Names for values: the Python name a kernel assigned them to, read from the kernel's own source.

`score = dot(q, key) * scale` makes the last value of that line `score` in every target's text, so that the emitted
kernel can be read beside the Python it came from.
"""

from __future__ import annotations

import ast
import functools
import linecache

from kernelc.kir.nodes import Declare, For, Kernel, Let, SourceLine, blocks_of, walk


# Calls whose last value is the result; any other call leaves the naming to the function it calls.
_DIRECT_CALLS = frozenset(
    """exp exp2 log sqrt rsqrt floor absolute minimum maximum logical_and logical_or select fma dot vector concat splat convert to_f32
    to_u32 to_i32 bitcast unpack_half2 pack_half2 unpack_u8x4 unpack_i8x4 subgroup_sum subgroup_max equals differs lane var
    shared loop param workgroup_id constant""".split()
)


@functools.lru_cache(maxsize=256)
def _targets(file: str) -> dict[int, tuple[str, int]]:
    """line -> (name, first line) for every line of a statement that assigns a kernel expression to one plain name."""
    source = "".join(linecache.getlines(file))
    found: dict[int, tuple[str, int]] = {}
    try:
        tree = ast.parse(source)
    except SyntaxError:  # no source (a console, a frozen program): values go unnamed
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


def _statement_of(place: SourceLine) -> tuple[str, int]:
    name, first = _targets(place.file).get(place.line, ("", place.line))
    return (place.file, first if name else place.line)


def name_values(kernel: Kernel) -> None:
    """Give the last value of each run that one assigning statement made that statement's name.

    Values of other files in between (functions the statement called) do not end a run.
    """
    pending = [kernel.body]
    taken = {s.where for s in walk(kernel.body) if isinstance(s, For | Declare)}  # the index or register has the name
    while pending:
        later: dict[str, tuple[str, int]] = {}  # file -> the statement there that the following value belongs to
        statements = pending.pop().statements
        for statement in reversed(statements):
            pending.extend(blocks_of(statement))
            place = _statement_of(statement.where)
            if isinstance(statement, Let) and not statement.value.name and later.get(place[0]) != place:
                statement.value.name = "" if statement.where in taken else target_of(statement.where)
            if isinstance(statement, Let):
                later[place[0]] = place
            else:
                later.pop(place[0], None)
