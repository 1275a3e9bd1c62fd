"""WGSL from kernel IR (WebGPU Shading Language, W3C), behind the Jinja shell `templates/module.wgsl.j2`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2
import numpy as np

from kernelc.backends.base import Rendered
from kernelc.backends.c_like import ATOM, UNARY, BodyPrinter, Dialect, Text, used_builtins
from kernelc.backends.wgsl.keywords import UNUSABLE
from kernelc.kir.nodes import Kernel, Value
from kernelc.kir.types import Type

_BUILTIN = {"subgroup_lane": "subgroup_lane", "subgroup_size": "subgroup_size", "local_id": "local_id.x"}


class Wgsl(Dialect):
    """WGSL's spelling of kernel IR."""

    reserved = UNUSABLE
    mixes_scalars = True
    functions = {
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
    }

    def type_name(self, type: Type) -> str:
        return type.scalar if type.lanes == 1 else f"vec{type.lanes}<{type.scalar}>"

    def constant(self, value: Value) -> Text:
        number, scalar = value.attr, value.type.scalar
        assert isinstance(number, int | float)
        if scalar == "bool":
            return Text("true" if number else "false")
        if scalar in ("u32", "i32"):
            if number >= 1 << 20:  # a mask or a magic number, not a count
                return Text(f"0x{int(number):08x}{'u' if scalar == 'u32' else ''}")
            return Text(f"{int(number)}{'u' if scalar == 'u32' else ''}", ATOM if number >= 0 else UNARY)
        return Text(_float_text(float(number)), ATOM if number >= 0 else UNARY)

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
                return Text(f"select({no.text}, {yes.text}, {condition.text})")
            case "bitcast":
                return Text(f"bitcast<{type}>({args[0].text})")
            case "convert" | "splat" | "vector" | "concat":
                return Text(f"{type}({', '.join(arg.text for arg in args)})")
            case _:
                raise NotImplementedError(f"WGSL has no text for {value.op}")

    def let(self, type: Type, name: str, value: str) -> str:
        return f"let {name} = {value};"

    def declare(self, type: Type, name: str, value: str) -> str:
        return f"var {name}: {self.type_name(type)} = {value};"

    def loop(self, name: str, start: str, stop: str, step: str) -> str:
        advance = f"{name}++" if step == "1u" else f"{name} += {step}"
        return f"for (var {name} = {start}; {name} < {stop}; {advance}) {{"

    def barrier(self) -> str:
        return "workgroupBarrier();"


def _float_text(number: float) -> str:
    """Shortest text that reads back as the same f32; WGSL has no infinities."""
    if not np.isfinite(np.float32(number)):
        raise ValueError(f"WGSL cannot write {number}")
    if 1e-4 <= abs(number) < 1e7 or number == 0:
        text = np.format_float_positional(np.float32(number), trim="-")
        return text if "." in text else f"{text}.0"
    return np.format_float_scientific(np.float32(number), trim="-").replace("e+", "e")


@cache
def _template() -> jinja2.Template:
    folder = Path(__file__).parent / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  (shader text, not HTML)
    )
    return environment.get_template("module.wgsl.j2")


class WgslBackend:
    """Renders verified kernels to standalone WGSL modules with the entry point `main`.

    A kernel that uses subgroups says `enable subgroups;` as the standard asks; runtimes whose compiler does not know
    the line take it out.
    """

    name = "wgsl"
    suffix = "wgsl"

    def render(self, kernel: Kernel) -> Rendered:
        dialect = Wgsl()
        printer = BodyPrinter(kernel, dialect)
        body = printer.body()
        text = _template().render(
            kernel=kernel,
            features=kernel.features(),
            builtins=used_builtins(kernel),
            names=printer.names,
            type_name=dialect.type_name,
            body=body,
        )
        return Rendered(re.sub(r"[ \t]+\n", "\n", text), "main")
