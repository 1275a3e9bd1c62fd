"""What a model family consists of, and a model of it, which the compiler and the packing take.

A family is one file beside this one: how its config.json is read, what one step computes (in the tensor IR),
and which of its weights need care. `model.families.registry` finds the family of a model folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from kernelc.artifact import ModelInfo
from kernelc.ir.dim import Dim
from kernelc.ir.graph import Graph, Tensor
from kernelc.ir.rings import cache_rows
from kernelc.ir.trace import Tracer
from kernelc.ir.types import DType, TensorType
from kernelc.source import PREFILL_ROWS, Role
from model.config import DecoderConfig
from model.json_fields import Fields
from model.row_source import RowsOf, RowsOfTensors, RowSource, no_rows, stored_tensors

Config = TypeVar("Config", bound=DecoderConfig)


@dataclass(frozen=True)
class Step:
    """The sizes of one step: `seq` new positions after `past` known ones, in a context of `context`. `spare`:
    see `kernelc.source.ModelSource.graph`."""

    seq: Dim
    past: Dim
    context: Dim
    spare: int = PREFILL_ROWS

    def cache_rows(self, window: int | None) -> Dim:
        """The first dimension of a cache for a layer with this window, or with none."""
        return cache_rows(self.context, window, self.spare)


class Body(Protocol):
    """What a family computes, once its weights are declared."""

    def __call__(self, tokens: Tensor, step: Step, every_row: bool) -> Tensor:
        """Record one step and return its logits: of every row, or of the last one.

        Shapes: tokens u32 [context + 1], ids by position -> f32 [seq, vocab], or [1, vocab].
        """
        ...


@dataclass(frozen=True)
class WeightRoles:
    """What certain weights are for, by the names of the checkpoint; packing spends its precision accordingly.

    The defaults are the names that most Hugging Face checkpoints use.
    """

    embedding: str = "model.embed_tokens.weight"
    head: str = "lm_head.weight"
    """The output layer. Where a model declares no such weight, the embedding is the output layer too."""
    final_norm: str | None = "model.norm.weight"
    """The gain of the norm whose output the output layer reads; None where that norm has none."""
    final_norm_offset: float = 0.0
    """What that norm adds to its stored weight to get its gain: 1 where a family stores gain - 1."""
    sensitive: tuple[str, ...] = ("*.v_proj.weight", "*.down_proj.weight")
    """Patterns (of fnmatch) of the matrices inside the layers that lose most by coarse formats.

    Source: llama_tensor_get_type in llama.cpp (llama-quant.cpp), which gives these more bits than others.
    """

    def is_sensitive(self, name: str) -> bool:
        """Whether the weight of this name is among the `sensitive` ones."""
        return any(fnmatchcase(name, pattern) for pattern in self.sensitive)


@dataclass(frozen=True)
class Family(Generic[Config]):
    """A model family.

    `summary` says in a sentence what it is. `read` makes a config of the fields of a config.json and refuses,
    with a ConfigError, what `build` would compute wrongly. `build` runs while a graph is traced: it declares
    the weights, with caches of the given element type, and returns what records a step. `rows` gives the
    weights that are rows of a tensor of the checkpoint, by name; all others are tensors. `named` are configs
    of well known models, for planning memory and measuring speed with no checkpoint at hand.
    """

    model_type: str
    architectures: tuple[str, ...]
    read: Callable[[Fields], Config]
    build: Callable[[Config, DType], Body]
    roles: WeightRoles = WeightRoles()
    named: Mapping[str, Config] = field(default_factory=dict[str, Any])
    summary: str = ""
    rows: Callable[[Config], Mapping[str, RowsOf]] = no_rows

    def model(self, config: Config) -> Model[Config]:
        """Return the family's model of this config."""
        return Model(self, config)


@dataclass(frozen=True)
class Model(Generic[Config]):
    """One model of a family, without its weights: a `kernelc.source.ModelSource`."""

    family: Family[Config]
    config: Config

    @property
    def roles(self) -> WeightRoles:
        """What certain weights of the model are for."""
        return self.family.roles

    @property
    def info(self) -> ModelInfo:
        """The facts that the manifest shows; `max_context` is the longest that the model was made for."""
        config = self.config
        return ModelInfo(
            architecture=self.family.model_type,
            vocab_size=config.vocab_size,
            hidden_size=config.hidden_size,
            layers=config.layers,
            heads=config.heads,
            kv_heads=config.kv_heads,
            head_dim=config.head_dim,
            intermediate_size=config.intermediate_size,
            max_context=config.max_context,
            bos_token_id=config.bos_token_id,
            eos_token_ids=config.eos_token_ids,
        )

    def graph(
        self,
        role: Role,
        *,
        max_context: int,
        chunk: int = PREFILL_ROWS,
        kv_dtype: DType = DType.F16,
        spare: int = PREFILL_ROWS,
    ) -> Graph:
        """Return the graph of one step; `kernelc.source.ModelSource.graph` says what is in it."""
        longest = 1 if role == "decode" else min(chunk, max_context)
        symbols = {"seq": (1, longest), "past": (0, max_context - 1), "context": (1, max_context)}
        with Tracer(f"{self.family.model_type}.{role}", symbols) as trace:
            step = Step(trace.var("seq"), trace.var("past"), trace.var("context"), spare)
            tokens = trace.state("tokens", (step.context + 1,), DType.U32)
            body = self.family.build(self.config.within(max_context), kv_dtype)
            logits = body(tokens, step, role == "score")
            return trace.graph({"all_logits" if role == "score" else "logits": logits})

    def weights(self) -> Mapping[str, TensorType]:
        """Return every tensor that the model reads, by its name in the checkpoint. Matrices are [out, in]."""
        return self._weights

    @cached_property
    def _weights(self) -> Mapping[str, TensorType]:  # a whole graph is traced for it
        return stored_tensors(self.graph("decode", max_context=1).weights, self.family.rows(self.config))

    def source(self, checkpoint: RowSource) -> RowSource:
        """Return the weights of the graphs, by their names there, out of the tensors of a checkpoint."""
        rows = self.family.rows(self.config)
        return RowsOfTensors(checkpoint, rows) if rows else checkpoint
