"""What surrounds attention: projections, rotary embedding and cache appends before it, merged heads after."""

from __future__ import annotations

from dataclasses import replace

from kernelc.ir.graph import AttrValue, Op, Tensor
from kernelc.passes.fuse.view import Match, View, fused, joint_origin, layer_roles, results_of, same_biases


def merged_attention(view: View, merge: Op) -> Match | None:
    """attention, merge_heads -> attention that writes its heads side by side."""
    if merge.name != "merge_heads":
        return None
    attention = view.only_for(merge.inputs["x"], "attention")
    if attention is None or attention.attrs.get("merged"):
        return None
    merged = replace(attention, attrs={**attention.attrs, "merged": True}, results=merge.results)
    return {attention.result.name: merged, merge.result.name: None}


def heads(view: View, attention: Op) -> Match | None:
    """The three projections, rotary embedding and cache appends before attention -> one operation.

    Queries and keys may be rotated or not. The fused operation hands them out in an order of its own, so
    nothing else may read them, nor the caches.
    """
    if attention.name != "attention":
        return None
    append_k = view.made_by(attention.inputs["k_cache"], "cache_append")
    append_v = view.made_by(attention.inputs["v_cache"], "cache_append")
    if not (append_k and append_v and _only_attention_reads(view, attention, append_k, append_v)):
        return None
    turn_q, q = _rotated(view, attention.inputs["q"])
    turn_k, k = _rotated(view, append_k.inputs["x"])
    v = _projection(view, append_v.inputs["x"])
    if not (q and k and v and _one_input(view, q, k, v)):
        return None
    turns = [turn for turn in (turn_q, turn_k) if turn]
    if not _same_step([append_k, append_v, *turns]) or any(t.attrs != turns[0].attrs for t in turns):
        return None
    caches = {"k_cache": append_k.inputs["cache"], "v_cache": append_v.inputs["cache"]}
    if not all(view.given(cache) and view.uses[cache.name] == 1 for cache in caches.values()):
        return None
    layers = {"q": q[0], "k": k[0], "v": v[0]}
    inputs = {"x": q[0].inputs["x"]} | caches
    for part, layer in layers.items():
        inputs |= layer_roles(part, layer)
    rotated = ("q" if turn_q else "") + ("k" if turn_k else "") or "none"
    rope: dict[str, AttrValue] = dict(turns[0].attrs) if turns else {"past": append_k.attrs["past"]}
    stored = {name: value for name, value in append_k.attrs.items() if name == "stored"}  # both are alike
    attrs = {"head_dim": q[1].attrs["head_dim"], "rotated": rotated, **rope, **stored}
    results = (attention.inputs["q"], append_k.result, append_v.result)
    found = results_of(*q, *k, *v, *turns, append_k, append_v)
    # In the place of the first: whatever reads a result comes after it, and all inputs but x are given.
    first = next(op for op in view.graph.ops if op.result.name in found)
    made = fused(attention, "linear_heads", inputs, attrs, results, joint_origin(*layers.values()))
    return dict.fromkeys(found) | {first.result.name: made}


def _only_attention_reads(view: View, attention: Op, append_k: Op, append_v: Op) -> bool:
    """Whether queries and new caches go to this attention alone (caches also live on as states)."""
    q, updates = attention.inputs["q"], {tensor.name for tensor in view.graph.updates.values()}
    outputs = {tensor.name for tensor in view.graph.outputs.values()}
    caches = (append_k.result, append_v.result)
    lone = all(view.uses[c.name] == 1 + (c.name in updates) and c.name not in outputs for c in caches)
    return lone and view.uses[q.name] == 1


def _rotated(view: View, x: Tensor) -> tuple[Op | None, tuple[Op, Op] | None]:
    """The rotary embedding that makes x, for x alone, if one does; and the projection before it."""
    turn = view.only_for(x, "rope")
    return turn, _projection(view, turn.inputs["x"] if turn else x)


def _projection(view: View, x: Tensor) -> tuple[Op, Op] | None:
    """The linear layer and the split into heads that make x, for x alone."""
    split = view.only_for(x, "split_heads")
    layer = view.only_for(split.inputs["x"], "linear") if split else None
    return (layer, split) if layer and split else None


def _same_step(ops: list[Op]) -> bool:
    return all(op.attrs["past"] == ops[0].attrs["past"] for op in ops)


def _one_input(view: View, *projections: tuple[Op, Op]) -> bool:
    layers = [layer for layer, _ in projections]
    widths = [split.attrs["head_dim"] for _, split in projections]
    same = all(layer.inputs["x"] == layers[0].inputs["x"] for layer in layers)
    even = isinstance(widths[0], int) and widths[0] % 2 == 0
    return len(set(widths)) == 1 and even and same and _one_matrix(view, layers)


def _one_matrix(view: View, layers: list[Op]) -> bool:
    """Whether the layers' weights can be packed as one matrix, in the order of rows that rotation wants:
    they are given, and no layer of another block reads them, which may want another order."""
    given = [tensor for layer in layers for role, tensor in layer.inputs.items() if role != "x"]
    alone = all(view.uses[tensor.name] == given.count(tensor) for tensor in given)
    return same_biases(*layers) and alone and view.given(*given)
