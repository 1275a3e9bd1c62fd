"""What families are put together from: attention, feed-forward parts, layers, and a whole decoder.

A family's file says which parts its layers have, under which names, and in which order; everything else is
here. The parts of a layer are called in the order of their published code, so that a family reads like it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from kernelc.ir.graph import Tensor
from kernelc.ir.trace import (
    Linear,
    Norm,
    add,
    attention,
    cache_append,
    clip,
    elementwise,
    embedding,
    last_row,
    layer_norm,
    linear,
    merge_heads,
    mul,
    rms_norm,
    rope,
    scale,
    scope,
    soft_cap,
    split_heads,
    tracer,
)
from kernelc.ir.types import DType
from model.config import DecoderConfig
from model.families.family import Step

Normalise: TypeAlias = Callable[[Tensor], Tensor]
"""A norm with its weights. Shapes: [seq, width] or [seq, heads, width], the same again."""


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


@dataclass(frozen=True)
class HeadNorms:
    """Norms of queries and keys: over the whole `row` before it is split into heads, or over each head
    `before` or `after` it is rotated."""

    place: Literal["row", "before", "after"]
    q: Normalise
    k: Normalise


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
        norms: Callable[[], HeadNorms] | None = None,
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
        self.norms, self.clip = norms() if norms else None, clip

    def cache(self, name: str, step: Step) -> Tensor:
        """Declare "k_cache" or "v_cache" of this layer. Shape: [rows, kv_heads, head_dim]; a ring where
        the layer has a window."""
        rows = step.cache_rows(self.config.window(self.number))
        shape = (rows, self.config.kv_heads, self.config.head_dim)
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


class FeedForward(Protocol):
    """The part of a layer that works on each position by itself. Shapes: [seq, hidden] -> [seq, hidden]."""

    def __call__(self, x: Tensor) -> Tensor: ...


class GatedMLP:
    """down(activation(gate(x)) * up(x)). Source: Shazeer 2020, arXiv 2002.05202."""

    def __init__(self, config: DecoderConfig, path: str) -> None:
        hidden, wide = config.hidden_size, config.intermediate_size
        self.activation = config.activation
        self.gate_proj = declare(config, f"{path}.gate_proj", wide, hidden)
        self.up_proj = declare(config, f"{path}.up_proj", wide, hidden)
        self.down_proj = declare(config, f"{path}.down_proj", hidden, wide)

    def __call__(self, x: Tensor) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        gate = elementwise(self.activation, linear(x, self.gate_proj))
        return linear(mul(gate, linear(x, self.up_proj)), self.down_proj)


class PlainMLP:
    """down(activation(up(x))); `names` are what the two layers are called."""

    def __init__(self, config: DecoderConfig, path: str, names: tuple[str, str]) -> None:
        hidden, wide = config.hidden_size, config.intermediate_size
        self.activation = config.activation
        self.up_proj = declare(config, f"{path}.{names[0]}", wide, hidden)
        self.down_proj = declare(config, f"{path}.{names[1]}", hidden, wide)

    def __call__(self, x: Tensor) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        return linear(elementwise(self.activation, linear(x, self.up_proj)), self.down_proj)


class Layer(Protocol):
    """One layer of a decoder. Shapes: [seq, hidden] -> [seq, hidden]."""

    def __call__(self, x: Tensor, step: Step) -> Tensor: ...


@dataclass(frozen=True)
class SequentialLayer:
    """Attention, then feed-forward, each between norms, times `residual_scale`, added to its input.

    Fields are in the order in which the parts are computed: with keywords in this order, weights are declared
    in it.
    """

    before_attn: Normalise
    attn: Attention
    after_attn: Normalise
    before_mlp: Normalise
    mlp: FeedForward
    after_mlp: Normalise
    residual_scale: float = 1.0

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        with scope("attn"):
            x = add(x, self._scaled(self.after_attn(self.attn(self.before_attn(x), step))))
        with scope("mlp"):
            return add(x, self._scaled(self.after_mlp(self.mlp(self.before_mlp(x)))))

    def _scaled(self, x: Tensor) -> Tensor:
        return x if self.residual_scale == 1 else scale(x, self.residual_scale)


@dataclass(frozen=True)
class ParallelLayer:
    """Attention and feed-forward of the same input, both added to it. `before_mlp` is None where they share
    one norm. Source: Wang and Komatsuzaki, GPT-J-6B (2021)."""

    before_attn: Normalise
    attn: Attention
    before_mlp: Normalise | None
    mlp: FeedForward

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        normed = self.before_attn(x)
        with scope("attn"):
            attended = self.attn(normed, step)
        with scope("mlp"):
            y = self.mlp(self.before_mlp(x) if self.before_mlp else normed)
            return add(add(x, attended), y)


@dataclass(frozen=True)
class Names:
    """What the parts outside of the layers are called in the checkpoint."""

    embedding: str = "model.embed_tokens"
    head: str = "lm_head"


class Decoder:
    """The whole model, from token ids to logits; a `model.families.family.Body`.

    `layer` makes a layer by its number, `norm` the norm after the last. The embeddings are multiplied by
    `embedding_scale`; logits are multiplied by `logit_scale`, then bounded by `logit_cap`.
    """

    def __init__(
        self,
        config: DecoderConfig,
        layer: Callable[[int], Layer],
        norm: Callable[[], Normalise],
        *,
        names: Names | None = None,
        embedding_scale: float = 1.0,
        logit_scale: float = 1.0,
        logit_cap: float | None = None,
        head_bias: bool = False,
    ) -> None:
        names = names or Names()
        self.embedding_scale, self.logit_scale, self.logit_cap = embedding_scale, logit_scale, logit_cap
        size = (config.vocab_size, config.hidden_size)
        self.embed_tokens = tracer().weight(f"{names.embedding}.weight", size)
        self.layers = [layer(number) for number in range(config.layers)]
        self.norm = norm()
        if config.tie_word_embeddings:
            bias = tracer().weight(f"{names.head}.bias", size[:1]) if head_bias else None
            self.lm_head = Linear("lm_head", self.embed_tokens, bias)
        else:
            self.lm_head = Linear.declare(names.head, *size, bias=head_bias)

    def __call__(self, tokens: Tensor, step: Step, every_row: bool) -> Tensor:
        """Shapes: tokens [context + 1] -> [seq, vocab] with `every_row`, else [1, vocab]."""
        x = embedding(tokens, self.embed_tokens, seq=step.seq, past=step.past)
        if self.embedding_scale != 1:
            x = scale(x, self.embedding_scale)
        for index, layer in enumerate(self.layers):
            with scope(f"layers.{index}"):
                x = layer(x, step)
        if not every_row:
            x = last_row(x)
        logits = linear(self.norm(x), self.lm_head)
        if self.logit_scale != 1:
            logits = scale(logits, self.logit_scale)
        return logits if self.logit_cap is None else soft_cap(logits, self.logit_cap)
