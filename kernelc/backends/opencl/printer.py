"""OpenCL C from kernel IR (The OpenCL C Specification, version 1.2 and up), inside the Jinja shell
`templates/module.cl.j2`.

The text is core OpenCL C: it asks for no extension, so that every device can run it. It therefore has neither
16-bit arithmetic nor subgroups; pairs of halves go through `vload_half2` and `vstore_half2_rte`, which are
core functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from kernelc.backends.base import Rendered
from kernelc.backends.c_like import BodyPrinter, used_builtins
from kernelc.backends.dialect import (
    ATOM,
    BITS,
    INFIX,
    UNARY,
    Dialect,
    Text,
    c_constant,
    choice,
)
from kernelc.backends.opencl.keywords import UNUSABLE
from kernelc.backends.shell import fill, placed
from kernelc.kir.nodes import Barrier, Block, If, Kernel, walk
from kernelc.kir.types import Type
from kernelc.kir.values import Value

TEMPLATE = Path(__file__).parent / "templates" / "module.cl.j2"
# Comparing float4 or uint4 gives a vector of int with -1 where the condition holds.
_SCALARS = {"f32": "float", "i32": "int", "u32": "uint", "bool": "bool"}
_CONDITIONS = "int"


class OpenCl(Dialect):
    """OpenCL C's spelling of kernel IR."""

    reserved = UNUSABLE
    mixes_scalars = True
    counter = "uint"
    functions: ClassVar[Mapping[str, str]] = {
        "exp": "exp",
        "exp2": "exp2",
        "log": "log",
        "sqrt": "sqrt",
        "rsqrt": "rsqrt",
        "floor": "floor",
        "fma": "fma",
        "dot": "dot",
        "unpack_half2": "unpack_half2",
        "pack_half2": "pack_half2",
    }

    def type_name(self, type: Type) -> str:
        if type.scalar not in _SCALARS:
            raise NotImplementedError(f"core OpenCL C has no numbers of type {type}")
        if type.lanes == 1:
            return _SCALARS[type.scalar]
        return f"{_CONDITIONS if type.scalar == 'bool' else _SCALARS[type.scalar]}{type.lanes}"

    def constant(self, value: Value) -> Text:
        return c_constant(value, "false", "true")

    def builtin(self, value: Value) -> Text:
        match value.op:
            case "param":
                return Text(f"step->{value.attr}")
            case "workgroup_id":
                assert isinstance(value.attr, int)
                return Text(f"workgroup_id.{'xyz'[value.attr]}")
            case "local_id":
                return Text("local_id")
            case _:
                raise NotImplementedError(f"core OpenCL C has no {value.op}")

    def infix(self, value: Value, args: list[Text]) -> Text | None:
        """C leaves the overflow of signed sums and products undefined, so they are computed as unsigned
        numbers, which wrap."""
        if value.op not in ("add", "sub", "mul") or value.type.scalar != "i32":
            return None
        left, right = (self.cast_bits("uint", value.type.lanes, arg).text for arg in args)
        return self.cast_bits("int", value.type.lanes, Text(f"{left} {INFIX[value.op][0]} {right}"))

    def special(self, value: Value, args: list[Text]) -> Text:
        type = value.type
        match value.op:
            case "min" | "max":
                return self.call(f"f{value.op}" if type.is_float else value.op, args)
            case "abs":
                return self.absolute(type, args)
            case "neg":
                return self.negative(type, args[0])
            case "not":
                return Text(f"!{args[0].within(ATOM)}", UNARY)
            case "select":
                return self.choice(value, args)
            case "bitcast":
                return self.cast_bits(_SCALARS[type.scalar], type.lanes, args[0])
            case "convert":
                return self.converted(value.args[0].type, type, args[0])
            case "splat" | "vector" | "concat":
                return Text(f"({self.type_name(type)})({', '.join(arg.text for arg in args)})", UNARY)
            case "unpack_u8x4":
                return Text(f"convert_uint4(as_uchar4({args[0].text}))")
            case "unpack_i8x4":
                return Text(f"convert_int4(as_char4({args[0].text}))")
            case _:
                raise NotImplementedError(f"core OpenCL C has no text for {value.op}")

    def absolute(self, type: Type, args: Sequence[Text]) -> Text:
        if type.is_float:
            return self.call("fabs", args)
        found = self.call("abs", args)  # unsigned, even for signed numbers
        return self.cast_bits("int", type.lanes, found) if type.scalar == "i32" else found

    def negative(self, type: Type, arg: Text) -> Text:
        if type.is_float:
            return Text(f"-{arg.within(ATOM)}", UNARY)
        return self.cast_bits("int", type.lanes, Text(f"-{self.cast_bits('uint', type.lanes, arg).text}"))

    def choice(self, value: Value, args: Sequence[Text]) -> Text:
        """`select` looks at the sign of each lane, so it takes conditions with several lanes; `?:` takes one
        condition."""
        condition, yes, no = args
        if value.args[0].type.lanes > 1:
            return self.call("select", (no, yes, condition))
        return choice(condition, yes, no)

    def converted(self, source: Type, to: Type, arg: Text) -> Text:
        name = self.type_name(to)
        if source.scalar == "bool":
            return self.from_condition(source, to, arg)
        if source.is_float and to.is_integer:
            return self.call(f"convert_{name}_sat", [arg])  # towards zero, NaN to 0
        if source.is_integer and to.is_integer:
            return self.cast_bits(_SCALARS[to.scalar], to.lanes, arg)
        if to.lanes > 1:
            return self.call(f"convert_{name}", [arg])
        return Text(f"({name}){arg.within(ATOM)}", UNARY)

    def from_condition(self, source: Type, to: Type, arg: Text) -> Text:
        """1 where a condition holds. A scalar condition is 0 or 1 already; a lane of a vector is 0 or -1."""
        name = self.type_name(to)
        if source.lanes == 1:
            return Text(f"({name}){arg.within(ATOM)}", UNARY)
        ones = Text(f"{arg.within(ATOM)} & 1", BITS, "&")
        return self.call(f"convert_{name}" if to.is_float else f"as_{name}", [ones])

    def cast_bits(self, scalar: str, lanes: int, arg: Text) -> Text:
        return Text(f"as_{scalar}{lanes if lanes > 1 else ''}({arg.text})")

    def let(self, type: Type, name: str, value: str) -> str:
        return f"const {self.type_name(type)} {name} = {value};"

    def declare(self, type: Type, name: str, value: str) -> str:
        return f"{self.type_name(type)} {name} = {value};"

    def barrier(self) -> str:
        return "barrier(CLK_LOCAL_MEM_FENCE);"


class OpenClBody(BodyPrinter):
    """Ends every branch that holds a barrier with another barrier, which changes nothing: the whole workgroup
    is there.

    Without it pocl (3.1, Debian 12) miscompiles branches that the invocations leave along different paths: it
    runs some of them through the code after the last barrier with the values of others.
    """

    def block(self, block: Block, depth: int) -> None:
        super().block(block, depth)
        if block in self.rejoining:
            self.emit(depth, self.dialect.barrier())

    @cached_property
    def rejoining(self) -> frozenset[Block]:
        branches = (s for s in self.kernel.statements if isinstance(s, If))
        blocks = [block for branch in branches for block in (branch.then, branch.orelse)]
        holding = (block for block in blocks if any(isinstance(s, Barrier) for s in walk(block)))
        return frozenset(block for block in holding if not isinstance(block.statements[-1], Barrier))


class OpenClBackend:
    """Renders verified kernels as programs of one kernel each. The entry is the kernel's name with `_kernel`
    appended, so that it never is the name of a built-in function.

    Its arguments are the buffers, in order, and the step block if the kernel reads it.
    """

    name = "opencl"
    suffix = "cl"

    def render(self, kernel: Kernel) -> Rendered:
        dialect = OpenCl()
        entry = re.sub(r"\W", "_", f"{kernel.name}_kernel")
        printer = OpenClBody(kernel, dialect)
        body = printer.body()
        text = fill(
            TEMPLATE,
            kernel=kernel,
            entry=entry,
            operations=kernel.operations,
            builtins=used_builtins(kernel),
            names=printer.names,
            type_name=dialect.type_name,
            body=body,
        )
        return Rendered(text, entry, text.encode(), placed(text, body, printer.places))
