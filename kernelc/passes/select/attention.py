"""Attention, and its parts where they are not fused: rotary embedding and cache appends."""

from __future__ import annotations

from dataclasses import replace

from kernelc.ir.graph import Op, Tensor
from kernelc.ir.rotary import Rotary
from kernelc.ir.types import SCALES
from kernelc.kernels.attention.append_codes import APPEND_CODES, AppendCodesProblem
from kernelc.kernels.attention.cache import CacheShape, scales_of
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.reduce_splits import ATTENTION_REDUCE
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.attention.rotate_and_append import CACHE_APPEND, ROPE, CacheAppendProblem, RopeProblem
from kernelc.passes.select.operands import check_rows, number, one_row, ring_of, static
from kernelc.passes.select.selector import Handler, Selector


def attention(select: Selector, op: Op) -> None:
    """Prefill's kernel for many rows, decode's for one; its splits are joined by another."""
    q, cache = op.inputs["q"], op.inputs["k_cache"]
    heads, head_dim = static(q.type.shape[1:])
    kv_heads = static(cache.type.shape[1:])[0]
    dtype, scale = str(cache.type.dtype), number(op, "scale")
    window, soft_cap, ring = int(number(op, "window")), number(op, "soft_cap"), ring_of(select.graph, cache)
    for role in ("k_cache", "v_cache"):  # where this program appends nothing to it
        select.found.head_orders.setdefault(select.operands.name(op.inputs[role]), NATURAL)
    out = {"coded" if "codes" in op.attrs else "out": select.operands.name(op.result)}
    read = {"q": select.operands.name(q)}
    for role in ("k_cache", "v_cache"):
        read |= cache_operands(select, role, op.inputs[role])
    if not one_row(q):
        problem = AttentionPrefillProblem(heads, kv_heads, head_dim, dtype, scale, window, soft_cap, ring)
        select.call(ATTENTION_PREFILL, problem, read | out, tuple(out), op)
        return
    split = select.options.split.within(window)
    joined = split > 0 and select.options.split.joined
    codes = int(number(op, "codes"))
    decode = AttentionDecodeProblem(
        heads, kv_heads, head_dim, dtype, scale, split, window, soft_cap, ring, joined
    )
    if split == 0:
        select.call(ATTENTION_DECODE, replace(decode, codes=codes), read | out, tuple(out), op)
        return
    partials = f"%{op.result.name}.partials"
    if joined:
        select.found.counters[ARRIVALS] = max(4 * heads, select.found.counters.get(ARRIVALS, 0))
        operands = read | out | {"partials": partials, "arrivals": ARRIVALS}
        select.call(ATTENTION_DECODE, replace(decode, codes=codes), operands, (*out, "partials"), op)
        return
    select.call(ATTENTION_DECODE, decode, read | {"partials": partials}, ("partials",), op)
    reduce = replace(decode.reduce, codes=codes)
    select.call(ATTENTION_REDUCE, reduce, {"partials": partials} | out, tuple(out), op)


def rope(select: Selector, op: Op) -> None:
    """Rotate heads in their natural order."""
    x = op.inputs["x"]
    check_rows(op, select.graph, x)
    heads, head_dim = static(x.type.shape[1:])
    problem = RopeProblem(heads, head_dim, Rotary.of(op.attrs), one_row(x))
    operands = {"x": select.operands.name(x), "out": select.operands.name(op.result)}
    select.call(ROPE, problem, operands, ("out",), op)


def cache_append(select: Selector, op: Op) -> None:
    """Write rows to a cache, the elements of each head in their natural order."""
    x, cache = op.inputs["x"], op.inputs["cache"]
    check_rows(op, select.graph, x)
    kv_heads, head_dim = static(cache.type.shape[1:])
    state = select.operands.name(op.result)
    select.found.head_orders[state] = NATURAL
    shape = CacheShape(kv_heads, head_dim, str(cache.type.dtype), ring_of(select.graph, cache))
    operands = {"x": select.operands.name(x)} | cache_operands(select, "cache", op.result)
    if shape.kind.scaled:
        select.call(APPEND_CODES, AppendCodesProblem(shape, one_position=one_row(x)), operands, (), op)
    else:
        select.call(CACHE_APPEND, CacheAppendProblem(shape, one_row(x)), operands, (), op)


def cache_operands(select: Selector, role: str, cache: Tensor) -> dict[str, str]:
    """What is bound for a cache: its state, and that of its scales where it has some."""
    name = select.operands.name(cache)
    arrays = cache.type.stored_arrays
    return {scales_of(role) if suffix == SCALES else role: name + suffix for suffix in arrays}


ARRIVALS = "attention.arrivals"
"""The state in which workgroups of decode attention count themselves; see `Selection.counters`."""

NATURAL = "natural"
"""The order of a cached head's elements that the checkpoint has; see `Selection.head_orders`."""

HANDLERS: dict[str, Handler] = {"attention": attention, "rope": rope, "cache_append": cache_append}
