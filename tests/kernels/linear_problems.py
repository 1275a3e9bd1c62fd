"""Hypothesis strategies for the problems that matvec and matmul share."""

from __future__ import annotations

from hypothesis import strategies as st

from kernelc.kernels.linear.problem import LinearProblem, QkvShape
from kernelc.kernels.parts.rotary import Rotary

FORMATS = ("q4", "q8", "f16", "f32")
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
def qkv_shapes(draw: st.DrawFn) -> QkvShape:
    kv_heads = draw(st.integers(1, 3))
    heads = kv_heads * draw(st.integers(1, 3))
    head_dim = draw(st.sampled_from([2, 4, 8, 16]))
    return QkvShape(
        heads, kv_heads, head_dim, draw(rotaries(head_dim)), draw(st.sampled_from(["f16", "f32"]))
    )


@st.composite
def problems(draw: st.DrawFn, decode: bool, formats: tuple[str, ...] = FORMATS) -> LinearProblem:
    format_, cols, bias = draw(st.sampled_from(formats)), draw(widths), draw(st.booleans())
    eps = draw(st.sampled_from([None, 1e-5])) if decode else None
    last_row = decode and draw(st.booleans())
    epilogue = draw(st.sampled_from(["none", "residual", "gated", "qkv"]))
    if epilogue == "qkv":
        shape = draw(qkv_shapes())
        begin = 2 * draw(st.sampled_from([0, shape.rows // 4]))
        return LinearProblem(format_, shape.rows - begin, cols, 0, epilogue, bias, eps, False, begin, shape)
    rows = draw(st.sampled_from([1, 2, 7, 16, 33, 64]))
    begin = draw(st.sampled_from([0, 4]))
    if epilogue == "gated":
        rows, last_row = 2 * rows, False
        return LinearProblem(format_, rows, cols, (begin + rows) // 2, epilogue, bias, eps, False, begin)
    return LinearProblem(
        format_, rows, cols, begin + rows + 3, epilogue, bias, eps, last_row and epilogue == "none", begin
    )
