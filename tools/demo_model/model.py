"""A Llama in plain PyTorch: for training, and for generating with a key-value cache."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch  # pyright: ignore[reportMissingImports]  (needed by this tool alone; its README says how to get it)
import torch.nn.functional as F  # pyright: ignore[reportMissingImports]  (likewise)

Tensor = Any


@dataclass(frozen=True)
class Shape:
    """The model's dimensions."""

    vocab_size: int = 2048
    hidden: int = 256
    intermediate: int = 704
    layers: int = 10
    heads: int = 8
    kv_heads: int = 4
    head_dim: int = 32
    context: int = 1024
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5

    def config(self) -> dict[str, Any]:
        """Return the config.json of this shape."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden,
            "intermediate_size": self.intermediate,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "max_position_embeddings": self.context,
            "rope_theta": self.rope_theta,
            "rms_norm_eps": self.norm_eps,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "attention_dropout": 0.0,
            "tie_word_embeddings": True,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "initializer_range": 0.02,
            "torch_dtype": "float16",
            "use_cache": True,
        }

    @classmethod
    def of(cls, layers: int, hidden: int) -> Shape:
        """Return a shape of so many layers and such a width, with the proportions of the others.

        Raises: ValueError for a width that heads and groups of q4 do not divide.
        """
        head_dim = 32 if hidden <= 256 else 64
        if layers < 1 or hidden < 128 or hidden % 128:
            raise ValueError(f"got {layers} layers of {hidden}, wanted one or more of a multiple of 128")
        heads = hidden // head_dim
        return cls(
            hidden=hidden,
            intermediate=hidden * 11 // 4 // 32 * 32,
            layers=layers,
            heads=heads,
            kv_heads=heads // 2,
            head_dim=head_dim,
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Shape:
        """Return the shape that a config.json describes."""
        heads = config["num_attention_heads"]
        return cls(
            vocab_size=config["vocab_size"],
            hidden=config["hidden_size"],
            intermediate=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            heads=heads,
            kv_heads=config["num_key_value_heads"],
            head_dim=config.get("head_dim", config["hidden_size"] // heads),
            context=config["max_position_embeddings"],
            rope_theta=config["rope_theta"],
            norm_eps=config["rms_norm_eps"],
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


class Llama(torch.nn.Module):
    """The model; its parameters have Hugging Face's names, with "_" for "."."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        """Draw the weights."""
        super().__init__()
        self.shape = shape
        generator = torch.Generator().manual_seed(seed)
        for name, size in weight_shapes(shape).items():
            deep = name.endswith(("o_proj.weight", "down_proj.weight"))
            std = (
                0.02 / math.sqrt(2 * shape.layers)
                if deep
                else 0.02
                if "embed" in name
                else size[-1] ** -0.5 * 0.6
            )
            value = torch.ones(size) if len(size) == 1 else torch.randn(size, generator=generator) * std
            self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(value))

    def weight(self, name: str) -> Tensor:
        """Return a parameter by its name in the checkpoint."""
        return getattr(self, name.replace(".", "_"))

    def matrices(self, dtype: Any) -> dict[str, Tensor]:
        """Return all matrices by name, in the type to compute in."""
        return {
            name: self.weight(name).to(dtype)
            for name, size in weight_shapes(self.shape).items()
            if len(size) == 2
        }

    def forward(self, ids: Tensor, dtype: Any = torch.float32) -> Tensor:
        """Return the logits. Shapes: ids [batch, seq] -> [batch, seq, vocab]."""
        w = self.matrices(dtype)
        positions = torch.arange(ids.shape[1], device=ids.device)
        rotary = rotary_tables(self.shape, positions)
        x = F.embedding(ids, w["model.embed_tokens.weight"]).float()
        for layer in range(self.shape.layers):
            x = self._block(x, w, f"model.layers.{layer}.", rotary, None, None)
        x = self._norm(x, "model.norm.weight").to(dtype)
        return F.linear(x, w["model.embed_tokens.weight"])

    def step(self, ids: Tensor, start: Tensor, cache: Tensor, w: dict[str, Tensor]) -> Tensor:
        """Feed `ids` [batch, seq] at positions start.. [batch], writing the cache; return logits of all rows.

        Shapes: cache [layers, 2, batch, kv_heads, context, head_dim].
        """
        positions = start[:, None] + torch.arange(ids.shape[1], device=ids.device)
        rotary = rotary_tables(self.shape, positions)
        dtype = w["model.embed_tokens.weight"].dtype
        x = F.embedding(ids, w["model.embed_tokens.weight"]).float()
        for layer in range(self.shape.layers):
            x = self._block(x, w, f"model.layers.{layer}.", rotary, cache[layer], positions)
        x = self._norm(x, "model.norm.weight").to(dtype)
        return F.linear(x, w["model.embed_tokens.weight"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.rms_norm(x, (self.shape.hidden,), self.weight(name), self.shape.norm_eps)

    def _block(
        self,
        x: Tensor,
        w: dict[str, Tensor],
        at: str,
        rotary: Any,
        cache: Tensor | None,
        positions: Tensor | None,
    ) -> Tensor:
        dtype = w["model.embed_tokens.weight"].dtype
        normed = self._norm(x, at + "input_layernorm.weight").to(dtype)
        x = x + self._attention(normed, w, at + "self_attn.", rotary, cache, positions).float()
        normed = self._norm(x, at + "post_attention_layernorm.weight").to(dtype)
        gate = F.linear(normed, w[at + "mlp.gate_proj.weight"])
        up = F.linear(normed, w[at + "mlp.up_proj.weight"])
        return x + F.linear(F.silu(gate) * up, w[at + "mlp.down_proj.weight"]).float()

    def _attention(
        self,
        x: Tensor,
        w: dict[str, Tensor],
        at: str,
        rotary: Any,
        cache: Tensor | None,
        positions: Tensor | None,
    ) -> Tensor:
        s = self.shape
        batch, seq = x.shape[:2]

        def heads(name: str, count: int) -> Tensor:
            return F.linear(x, w[at + name + ".weight"]).view(batch, seq, count, s.head_dim).transpose(1, 2)

        q, k = rotate(heads("q_proj", s.heads), rotary), rotate(heads("k_proj", s.kv_heads), rotary)
        v = heads("v_proj", s.kv_heads)
        mask = None
        if cache is not None and positions is not None:
            rows = torch.arange(batch, device=x.device)[:, None]
            cache[0][rows, :, positions] = k.transpose(1, 2)
            cache[1][rows, :, positions] = v.transpose(1, 2)
            k, v = cache[0], cache[1]
            mask = (torch.arange(k.shape[2], device=x.device) <= positions[..., None])[:, None]
        groups = s.heads // s.kv_heads
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return F.linear(
            mixed.transpose(1, 2).reshape(batch, seq, s.heads * s.head_dim), w[at + "o_proj.weight"]
        )


def weight_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return the checkpoint's tensors and their shapes (the output head is the embedding)."""
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (shape.vocab_size, shape.hidden)}
    for layer in range(shape.layers):
        at = f"model.layers.{layer}."
        found |= {
            at + "input_layernorm.weight": (shape.hidden,),
            at + "self_attn.q_proj.weight": (queries, shape.hidden),
            at + "self_attn.k_proj.weight": (keys, shape.hidden),
            at + "self_attn.v_proj.weight": (keys, shape.hidden),
            at + "self_attn.o_proj.weight": (shape.hidden, queries),
            at + "post_attention_layernorm.weight": (shape.hidden,),
            at + "mlp.gate_proj.weight": (shape.intermediate, shape.hidden),
            at + "mlp.up_proj.weight": (shape.intermediate, shape.hidden),
            at + "mlp.down_proj.weight": (shape.hidden, shape.intermediate),
        }
    return found | {"model.norm.weight": (shape.hidden,)}


def rotary_tables(shape: Shape, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosines and sines for positions [..., seq]: [..., seq, head_dim / 2]."""
    half = shape.head_dim // 2
    frequency = shape.rope_theta ** (-torch.arange(half, device=positions.device, dtype=torch.float32) / half)
    angle = positions[..., None].float() * frequency
    return angle.cos(), angle.sin()


def rotate(x: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
    """Turn the two halves of each head against each other. Shapes: [batch, heads, seq, head_dim]."""
    cos, sin = tables
    if cos.dim() == 3:  # positions of their own for each row of the batch
        cos, sin = cos[:, None], sin[:, None]
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1).to(x.dtype)
