"""Memory planning: which activations share a slot, and every buffer's bytes as a Dim of the context length.

Within a program a tensor lives from the call that writes it to the last that reads it; two that live at
once, or that one call reads and writes, never share (a WebGPU dispatch may not read and write one buffer).
Slots are coloured greedily, the largest free one that fits first; programs of an artifact share slots by
rank, the largest with the largest, since they never run at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernelc.errors import InternalError
from kernelc.ir.dim import Dim, Var, bounds, ceildiv, dim_max, substitute
from kernelc.passes.select import KernelCall

ALIGNMENT_BYTES = 16  # sizes of buffers are whole vectors of the widest element


@dataclass
class SlotPlan:
    """For one program: each tensor's slot (a number) and each slot's bytes."""

    slot_of: dict[str, int] = field(default_factory=dict[str, int])
    sizes: list[Dim] = field(default_factory=list[Dim])


def rounded(size_bytes: Dim) -> Dim:
    """Bytes rounded up to whole 16-byte vectors."""
    return ceildiv(size_bytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def plan_slots(calls: Sequence[KernelCall], tensor_bytes: Mapping[str, Dim]) -> SlotPlan:
    """Assign slots to the tensors of `tensor_bytes`. Other operands (states, weights) have buffers of their
    own.

    Raises: InternalError for a tensor that is read before it is written.
    """
    first, last = _lifetimes(calls, tensor_bytes)
    plan = SlotPlan()
    busy: dict[int, int] = {}  # slot -> last call that uses its tensor
    for name in sorted(first, key=lambda tensor: (first[tensor], tensor)):
        free = [slot for slot in range(len(plan.sizes)) if busy[slot] < first[name]]
        slot = _choose(plan, free, tensor_bytes[name])
        plan.slot_of[name] = slot
        busy[slot] = last[name]
    return plan


def _lifetimes(
    calls: Sequence[KernelCall], tensor_bytes: Mapping[str, Dim]
) -> tuple[dict[str, int], dict[str, int]]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for at, call in enumerate(calls):
        results = {call.operands[binding] for binding in call.results}
        for operand in call.operands.values():
            if operand not in tensor_bytes:
                continue
            if operand not in first and operand not in results:
                raise InternalError(f"{call.origin}: {operand} is read before it is written")
            first.setdefault(operand, at)
            last[operand] = at
    return first, last


def _choose(plan: SlotPlan, free: list[int], size: Dim) -> int:
    """The smallest free slot that is large enough, else the largest free one, grown; else a new one."""
    fitting = [slot for slot in free if bounds(plan.sizes[slot])[1] >= bounds(size)[1]]
    if fitting:
        chosen = min(fitting, key=lambda slot: bounds(plan.sizes[slot])[1])
    elif free:
        chosen = max(free, key=lambda slot: bounds(plan.sizes[slot])[1])
    else:
        plan.sizes.append(0)
        chosen = len(plan.sizes) - 1
    plan.sizes[chosen] = dim_max(plan.sizes[chosen], size)
    return chosen


def merge_slots(plans: Sequence[SlotPlan]) -> tuple[list[Dim], list[dict[str, str]]]:
    """Share slots between programs: returns the bytes of each, and per program which slot ("slot.N") each
    tensor is in."""
    merged: list[Dim] = []
    names: list[dict[str, str]] = []
    for plan in plans:
        order = sorted(range(len(plan.sizes)), key=lambda slot: -bounds(plan.sizes[slot])[1])
        rank = {slot: at for at, slot in enumerate(order)}
        for slot in order:
            if rank[slot] == len(merged):
                merged.append(0)
            merged[rank[slot]] = dim_max(merged[rank[slot]], plan.sizes[slot])
        names.append({tensor: f"slot.{rank[slot]}" for tensor, slot in plan.slot_of.items()})
    return [rounded(size) for size in merged], names


def worst_case(size: Dim, symbols: Mapping[str, tuple[int, int]]) -> Dim:
    """The size with every symbol but `context` at its upper bound: what has to be allocated.

    Sizes grow with their symbols (they are sums and products of widths and lengths).
    """
    values: dict[str, Dim] = {name: high for name, (_, high) in symbols.items()}
    return substitute(size, values | {"context": Var("context", *symbols["context"])})
