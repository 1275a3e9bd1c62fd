"""Builds random models out of what `kernelc.ir.trace` offers, in small sizes; a choice at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from kernelc.ir import trace
from kernelc.ir.dim import dim_min
from kernelc.ir.expression import FUNCTIONS
from kernelc.ir.graph import AttrValue, Tensor
from kernelc.ir.trace import Linear, Norm, tracer
from kernelc.ir.types import DType

_WIDTHS = (8, 4, 6, 12, 5, 16)
_HEAD_DIMS = (4, 2, 6, 8)
_UNARY = tuple(name for name, function in FUNCTIONS.items() if function.arity == 1)
_PARAMETERS = {"factor": (0.5, -2.0), "by": (1.0, -0.25), "cap": (2.0, 5.0), "bound": (0.5, 2.0)}

_SCALINGS: tuple[dict[str, AttrValue], ...] = (
    {"scaling": "none"},
    {"scaling": "linear", "factor": 2.0},
    {
        "scaling": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8,
    },
)

T = TypeVar("T")
Choose = Callable[[st.SearchStrategy[Any]], Any]
"""Draws from a strategy, or gives what was drawn before."""


@dataclass(frozen=True)
class Rows:
    """[seq, width] or [1, width]; `every`: whether these are all rows of the step (in decode both are)."""

    tensor: Tensor
    every: bool

    @property
    def width(self) -> int:
        return int(str(self.tensor.type.shape[1]))


class Builder:
    """Adds operations to the graph being traced; `rows` is what may be computed with, the newest first."""

    def __init__(self, choose: Choose, vocab: int, longest: int) -> None:
        """`longest`: the most rows of a step."""
        self.choose, self.vocab, self.longest = choose, vocab, longest
        self.layers: list[Linear] = []
        self.number = 0
        self.kv_dtype = self.one_of((DType.F32, DType.F16, DType.Q8))
        self.head_dims = [dim for dim in _HEAD_DIMS if self.kv_dtype is not DType.Q8 or dim % 4 == 0]
        context = tracer().var("context")
        self.tokens = tracer().state("tokens", (context + 1,), DType.U32)
        self.tables: list[Tensor] = []
        self.rows: list[Rows] = []
        self.look_up()

    # What is chosen

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.choose(st.integers(0, len(options) - 1))]

    def maybe(self) -> bool:
        return self.choose(st.booleans())

    def pick(self, wanted: Callable[[Rows], bool] = lambda _: True) -> Rows:
        """Rows to compute with. There are always some of every row: the embedding."""
        return self.one_of([rows for rows in self.rows if wanted(rows)])

    def name(self, kind: str) -> str:
        self.number += 1
        return f"model.{kind}_{self.number}"

    def keep(self, tensor: Tensor, every: bool) -> None:
        self.rows.insert(0, Rows(tensor, every))

    # What a graph may compute

    def extend(self) -> None:
        """One more idea of a model; one in three is what models are usually made of, in the usual order."""
        usual = (self.attention_block, self.mlp_block, self.final_norm)
        free = (
            self.project, self.residual, self.gate, self.attend, self.norm, self.apply, self.combine,
            self.over_heads, self.three, self.last, self.look_up,
        )  # fmt: skip
        self.one_of(usual if self.choose(st.integers(0, 2)) == 2 else free)()

    def final_norm(self) -> None:
        x = self.pick()
        self.keep(self.usual_norm(x.tensor), x.every)

    def attention_block(self) -> None:
        """A norm, attention with any rotation, an output projection, perhaps a norm, and the residual."""
        x = self.pick(lambda rows: rows.every)
        h = Rows(self.usual_norm(x.tensor), True)
        head_dim, kv_heads, group = self.one_of(self.head_dims), self.one_of((1, 2)), self.one_of((1, 2))
        turn, rotated, bias = self.rotation(head_dim), self.one_of(("qk", "q", "k")), self.maybe()
        heads = {
            part: trace.split_heads(
                trace.linear(h.tensor, self.new_layer(h.width, count * head_dim, bias)), head_dim
            )
            for part, count in (("q", kv_heads * group), ("k", kv_heads), ("v", kv_heads))
        }
        for part in rotated if turn is not None else "":
            heads[part] = trace.rope(heads[part], past=tracer().var("past"), attrs=turn or {})
        ring = self.ring()
        caches = [self.appended(heads[part], kv_heads, head_dim, ring) for part in "kv"]
        y = trace.merge_heads(self.attention(heads["q"], caches, ring))
        self.add_back(x, trace.linear(y, self.new_layer(int(str(y.type.shape[1])), x.width, self.maybe())))

    def mlp_block(self) -> None:
        """A norm, a gated unit, a projection, perhaps a norm, and the residual."""
        x, wide, bias = self.pick(), self.one_of(_WIDTHS), self.maybe()
        h = self.usual_norm(x.tensor)
        gate, up = (trace.linear(h, self.new_layer(x.width, wide, bias)) for _ in range(2))
        y = trace.mul(self.applied(gate), up)
        self.add_back(x, trace.linear(y, self.new_layer(wide, x.width, self.maybe())))

    def usual_norm(self, x: Tensor) -> Tensor:
        norm = Norm.declare(self.name("norm"), int(str(x.type.shape[-1])), 1e-3)
        return trace.rms_norm(x, norm)

    def add_back(self, x: Rows, y: Tensor) -> None:
        """Add what a block has made to what it was given."""
        y = self.usual_norm(y) if self.choose(st.sampled_from((False, False, True))) else y
        self.keep(trace.add(x.tensor, y), x.every)

    def look_up(self) -> None:
        if not self.tables or self.maybe():
            width = self.one_of(_WIDTHS)
            self.tables.append(tracer().weight(f"{self.name('table')}.weight", (self.vocab, width)))
        past = tracer().var("past")
        ids = trace.embedding(self.tokens, self.tables[-1], seq=tracer().var("seq"), past=past)
        self.keep(ids, True)

    def layer(self, wide_in: int, wide_out: int | None = None) -> Linear:
        """A new linear layer, or one that is there already (perhaps an embedding's table)."""
        tied = [Linear(table.name, table) for table in self.tables]
        known = [each for each in (*self.layers, *tied) if each.weight.type.shape[1] == wide_in]
        known = [each for each in known if wide_out in (None, each.weight.type.shape[0])]
        if known and self.choose(st.sampled_from((False, False, True))):
            return self.one_of(known)
        width = self.one_of(_WIDTHS) if wide_out is None else wide_out
        return self.new_layer(wide_in, width, self.maybe())

    def new_layer(self, wide_in: int, wide_out: int, bias: bool) -> Linear:
        self.layers.append(Linear.declare(self.name("layer"), wide_out, wide_in, bias))
        return self.layers[-1]

    def project(self) -> None:
        x = self.pick()
        self.keep(trace.linear(x.tensor, self.layer(x.width)), x.every)

    def residual(self) -> None:
        x = self.pick()
        inner = self.pick(lambda rows: rows.every == x.every)
        y = trace.linear(inner.tensor, self.layer(inner.width, x.width))
        y = self.applied(y) if self.maybe() else y
        self.keep(trace.add(x.tensor, y) if self.maybe() else trace.add(y, x.tensor), x.every)

    def gate(self) -> None:
        x = self.pick()
        wide = self.one_of(_WIDTHS)
        gate, up = (trace.linear(x.tensor, self.layer(x.width, wide)) for _ in range(2))
        gated = self.applied(gate)
        self.keep(trace.mul(up, gated) if self.maybe() else trace.mul(gated, up), x.every)
        if self.maybe():
            self.keep(gate, x.every)

    def applied(self, x: Tensor) -> Tensor:
        """A function of one operand."""
        function = self.one_of(_UNARY)
        parameter = FUNCTIONS[function].parameter
        if parameter is None:
            return getattr(trace, function)(x)
        return getattr(trace, function)(x, self.one_of(_PARAMETERS[parameter]))

    def apply(self) -> None:
        x = self.pick()
        self.keep(self.applied(x.tensor), x.every)

    def operand(self, x: Rows) -> Tensor:
        """Something of the type of x, or a vector that meets its rows."""
        if self.maybe():
            return self.pick(lambda rows: rows.tensor.type == x.tensor.type and rows.every == x.every).tensor
        if not x.every and self.maybe():
            return tracer().weight(self.name("row"), (1, x.width))
        return tracer().weight(self.name("vector"), (x.width,))

    def combined(self, x: Rows) -> Tensor:
        function = self.one_of((trace.add, trace.mul, trace.sub))
        return function(x.tensor, self.operand(x))

    def combine(self) -> None:
        x = self.pick()
        self.keep(self.combined(x), x.every)

    def three(self) -> None:
        """A product or sum of three operands."""
        x = self.pick()
        self.keep(self.combined(Rows(self.combined(x), x.every)), x.every)

    def norm(self) -> None:
        x = self.pick()
        self.keep(self.normed(x.tensor), x.every)

    def normed(self, x: Tensor) -> Tensor:
        """A norm over the last dimension; its weight may be there, moved by a constant, or computed."""
        width, eps = int(str(x.type.shape[-1])), self.one_of((0.1, 1e-3))
        layer_norm, offset = self.maybe(), self.one_of((0.0, 1.0))
        kind = self.one_of(("weight", "none", "computed"))
        bias = layer_norm and self.maybe()
        norm = Norm.declare(self.name("norm"), width, eps, weight=kind != "none", bias=bias)
        weight = trace.sigmoid(norm.weight) if kind == "computed" and norm.weight else norm.weight
        norm = Norm(norm.name, weight, eps, norm.bias, offset if weight else 0.0)
        return trace.layer_norm(x, norm) if layer_norm else trace.rms_norm(x, norm)

    def over_heads(self) -> None:
        """Something of each head, and heads side by side again."""
        x = self.pick()
        head_dim = self.one_of([width for width in range(1, x.width + 1) if x.width % width == 0])
        heads = trace.split_heads(x.tensor, head_dim)
        heads = self.normed(heads) if self.maybe() else self.applied(heads)
        if self.maybe():
            heads = trace.mul(heads, tracer().weight(self.name("vector"), (head_dim,)))
        self.keep(trace.merge_heads(heads), x.every)

    def last(self) -> None:
        x = self.pick(lambda rows: rows.every)
        self.keep(trace.last_row(x.tensor), False)

    # Attention

    def attend(self) -> None:
        x = self.pick(lambda rows: rows.every)
        source = x if self.maybe() else self.pick(lambda rows: rows.every)
        head_dim, kv_heads, group = self.one_of(self.head_dims), self.one_of((1, 2)), self.one_of((1, 2))
        turn = self.rotation(head_dim)
        q = self.heads(x, kv_heads * group, head_dim, turn)
        k = self.heads(source, kv_heads, head_dim, turn if self.maybe() else self.rotation(head_dim))
        v = self.heads(source, kv_heads, head_dim, None)
        ring = self.ring()
        caches = [self.appended(each, kv_heads, head_dim, ring) for each in (k, v)]
        if self.choose(st.sampled_from((False, False, False, True))):  # the same positions again
            caches[0] = trace.cache_append(caches[0], v, past=tracer().var("past"))
        y = self.attention(q, caches, ring)
        self.keep(trace.merge_heads(y), True)
        if self.maybe():
            self.keep(trace.merge_heads(q), True)
        if self.maybe():
            other = self.heads(x, kv_heads, head_dim, turn)
            self.keep(trace.merge_heads(self.attention(other, caches, ring)), True)

    def rotation(self, head_dim: int) -> dict[str, AttrValue] | None:
        """Attributes of a rotary embedding, or none."""
        if self.maybe():
            return None
        turned = self.one_of(range(head_dim, 0, -2))
        attrs: dict[str, AttrValue] = {"theta": self.one_of((100.0, 10.0)), "rotary_dim": turned}
        return attrs | self.one_of(_SCALINGS)

    def heads(self, x: Rows, count: int, head_dim: int, turn: dict[str, AttrValue] | None) -> Tensor:
        heads = trace.split_heads(trace.linear(x.tensor, self.layer(x.width, count * head_dim)), head_dim)
        if self.choose(st.sampled_from((False, False, True))):
            heads = self.normed(heads)
        return heads if turn is None else trace.rope(heads, past=tracer().var("past"), attrs=turn)

    def ring(self) -> int | None:
        """The rows of caches that are rings, at least those of a step; None for a row for every position."""
        return self.one_of((None, self.longest, self.longest + 1, self.longest + 2))

    def appended(self, x: Tensor, kv_heads: int, head_dim: int, ring: int | None) -> Tensor:
        context = tracer().var("context")
        rows = context if ring is None else dim_min(context, ring)
        cache = tracer().state(self.name("cache"), (rows, kv_heads, head_dim), self.kv_dtype)
        return trace.cache_append(cache, x, past=tracer().var("past"))

    def attention(self, q: Tensor, caches: Sequence[Tensor], ring: int | None) -> Tensor:
        scale, windows = self.one_of((0.5, 1.0)), (None, 1, 2, 4)
        if ring is not None:  # what a ring holds beside the rows of a step
            windows = range(1, ring - self.longest + 2)
        window = self.one_of(windows)
        soft_cap = self.one_of((None, 2.0))
        past = tracer().var("past")
        return trace.attention(q, *caches, scale=scale, past=past, window=window, soft_cap=soft_cap)

    # What a graph hands out

    def outputs(self) -> dict[str, Tensor]:
        """The newest rows, and perhaps intermediate ones; one tensor may have two names, and an output may
        have the name of another tensor inside the graph."""
        found = {"y": self.rows[0].tensor}
        for _ in range(self.choose(st.integers(0, 2))):
            inner = [op.result.name for op in tracer().ops if op.name != "cache_append"]
            name = self.name("out") if self.maybe() else self.choose(st.sampled_from(inner))
            found.setdefault(name, self.pick().tensor)
        return found
