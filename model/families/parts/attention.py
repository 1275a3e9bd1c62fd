"""Attention, and the norms of queries and keys that some families have in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kernelc.ir.graph import Tensor
from kernelc.ir.trace import (
    Linear,
    attention,
    cache_append,
    clip,
    linear,
    merge_heads,
    rope,
    split_heads,
    tracer,
)
from kernelc.ir.types import DType
from model.config import DecoderConfig
from model.families.family import Step
from model.families.parts.weights import Normalise, declare, nothing, rms


@dataclass(frozen=True)
class HeadNorms:
    """Norms of queries and keys: over the whole `row` before it is split into heads, or over each head
    `before` or `after` it is rotated."""

    place: Literal["row", "before", "after"]
    q: Normalise
    k: Normalise


HeadNormsOf: TypeAlias = Callable[[DecoderConfig, str], HeadNorms]
"""What declares them, by the config and the path of attention."""


def head_norms(config: DecoderConfig, path: str, offset: float = 0.0) -> HeadNorms:
    """Declare RMSNorms of each head's queries and keys, before they are rotated."""
    q, k = (rms(f"{path}.{part}_norm", config.head_dim, config.norm_eps, offset) for part in "qk")
    return HeadNorms("before", q, k)


class Attention:
    """Grouped-query attention with rotary positions and a KV cache, as the config says for this layer.

    `scale` is what scores are multiplied by, 1 / sqrt(head_dim) if not given; `cap` bounds them by a tanh.
    `clip` is where the elements of queries, keys and values are cut off, as they come out of their matrices.
    `norms` are made last, so that weights are declared in this order. `out` is the output projection's name.
    """

    def __init__(
        self,
        config: DecoderConfig,
        number: int,
        kv_dtype: DType,
        path: str,
        *,
        scale: float | None = None,
        cap: float | None = None,
        norms: HeadNormsOf | None = None,
        clip: float | None = None,
        out: str = "o_proj",
    ) -> None:
        q_width, kv_width = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.config, self.number, self.kv_dtype, self.cap = config, number, kv_dtype, cap
        self.scale = 1 / math.sqrt(config.head_dim) if scale is None else scale
        self.q_proj = declare(config, f"{path}.q_proj", q_width, config.hidden_size)
        self.k_proj = declare(config, f"{path}.k_proj", kv_width, config.hidden_size)
        self.v_proj = declare(config, f"{path}.v_proj", kv_width, config.hidden_size)
        self.o_proj = declare(config, f"{path}.{out}", config.hidden_size, q_width)
        self.norms, self.clip = norms(config, path) if norms else None, clip

    def cache(self, name: str, step: Step) -> Tensor:
        """Declare "k_cache" or "v_cache" of this layer. Shape: [context, kv_heads, head_dim]."""
        shape = (step.context, self.config.kv_heads, self.config.head_dim)
        return tracer().state(f"layers.{self.number}.{name}", shape, self.kv_dtype)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        past = step.past
        q = self._heads(self.q_proj, x, self._norm("row", "q"))
        k = self._heads(self.k_proj, x, self._norm("row", "k"))
        v = self._heads(self.v_proj, x, nothing)
        q, k = self._norm("before", "q")(q), self._norm("before", "k")(k)
        turn = self.config.layer_rope(self.number)
        if turn is not None:
            q = rope(q, past=past, attrs=turn.attrs)
            k = rope(k, past=past, attrs=turn.attrs)
        q, k = self._norm("after", "q")(q), self._norm("after", "k")(k)
        k_cache = cache_append(self.cache("k_cache", step), k, past=past)
        v_cache = cache_append(self.cache("v_cache", step), v, past=past)
        window = self.config.window(self.number)
        y = attention(q, k_cache, v_cache, scale=self.scale, past=past, window=window, soft_cap=self.cap)
        return linear(merge_heads(y), self.o_proj)

    def _heads(self, layer: Linear, x: Tensor, norm: Normalise) -> Tensor:
        y = linear(x, layer)
        return split_heads(norm(y if self.clip is None else clip(y, self.clip)), self.config.head_dim)

    def _norm(self, place: str, part: Literal["q", "k"]) -> Normalise:
        if self.norms is None or self.norms.place != place:
            return nothing
        return self.norms.q if part == "q" else self.norms.k
