"""C11 from kernel IR, with the vector extensions of gcc and clang, inside the shell `templates/module.c.j2`.

A kernel is a function of its buffers, its grid and a range of workgroups, which it runs one after the other;
`kernelc.backends.c.phases` makes loops of a workgroup's invocations. What differs between types is a function
of `templates/prelude.h`, which also has the few places where a processor's own instructions are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from kernelc.backends.base import Rendered
from kernelc.backends.c.keywords import UNUSABLE
from kernelc.backends.c.phases import PhasedBody
from kernelc.backends.c_like import used_builtins
from kernelc.backends.dialect import ATOM, BITS, UNARY, Dialect, Text, c_constant, choice
from kernelc.backends.shell import fill, placed
from kernelc.errors import InternalError
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.simplify import constant_of
from kernelc.kir.types import Type
from kernelc.kir.values import Value

_TEMPLATES = Path(__file__).parent / "templates"
# Comparing vectors gives a vector of i32 with -1 where the condition holds.
_CONDITIONS = "i32"
_SCALARS = ("f32", "i32", "u32")
_BY_TYPE = frozenset({"exp", "exp2", "log", "sqrt", "rsqrt", "floor", "fma", "min", "max", "abs"})
_BYTES = {"unpack_u8x4": "unsigned_bytes", "unpack_i8x4": "signed_bytes"}


class C(Dialect):
    """C's spelling of kernel IR."""

    reserved = UNUSABLE
    mixes_scalars = True
    counter = "u32"
    functions: ClassVar[Mapping[str, str]] = {"pack_half2": "pack_half2"}

    def type_name(self, type: Type) -> str:
        scalar = _CONDITIONS if type.scalar == "bool" else type.scalar
        if scalar not in _SCALARS:
            raise NotImplementedError(f"C is printed without numbers of type {type}")
        return scalar if type.lanes == 1 else f"{scalar}x{type.lanes}"

    def constant(self, value: Value) -> Text:
        return c_constant(value, "0", "1")

    def lane(self, vector: Text, lane: int) -> Text:
        return Text(f"{vector.within(ATOM)}[{lane}]")

    def builtin(self, value: Value) -> Text:
        match value.op:
            case "param":
                return Text(f"step->{value.attr}")
            case "workgroup_id":
                return Text(f"workgroup_id[{value.attr}]")
            case "local_id":
                return Text("local_id")
            case _:
                raise NotImplementedError(f"C is printed without {value.op}")

    def special(self, value: Value, args: list[Text]) -> Text:
        type = value.type
        match value.op:
            case op if op in _BY_TYPE:
                return self.call(f"{op}_{self.type_name(type)}", args)
            case "neg":
                return Text(f"-{args[0].within(ATOM)}", UNARY)
            case "not":
                return Text(f"!{args[0].within(ATOM)}", UNARY)
            case "select" if value.args[0].type.lanes == 1:
                return choice(*args) if type.lanes == 1 else self.call(f"choose_{self.type_name(type)}", args)
            case "select" | "splat" | "concat":
                return self.call(f"{value.op}_{self.type_name(type)}", args)
            case "dot":
                return self.call(f"dot_{self.type_name(value.args[0].type)}", args)
            case "bitcast":
                return self.cast_bits(value.args[0].type, type, args[0])
            case "convert":
                return self.converted(value.args[0].type, type, args[0])
            case "vector":
                return Text(f"({self.type_name(type)}){{{', '.join(arg.text for arg in args)}}}", UNARY)
            case "unpack_u8x4" | "unpack_i8x4":
                found = Text(f"{_BYTES[value.op]}{'2' if type.lanes == 8 else ''}({args[0].text})")
                return found if type.scalar == "i32" else self.cast(self.type_name(type), found)
            case "unpack_half2":
                return self.call("unpack_half2" if type.lanes == 2 else "unpack_halves8", args)
            case "dot4_i8" if type.lanes == 1:
                return self.call("dot4_i8", args)
            case "dot2_i16":
                return self.call("dot2_i16", args)
            case "dot4_i8":
                return self.call("dot4_small" if _small_bytes(value.args[0]) else "dot4_any", args)
            case _:
                raise NotImplementedError(f"C is printed without {value.op}")

    def cast(self, name: str, arg: Text) -> Text:
        return Text(f"({name}){arg.within(ATOM)}", UNARY)

    def cast_bits(self, source: Type, to: Type, arg: Text) -> Text:
        """A cast keeps the bits of vectors and of integers, but not those of a scalar float."""
        if to.lanes > 1 or (source.is_integer and to.is_integer):
            return self.cast(self.type_name(to), arg)
        return self.call("bits_f32" if to.is_float else f"({to.scalar})bits_u32", [arg])

    def converted(self, source: Type, to: Type, arg: Text) -> Text:
        name = self.type_name(to)
        if source.scalar == "bool" and source.lanes > 1:
            ones = Text(f"{arg.within(ATOM)} & 1", BITS, "&")
            return self.floats(to, ones) if to.is_float else self.cast(name, ones)
        if source.is_float and to.is_integer:
            return self.call(f"{name}_of_{self.type_name(source)}", [arg])
        if to.is_float and to.lanes > 1:
            return self.floats(to, arg)
        return self.cast(name, arg)

    def floats(self, to: Type, arg: Text) -> Text:
        vector = f"({arg.text})" if "{" in arg.text else arg.text  # whose commas are not the macro's
        return Text(f"FLOATS({to.lanes}, {vector})")

    def fence(self) -> str:
        return "__atomic_thread_fence(__ATOMIC_SEQ_CST);"

    def atomic_add(self, cell: str, amount: Text) -> Text:
        return Text(f"__atomic_fetch_add(&{cell}, {amount.text}, __ATOMIC_SEQ_CST)")

    def let(self, type: Type, name: str, value: str) -> str:
        return f"const {self.type_name(type)} {name} = {value};"

    def declare(self, type: Type, name: str, value: str) -> str:
        return f"{self.type_name(type)} {name} = {value};"


def _small_bytes(value: Value) -> bool:
    """Whether no byte of a vector of words is above 127: then products of pairs fit into 16 bits."""
    if value.op == "concat":
        return all(map(_small_bytes, value.args))
    masks = (constant_of(arg.args[0]) for arg in value.args if arg.op == "splat")
    return value.op == "and" and any(isinstance(mask, int) and not mask & 0x80808080 for mask in masks)


class CBody(PhasedBody):
    """Converts unpacked bytes as signed numbers, which they are as well: processors convert no others."""

    def expression(self, value: Value) -> Text:
        if value.op == "convert" and value.type.is_float:
            source = value.args[0]
            if source.op == "unpack_u8x4" and source in self.placed:
                word = self.ref(source.args[0])
                wide = "2" if source.type.lanes == 8 else ""
                return Text(f"FLOATS({value.type.lanes}, unsigned_bytes{wide}({word.text}))")
        return super().expression(value)


class CBackend:
    """Renders verified kernels as files of one function each: see `module.c.j2` for its signature.

    A file is compiled and run natively, and parts of a kernel's name and signature come from artifacts: names
    that are no plain words are refused.
    """

    name = "c"
    suffix = "c"

    def render(self, kernel: Kernel) -> Rendered:
        require_words(kernel)
        dialect = C()
        printer = CBody(kernel, dialect)
        body = printer.body()
        entry = re.sub(r"\W", "_", f"{kernel.name}_kernel")
        text = fill(
            _TEMPLATES / "module.c.j2",
            prelude=(_TEMPLATES / "prelude.h").read_text(encoding="utf-8"),
            kernel=kernel,
            entry=entry,
            builtins=used_builtins(kernel),
            names=printer.names,
            type_name=dialect.type_name,
            body=body,
        )
        return Rendered(text, entry, text.encode(), placed(text, body, printer.places))


def require_words(kernel: Kernel) -> None:
    """Raise InternalError for a name that would be more than a name in the text."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", kernel.name):
        raise InternalError(f"a kernel of C cannot be called {kernel.name!r}")
    for memory in (*kernel.buffers, *kernel.shared):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", memory.name):
            raise InternalError(f"a buffer of kernel {kernel.name} cannot be called {memory.name!r}")
