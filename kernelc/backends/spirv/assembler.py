"""Assembles SPIR-V text, one instruction per line, into the words that a driver takes.

Ids are numbered in the order in which the text first mentions them, as `spirv-as` does, so that both give the
same words after the header.
"""

from __future__ import annotations

import re
import struct

import numpy as np

from kernelc.backends.spirv.grammar import ENUMERATIONS, INSTRUCTIONS, MAGIC, VERSION_1_3
from kernelc.errors import InternalError

_TOKEN = re.compile(r'"[^"]*"|[^\s;]+|;.*')
_GENERATOR = 0  # we have not registered one


def assemble(text: str) -> bytes:
    """The module that a text describes, as little-endian words. Raises InternalError that names the faulty
    line."""
    assembler = _Assembler()
    for number, line in enumerate(text.splitlines(), 1):
        tokens = _tokens(line)
        if tokens:
            try:
                assembler.instruction(tokens)
            except (KeyError, IndexError, ValueError) as error:
                raise InternalError(f"line {number}: {line.strip()}: {error!r}", ir=text) from error
    words = [MAGIC, VERSION_1_3, _GENERATOR, len(assembler.ids) + 1, 0, *assembler.words]
    return struct.pack(f"<{len(words)}I", *words)


def _tokens(line: str) -> list[str]:
    if '"' not in line:
        return line.partition(";")[0].split()
    return [token for token in _TOKEN.findall(line) if not token.startswith(";")]


class _Assembler:
    def __init__(self) -> None:
        self.words: list[int] = []
        self.ids: dict[str, int] = {}
        self.types: dict[str, tuple[str, ...]] = {}  # for each id of a type the instruction that made it

    def id(self, token: str) -> int:
        if not token.startswith("%"):
            raise ValueError(f"wanted an id, got {token}")
        return self.ids.setdefault(token, len(self.ids) + 1)

    def instruction(self, tokens: list[str]) -> None:
        """Encode `%result = OpName operands` or `OpName operands`."""
        result = ""
        if len(tokens) > 1 and tokens[1] == "=":
            result, _, *tokens = tokens
            self.id(result)  # ids are numbered as they appear
        name, *operands = tokens
        opcode, kinds = INSTRUCTIONS[name]
        if ("R" in kinds) != bool(result):
            raise ValueError(f"{name} with {'a' if result else 'no'} result")
        if name.startswith("OpType"):
            self.types[result] = (name, *operands)
        words = self.operands(kinds, operands, result)
        self.words += [(len(words) + 1) << 16 | opcode, *words]

    def operands(self, kinds: tuple[str, ...], operands: list[str], result: str) -> list[int]:
        words: list[int] = []
        rest = iter(operands)
        for kind in kinds:
            if kind == "R":
                words.append(self.id(result))
            elif kind.endswith("*"):
                for token in rest:
                    words += self.operand(kind[:-1], token, operands)
            elif (token := next(rest, None)) is None:
                raise ValueError(f"no {kind}")
            elif kind in ("T", "id"):
                words.append(self.id(token))
            else:
                words += self.operand(kind, token, operands)
        if (more := next(rest, None)) is not None:
            raise ValueError(f"did not expect {more}")
        return words

    def operand(self, kind: str, token: str, operands: list[str]) -> list[int]:
        match kind:
            case "id":
                return [self.id(token)]
            case "literal":
                return [int(token)]
            case "value":  # of a decoration: a number or a built-in variable
                return [int(token) if token.isdecimal() else ENUMERATIONS["BuiltIn"][token]]
            case "string":
                data = token[1:-1].encode() + b"\0"
                data += bytes(-len(data) % 4)
                return list(struct.unpack(f"<{len(data) // 4}I", data))
            case "number":
                return [_number(token, *self.types[operands[0]])]
            case _:
                return [sum(ENUMERATIONS[kind][each] for each in token.split("|"))]


def _number(token: str, kind: str, width: str, *_: str) -> int:
    """The bits of a constant of a 16- or 32-bit type."""
    if kind == "OpTypeInt":
        return int(token) & 0xFFFFFFFF
    bits = np.float16(token).view(np.uint16) if width == "16" else np.float32(token).view(np.uint32)
    return int(bits)
