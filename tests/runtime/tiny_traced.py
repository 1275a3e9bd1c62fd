"""The toy kernels of `tiny_kernels` in the kernel language, for the targets whose text nobody would write by
hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernelc.kernels.step_block import STEP
from kernelc.kir.functions import minimum, select, subgroup_max, to_f32, unpack_half2
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f16, f32, u32
from tests.runtime.tiny_kernels import BLOCK, VOCAB


def _store(k: Tracer, subgroups: bool) -> None:
    tokens, cache, mark = k.input("tokens", u32), k.output("cache", u32), k.output("mark", u32)
    i, seq, past = k.workgroup_id(0) * 64 + k.local_id, k.param("seq"), k.param("past")
    ran = subgroup_max(seq) - seq + 2 if subgroups else seq - seq + 1
    with k.when(i < seq):
        cache[past + i] = tokens[past + i]
    with k.when(i.equals(0)):
        mark[0] = ran


def _partial(k: Tracer) -> None:
    cache, sums = k.input("cache", u32), k.output("sums", u32)
    block, row = k.workgroup_id(0), k.workgroup_id(1)
    total = k.var(0, u32)
    with k.loop(block * BLOCK, minimum(k.param("past") + row + 1, block * BLOCK + BLOCK)) as i:
        total += cache[i] * (i + 1)
    sums[row * 4 + block] = total


def _logits(k: Tracer, halves: bool, all_rows: bool) -> None:
    sums, cache, bias = k.input("sums", u32), k.input("cache", u32), k.input("bias", f32)
    gain, logits = k.input("gain", f16 if halves else u32), k.output("logits", f32)
    row = k.workgroup_id(1) if all_rows else k.param("seq") - 1
    last = k.param("past") + row
    total = k.var(cache[last] * 7 + 3)
    with k.loop(0, last // BLOCK + 1) as block:
        total += sums[row * 4 + block]
    v = k.local_id
    if halves:
        peak = to_f32(gain[v])
    else:
        pair = unpack_half2(gain[v // 2])
        peak = select((v & 1).equals(1), pair.y, pair.x)
    out = row * VOCAB + v if all_rows else v
    logits[out] = bias[v] + select((total % VOCAB).equals(v), peak, 0.0)


def _sample(k: Tracer, random: bool) -> None:
    logits, tokens = k.input("logits", f32), k.output("tokens", u32)
    best = k.var(0, u32)
    with k.loop(1, VOCAB) as v, k.when(logits[v] > logits[best]):
        k.assign(best, v)
    position = k.param("past") + k.param("seq")
    if random:
        noise = (k.param("seed") * 747796405 + position * 2654435761) >> 7
        k.assign(best, (best + noise % k.param("top_k")) % VOCAB)
    tokens[position] = best


_BODIES: Mapping[str, tuple[Callable[..., None], dict[str, Any], int]] = {
    "store.subgroups": (_store, {"subgroups": True}, 64),
    "store.plain": (_store, {"subgroups": False}, 64),
    "partial": (_partial, {}, 1),
    "logits.f16": (_logits, {"halves": True, "all_rows": False}, VOCAB),
    "logits.plain": (_logits, {"halves": False, "all_rows": False}, VOCAB),
    "all_logits": (_logits, {"halves": False, "all_rows": True}, VOCAB),
    "greedy": (_sample, {"random": False}, 1),
    "random": (_sample, {"random": True}, 1),
}


def traced(variant: str) -> Kernel:
    """The kernel of a variant of the toy artifact, such as "store.plain"."""
    body, options, workgroup = _BODIES[variant]
    name = variant.replace(".", "_")
    return verify(trace(name, lambda k: body(k, **options), workgroup=workgroup, step=STEP))
