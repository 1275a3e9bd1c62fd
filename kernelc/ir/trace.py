"""The language that models are written in: functions that record operations into a graph.

A model is ordinary Python (see model/families/llama.py). Inside `with Tracer(...)`, every call below adds one
operation. Its origin is the path of the `scope`s around it and its layer's name; its location is the line of
the model's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.ir.dim import Dim
from kernelc.ir.graph import AttrValue, Tensor
from kernelc.ir.tracer import ModelShapeError, Tracer, scope, tracer
from kernelc.ir.types import DType

__all__ = [
    "Linear",
    "ModelShapeError",
    "Norm",
    "Tracer",
    "add",
    "attention",
    "cache_append",
    "clip",
    "elementwise",
    "embedding",
    "exp_tail",
    "gelu",
    "gelu_tanh",
    "last_row",
    "layer_norm",
    "linear",
    "merge_heads",
    "mul",
    "relu",
    "relu2",
    "rms_norm",
    "rope",
    "scale",
    "scope",
    "shift",
    "sigmoid",
    "silu",
    "soft_cap",
    "softplus",
    "split_heads",
    "sub",
    "tanh",
    "tracer",
]


@dataclass(frozen=True)
class Linear:
    """A linear layer's weight [out, in] and, if it has one, bias [out]."""

    name: str
    weight: Tensor
    bias: Tensor | None = None

    @classmethod
    def declare(cls, path: str, wide_out: int, wide_in: int, bias: bool = False) -> Linear:
        """Declare the weights that the checkpoint holds under `path`."""
        weight = tracer().weight(f"{path}.weight", (wide_out, wide_in))
        return cls(_leaf(path), weight, tracer().weight(f"{path}.bias", (wide_out,)) if bias else None)


@dataclass(frozen=True)
class Norm:
    """A norm's epsilon, its weight [width] and bias [width] if it has them, and what is added to the weight.

    `rms_norm` takes no bias.
    """

    name: str
    weight: Tensor | None
    eps: float
    bias: Tensor | None = None
    weight_offset: float = 0.0

    @classmethod
    def declare(
        cls,
        path: str,
        width: int,
        eps: float,
        *,
        weight: bool = True,
        bias: bool = False,
        weight_offset: float = 0.0,
    ) -> Norm:
        """Declare the weights that the checkpoint holds under `path`."""
        tensors = (
            tracer().weight(f"{path}.{part}", (width,)) if wanted else None
            for part, wanted in (("weight", weight), ("bias", bias))
        )
        return cls(_leaf(path), next(tensors), eps, next(tensors), weight_offset)


def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


def embedding(tokens: Tensor, table: Tensor, *, seq: Dim, past: Dim) -> Tensor:
    """Look up the rows of the ids at positions past .. past + seq."""
    inputs = {"tokens": tokens, "table": table}
    return tracer().record("embedding", inputs, {"seq": seq, "past": past}, "embed_tokens")[0]


def rms_norm(x: Tensor, norm: Norm) -> Tensor:
    """Normalise the last dimension by its root mean square; of [seq, heads, head_dim], each head."""
    return _normed("rms_norm", x, norm)


def layer_norm(x: Tensor, norm: Norm) -> Tensor:
    """Normalise the last dimension by its mean and standard deviation."""
    return _normed("layer_norm", x, norm)


def _normed(op: str, x: Tensor, norm: Norm) -> Tensor:
    inputs = {"x": x, "weight": norm.weight, "bias": norm.bias}
    offset = {"weight_offset": norm.weight_offset} if norm.weight_offset else {}
    return tracer().record(op, inputs, {"eps": norm.eps, **offset}, norm.name)[0]


def linear(x: Tensor, layer: Linear) -> Tensor:
    """Multiply by a layer's weight, and add its bias if it has one."""
    inputs = {"x": x, "weight": layer.weight, "bias": layer.bias}
    return tracer().record("linear", inputs, {}, layer.name)[0]


def elementwise(function: str, *operands: Tensor, **parameter: float) -> Tensor:
    """Apply a function of `kernelc.ir.expression`, by its name: what the functions below do."""
    return tracer().record(function, dict(zip(("x", "y"), operands, strict=False)), parameter)[0]


def add(x: Tensor, y: Tensor) -> Tensor:
    """Return x + y; y is of x's type, or a vector that is added to every row (also in `sub` and `mul`)."""
    return elementwise("add", x, y)


def sub(x: Tensor, y: Tensor) -> Tensor:
    """Return x - y."""
    return elementwise("sub", x, y)


def mul(x: Tensor, y: Tensor) -> Tensor:
    """Return x * y, element by element."""
    return elementwise("mul", x, y)


def scale(x: Tensor, factor: float) -> Tensor:
    """Return x * factor."""
    return elementwise("scale", x, factor=factor)


def shift(x: Tensor, by: float) -> Tensor:
    """Return x + by."""
    return elementwise("shift", x, by=by)


def silu(x: Tensor) -> Tensor:
    """Return x * sigmoid(x)."""
    return elementwise("silu", x)


def sigmoid(x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x))."""
    return elementwise("sigmoid", x)


def gelu(x: Tensor) -> Tensor:
    """Return x * Phi(x), Phi the normal distribution: the exact GELU."""
    return elementwise("gelu", x)


def gelu_tanh(x: Tensor) -> Tensor:
    """Return the tanh approximation of GELU."""
    return elementwise("gelu_tanh", x)


def relu(x: Tensor) -> Tensor:
    """Return max(x, 0)."""
    return elementwise("relu", x)


def relu2(x: Tensor) -> Tensor:
    """Return max(x, 0)^2."""
    return elementwise("relu2", x)


def tanh(x: Tensor) -> Tensor:
    """Return the hyperbolic tangent of x."""
    return elementwise("tanh", x)


def soft_cap(x: Tensor, cap: float) -> Tensor:
    """Return cap * tanh(x / cap)."""
    return elementwise("soft_cap", x, cap=cap)


def clip(x: Tensor, bound: float) -> Tensor:
    """Return x, cut off at -bound and bound."""
    return elementwise("clip", x, bound=bound)


def softplus(x: Tensor) -> Tensor:
    """Return log(1 + exp(x))."""
    return elementwise("softplus", x)


def exp_tail(x: Tensor) -> Tensor:
    """Return exp(x) - 1 - x where x is below 0, else 0."""
    return elementwise("exp_tail", x)


def split_heads(x: Tensor, head_dim: int) -> Tensor:
    """Reshape [seq, heads * head_dim] to [seq, heads, head_dim]."""
    return tracer().record("split_heads", {"x": x}, {"head_dim": head_dim})[0]


def merge_heads(x: Tensor) -> Tensor:
    """Reshape [seq, heads, head_dim] to [seq, heads * head_dim]."""
    return tracer().record("merge_heads", {"x": x}, {})[0]


def rope(x: Tensor, *, past: Dim, attrs: Mapping[str, AttrValue]) -> Tensor:
    """Rotate each head's pairs by position; `attrs`: theta, rotary_dim, scaling and what that needs."""
    return tracer().record("rope", {"x": x}, {"past": past, **attrs})[0]


def cache_append(cache: Tensor, x: Tensor, *, past: Dim) -> Tensor:
    """Write rows past .. past + seq of a state; return its next version."""
    inputs = {"cache": cache, "x": x}
    stored = {"stored": cache.type.dtype.value} if cache.type.dtype is DType.Q8 else {}
    return tracer().record("cache_append", inputs, {"past": past, **stored}, _leaf(cache.name))[0]


def attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    *,
    scale: float,
    past: Dim,
    window: int | None = None,
    soft_cap: float | None = None,
) -> Tensor:
    """Attend causally to positions 0 .. past + row, or to the last `window` of them.

    `soft_cap` bounds the scores: they become cap * tanh(score / cap).
    """
    inputs = {"q": q, "k_cache": k_cache, "v_cache": v_cache}
    optional = {"window": window, "soft_cap": soft_cap}
    given = {name: value for name, value in optional.items() if value is not None}
    return tracer().record("attention", inputs, {"scale": scale, "past": past, **given})[0]


def last_row(x: Tensor) -> Tensor:
    """Keep only the last row; a tensor of one row stays as it is."""
    return x if x.type.shape[0] == 1 else tracer().record("last_row", {"x": x}, {})[0]
