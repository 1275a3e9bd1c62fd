"""The lines of Python that printed kernels name: numbered, with the functions that they stand in."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import kernelc
from kernelc.kir.memory import SourceLine

_ROOT = Path(kernelc.__file__ or "").resolve().parents[1]


@dataclass(frozen=True)
class Block:
    """Some lines of a file, `first` to `last` (from 1): a function, or a line outside of any."""

    name: str
    first: int
    last: int


@dataclass
class PythonLines:
    """Numbers lines of Python in the order in which they are asked for, with the functions around them."""

    _numbers: dict[SourceLine, int] = field(default_factory=dict[SourceLine, int])
    _blocks: dict[str, dict[int, Block]] = field(default_factory=dict[str, dict[int, Block]])

    def numbers(self, places: Iterable[SourceLine]) -> list[int]:
        """Return the number of each line, which is new for a line that nobody asked for before."""
        found: list[int] = []
        for place in places:
            number = self._numbers.get(place)
            if number is None:
                number = self._numbers[place] = len(self._numbers)
                self.add(place)
            found.append(number)
        return found

    def add(self, place: SourceLine) -> None:
        """Show the function around a line, whether or not a printed line names it."""
        block = block_of(place)
        self._blocks.setdefault(place.file, {})[block.first] = block

    def to_json(self) -> dict[str, Any]:
        """Return `files`: their names; `places`: [file, line] by number; `python`: the functions' texts.

        The functions of a file stand together and in its order; files are in the order of their first line.
        """
        files = list(self._blocks)
        python = [
            {"file": at, "name": block.name, "first": block.first, "text": _text(file, block)}
            for at, file in enumerate(files)
            for block in _disjoint(self._blocks[file])
        ]
        places = [[files.index(place.file), place.line] for place in self._numbers]
        return {"files": [shown_file(file) for file in files], "places": places, "python": python}


def shown_file(file: str) -> str:
    """The name of a source file from the package on, such as "kernelc/kernels/rms_norm.py"."""
    path = Path(file).resolve()
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name


def block_of(place: SourceLine) -> Block:
    """The function (of a class: the method) around a line; the line alone where there is none."""
    around = [each for each in _functions(place.file) if each.first <= place.line <= each.last]
    return around[0] if around else Block("", place.line, place.line)


@cache
def source_lines(file: str) -> tuple[str, ...]:
    """The lines of a source file."""
    return tuple(Path(file).read_text(encoding="utf-8").split("\n"))


def _text(file: str, block: Block) -> str:
    return "\n".join(source_lines(file)[block.first - 1 : block.last])


def _disjoint(blocks: Mapping[int, Block]) -> list[Block]:
    return [blocks[first] for first in sorted(blocks)]


@cache
def _functions(file: str) -> tuple[Block, ...]:
    """The functions of a file and the methods of its classes. What is inside a function is a part of it."""
    return tuple(_found(ast.parse("\n".join(source_lines(file))).body, ""))


def _found(body: Iterable[ast.stmt], prefix: str) -> Iterable[Block]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _found(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            yield Block(f"{prefix}{node.name}", first, node.end_lineno or node.lineno)
