"""Feed-forward parts, layers, and the whole decoder that they make.

The parts of a layer are called in the order of their published code, so that a family reads like it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kernelc.ir.graph import Tensor
from kernelc.ir.trace import (
    Linear,
    add,
    elementwise,
    embedding,
    last_row,
    linear,
    mul,
    scale,
    scope,
    soft_cap,
    tracer,
)
from kernelc.ir.types import DType
from model.config import DecoderConfig
from model.families.family import Step
from model.families.parts.attention import Attention
from model.families.parts.weights import Normalise, NormOf, declare, nothing, rms


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
class NormNames:
    """What the norms of a layer are called in the checkpoint; None where it has none."""

    before_attn: str | None
    after_attn: str | None
    before_mlp: str | None
    after_mlp: str | None


NORMS_BEFORE = NormNames("input_layernorm", None, "post_attention_layernorm", None)
"""Of a Llama, and of most others: what is after attention is before the MLP."""

NORMS_AFTER = NormNames(None, "post_attention_layernorm", None, "post_feedforward_layernorm")
"""Of those that give attention and MLP their input as it is."""


def sequential_layer(
    config: DecoderConfig,
    number: int,
    kv_dtype: DType,
    names: NormNames = NORMS_BEFORE,
    *,
    norm: NormOf = rms,
    attn: Callable[[DecoderConfig, int, DType, str], Attention] = Attention,
    mlp: Callable[[DecoderConfig, str], FeedForward] = GatedMLP,
    residual_scale: float = 1.0,
) -> SequentialLayer:
    """Declare the layer of this number, out of these parts. The defaults are Llama's."""
    path = f"model.layers.{number}"

    def norm_of(name: str | None) -> Normalise:
        return nothing if name is None else norm(f"{path}.{name}", config.hidden_size, config.norm_eps)

    return SequentialLayer(
        before_attn=norm_of(names.before_attn),
        attn=attn(config, number, kv_dtype, f"{path}.self_attn"),
        after_attn=norm_of(names.after_attn),
        before_mlp=norm_of(names.before_mlp),
        mlp=mlp(config, f"{path}.mlp"),
        after_mlp=norm_of(names.after_mlp),
        residual_scale=residual_scale,
    )


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
    norm: str = "model.norm"
    head: str = "lm_head"


class Decoder:
    """The whole model, from token ids to logits; a `model.families.family.Body`.

    `layer` makes a layer by its number, `norm` the norm after the last one. The embeddings are multiplied by
    `embedding_scale`; logits are multiplied by `logit_scale`, then bounded by `logit_cap`.
    """

    def __init__(
        self,
        config: DecoderConfig,
        layer: Callable[[int], Layer],
        *,
        norm: NormOf = rms,
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
        self.norm = norm(names.norm, config.hidden_size, config.norm_eps)
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
