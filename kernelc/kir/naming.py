"""Names for values: the Python name a kernel assigned them to, read from the kernel's own source.

`score = dot(q, key) * scale` makes the last value of that line `score` in every target's text, so that the emitted
kernel can be read beside the Python it came from.
"""

from __future__ import annotations

import ast
import functools
import linecache

from kernelc.kir.nodes import Kernel, Let, SourceLine, blocks_of


@functools.lru_cache(maxsize=256)
def _targets(file: str) -> dict[int, tuple[str, int]]:
    """line -> (name, first line) for every line of a statement that assigns one plain name."""
    source = "".join(linecache.getlines(file))
    found: dict[int, tuple[str, int]] = {}
    try:
        tree = ast.parse(source)
    except SyntaxError:  # no source (a console, a frozen program): values go unnamed
        return found
    for node in ast.walk(tree):
        target: ast.expr | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            last = node.end_lineno or node.lineno
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            target = node.optional_vars
            last = node.optional_vars.end_lineno or node.optional_vars.lineno
        else:
            continue
        if isinstance(target, ast.Name):
            first = target.lineno
            for line in range(first, last + 1):
                found[line] = (target.id, first)
    return found


def target_of(place: SourceLine) -> str:
    """The name assigned by the statement at `place`, or ""."""
    return _targets(place.file).get(place.line, ("", 0))[0].lstrip("_")


def _statement_of(place: SourceLine) -> tuple[str, int]:
    name, first = _targets(place.file).get(place.line, ("", place.line))
    return (place.file, first if name else place.line)


def name_values(kernel: Kernel) -> None:
    """Give the last value of each run that one assigning statement made that statement's name."""
    pending = [kernel.body]
    while pending:
        statements = pending.pop().statements
        for position, statement in enumerate(statements):
            pending.extend(blocks_of(statement))
            if not isinstance(statement, Let) or statement.value.name:
                continue
            following = statements[position + 1] if position + 1 < len(statements) else None
            if isinstance(following, Let) and _statement_of(following.where) == _statement_of(statement.where):
                continue
            statement.value.name = target_of(statement.where)
