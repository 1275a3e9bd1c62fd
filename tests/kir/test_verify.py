"""Every rule of the verifier, each with a kernel that breaks it and one beside it that does not."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from kernelc.errors import InternalError
from kernelc.kir.functions import to_f32
from kernelc.kir.memory import Buffer, Shared, SourceLine
from kernelc.kir.nodes import Assign, Barrier, Block, Declare, For, If, Kernel, Let, Statement, Store
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.passes.verify import verify
from kernelc.kir.tile_types import F16, I8, LARGE_F16
from kernelc.kir.types import Type, boolean, f16, f32, f32x2, f32x4, i32, u32, u32x2, u32x4
from kernelc.kir.values import Value, Variable
from tests.kir.tracing import STEP, traced

HERE = SourceLine(__file__, 1)


def refuse(kernel: Kernel, message: str) -> None:
    with pytest.raises(InternalError) as caught:
        verify(kernel)
    assert message in caught.value.message
    assert caught.value.message.startswith(f"kernel {kernel.name}: ")
    assert caught.value.ir is not None and caught.value.ir.startswith("kernel ")


def const(number: float | bool, type: Type) -> Value:
    return Value("const", type, (), number, HERE)


def value(op: str, type: Type, *args: Value, attr: object = None) -> Value:
    return Value(op, type, args, attr, HERE)


OUT = Buffer("out", u32, "read_write")
OUT_F = Buffer("out_f", f32, "read_write")
IN = Buffer("x", u32, "read")


def kernel(*statements: Statement, **changes: Any) -> Kernel:
    """A kernel of these statements. Values that statements use have their `Let` before them where given."""
    fields: dict[str, Any] = {"buffers": (IN, OUT, OUT_F), "shared": (), "params": STEP, "workgroup": 8}
    return Kernel("broken", body=Block(list(statements)), **(fields | changes))


# Types of operations

X, Y, Z = const(1, u32), const(2, i32), const(1.5, f32)
FLAG = const(True, boolean)
PAIR, QUAD = const(1.0, f32x2), const(1.0, f32x4)
WORDS = const(1, u32x4)

SUM = F16.type("sum")
FILL = value("tile_zero", SUM)
LARGE_A, LARGE_SUM = LARGE_F16.type("a"), LARGE_F16.type("sum")
LARGE_ZERO = value("tile_zero", LARGE_SUM)
PACKED, WIDE_CELLS = value("tile_pack", LARGE_A, WORDS), Shared("wide_cells", u32x4, 64)
CELLS = Shared("cells", u32, 64)

BAD_TYPES: list[tuple[Value, str]] = [
    (value("add", u32, X, Y), "add operands u32 and i32 and result u32 differ"),
    (value("add", f32, X, X), "differ"),
    (value("mul", boolean, FLAG, FLAG), "needs numbers, got conditions"),
    (value("sub", u32x2, X, X), "differ"),
    (value("min", boolean, FLAG, FLAG), "needs numbers"),
    (value("max", boolean, FLAG, FLAG), "needs numbers"),
    (value("abs", boolean, FLAG), "needs numbers"),
    (value("div", u32, X, const(0, u32)), "div of integers by the constant 0"),
    (value("div", u32x4, WORDS, value("splat", u32x4, const(0, u32))), "by the constant 0"),
    (value("mod", u32, X, const(0, u32)), "mod of integers by the constant 0"),
    (value("mod", f32, Z, Z), "needs integers, got f32"),
    (value("and", f32, Z, Z), "needs integers"),
    (value("or", boolean, FLAG, FLAG), "needs integers"),
    (value("xor", u32, X, Y), "differ"),
    (value("shl", i32, Y, Y), "an amount of u32"),
    (value("shl", u32, X, const(32, u32)), "shl by 32 of a 32-bit number"),
    (value("shr", u32x4, WORDS, value("splat", u32x4, const(40, u32))), "shr by 40"),
    (value("shr", u32x4, WORDS, X), "an amount of u32x4"),
    (value("shr", f32, Z, X), "needs integers"),
    (value("lt", boolean, X, Y), "lt of u32 and i32"),
    (value("le", boolean, X, Z), "le of u32 and f32"),
    (value("gt", boolean, FLAG, FLAG), "gt of bool and bool"),
    (value("ge", boolean, FLAG, FLAG), "ge of bool and bool"),
    (value("eq", u32, X, X), "giving u32"),
    (value("ne", boolean, QUAD, QUAD), "giving bool"),
    (value("logical_and", boolean, FLAG, X), "differ"),
    (value("logical_or", u32, X, X), "needs conditions"),
    (value("not", u32, X), "needs conditions, got u32"),
    (value("neg", u32, X), "neg of u32, which has no sign"),
    (value("neg", f32, X), "differ"),
    (value("exp", u32, X), "needs floats, got u32"),
    (value("exp2", i32, Y), "needs floats"),
    (value("log", f32, X), "differ"),
    (value("sqrt", u32, X), "needs floats"),
    (value("rsqrt", boolean, FLAG), "needs floats"),
    (value("floor", u32, X), "needs floats"),
    (value("fma", u32, X, X, X), "needs floats"),
    (value("fma", f32, Z, Z, X), "differ"),
    (value("dot", f32, Z, Z), "dot of f32 and f32"),
    (value("dot", f32x2, PAIR, PAIR), "giving f32x2"),
    (value("dot", f32, PAIR, QUAD), "dot of f32x2 and f32x4"),
    (value("dot", u32, WORDS, WORDS), "dot of u32x4"),
    (value("dot4_i8", i32, X, Y, Y), "dot4_i8 of u32 and i32 and i32"),
    (value("dot4_i8", i32, X, X, X), "of u32 and u32 and u32"),
    (value("dot4_i8", u32, X, X, Y), "giving u32"),
    (value("dot2_i16", i32, X, X, Y), "dot2_i16 of u32 and u32 and i32, giving i32"),
    (value("mma_i8", u32, X, X, X), "mma_i8 of u32 and u32 and u32, giving u32"),
    (value("select", u32, X, X, X), "by u32"),
    (value("select", u32, FLAG, X, Y), "between u32 and i32"),
    (value("select", u32x4, const(True, Type("bool", 2)), WORDS, WORDS), "by boolx2"),
    (value("vector", u32x2, X), "of u32 does not make a u32x2"),
    (value("vector", u32x2, X, Y), "of u32 and i32 does not make a u32x2"),
    (value("splat", f32, Z), "from f32 to f32"),
    (value("splat", f32x4, X), "from u32 to f32x4"),
    (value("concat", f32x4, PAIR, QUAD), "concat of f32x2 and f32x4"),
    (value("concat", u32x4, PAIR, PAIR), "concat of f32x2"),
    (value("extract", f32, PAIR, attr=2), "lane 2 of a f32x2"),
    (value("extract", f32, Z, attr=0), "lane 0 of a f32"),
    (value("extract", u32, PAIR, attr=0), "from f32x2 to u32"),
    (value("extract", f32, PAIR, attr="x"), "lane x"),
    (value("convert", boolean, X), "from u32 to bool"),
    (value("convert", f32x2, Z), "from f32 to f32x2"),
    (value("bitcast", u32, FLAG), "from bool to u32"),
    (value("bitcast", f16, X), "from u32 to f16"),
    (value("bitcast", u32, PAIR), "from f32x2 to u32"),
    (value("load", u32, Y, attr=IN), "needs a memory and a u32 index"),
    (value("load", u32, X, attr=None), "needs a memory and a u32 index"),
    (value("load", f32, X, attr=IN), "load of a f32 from x: u32"),
    (value("load", u32, X, attr=Buffer("other", u32, "read")), "other is not this kernel's memory"),
    (value("read", u32, attr=None), "needs a register"),
    (value("read", f32, attr=Variable("r", u32)), "read of a f32 from r: u32"),
    (value("read", u32, attr=Variable("r", u32)), "r is used outside the block that defines it"),
    (value("param", u32, attr="length"), "the step block has no u32 length"),
    (value("param", f32, attr="seq"), "the step block has no f32 seq"),
    (value("workgroup_id", u32, attr=3), "has no axis 3"),
    (value("workgroup_id", i32, attr=0), "is u32, not i32"),
    (value("local_id", i32), "is u32, not i32"),
    (value("subgroup_lane", f32), "is u32, not f32"),
    (value("subgroup_size", f32), "is u32, not f32"),
    (value("unpack_half2", f32x2, Y), "from i32 to f32x2"),
    (value("pack_half2", u32, QUAD), "from f32x4 to u32"),
    (value("unpack_u8x4", u32, X), "from u32 to u32"),
    (value("unpack_i8x4", u32x4, X), "from u32 to u32x4"),
    (value("subgroup_sum", f32x4, QUAD), "needs a scalar, got f32x4"),
    (value("subgroup_max", boolean, FLAG), "needs numbers"),
    (value("subgroup_shuffle_xor", u32, X, attr=3), "by 3, wanted a power of two"),
    (value("subgroup_shuffle_xor", u32, X, attr=None), "by None, wanted a power of two"),
    (value("subgroup_shuffle_xor", f32x4, QUAD, attr=2), "needs a scalar, got f32x4"),
    (value("uniform_load", u32, X, attr=IN), "needs shared memory"),
    (value("atomic_add", u32, X, X, attr=IN), "needs a read_write buffer of u32"),
    (value("atomic_add", u32, X, X, attr=Shared("cells", u32, 4)), "needs a read_write buffer of u32"),
    (value("tile_zero", f32), "is of sums, not f32"),
    (value("tile_zero", F16.type("a")), "is of sums, not tile_a_f16_16x16"),
    (value("tile_mul", SUM, FILL, X), "operands tile_sum_f32_16x16 and u32"),
    (value("tile_mma", F16.type("a"), FILL, FILL, FILL), "gives a sum, not tile_a_f16_16x16"),
    (value("tile_mma", SUM, FILL, FILL, FILL), "tile_mma of tile_sum_f32_16x16 and"),
    (value("tile_mma", SUM, FILL, FILL), "tile_mma of tile_sum_f32_16x16 and"),
    (value("tile_load", SUM, X, X, attr=IN), "needs shared memory and gives a tile"),
    (value("tile_load", f32, X, X, attr=CELLS), "needs shared memory and gives a tile"),
    (value("tile_load", SUM, X, Y, attr=CELLS), "an offset and a stride of u32, got u32 and i32"),
    (value("tile_load", SUM, X, X, attr=Shared("cells", i32, 64)), "a tile_sum_f32_16x16 from cells: i32"),
    (value("tile_load", F16.type("a"), X, X, attr=Shared("cells", f32, 64)), "16x16 from cells: f32"),
    (value("tile_load_transposed", I8.type("a"), X, X, attr=CELLS), "bytes that lie side by side along k"),
    (value("tile_load", I8.type("b"), X, X, attr=CELLS), "bytes that lie side by side along k"),
    (value("tile_load", LARGE_A, X, X, attr=CELLS), "which is made of words and multiplied from shared"),
    (value("tile_mma", LARGE_SUM, LARGE_ZERO, LARGE_ZERO, LARGE_ZERO), "whose b is in shared memory"),
    (value("tile_pack", F16.type("a"), WORDS), "gives an operand a whose b is in shared memory"),
    (value("tile_pack", LARGE_A, X), "tile_pack of u32"),
    (value("tile_pack_bytes", SUM, X, X, X, X, attr=8), "gives an operand a whose b is in shared memory"),
    (value("tile_pack_bytes", LARGE_A, X, X, X, X, attr=200), "takes 200 off every byte"),
    (value("tile_pack_bytes", LARGE_A, X, X, X, attr=8), "tile_pack_bytes of u32 and u32 and u32"),
    (value("tile_mma_shared", SUM, X, X, FILL, PACKED, attr=WIDE_CELLS), "gives a sum whose b is in shared"),
    (value("tile_mma_shared", LARGE_SUM, X, X, LARGE_ZERO, PACKED, attr=CELLS), "shared memory of u32x4"),
    (
        value("tile_mma_shared", LARGE_SUM, X, X, LARGE_ZERO, attr=WIDE_CELLS),
        "tile_mma_shared of u32 and u32",
    ),
    (value("add", SUM, FILL, FILL), "takes no tiles and gives none"),
    (value("tan", f32, Z), "is not an operation"),
    (value("add", u32, X, const(-1, u32)), "-1 does not fit u32"),
    (value("add", u32, X, const(0.5, u32)), "0.5 does not fit u32"),
]


@pytest.mark.parametrize(
    ("bad", "message"), BAD_TYPES, ids=[f"{v.op}-{i}" for i, (v, _) in enumerate(BAD_TYPES)]
)
def test_types_of_operations(bad: Value, message: str) -> None:
    used = [Let(arg) for arg in bad.args if arg.op != "const"]
    refuse(kernel(*used, Let(bad), workgroup=32, subgroup_size=32), message)


def test_every_operation_has_a_kernel_that_breaks_its_rule() -> None:
    assert {bad.op for bad, _ in BAD_TYPES} >= OPERATIONS.keys()


def test_an_index_is_defined_by_its_loop_alone() -> None:
    refuse(kernel(Let(value("index", u32))), "is not an operation")


# Types of statements

REGISTER = Variable("r", u32)
BAD_STATEMENTS: list[tuple[tuple[Statement, ...], str]] = [
    ((Declare(REGISTER, Z, HERE),), "a declaration needs u32, got f32"),
    ((Declare(REGISTER, X, HERE), Assign(REGISTER, Z, HERE)), "an assignment needs u32, got f32"),
    ((Assign(REGISTER, X, HERE),), "r is used outside the block that defines it"),
    ((Store(OUT, Y, X, HERE),), "an index needs u32, got i32"),
    ((Store(OUT, X, Z, HERE),), "a store to out needs u32, got f32"),
    ((Store(IN, X, X, HERE),), "store to the read-only buffer x"),
    ((Store(Buffer("out", u32, "read_write"), X, X, HERE),), "out is not this kernel's memory"),
    ((Store(Shared("cells", u32, 4), X, X, HERE),), "cells is not this kernel's memory"),
    ((If(X, Block(), Block(), HERE),), "a condition needs bool, got u32"),
    ((For(value("index", u32), Z, X, X, Block(), HERE),), "a loop bound needs u32, got f32"),
    ((For(value("index", u32), X, Y, X, Block(), HERE),), "a loop bound needs u32, got i32"),
    ((For(value("index", u32), X, X, const(0, u32), Block(), HERE),), "loop with step 0"),
]


@pytest.mark.parametrize(("statements", "message"), BAD_STATEMENTS)
def test_types_of_statements(statements: tuple[Statement, ...], message: str) -> None:
    refuse(kernel(*statements), message)


# Scope


def test_values_end_with_their_block() -> None:
    inside = value("local_id", u32)
    loop = For(value("index", u32), X, X, X, Block([Let(inside)]), HERE)
    refuse(kernel(loop, Store(OUT, inside, X, HERE)), "local_id is used outside the block that defines it")
    refuse(kernel(loop, Store(OUT, loop.index, X, HERE)), "index is used outside the block that defines it")
    branch = If(FLAG, Block([Let(inside)]), Block([Store(OUT, inside, X, HERE)]), HERE)
    refuse(kernel(branch), "is used outside")


def test_values_are_defined_before_their_use() -> None:
    late = value("local_id", u32)
    refuse(kernel(Store(OUT, late, X, HERE), Let(late)), "is used outside the block that defines it")
    refuse(kernel(Let(value("add", u32, late, X)), Let(late)), "is used outside")


def test_registers_end_with_their_block() -> None:
    read = value("read", u32, attr=REGISTER)
    branch = If(FLAG, Block([Declare(REGISTER, X, HERE)]), Block(), HERE)
    refuse(
        kernel(branch, Let(read), Store(OUT, X, read, HERE)), "r is used outside the block that defines it"
    )
    refuse(kernel(branch, Assign(REGISTER, X, HERE)), "r is used outside")


# The signature


def test_the_signature() -> None:
    refuse(kernel(workgroup=0), "signature: workgroup has size 0")
    refuse(kernel(shared=(Shared("cells", u32, 0),)), "cells has size 0")
    refuse(kernel(buffers=(IN, Buffer("x", u32, "read"))), "two memories are called x")
    refuse(kernel(shared=(Shared("x", u32, 2),)), "two memories are called x")
    refuse(kernel(buffers=(Buffer("flags", boolean, "read"),)), "flags is a read buffer of bool")
    refuse(kernel(buffers=(Buffer("x", u32, "write"),)), "x is a write buffer of u32")


def test_constant_indices_of_shared_memory_are_in_bounds() -> None:
    cells = Shared("cells", u32, 4)
    verify(kernel(Store(cells, const(3, u32), X, HERE), shared=(cells,)))
    refuse(
        kernel(Store(cells, const(4, u32), X, HERE), shared=(cells,)), "cells[4] is out of bounds (length 4)"
    )
    load = Let(value("load", u32, const(4, u32), attr=cells))
    refuse(kernel(load, shared=(cells,)), "cells[4] is out of bounds")


def test_a_barrier_by_hand() -> None:
    verify(kernel(Barrier(HERE)))
    verify(kernel(If(FLAG, Block([Barrier(HERE)]), Block(), HERE)))


def test_the_error_names_the_kernels_line_and_carries_its_text() -> None:
    line = sys._getframe().f_lineno + 1
    broken = traced(lambda k: k.output("out", f32).__setitem__(0, to_f32(k.local_id) + 1), name="lines")
    assert isinstance(broken.body.statements[-1], Store)
    broken.body.statements[-1].value.type = u32
    with pytest.raises(InternalError) as caught:
        verify(broken)
    assert f"kernel lines: kir/test_verify.py:{line}: " in str(caught.value)
    assert "read_write out: f32[]" in str(caught.value)
