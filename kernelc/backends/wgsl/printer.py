"""WGSL from kernel IR (WebGPU Shading Language, W3C), inside the Jinja shell `templates/module.wgsl.j2`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from kernelc.backends.base import Rendered
from kernelc.backends.c_like import BodyPrinter, used_builtins
from kernelc.backends.dialect import (
    ATOM,
    BITS,
    SUM,
    UNARY,
    Dialect,
    Text,
    float_digits,
)
from kernelc.backends.shell import fill, placed
from kernelc.backends.wgsl import tiles
from kernelc.backends.wgsl.keywords import UNUSABLE
from kernelc.kir.memory import Memory, Shared
from kernelc.kir.nodes import Kernel, TileStore
from kernelc.kir.passes.ranges import Ranges, split
from kernelc.kir.passes.simplify import constant_of
from kernelc.kir.tile_types import TileType
from kernelc.kir.types import Type
from kernelc.kir.values import Value

TEMPLATE = Path(__file__).parent / "templates" / "module.wgsl.j2"
_BUILTIN = {"subgroup_lane": "subgroup_lane", "subgroup_size": "subgroup_size", "local_id": "local_id.x"}


class Wgsl(Dialect):
    """WGSL's spelling of kernel IR."""

    reserved = UNUSABLE
    mixes_scalars = True
    counter = "var"
    suffixes: ClassVar[Mapping[str, str]] = {"u32": "u", "i32": "i"}
    functions: ClassVar[Mapping[str, str]] = {
        "exp": "exp",
        "exp2": "exp2",
        "log": "log",
        "sqrt": "sqrt",
        "rsqrt": "inverseSqrt",
        "floor": "floor",
        "abs": "abs",
        "min": "min",
        "max": "max",
        "fma": "fma",
        "dot": "dot",
        "unpack_half2": "unpack2x16float",
        "pack_half2": "pack2x16float",
        "unpack_u8x4": "unpack4xU8",
        "unpack_i8x4": "unpack4xI8",
        "subgroup_sum": "subgroupAdd",
        "subgroup_max": "subgroupMax",
        "tile_mma": "subgroupMatrixMultiplyAccumulate",
    }

    def type_name(self, type: Type) -> str:
        if isinstance(type, TileType):
            return tiles.type_name(type)
        return type.scalar if type.lanes == 1 else f"vec{type.lanes}<{type.scalar}>"

    def array(self, shared: Shared) -> str:
        """The type of an array in workgroup memory."""
        element = self.type_name(shared.type)
        if not shared.row:
            return f"array<{element}, {shared.length}>"
        return f"array<array<{element}, {shared.row}>, {shared.length // shared.row}>"

    def constant(self, value: Value) -> Text:
        number, scalar = value.attr, value.type.scalar
        assert isinstance(number, int | float)
        if scalar == "bool":
            return Text("true" if number else "false")
        level = UNARY if math.copysign(1, number) < 0 else ATOM
        if scalar == "i32" and number == -(1 << 31):
            return Text("i32(-2147483648)")  # its digits alone are out of i32's range
        if scalar in ("u32", "i32"):
            return self.mask(value) if number >= 1 << 24 else Text(f"{number}{scalar[0]}", level)
        return Text(float_digits(float(number), value.type) + ("h" if scalar == "f16" else ""), level)

    def call(self, function: str, args: Sequence[Text]) -> Text:
        """`f(a < b, c > d)` would parse as a template list `a<b, c>`, so every comparison but the last gets
        brackets."""
        return Text(f"{function}({', '.join([*(arg.within(BITS) for arg in args[:-1]), args[-1].text])})")

    def builtin(self, value: Value) -> Text:
        if value.op == "param":
            return Text(f"step.{value.attr}")
        if value.op == "workgroup_id":
            assert isinstance(value.attr, int)
            return Text(f"workgroup_id.{'xyz'[value.attr]}")
        return Text(_BUILTIN[value.op])

    def special(self, value: Value, args: list[Text]) -> Text:
        type = self.type_name(value.type)
        match value.op:
            case "neg":
                return Text(f"-{args[0].within(ATOM)}", UNARY)
            case "not":
                return Text(f"!{args[0].within(ATOM)}", UNARY)
            case "select":
                condition, yes, no = args
                return self.call("select", (no, yes, condition))
            case "bitcast":
                return self.call(f"bitcast<{type}>", args)
            case "tile_zero":
                return Text(f"{type}()")
            case "convert" | "splat" | "vector" | "concat":
                return self.call(type, args)
            case "dot4_i8":
                return self.dot4(value, args)
            case "subgroup_shuffle_xor":
                return self.call("subgroupShuffleXor", [*args, Text(f"{value.attr}u")])
            case "tile_mul":
                raise NotImplementedError("WGSL does not multiply matrices element by element")
            case _:
                raise NotImplementedError(f"WGSL has no text for {value.op}")

    def dot4(self, value: Value, args: Sequence[Text]) -> Text:
        product = self.call("dot4I8Packed", args[:2])
        if constant_of(value.args[2]) == 0:
            return product
        return Text(f"{args[2].within(SUM)} + {product.text}", SUM, "+")

    def tile_load(self, value: Value, place: str, stride: str) -> Text:
        assert isinstance(value.type, TileType)
        transposed = value.op == "tile_load_transposed"
        return Text(tiles.load(value.type, place, stride, transposed=transposed))

    def tile_store(self, statement: TileStore, place: str, stride: str, value: str) -> str:
        return tiles.store(place, stride, value, transposed=statement.transposed)

    def let(self, type: Type, name: str, value: str) -> str:
        return f"let {name} = {value};"

    def declare(self, type: Type, name: str, value: str) -> str:
        return f"var {name}: {self.type_name(type)} = {value};"

    def barrier(self) -> str:
        return "workgroupBarrier();"

    def uniform_load(self, cell: str) -> Text:
        return Text(f"workgroupUniformLoad(&{cell})")


class WgslPrinter(BodyPrinter):
    """Prints a kernel's statements. Compilers of WGSL see to it that no index is out of bounds, and compute
    the smaller of each index and the last one. An array of rows needs that once for all elements in the same
    column: what remains are constants, which instructions take as they are.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.ranges = Ranges(self.kernel)

    def element(self, memory: Memory, index: Value) -> str:
        """An element of an array, or of a row of an array of rows."""
        if not isinstance(memory, Shared) or not memory.row:
            return super().element(memory, index)
        row, name = memory.row, self.names[memory]
        column, more = split(index)
        if column is None:
            return f"{name}[{more // row}u][{more % row}u]"
        if self.ranges.largest(column) + more % row < row:
            text = self.ref(column)
            inside = f"{text.within(SUM)} + {more % row}u" if more % row else text.text
            return f"{name}[{more // row}u][{inside}]"
        whole = more - more % row  # rows that the constant is
        text = self.ref(column if more == whole else index).within(UNARY)
        first = f"{text} / {row}u" + (f" + {whole // row}u" if whole and more == whole else "")
        return f"{name}[{first}][{text} % {row}u]"


class WgslBackend:
    """Renders verified kernels as standalone WGSL modules with the entry point `main`.

    A kernel that uses subgroups says `enable subgroups;`, as the standard asks; runtimes whose compiler does
    not know that line remove it.
    """

    name = "wgsl"
    suffix = "wgsl"

    def render(self, kernel: Kernel) -> Rendered:
        dialect, kinds = Wgsl(), kernel.tile_kinds()
        printer = WgslPrinter(kernel, dialect)
        body = printer.body()
        text = fill(
            TEMPLATE,
            kernel=kernel,
            halves="f16" in kernel.features() or any(kind.operand == "f16" for kind in kinds),
            subgroups="subgroups" in kernel.features(),
            matrices=tiles.HEAD if kinds else (),
            builtins=used_builtins(kernel),
            names=printer.names,
            type_name=dialect.type_name,
            array=dialect.array,
            body=body,
        )
        return Rendered(text, "main", text.encode(), placed(text, body, printer.places))
