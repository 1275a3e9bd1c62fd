"""CUDA C from kernel IR, inside the Jinja shell `templates/module.cu.j2`.

A module needs no header, so NVRTC compiles it as it stands. It defines exactly the operators and helpers that
its kernel uses. Numbers mean what they mean on the other targets: no fast-math, IEEE division and roots.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from kernelc.backends.base import Rendered
from kernelc.backends.c_like import used_builtins
from kernelc.backends.cuda.early import INPUTS_READY, LOAD_AHEAD, loaded_ahead
from kernelc.backends.cuda.keywords import UNUSABLE, entry_name
from kernelc.backends.cuda.lanes import (
    LaneFunction,
    compound_operator,
    function_name,
    lane_function,
    lane_negation,
    lane_operator,
    lane_select,
    lane_splat,
    type_name,
    wraps,
)
from kernelc.backends.cuda.stages import NAMES as STAGE_NAMES
from kernelc.backends.cuda.stages import StagePrinter, copied_by_all, offsets
from kernelc.backends.cuda.tiles import BARRIER, TileDialect
from kernelc.backends.cuda.tiles import NAMES as TILE_NAMES
from kernelc.backends.dialect import (
    ATOM,
    INFIX,
    UNARY,
    Text,
    c_constant,
    choice,
)
from kernelc.backends.layout import laid_out
from kernelc.backends.shell import fill, placed
from kernelc.kir.memory import Buffer
from kernelc.kir.nodes import Assign, Kernel, Store
from kernelc.kir.tile_types import TileType
from kernelc.kir.types import Type, f32x4
from kernelc.kir.values import Value

TEMPLATE = Path(__file__).parent / "templates" / "module.cu.j2"
WARP = 32  # invocations of a subgroup, on every NVIDIA GPU
_HELPERS = "dot concat pack_half2 unpack_half2 unpack_u8x4 unpack_i8x4 mma_i8 subgroup_sum subgroup_max"
_NAMED = frozenset((*_HELPERS.split(), "subgroup_shuffle_xor"))
_BYTES_AS_FLOATS = {"unpack_u8x4": "u8x4_to_float4", "unpack_i8x4": "i8x4_to_float4"}


class Cuda(TileDialect):
    """CUDA's spelling of kernel IR. It keeps a record of what the module has to define."""

    reserved = UNUSABLE | {*_BYTES_AS_FLOATS.values(), INPUTS_READY, LOAD_AHEAD} | TILE_NAMES | STAGE_NAMES
    mixes_scalars = True
    counter = "unsigned"

    def __init__(self) -> None:
        super().__init__()
        self.lane_functions: dict[LaneFunction, None] = {}  # in the order of their first use
        self.helpers: dict[tuple[str, str], None] = {}  # (operation, type name)
        self.params_ahead = False  # whether the step block is loaded first of all
        self.used_ahead: dict[str, Value] = {}  # what is used of it, by what it is called

    def type_name(self, type: Type) -> str:
        return type_name(type)

    def constant(self, value: Value) -> Text:
        return c_constant(value, "false", "true")

    def builtin(self, value: Value) -> Text:
        match value.op:
            case "param":
                if not self.params_ahead:
                    return Text(f"step->{value.attr}")
                self.helpers[LOAD_AHEAD, type_name(value.type)] = None
                self.used_ahead[f"ahead_{value.attr}"] = value
                return Text(f"ahead_{value.attr}")
            case "workgroup_id":
                assert isinstance(value.attr, int)
                return Text(f"blockIdx.{'xyz'[value.attr]}")
            case "local_id":
                return Text("threadIdx.x")
            case "subgroup_size":
                return Text(f"{WARP}u")
            case _:
                return Text("subgroup_lane")

    def infix(self, value: Value, args: list[Text]) -> Text | None:
        if value.type.lanes > 1 or not wraps(value.op, value.type):
            return None
        left, right = args
        return Text(f"int(unsigned({left.text}) {INFIX[value.op][0]} unsigned({right.text}))")

    def special(self, value: Value, args: list[Text]) -> Text:
        if isinstance(value.type, TileType):
            return self.on_tiles(value.op, value.type, args, value.attr)
        type, source = value.type, value.args[0].type
        match value.op:
            case "vector":
                return self.call(f"make_{self.define_type(type)}", args)
            case "splat":
                return self.defined(lane_splat(type), args)
            case "select" if source.lanes == 1:
                return choice(*args)
            case "select":
                return self.defined(lane_select(type), args)
            case "neg":
                return self.negation(type, args[0])
            case "not":
                return Text(f"!{args[0].within(ATOM)}", UNARY)
            case "dot4_i8":
                a, b = (Text(f"int({arg.text})") for arg in args[:2])
                return self.call("__dp4a", [a, b, args[2]])
            case op if op in _NAMED:
                self.helpers[op, type_name(source if op == "dot" else type)] = None
                if op == "subgroup_shuffle_xor":
                    return self.call(op, [*args, Text(f"{value.attr}u")])
                return self.call("join" if op == "concat" else op, args)
            case "abs" if type.scalar == "u32":
                return args[0]
            case op if type.lanes == 1:
                return self.call(function_name(op, type, source), args)
            case op:
                return self.defined(lane_function(op, self.vector_function(value), type, _types(value)), args)

    def vector_function(self, value: Value) -> str:
        """The name of a function on vectors: that of the scalar function, or for conversions one made from
        the result's type."""
        if value.op in ("convert", "bitcast"):
            return f"{'to' if value.op == 'convert' else 'as'}_{type_name(value.type)}"
        return function_name(value.op, value.type.element, value.args[0].type.element)

    def negation(self, type: Type, arg: Text) -> Text:
        if type.lanes > 1:
            self.lane_functions[lane_negation(type)] = None
        elif type.is_integer:
            return Text(f"int(0u - unsigned({arg.text}))")
        return Text(f"-{arg.within(ATOM)}", UNARY)

    def defined(self, function: LaneFunction, args: Sequence[Text]) -> Text:
        self.lane_functions[function] = None
        return self.call(function.name, args)

    def define_type(self, type: Type) -> str:
        if isinstance(type, TileType):
            self.define_tile(type)
        elif type.scalar == "bool" and type.lanes > 1:
            self.helpers["bool", type_name(type)] = None
        return type_name(type)

    def let(self, type: Type, name: str, value: str) -> str:
        return f"const {self.define_type(type)} {name} = {value};"

    def declare(self, type: Type, name: str, value: str) -> str:
        return f"{self.define_type(type)} {name} = {value};"

    def inputs_ready(self) -> str:
        return f"{INPUTS_READY}();"

    def fence(self) -> str:
        return 'asm volatile("fence.acq_rel.gpu;" ::: "memory");'

    def atomic_add(self, cell: str, amount: Text) -> Text:
        return Text(f"atomicAdd(&{cell}, {amount.text})")


class CudaPrinter(StagePrinter):
    """Prints a body and records which operators on vectors it needs."""

    def __init__(self, kernel: Kernel, dialect: Cuda) -> None:
        self.cuda = dialect
        self.ahead = loaded_ahead(kernel)
        super().__init__(kernel, dialect)

    def infix(self, value: Value, args: list[Text]) -> Text:
        if value.args[0].type.lanes > 1:
            self.cuda.define_type(value.type)
            self.cuda.lane_functions[lane_operator(value.op, value.type, self.sides(value))] = None
        return super().infix(value, args)

    def sides(self, value: Value) -> list[Type]:
        """The types of an operator's operands as they are written: a scalar that is spread over lanes may
        stay a scalar."""
        bare = [text is not arg for text, arg in zip(self.scalars(value, _TEXTS), _TEXTS, strict=True)]
        return [a.type.element if b else a.type for a, b in zip(value.args, bare, strict=True)]

    def assignment(self, target: str, statement: Assign | Store) -> str:
        text, value = super().assignment(target, statement), statement.value
        if value.type.lanes > 1 and value.op in INFIX and text.startswith(f"{target} {INFIX[value.op][0]}= "):
            functions = self.cuda.lane_functions
            functions[lane_operator(value.op, value.type, (value.type, value.type))] = None
            functions[compound_operator(value.op, value.type)] = None
        return text

    def expression(self, value: Value) -> Text:
        """The text of an expression. Bytes that become floats are converted without integer-to-float
        instructions, which run at a fraction of the rate of others; subtracting a small whole number costs
        nothing extra."""
        if value in self.ahead:
            self.cuda.helpers[LOAD_AHEAD, type_name(value.type)] = None
            return Text(f"{LOAD_AHEAD}(&{super().expression(value).text})")
        less = _small_whole(value.args[1]) if value.op == "sub" and value.type == f32x4 else None
        converted = value.args[0] if less is not None and value.args[0] in self.placed else value
        inner = converted.args[0] if converted.op == "convert" and value.type == f32x4 else converted
        if inner is converted or inner.op not in _BYTES_AS_FLOATS or inner not in self.placed:
            return super().expression(value)
        name = _BYTES_AS_FLOATS[inner.op]
        self.cuda.helpers[name, "float4"] = None
        args = [self.ref(inner.args[0])]
        return self.cuda.call(name, args if converted is value else [*args, Text(f"{less}.0f")])


def _used(functions: Iterable[LaneFunction], body: str) -> list[LaneFunction]:
    """The functions that the body calls: a scalar's spreading may have been left out of the text."""
    return [f for f in functions if f.name.startswith("operator") or f"{f.name}(" in body]


_TEXTS = [Text("a"), Text("b")]


def _small_whole(value: Value) -> int | None:
    """The whole number that is in every lane, if 2^23 plus it plus a byte is exact in f32; else None."""
    number = value.args[0].attr if value.op == "splat" and value.args[0].op == "const" else None
    if not isinstance(number, int | float) or not 1 <= number < 1 << 20 or number != int(number):
        return None
    return int(number)


def _types(value: Value) -> list[Type]:
    return [arg.type for arg in value.args]


def _copies(kernel: Kernel) -> bool:
    """Whether elements are written as they were read out of what other kernels write."""
    stored = (each.value for each in kernel.statements if isinstance(each, Store))
    return any(
        value.op == "load" and isinstance(value.attr, Buffer) and not value.attr.constant for value in stored
    )


class CudaBackend:
    """Renders verified kernels as standalone CUDA C++ with one extern "C" entry named after the kernel.

    Its parameters are a pointer for each buffer, in order, and one to the step block if the kernel reads it.
    Subgroups are warps. Of what is only read, constants alone are `__restrict__`: such loads (`ld.global.nc`)
    may be moved to anywhere in the kernel, so to before the wait for the kernel that writes what they read. A
    kernel that copies has no other results that are: where nothing but those is written, the compiler takes
    what is copied for constant.
    """

    name = "cuda"
    suffix = "cu"

    def render(self, kernel: Kernel) -> Rendered:
        dialect = Cuda()
        entry = entry_name(kernel.name)
        dialect.reserved = dialect.reserved | {entry}
        dialect.tiles_read_shared = any(kind.b_shared for kind in kernel.tile_kinds())
        dialect.params_ahead = bool(copied_by_all(kernel))
        dialect.reserved |= {f"ahead_{field.name}" for field in kernel.params}
        printer = CudaPrinter(kernel, dialect)
        body = printer.body()
        text = fill(
            TEMPLATE,
            kernel=kernel,
            entry=entry,
            helpers=list(dialect.helpers),
            lane_functions=_used(dialect.lane_functions, body),
            tiles=list(dialect.tiles),
            builtins=used_builtins(kernel),
            names=printer.names,
            type_name=type_name,
            laid_out=laid_out,
            warp=WARP,
            barrier=BARRIER if dialect.tiles_read_shared else "",
            inputs_ready=INPUTS_READY,
            waits_at_start=kernel.inputs_ready is None,
            copies=_copies(kernel),
            offsets=offsets(kernel),
            copied_by_all=copied_by_all(kernel),
            used_ahead=dialect.used_ahead,
            body=body,
        )
        return Rendered(text, entry, text.encode(), placed(text, body, printer.places))
