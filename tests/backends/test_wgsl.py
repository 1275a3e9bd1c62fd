"""WGSL as text: spelling, brackets, names, the module around the body."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernelc.backends import backend_named
from kernelc.backends.wgsl.keywords import UNUSABLE
from kernelc.errors import InternalError
from kernelc.kir.functions import (
    bitcast,
    dot,
    exp,
    logical_and,
    logical_or,
    maximum,
    minimum,
    named,
    select,
    subgroup_sum,
    to_f32,
    to_u32,
    vector,
)
from kernelc.kir.nodes import Kernel, Param
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import Type, f16, f32, f32x4, i32, u32, u32x4
from tests.kernels.executors import run_interpreter, run_wgpu

STEP = (Param("seq", u32), Param("scale", f32))


def kernel_of(body: Callable[[Tracer], object], name: str = "example") -> Kernel:
    def run(k: Tracer) -> None:
        body(k)

    return verify(trace(name, run, workgroup=64, step=STEP))


def module(body: Callable[[Tracer], object]) -> str:
    return backend_named("wgsl").render(kernel_of(body)).text


def lines(body: Callable[[Tracer], object]) -> list[str]:
    """The body's lines, without indentation and comments."""
    text = module(body).split(") {\n", 1)[1]
    return [re.sub(r" +// .*", "", line).strip() for line in text.splitlines()[:-1]]


class Operands:
    """What the expressions below are made of: a, b, c ... u32; i, j i32; x, y, z f32; v, w f32x4; p, q
    conditions."""

    def __init__(self, k: Tracer) -> None:
        words = k.input("words", u32)
        self.k = k
        self.a, self.b, self.c, self.d = (named(name, words[at]) for at, name in enumerate("abcd"))
        self.i, self.j = (named(name, bitcast(words[at], i32)) for at, name in enumerate("ij"))
        self.x, self.y, self.z = (named(name, to_f32(words[at])) for at, name in enumerate("xyz"))
        self.v, self.w = (named(name, k.input(f"in_{name}", f32x4)[0]) for name in "vw")
        self.p, self.q, self.r = (named(name, words[at] > 5) for at, name in enumerate("pqr"))


def printed(make: Callable[[Operands], Any], type: Type = u32) -> str:
    """The text of one expression."""

    def body(k: Tracer) -> None:
        k.output("out", type)[0] = make(Operands(k))

    (line,) = [line for line in lines(body) if line.startswith("out[0u] = ")]
    return line.removeprefix("out[0u] = ").removesuffix(";")


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda o: o.a + o.b + o.c, "a + b + c"),
        (lambda o: o.a + (o.b + o.c), "a + b + c"),  # integers wrap: the same
        (lambda o: o.a + (o.b - o.c), "a + b - c"),
        (lambda o: o.a - (o.b + o.c), "a - (b + c)"),
        (lambda o: o.a - (o.b - o.c), "a - (b - c)"),
        (lambda o: (o.a - o.b) - o.c, "a - b - c"),
        (lambda o: (o.a + o.b) * o.c, "(a + b) * c"),
        (lambda o: o.a * (o.b * o.c), "a * (b * c)"),
        (lambda o: o.a * o.b + o.c * o.d, "a * b + c * d"),
        (lambda o: o.a // (o.b * o.c), "a / (b * c)"),
        (lambda o: o.a // o.b * o.c, "a / b * c"),
        (lambda o: o.a % o.b * o.c, "(a % b) * c"),
        (lambda o: o.a * (o.b % o.c), "a * (b % c)"),
        (lambda o: o.a % o.b + o.c, "a % b + c"),
        (lambda o: (o.a + o.b) << 3, "(a + b) << 3u"),
        (lambda o: (o.a << 3) + o.b, "(a << 3u) + b"),
        (lambda o: (o.a >> 4) & 15, "(a >> 4u) & 15u"),
        (lambda o: o.a & o.b & o.c, "a & b & c"),
        (lambda o: o.a & (o.b & o.c), "a & b & c"),
        (lambda o: o.a | (o.b & o.c), "a | (b & c)"),
        (lambda o: (o.a | o.b) ^ o.c, "(a | b) ^ c"),
        (lambda o: o.a << (o.b >> 1), "a << (b >> 1u)"),
        (lambda o: o.a & 0x0F0F0F0F, "a & 0x0f0f0f0fu"),
        (lambda o: o.a & 3, "a & 3u"),
        (lambda o: o.a + 128256, "a + 128256u"),
        (lambda o: o.a ^ 0x80000000, "a ^ 0x80000000u"),
        (lambda o: o.a + 0x7FFFFFFF, "a + 0x7fffffffu"),  # a pattern of bits, not a count
        (lambda o: to_u32(-o.i), "u32(-i)"),
        (lambda o: to_u32(o.i - -5), "u32(i - -5i)"),
        (lambda o: to_u32(operator.neg(-o.i)), "u32(-(-i))"),
        (lambda o: to_u32(o.i + -(1 << 31)), "u32(i + i32(-2147483648))"),
        (lambda o: o.v.lane(2), "v.z"),
        (lambda o: (o.v + o.w).lane(1), "(v + w).y"),
    ],
)
def test_brackets_of_integers(make: Callable[[Operands], Any], wanted: str) -> None:
    float_result = ".z" in wanted or ".y" in wanted
    assert printed(make, f32 if float_result else u32) == wanted


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda o: o.x + (o.y + o.z), "x + (y + z)"),  # floats round: not the same
        (lambda o: o.x + (o.y - o.z), "x + (y - z)"),
        (lambda o: o.x * (o.y * o.z), "x * (y * z)"),
        (lambda o: (o.x + o.y) + o.z, "x + y + z"),
        (lambda o: -o.x * o.y, "-x * y"),
        (lambda o: -(o.x * o.y), "-(x * y)"),
        (lambda o: o.x - -o.y, "x - -y"),
        (lambda o: o.x * -2.0, "x * -2.0"),
        (lambda o: -o.k.constant(-0.0, f32) + o.x, "-(-0.0) + x"),
        (lambda o: o.x / (1.0 + exp(-o.x)) * o.y, "x / (1.0 + exp(-x)) * y"),
        (lambda o: dot(o.v * 2.0, o.w), "dot(v * 2.0, w)"),
        (lambda o: dot(o.x * o.v, o.w - o.y), "dot(x * v, w - y)"),
        (lambda o: dot(minimum(o.v, o.x), o.w), "dot(min(v, vec4<f32>(x)), w)"),
        (lambda o: o.x * 1e-5, "x * 1e-5"),
        (lambda o: o.x * 0.1, "x * 0.1"),
        (lambda o: o.x * 3, "x * 3.0"),
    ],
)
def test_brackets_of_floats(make: Callable[[Operands], Any], wanted: str) -> None:
    assert printed(make, f32) == wanted


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda o: o.a + o.b < o.c * 2, "a + b < c * 2u"),
        (lambda o: (o.a & 1).equals(1), "(a & 1u) == 1u"),
        (lambda o: logical_and(o.a < o.b, o.c > o.d), "a < b && c > d"),
        (lambda o: logical_and(logical_and(o.p, o.q), o.r), "p && q && r"),
        (lambda o: logical_and(o.p, logical_and(o.q, o.r)), "p && q && r"),
        (lambda o: logical_or(logical_and(o.p, o.q), o.r), "(p && q) || r"),
        (lambda o: ~logical_or(o.p, o.q), "!(p || q)"),
        (lambda o: ~o.p, "!p"),
        (lambda o: (o.a < o.b).equals(o.p), "(a < b) == p"),
        (lambda o: o.p.differs(o.q), "p != q"),
    ],
)
def test_brackets_of_conditions(make: Callable[[Operands], Any], wanted: str) -> None:
    text = printed(lambda o: select(make(o), o.a, o.b))
    assert text == f"select(b, a, {wanted})"


def test_comparisons_do_not_read_as_a_template_list() -> None:
    """WGSL takes `a < b, c > d` for the name `a` with the template list `<b, c>`."""
    text = printed(lambda o: to_u32(select(o.p, o.a < o.b, o.c > o.d)))
    assert text == "u32(select((c > d), (a < b), p))"


def test_vectors_and_conversions() -> None:
    assert printed(lambda o: vector(o.a, 1, o.b, 2), u32x4) == "vec4<u32>(a, 1u, b, 2u)"
    assert printed(lambda o: bitcast(o.x, u32)) == "bitcast<u32>(x)"
    assert printed(lambda o: vector(o.x, o.y, o.z, o.x).lane(1), f32) == "y"


# Constants


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(0.0)
@example(-0.0)
@example(1e-45)
@example(3.4028234663852886e38)
@example(1e7)
@example(9999999.0)
def test_floats_read_back_as_the_same_f32(number: float) -> None:
    text = printed(lambda o: maximum(o.x, number), f32)
    digits = re.fullmatch(r"max\(x, (.*)\)", text)
    assert digits is not None
    assert re.fullmatch(r"-?(\d+\.\d+|\d+(\.\d+)?e-?\d+)", digits[1])
    assert np.float32(digits[1]).tobytes() == np.float32(number).tobytes()


@given(st.floats(width=16, allow_nan=False, allow_infinity=False))
def test_halves_read_back_as_the_same_f16(number: float) -> None:
    def body(k: Tracer) -> None:
        k.output("out", f16)[0] = maximum(k.input("x", f16)[0], number)

    text = next(line for line in lines(body) if line.startswith("out"))
    digits = re.fullmatch(r"out\[0u\] = max\(x\[0u\], (.*)h\);", text)
    assert digits is not None
    assert np.float16(digits[1]).tobytes() == np.float16(number).tobytes()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["min", "and"]))
def test_integers_read_back(number: int, op: str) -> None:
    text = printed(lambda o: minimum(o.a, number) if op == "min" else o.a ^ number | 1)
    literals = re.findall(r"\b(0x[0-9a-f]+|\d+)u\b", text)
    assert number == 0 or int(literals[0], 0) == number


def test_rows_of_an_array_share_the_check_of_an_index() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        cells = k.shared("cells", u32, 128, row=16)
        column = named("column", k.local_id % 16)
        half = named("half", k.local_id % 8)
        for at in (
            column,
            column + 32,
            half + 40,
            half + 24 + 4,
            k.local_id,
            column + 33,
            k.local_id + 32,
            k.constant(35, u32),
        ):
            cells[at] = 7
        k.barrier()
        out[0] = cells[column + 112]

    text = module(body)
    assert "var<workgroup> cells: array<array<u32, 16>, 8>;" in text
    assert [each for each in lines(body) if "cells" in each] == [
        "cells[0u][column] = 7u;",
        "cells[2u][column] = 7u;",
        "cells[2u][half + 8u] = 7u;",
        "cells[(half + 24u + 4u) / 16u][(half + 24u + 4u) % 16u] = 7u;",  # half + 12 may be in the next row
        "cells[local_id.x / 16u][local_id.x % 16u] = 7u;",
        "cells[(column + 33u) / 16u][(column + 33u) % 16u] = 7u;",
        "cells[local_id.x / 16u + 2u][local_id.x % 16u] = 7u;",
        "cells[2u][3u] = 7u;",
        "out[0u] = cells[7u][column];",
    ]


# Statements


def test_statements() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        cells = k.shared("cells", f32, 64)
        lane = k.local_id + 1
        total = k.var(0.0, f32)
        with k.loop(lane, 100, 64) as i:
            total += x[i]
        with k.loop(0, k.param("seq")) as i:
            total *= x[i]
            k.assign(total, total - x[i + 1])
        cells[k.local_id] = total
        k.barrier()
        with k.when(lane < 5):
            out[lane] = cells[0]
        with k.otherwise():
            with k.when(lane > 9):
                out[lane] = out[lane] + 2.0
            with k.otherwise():
                out[lane] = 2.0 + out[lane]

    assert lines(body) == [
        "let lane = local_id.x + 1u;",
        "var total: f32 = 0.0;",
        "for (var i = lane; i < 100u; i += 64u) {",
        "total += x[i];",
        "}",
        "for (var i = 0u; i < step.seq; i++) {",
        "total *= x[i];",
        "total -= x[i + 1u];",
        "}",
        "cells[local_id.x] = total;",
        "workgroupBarrier();",
        "if (lane < 5u) {",
        "out[lane] = cells[0u];",
        "} else if (lane > 9u) {",
        "out[lane] += 2.0;",
        "} else {",
        "out[lane] = 2.0 + out[lane];",
        "}",
    ]


def test_else_with_more_than_a_branch_is_no_else_if() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.when(k.local_id < 5):
            out[0] = 1
        with k.otherwise():
            row = k.local_id * 3
            with k.when(row > 9):
                out[row] = row

    assert lines(body)[2:5] == ["} else {", "let row = local_id.x * 3u;", "if (row > 9u) {"]


def test_compound_assignment_only_of_the_same_cell_or_register() -> None:
    def body(k: Tracer) -> None:
        out, other = k.output("out", u32), k.output("other", u32)
        a, b = k.var(1, u32), k.var(2, u32)
        k.assign(a, b + 1)
        k.assign(a, 1 - a)
        out[0] = other[0] + 1
        out[a] = out[b] + 1

    assert lines(body)[2:] == [
        "a = b + 1u;",
        "a = 1u - a;",
        "out[0u] = other[0u] + 1u;",
        "out[a] = out[b] + 1u;",
    ]


def test_comments_name_the_python_line_once() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        for i in range(3):
            out[i] = i
        out[4] = 7

    comments = [line.partition("//")[2] for line in module(body).splitlines()]
    assert sum("test_wgsl.py:" in comment for comment in comments) == 2


# Names


def test_names_are_free_again_behind_their_block() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        for bound in range(2):
            with k.when(k.local_id > bound):
                row = k.local_id * 5
                out[row] = row
        row = k.local_id * 7
        out[row] = row

    assert [line.split()[1] for line in lines(body) if line.startswith("let")] == ["row", "row", "row"]


def test_names_that_are_taken_get_a_number() -> None:
    def body(k: Tracer) -> None:
        out, row_1 = k.output("out", u32), k.input("row_1", u32)
        for factor in (3, 5, 7):
            row = row_1[0] * factor
            out[row] = row
        with k.when(k.local_id > 1):
            row = row_1[1]
            out[row] = row

    names = [line.split()[1] for line in lines(body) if line.startswith("let")]
    assert names == ["row", "row_2", "row_3", "row_4"]


def test_an_inner_name_never_hides_an_outer_one() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        i = k.local_id * 3
        with k.loop(0, i) as i_in_loop:
            row = i_in_loop + i
            with k.loop(0, row) as row_in_loop:
                out[row_in_loop] = row + i
        out[0] = i

    text = lines(body)
    assert (
        len({re.split(r"[ =]", line.partition("let ")[2])[0] for line in text if line.startswith("let ")})
        == 2
    )


@pytest.mark.gpu
def test_no_python_name_clashes_with_the_language() -> None:
    """Every word that WGSL knows, as the name of a value that is used: the module still compiles and means
    the same."""
    words = sorted(
        {*UNUSABLE, "i", "cells", "local", "global", "half", "float", "vec3", "mat4x4", "clamp", "sampler"}
    )

    def body(k: Tracer) -> None:
        x, out = k.input("array", u32), k.output("min", u32)
        cells = k.shared("workgroupBarrier", u32, 64)
        cells[k.local_id] = k.local_id
        k.barrier()
        total = k.var(cells[63 - k.local_id], name="var")
        for at, word in enumerate(words):
            value = named(word, x[at] * 3)
            total += minimum(value, value + 1)
        with k.loop(0, 3) as loop:
            total += to_u32(to_f32(loop) + 0.5)
        out[k.local_id] = total

    kernel = kernel_of(body)
    arrays = {"array": np.arange(len(words), dtype=np.uint32), "min": np.zeros(64, np.uint32)}
    wanted = run_interpreter(kernel, (1, 1, 1), arrays, {})
    got = run_wgpu(kernel, (1, 1, 1), arrays, {})
    assert np.array_equal(wanted["min"], got["min"])


# The module


def test_the_module_around_a_body() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", f32x4), k.output("out", f32)
        cells = k.shared("cells", f16, 12)
        cells[0] = 1.5
        out[k.subgroup_lane] = subgroup_sum(x[k.workgroup_id(1)].x) * k.param("scale")

    text = module(body)
    head = text.split("fn main")[0]
    assert head == (
        "// example\n"
        "enable f16;\n"
        "enable subgroups;\n"
        "\n"
        "@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;\n"
        "@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n"
        "\n"
        "struct Step {\n"
        "  seq: u32,\n"
        "  scale: f32,\n"
        "}\n"
        "@group(0) @binding(2) var<uniform> step: Step;\n"
        "\n"
        "var<workgroup> cells: array<f16, 12>;\n"
        "\n"
        "@compute @workgroup_size(64)\n"
    )
    assert "subgroup_lane: u32" in text and "subgroup_size: u32" not in text
    assert not re.search(r"[ \t]\n", text) and "\n\n\n" not in text and text.endswith("}\n")


def test_a_kernel_without_extras() -> None:
    text = module(lambda k: k.output("out", u32).__setitem__(0, 1))
    assert "enable" not in text and "struct Step" not in text and "var<workgroup>" not in text


def test_rendering_is_deterministic() -> None:
    def body(k: Tracer) -> None:
        x = k.input("x", f32)
        k.output("out", f32)[0] = (x[0] + x[1]) * (x[0] + x[1])

    assert module(body) == module(body)
    assert backend_named("wgsl").render(kernel_of(body)).entry == "main"


def test_an_unknown_backend() -> None:
    with pytest.raises(InternalError, match="target metal has no backend"):
        backend_named("metal")
