"""Attention, and its parts where they are not fused: rotary embedding and cache appends."""

from __future__ import annotations

from typing import Any

from kernelc.ir.graph import Op
from kernelc.kernels.attention.decode import ATTENTION_DECODE
from kernelc.kernels.attention.decode_schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.attention.reduce_splits import ATTENTION_REDUCE, AttentionReduceProblem
from kernelc.kernels.parts.rotary import Rotary
from kernelc.passes.select.operands import number, one_row, static
from kernelc.passes.select.selector import Handler, Selector


def attention(select: Selector, op: Op) -> None:
    """Prefill's kernel for many rows, decode's for one; its splits are joined by another."""
    q, cache = op.inputs["q"], op.inputs["k_cache"]
    heads, head_dim = static(q.type.shape[1:])
    kv_heads = static(cache.type.shape[1:])[0]
    dtype, scale = str(cache.type.dtype), number(op, "scale")
    out = select.operands.name(op.result)
    read = {name: select.operands.name(op.inputs[name]) for name in ("q", "k_cache", "v_cache")}
    if not one_row(q):
        problem = AttentionPrefillProblem(heads, kv_heads, head_dim, dtype, scale)
        select.call(ATTENTION_PREFILL, problem, read | {"out": out}, ("out",), op)
        return
    split = select.options.split
    decode = AttentionDecodeProblem(heads, kv_heads, head_dim, dtype, scale, split)
    if split == 0:
        select.call(ATTENTION_DECODE, decode, read | {"out": out}, ("out",), op)
        return
    partials = f"%{op.result.name}.partials"
    select.call(ATTENTION_DECODE, decode, read | {"partials": partials}, ("partials",), op)
    joined = {"partials": partials, "out": out}
    select.call(ATTENTION_REDUCE, AttentionReduceProblem(heads, head_dim, split), joined, ("out",), op)


def rotary_of(op: Op) -> Rotary:
    """The rotary embedding that an operation's attributes describe."""
    factors: dict[str, Any] = {}
    if op.attrs["scaling"] != "none":
        factors["factor"] = number(op, "factor")
    if op.attrs["scaling"] == "llama3":
        factors |= {"low": number(op, "low_freq_factor"), "high": number(op, "high_freq_factor")}
        factors["original"] = int(number(op, "original_max_position_embeddings"))
    return Rotary(int(number(op, "rotary_dim")), number(op, "theta"), **factors)


HANDLERS: dict[str, Handler] = {"attention": attention}
