"""Fuse operations of the tensor IR: fewer dispatches, and intermediate values that never reach memory.

Each pattern below looks at one operation (its anchor), walks to its producers or users, and says what to put
in place of what it found. Where a value is also needed elsewhere, or anything else does not fit, it says
nothing. Result names survive, so whoever reads them needs no change.

A layer over one row becomes five operations: q/k/v (norm, rotary and cache append inside), attention, the
output projection with the residual added, gate and up (norm inside), the down projection with the residual
added. Over many rows a norm would be computed again by every tile of a matrix product, so there it stays an
operation of its own, together with the residual add before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from kernelc.debug import verify_enabled
from kernelc.ir.dim import bounds
from kernelc.ir.graph import AttrValue, Graph, Op, Tensor
from kernelc.ir.verify import verify


@dataclass(frozen=True)
class FuseOptions:
    """`vector_rows`: up to so many rows, a linear layer takes in the norm before and the residual after."""

    vector_rows: int = 1


# What to put in place of operations, by their first results' names; None removes one.
Match: TypeAlias = Mapping[str, Op | None]


@dataclass(frozen=True)
class _View:
    """A graph with the look-ups that patterns need."""

    graph: Graph
    producers: Mapping[str, Op]
    users: Mapping[str, tuple[Op, ...]]
    uses: Mapping[str, int]
    vector_rows: int

    @classmethod
    def of(cls, graph: Graph, options: FuseOptions) -> _View:
        users: dict[str, tuple[Op, ...]] = {}
        uses = Counter(graph.kept())
        for op in graph.ops:
            for tensor in op.inputs.values():
                users[tensor.name] = (*users.get(tensor.name, ()), op)
                uses[tensor.name] += 1
        return cls(graph, graph.producers(), users, uses, options.vector_rows)

    def made_by(self, tensor: Tensor, *names: str) -> Op | None:
        """The operation of one of these names that makes a tensor."""
        op = self.producers.get(tensor.name)
        return op if op is not None and op.name in names else None

    def only_for(self, tensor: Tensor, *names: str) -> Op | None:
        """The same, where the tensor is used once and may vanish."""
        return self.made_by(tensor, *names) if self.uses[tensor.name] == 1 else None

    def given(self, *tensors: Tensor | None) -> bool:
        """Whether these exist before the first operation, so that a reader may move to any place."""
        return all(tensor is None or tensor.name not in self.producers for tensor in tensors)

    def is_vector(self, tensor: Tensor) -> bool:
        """Whether there are so few rows that a linear layer works on them as vectors."""
        return bounds(tensor.type.shape[0])[1] <= self.vector_rows


Pattern: TypeAlias = Callable[[_View, Op], Match | None]


def fuse(graph: Graph, options: FuseOptions | None = None) -> Graph:
    """Return the graph with every pattern applied wherever it matches; it computes the same values.

    Raises: InternalError where KERNELC_VERIFY=1 and a rewrite broke the graph.
    """
    for pattern in _PATTERNS:
        graph = _rewrite(graph, pattern, options or FuseOptions())
    return verify(graph, "fuse") if verify_enabled() else graph


def _rewrite(graph: Graph, pattern: Pattern, options: FuseOptions) -> Graph:
    view = _View.of(graph, options)
    changes: dict[str, Op | None] = {}
    for op in graph.ops:
        match = pattern(view, op)
        if match is not None and not changes.keys() & match.keys():
            changes |= match
    ops = (changes.get(op.result.name, op) for op in graph.ops)
    return replace(graph, ops=tuple(op for op in ops if op is not None))


def _merged_attention(view: _View, merge: Op) -> Match | None:
    """attention, merge_heads -> attention that writes its heads side by side."""
    if merge.name != "merge_heads":
        return None
    attention = view.only_for(merge.inputs["x"], "attention")
    if attention is None or attention.attrs.get("merged"):
        return None
    merged = replace(attention, attrs={**attention.attrs, "merged": True}, results=merge.results)
    return {attention.result.name: merged, merge.result.name: None}


def _gated(view: _View, mul: Op) -> Match | None:
    """silu(linear(x, gate)) * linear(x, up) -> one operation that reads x once."""
    if mul.name != "mul":
        return None
    for first, second in (("x", "y"), ("y", "x")):
        silu, up = view.only_for(mul.inputs[first], "silu"), view.only_for(mul.inputs[second], "linear")
        gate = view.only_for(silu.inputs["x"], "linear") if silu else None
        if silu and gate and up and gate.inputs["x"] == up.inputs["x"]:
            inputs = {"x": up.inputs["x"]} | _layer("gate", gate) | _layer("up", up)
            fused = _fused_linear(mul, inputs, {"epilogue": "gated"}, mul.results, _sibling(up, "gate_up"))
            return {mul.result.name: fused} | dict.fromkeys(_names(silu, gate, up))
    return None


def _qkv(view: _View, attention: Op) -> Match | None:
    """The three projections, rotary embedding and cache appends before attention -> one operation."""
    if attention.name != "attention":
        return None
    turn_q = view.made_by(attention.inputs["q"], "rope")
    append_k = view.made_by(attention.inputs["k_cache"], "cache_append")
    append_v = view.made_by(attention.inputs["v_cache"], "cache_append")
    turn_k = view.only_for(append_k.inputs["x"], "rope") if append_k else None
    if not (turn_q and turn_k and append_k and append_v):
        return None
    q, k, v = (_projection(view, op.inputs["x"]) for op in (turn_q, turn_k, append_v))
    if not (q and k and v and _same_step(turn_q, turn_k, append_k, append_v) and _one_input(view, q, k, v)):
        return None
    caches = {"k_cache": append_k.inputs["cache"], "v_cache": append_v.inputs["cache"]}
    if not all(view.given(cache) and view.uses[cache.name] == 1 for cache in caches.values()):
        return None
    inputs = {"x": q[0].inputs["x"]} | _layer("q", q[0]) | _layer("k", k[0]) | _layer("v", v[0]) | caches
    attrs = {"epilogue": "qkv", "head_dim": q[1].attrs["head_dim"], **turn_q.attrs}
    results = (turn_q.result, append_k.result, append_v.result)
    found = _names(*q, *k, *v, turn_q, turn_k, append_k, append_v)
    # In the place of the first: whatever reads a result comes after it, and all inputs but x are given.
    first = next(op for op in view.graph.ops if op.result.name in found)
    fused = _fused_linear(attention, inputs, attrs, results, _sibling(q[0], "qkv"))
    return dict.fromkeys(found) | {first.result.name: fused}


def _projection(view: _View, x: Tensor) -> tuple[Op, Op] | None:
    """The linear layer and the split into heads that make x, for x alone."""
    split = view.only_for(x, "split_heads")
    layer = view.only_for(split.inputs["x"], "linear") if split else None
    return (layer, split) if layer and split else None


def _same_step(turn_q: Op, turn_k: Op, append_k: Op, append_v: Op) -> bool:
    past = turn_q.attrs["past"]
    return turn_q.attrs == turn_k.attrs and append_k.attrs["past"] == past == append_v.attrs["past"]


def _one_input(view: _View, *projections: tuple[Op, Op]) -> bool:
    layers = [layer for layer, _ in projections]
    widths = {split.attrs["head_dim"] for _, split in projections}
    same = all(layer.inputs["x"] == layers[0].inputs["x"] for layer in layers)
    return len(widths) == 1 and same and all(view.given(*_weights(layer)) for layer in layers)


def _norm_into_linear(view: _View, norm: Op) -> Match | None:
    """rms_norm before linear layers over few rows -> each of them normalises its own input."""
    if norm.name != "rms_norm" or not view.is_vector(norm.result):
        return None
    users = view.users.get(norm.result.name, ())
    if (
        len(users) != view.uses[norm.result.name]
        or not users
        or not all(_takes(user, norm) for user in users)
    ):
        return None
    into = {"x": norm.inputs["x"], "norm_weight": norm.inputs["weight"]}
    match: dict[str, Op | None] = {norm.result.name: None}
    for user in users:
        attrs = {"epilogue": "none", **user.attrs, "eps": norm.attrs["eps"]}
        match[user.result.name] = _fused_linear(
            user, {**user.inputs, **into}, attrs, user.results, user.origin
        )
    return match


def _takes(user: Op, norm: Op) -> bool:
    roles = [role for role, tensor in user.inputs.items() if tensor == norm.result]
    return user.name in ("linear", "fused_linear") and roles == ["x"] and "norm_weight" not in user.inputs


def _residual(view: _View, add: Op) -> Match | None:
    """linear, then add, over few rows -> the linear layer adds the residual as it writes."""
    return _lone_residual(view, add) if view.is_vector(add.result) else None


def _lone_residual(view: _View, add: Op) -> Match | None:
    """The same over any number of rows: no norm follows that would take the residual in."""
    if add.name != "add":
        return None
    for branch, stream in (("y", "x"), ("x", "y")):
        layer = view.only_for(add.inputs[branch], "linear", "fused_linear")
        if layer is not None and layer.attrs.get("epilogue", "none") == "none":
            inputs = {**layer.inputs, "residual": add.inputs[stream]}
            attrs = {**layer.attrs, "epilogue": "residual"}
            fused = _fused_linear(layer, inputs, attrs, add.results, layer.origin)
            return {add.result.name: fused, layer.result.name: None}
    return None


def _add_rms_norm(view: _View, norm: Op) -> Match | None:
    """add, then rms_norm -> one operation with both results."""
    add = view.made_by(norm.inputs["x"], "add") if norm.name == "rms_norm" else None
    if add is None or not view.given(norm.inputs["weight"]):
        return None
    inputs = {**_branch_and_residual(view, add), "weight": norm.inputs["weight"]}
    fused = replace(norm, name="add_rms_norm", inputs=inputs, results=(add.result, norm.result))
    return {add.result.name: fused, norm.result.name: None}


def _branch_and_residual(view: _View, add: Op) -> dict[str, Tensor]:
    """Call the side that a linear layer has just made x, the other one the residual."""
    x, y = add.inputs["x"], add.inputs["y"]
    return {"x": x, "residual": y} if view.made_by(x, "linear") else {"x": y, "residual": x}


def _fused_linear(
    op: Op,
    inputs: Mapping[str, Tensor],
    attrs: Mapping[str, AttrValue],
    results: tuple[Tensor, ...],
    origin: str,
) -> Op:
    return replace(op, name="fused_linear", inputs=inputs, attrs=attrs, results=results, origin=origin)


def _layer(prefix: str, layer: Op) -> dict[str, Tensor]:
    """A linear layer's weights by the roles that they get in a fused operation."""
    return {f"{prefix}_{role}": tensor for role, tensor in layer.inputs.items() if role != "x"}


def _weights(layer: Op) -> tuple[Tensor | None, ...]:
    return layer.inputs["weight"], layer.inputs.get("bias")


def _names(*ops: Op) -> frozenset[str]:
    return frozenset(op.result.name for op in ops)


def _sibling(op: Op, leaf: str) -> str:
    """An origin beside an operation's: layers.0.attn.q_proj -> layers.0.attn.qkv."""
    parent = op.origin.rpartition(".")[0]
    return f"{parent}.{leaf}" if parent else leaf


# In this order: a norm goes into gate/up and q/k/v once these are one operation each, and what no linear
# layer took in is left to the last two.
_PATTERNS: tuple[Pattern, ...] = (
    _merged_attention,
    _gated,
    _qkv,
    _norm_into_linear,
    _residual,
    _add_rms_norm,
    _lone_residual,
)
