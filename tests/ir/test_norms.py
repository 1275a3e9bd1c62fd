"""Norms of the tensor IR: optional weights, offsets and biases, over rows and over heads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernelc.errors import ShapeError
from kernelc.ir.dim import Var
from kernelc.ir.ops import OPS
from kernelc.ir.trace import Norm, Tracer, embedding, layer_norm, rms_norm
from kernelc.ir.types import DType, TensorType

SEQ = Var("seq", 1, 8)
RNG = np.random.default_rng(11)


def randoms(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32) + np.float32(0.5)


@pytest.mark.parametrize("shape", [(3, 6), (3, 2, 6)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("op", ["rms_norm", "layer_norm"])
def test_each_last_dimension_is_normalised(
    op: str, shape: tuple[int, ...], weighted: bool, biased: bool
) -> None:
    if biased and op == "rms_norm":
        pytest.skip("an RMSNorm has no bias")
    x, weight, bias = randoms(*shape), randoms(6), randoms(6)
    inputs = {"x": x} | ({"weight": weight} if weighted else {}) | ({"bias": bias} if biased else {})
    attrs = {"eps": 0.1} | ({"weight_offset": 1.0} if weighted else {})
    (y,) = OPS[op].reference(inputs, attrs)
    assert y.dtype == np.float32
    for row, got in zip(x.reshape(-1, 6).tolist(), y.reshape(-1, 6), strict=True):
        mean = sum(row) / 6 if op == "layer_norm" else 0.0
        deviation = math.sqrt(sum((value - mean) ** 2 for value in row) / 6 + 0.1)
        for at, value in enumerate(row):
            factor = 1 + weight[at] if weighted else 1.0
            wanted = (value - mean) / deviation * factor + (bias[at] if biased else 0.0)
            assert got[at] == pytest.approx(wanted, abs=1e-6)


def test_a_mean_far_from_zero_does_not_cancel() -> None:
    x = (1e4 + np.arange(8)).astype(np.float32)[None]
    (y,) = OPS["layer_norm"].reference({"x": x}, {"eps": 1e-5})
    assert np.allclose(y[0], (np.arange(8) - 3.5) / math.sqrt(5.25 + 1e-5), atol=1e-6)


X = TensorType((SEQ, 2, 6))


@pytest.mark.parametrize("op", ["rms_norm", "layer_norm"])
@pytest.mark.parametrize(
    ("inputs", "attrs", "message"),
    [
        (
            {"x": TensorType((6,))},
            {},
            r"x is f32\[6\]; wanted f32\[seq, hidden\] or f32\[seq, heads, head_dim\]",
        ),
        ({"x": TensorType((SEQ, 6), DType.F16)}, {}, r"x is f16\[seq, 6\]; wanted f32"),
        ({"x": X, "weight": TensorType((12,))}, {}, "widths differ: x has 6, weight has 12"),
        ({"x": X}, {"weight_offset": 1.0}, "attribute weight_offset needs a weight to be added to"),
        ({"x": X, "weight": TensorType((6,))}, {"weight_offset": math.nan}, "weight_offset is nan"),
        ({"x": X}, {"eps": 0.0}, "eps is 0.0; wanted a positive number"),
    ],
)
def test_what_does_not_fit_is_refused(
    op: str, inputs: dict[str, TensorType], attrs: dict[str, float], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        OPS[op].check(inputs, {"eps": 1e-5, **attrs})


def test_models_declare_what_a_norm_has() -> None:
    with Tracer("norms", {"seq": (1, 8), "past": (0, 8), "context": (1, 9)}) as tracer:
        tokens = tracer.state("tokens", (tracer.var("context") + 1,), DType.U32)
        table = tracer.weight("table", (4, 6))
        x = embedding(tokens, table, seq=tracer.var("seq"), past=tracer.var("past"))
        y = rms_norm(x, Norm.declare("m.input_norm", 6, 1e-6, weight_offset=1.0))
        y = rms_norm(y, Norm.declare("m.v_norm", 6, 1e-6, weight=False))
        y = layer_norm(y, Norm.declare("m.norm", 6, 1e-5, bias=True))
    first, second, third = tracer.graph({"y": y}).ops[1:]
    assert (first.name, first.attrs) == ("rms_norm", {"eps": 1e-6, "weight_offset": 1.0})
    assert first.inputs["weight"].name == "m.input_norm.weight"
    assert (list(second.inputs), second.attrs) == (["x"], {"eps": 1e-6})
    assert [tensor.name for tensor in third.inputs.values()] == ["v_norm", "m.norm.weight", "m.norm.bias"]
