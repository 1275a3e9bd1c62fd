"""Hypothesis strategies for the problems that matvec and matmul share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from kernelc.ir.expression import Expression
from kernelc.ir.formats import FORMATS
from kernelc.kernels.linear.epilogues import Coding, HeadEpilogue, PairEpilogue, RowEpilogue
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.rotary import Rotary

LONGEST_STEP = 40  # rows, more than any test of a kernel has
widths = st.sampled_from([1, 2, 31, 32, 33, 64, 96, 172, 260, 352])


@st.composite
def rotaries(draw: st.DrawFn, head_dim: int) -> Rotary:
    dim = draw(st.sampled_from(sorted({head_dim, max(2, head_dim // 4 * 2)})))
    theta = draw(st.sampled_from([10_000.0, 500_000.0]))
    if draw(st.booleans()):
        return Rotary(dim, theta)
    original = draw(st.sampled_from([32, 8192]))
    return Rotary(dim, theta, "llama3", factor=8.0, low=1.0, high=4.0, original=original)


@st.composite
def head_epilogues(draw: st.DrawFn) -> HeadEpilogue:
    kv_heads = draw(st.integers(1, 3))
    heads = kv_heads * draw(st.integers(1, 3))
    head_dim = draw(st.sampled_from([2, 4, 8, 16]))
    q_rotated, k_rotated = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
    rotary = draw(st.one_of(rotaries(head_dim), st.none()))
    kv_dtype = draw(st.sampled_from(["f16", "f32"]))
    ring = draw(st.sampled_from([0, LONGEST_STEP, LONGEST_STEP + 3]))
    shape = (heads, kv_heads, head_dim, rotary)
    if draw(st.sampled_from([False, False, True])):  # for whoever codes whole heads
        return HeadEpilogue(*shape, "f32", q_rotated, k_rotated, appends=False)
    return HeadEpilogue(*shape, kv_dtype, q_rotated, k_rotated, ring=ring)


@st.composite
def row_epilogues(draw: st.DrawFn, width: int) -> RowEpilogue:
    """The product as it is, with the residual, or an expression of several functions, rows and vectors."""
    if draw(st.booleans()):
        return draw(st.sampled_from([RowEpilogue(width), residual(width)]))
    made, rows, vectors = Expression.of("y"), list[str](), list[str]()
    for _ in range(draw(st.integers(1, 3))):
        function = draw(st.sampled_from(["silu", "relu2", "scale", "shift", "add", "mul", "sub"]))
        if function in ("add", "mul", "sub"):
            names = draw(st.sampled_from([rows, vectors]))
            names.append(f"{'row' if names is rows else 'vector'}_{len(names)}")
            made = Expression.apply(function, made, Expression.of(names[-1]))
        else:
            constant = {"scale": 0.25, "shift": -0.5}.get(function)
            made = Expression.apply(function, made, parameter=constant)
    return RowEpilogue(width, made, tuple(rows), tuple(vectors))


@st.composite
def pair_epilogues(draw: st.DrawFn, width: int) -> PairEpilogue:
    first, second = Expression.of("first"), Expression.of("second")
    activated = Expression.apply(draw(st.sampled_from(["silu", "sigmoid", "relu"])), first)
    return PairEpilogue(
        width,
        draw(
            st.sampled_from(
                [Expression.apply("mul", activated, second), Expression.apply("sub", second, activated)]
            )
        ),
    )


def residual(width: int) -> RowEpilogue:
    """The product with the residual added."""
    return RowEpilogue(width, Expression(("y", "residual", "add")), ("residual",))


def linear(format: str, rows: int, cols: int, epilogue: Any = None, **more: Any) -> LinearProblem:
    """A whole matrix, or its end from `row_begin` on; without an epilogue its product is stored as it is."""
    whole = RowEpilogue(rows + int(more.get("row_begin", 0)))
    return LinearProblem(format, rows, cols, epilogue or whole, **more)


@st.composite
def coded_problems(draw: st.DrawFn, formats: tuple[str, ...]) -> LinearProblem:
    """Problems that read a coded row, and in part write one."""
    terms = draw(st.integers(1, 2))
    problem = draw(problems(decode=True, formats=formats))
    if isinstance(problem.epilogue, HeadEpilogue) or draw(st.booleans()):
        return replace(problem, terms=terms, last_row=False)
    together = problem.rows_together
    begin, rows, rest = (32 * draw(st.integers(low, 3)) for low in (0, 1, 0))
    coding = Coding(draw(st.integers(1, 2)), draw(st.booleans()), draw(st.booleans()))
    width = begin + rows + rest
    epilogue = replace(problem.epilogue, width=width, coding=coding)
    return replace(
        problem,
        rows=rows * together,
        row_begin=begin * together,
        epilogue=epilogue,
        terms=terms,
        last_row=False,
    )


@st.composite
def problems(draw: st.DrawFn, decode: bool, formats: tuple[str, ...] = tuple(FORMATS)) -> LinearProblem:
    format_, cols, bias = draw(st.sampled_from(formats)), draw(widths), draw(st.booleans())
    eps = draw(st.sampled_from([None, 1e-5])) if decode else None
    last_row = decode and draw(st.booleans())
    kind = draw(st.sampled_from(["row", "pair", "heads"]))
    if kind == "heads":
        heads = draw(head_epilogues())
        begin = 2 * draw(st.sampled_from([0, heads.width // 4]))
        return LinearProblem(format_, heads.width - begin, cols, heads, bias, eps, False, begin)
    rows, begin = draw(st.sampled_from([1, 2, 7, 16, 33, 64])), draw(st.sampled_from([0, 4]))
    if kind == "pair":
        pair = draw(pair_epilogues((begin + 2 * rows) // 2))
        return LinearProblem(format_, 2 * rows, cols, pair, bias, eps, False, begin)
    row = draw(row_epilogues(begin + rows + draw(st.sampled_from([0, 3]))))
    return LinearProblem(format_, rows, cols, row, bias, eps, last_row and not row.rows, begin)
