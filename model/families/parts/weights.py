"""Norms and linear layers, declared with their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kernelc.ir.graph import Tensor
from kernelc.ir.trace import Linear, Norm, layer_norm, rms_norm
from model.config import DecoderConfig

Normalise: TypeAlias = Callable[[Tensor], Tensor]
"""A norm with its weights. Shapes: [seq, width] or [seq, heads, width], the same again."""

NormOf: TypeAlias = Callable[[str, int, float], Normalise]
"""What declares a norm, by its path, width and epsilon: `rms`, `layer`, or a family's own."""


def rms(path: str, width: int, eps: float, offset: float = 0.0) -> Normalise:
    """Declare an RMSNorm, whose gain is its weight plus `offset`."""
    norm = Norm.declare(path, width, eps, weight_offset=offset)
    return lambda x: rms_norm(x, norm)


def layer(
    path: str, width: int, eps: float, *, weight: bool = True, bias: bool = True, offset: float = 0.0
) -> Normalise:
    """Declare a LayerNorm, whose gain is its weight, if it has one, plus `offset`."""
    norm = Norm.declare(path, width, eps, weight=weight, bias=bias, weight_offset=offset)
    return lambda x: layer_norm(x, norm)


def nothing(x: Tensor) -> Tensor:
    """Return x: in the place of a norm that a layer does not have."""
    return x


def declare(config: DecoderConfig, path: str, wide_out: int, wide_in: int) -> Linear:
    """Declare a linear layer, with a bias where the config gives layers of its name one."""
    return Linear.declare(path, wide_out, wide_in, config.has_bias(path.rpartition(".")[2]))
